// A person in one of the engines: finds what is on the page by its role and words, and uses it with the mouse and the keyboard.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

const TIMEOUT = 15_000;

/** Runs in the page: the middle of the first element that is shown, holds still, and has these words. */
const locate = (selector, words) => {
  const nameOf = (element) => `${element.getAttribute('aria-label') ?? ''} ${element.placeholder ?? ''} ${element.labels?.[0]?.textContent ?? ''} ${element.textContent}`;
  for (const element of document.querySelectorAll(selector)) {
    if (words && !new RegExp(words).test(nameOf(element).replaceAll(/\s+/g, ' ').trim())) continue;
    if (element.disabled || !element.checkVisibility({ visibilityProperty: true })) continue;
    const { left, top, width, height } = element.getBoundingClientRect();
    if (width > 0 && height > 0) return { x: left + width / 2, y: top + height / 2, width, height };
  }
  return null;
};

export function userOf(engine) {
  const { evaluate } = engine;
  const until = async (expression, what = expression) => {
    let last;
    for (const end = Date.now() + TIMEOUT; Date.now() < end; await sleep(60)) {
      last = await evaluate(expression).catch((reason) => reason);
      if (last && !(last instanceof Error)) return last;
    }
    const text = await evaluate('document.body.innerText.slice(0, 1500)').catch(String);
    assert.fail(`this does not come: ${what} (${last}). The page says: ${text}`);
  };
  const find = async (selector, words) => {
    const expression = `(${locate})(${JSON.stringify(selector)}, ${JSON.stringify(words ?? '')})`;
    // What moves would be missed by a click.
    for (let before = await until(expression, `${selector} ${words ?? ''}`); ;) {
      await sleep(60);
      const now = await until(expression, `${selector} ${words ?? ''}`);
      if (now.x === before.x && now.y === before.y) return now;
      before = now;
    }
  };
  const user = {
    ...engine,
    until,
    find,
    async click(selector, words) { await engine.click(await find(selector, words)); },
    /** Clicks a field and types into it. */
    async fill(selector, words, text) {
      await user.click(selector, words);
      await engine.press(text);
    },
    /** Waits until a message with these words is there, from the server. */
    message: (words) => until(`[...document.querySelectorAll('article[data-seq]')].some((article) => new RegExp(${JSON.stringify(words)}).test(article.textContent))`, `the message ${words}`),
    /** Shows the actions of a message by pointing at it, and clicks one. */
    async act(words, action) {
      await engine.hover(await find('article[data-seq]', words));
      await user.click('article:hover .actions button', action);
    },
  };
  return user;
}
