// Whether somebody looks at the pages: at this one, or at another tab of this browser.

const NAME = 'parlour.attention';

export const isAttentive = () => !document.hidden && document.hasFocus();

let letGo = () => {};

/** Shows the other tabs that one looks at this one, by a lock that is held meanwhile: it ends with the tab, however that ends. */
export function showAttention(): void {
  const look = () => {
    letGo();
    if (!isAttentive()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    letGo = resolve;
    // Not there where the page came over plain HTTP; nor are notifications.
    navigator.locks?.request(NAME, { mode: 'shared' }, () => promise).catch(() => {});
  };
  for (const event of ['focus', 'blur']) addEventListener(event, look);
  document.addEventListener('visibilitychange', look);
  look();
}

/** Whether one looks at any tab. */
export async function isAttended(): Promise<boolean> {
  if (isAttentive()) return true;
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  return held.some(({ name }) => name === NAME);
}
