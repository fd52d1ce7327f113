// Words of a time change as time goes by. One timer is for all who say some.
import { useSyncExternalStore } from 'react';

const MINUTE = 60_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | undefined;

/** Tells of each full minute, so that a day ends when it does. */
function wait(): void {
  timer = setTimeout(() => {
    for (const listener of [...listeners]) listener();
    wait();
  }, MINUTE - (Date.now() % MINUTE));
}

function follow(listener: () => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) wait();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) clearTimeout(timer);
  };
}

/** What `say` says by now. Only when that is something else than before is there anything to draw. */
export const useClock = (say: () => string): string => useSyncExternalStore(follow, say);
