// The actions of WebDriver, which BiDi and the older protocol share.

const KEYS = { Enter: '\uE007', Escape: '\uE00C', ArrowUp: '\uE013', Backspace: '\uE003', Control: '\uE009', Tab: '\uE004' };

export const pointerActions = (x, y) => [{
  type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' },
  actions: [{ type: 'pointerMove', x: Math.round(x), y: Math.round(y) }, { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 }],
}];

export const hoverActions = (x, y) => [{
  type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions: [{ type: 'pointerMove', x: Math.round(x), y: Math.round(y) }],
}];

/** Each key is a name, or a text of which each letter is typed; one that begins with `Control+` is held with it. */
export const keyActions = (keys) => [{
  type: 'key', id: 'keyboard',
  actions: keys.flatMap((key) => {
    const held = key.startsWith('Control+') ? KEYS.Control : undefined;
    const values = held ? [key.slice('Control+'.length)] : KEYS[key] ? [KEYS[key]] : [...key];
    const strokes = values.flatMap((value) => [{ type: 'keyDown', value }, { type: 'keyUp', value }]);
    return held ? [{ type: 'keyDown', value: held }, ...strokes, { type: 'keyUp', value: held }] : strokes;
  }),
}];
