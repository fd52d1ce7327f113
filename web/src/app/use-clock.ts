// Keeps relative times current, with one timer for all components.
import { useSyncExternalStore } from 'react';

const MINUTE = 60_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | undefined;

/** Fires at each full minute, so that days change at midnight. */
function schedule(): void {
  timer = setTimeout(() => {
    for (const listener of [...listeners]) listener();
    schedule();
  }, MINUTE - (Date.now() % MINUTE));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) schedule();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) clearTimeout(timer);
  };
}

/** The current result of `format`. Renders again only when it changes. */
export const useClock = (format: () => string): string => useSyncExternalStore(subscribe, format);
