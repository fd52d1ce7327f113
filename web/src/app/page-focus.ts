// Whether this page has the focus, or another tab of this browser with the chat has it.

const LOCK_NAME = 'parlour.attention';

export const isPageFocused = () => !document.hidden && document.hasFocus();

let releaseLock = () => {};

/** Holds a Web Lock while this page has the focus, so that the other tabs know. The browser releases it with the tab. */
export function publishPageFocus(): void {
  const update = () => {
    releaseLock();
    if (!isPageFocused()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    releaseLock = resolve;
    // Web Locks need HTTPS, as do notifications.
    navigator.locks?.request(LOCK_NAME, { mode: 'shared' }, () => promise).catch(() => {});
  };
  for (const event of ['focus', 'blur']) addEventListener(event, update);
  document.addEventListener('visibilitychange', update);
  update();
}

/** Whether any tab with the chat has the focus. */
export async function isAnyTabFocused(): Promise<boolean> {
  if (isPageFocused()) return true;
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  return held.some(({ name }) => name === LOCK_NAME);
}
