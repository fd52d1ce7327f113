// The device's Back closes the innermost open dialog: each one has a history entry of its own, at the address of the page.
import { useEffect, useRef } from 'react';

interface OpenDialog {
  close(): void;
}

/** In milliseconds. A browser that has not moved by then will not. */
const MOVE_TIMEOUT = 1_000;

/** The open dialogs, the innermost one last. */
const dialogs: OpenDialog[] = [];
/** Set while the browser goes back to where dialogs were opened: it does so later, and ends with `popstate`. */
let moving: ReturnType<typeof setTimeout> | undefined;
/** The address to which the page went meanwhile, and from which the browser would move it back. */
let visitedMeanwhile: string | undefined;

/** How many dialogs the current history entry stands for. */
const depth = (): number => (history.state as { dialogs?: number } | null)?.dialogs ?? 0;

/** Returns the address to go to again. */
function endMove(): string | undefined {
  clearTimeout(moving);
  const visited = visitedMeanwhile;
  [moving, visitedMeanwhile] = [undefined, undefined];
  return visited;
}

/** Makes the history agree with the open dialogs. Deferred, so that a dialog that replaces another one takes its entry. */
function settle(): void {
  queueMicrotask(() => {
    if (moving !== undefined) return;
    if (depth() > dialogs.length) {
      moving = setTimeout(endMove, MOVE_TIMEOUT);
      history.go(dialogs.length - depth());
    } else if (depth() === dialogs.length - 1) history.pushState({ dialogs: dialogs.length }, '');
  });
}

addEventListener('popstate', () => {
  const visited = endMove();
  for (const { close } of dialogs.splice(depth())) close();
  if (visited !== undefined) history.pushState(null, '', visited);
  // By Forward, or from another view, to the entry of a dialog that is closed.
  settle();
});
// wouter dispatches these events.
for (const event of ['pushState', 'replaceState']) {
  addEventListener(event, () => { if (moving !== undefined) visitedMeanwhile = location.href; });
}
// After a reload no dialog is open.
settle();

/** While `isOpen`, Back calls `close` and does not leave the page. */
export function useCloseOnBack(isOpen: boolean, close: () => void): void {
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => {
    if (!isOpen) return;
    const dialog = { close: () => latest.current() };
    dialogs.push(dialog);
    settle();
    return () => {
      const index = dialogs.indexOf(dialog);
      if (index >= 0) dialogs.splice(index, 1);
      settle();
    };
  }, [isOpen]);
}
