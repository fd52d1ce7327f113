// Toasts: errors, and confirmations. They go after the time that reading takes, but not while they are looked at.
import { X } from 'lucide-react';
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { createPortal } from 'react-dom';
import { errorText } from '../app/error-text';
import { texts } from '../texts';

/** In milliseconds: for a character of a notice, at least, and for an error. */
const [READING_TIME, SHORTEST, ERROR_TIME] = [80, 3_000, 8_000];
/** The older ones make room. */
const MAX = 3;

interface ToastEntry {
  id: number;
  kind: 'error' | 'notice';
  title: string;
  description?: string;
}

let entries: readonly ToastEntry[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function set(next: readonly ToastEntry[]): void {
  entries = next;
  for (const listener of listeners) listener();
}

const add = (entry: Omit<ToastEntry, 'id'>) => set([...entries, { ...entry, id: lastId += 1 }].slice(-MAX));
const remove = (id: number) => set(entries.filter((entry) => entry.id !== id));

const listen = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** At the end of the body, above dialogs, and always there: screen readers announce what comes into it. */
export function Toasts() {
  const shown = useSyncExternalStore(listen, () => entries);
  return createPortal(
    <section className="toasts" aria-label={texts.notices} aria-live="polite">
      {/* The newest one is on top. */}
      {shown.toReversed().map((entry) => <Toast key={entry.id} {...entry} />)}
    </section>,
    document.body,
  );
}

function Toast({ id, kind, title, description }: ToastEntry) {
  const [isLookedAt, setLookedAt] = useState(false);
  useEffect(() => {
    if (isLookedAt) return undefined;
    const timer = setTimeout(() => remove(id), kind === 'error' ? ERROR_TIME : Math.max(SHORTEST, title.length * READING_TIME));
    return () => clearTimeout(timer);
  }, [id, isLookedAt]);
  return (
    <div
      className="toast" data-kind={kind} {...(kind === 'error' && { role: 'alert' })}
      onPointerEnter={() => setLookedAt(true)} onPointerLeave={() => setLookedAt(false)}
      onFocus={() => setLookedAt(true)} onBlur={() => setLookedAt(false)}
    >
      <div className="toast-words">
        <p className="toast-title">{title}</p>
        {description && <p className="toast-description">{description}</p>}
      </div>
      <button type="button" className="icon-button" aria-label={texts.close} onClick={() => remove(id)}><X /></button>
    </div>
  );
}

/** Runs an action, and shows an error if it fails. Resolves to whether it succeeded. */
export function useAttempt() {
  const showError = useShowError();
  return useCallback(async (task: () => Promise<unknown>): Promise<boolean> => {
    try {
      await task();
      return true;
    } catch (reason) {
      showError(errorText(reason));
      return false;
    }
  }, [showError]);
}

const showError = (description: string) => add({ kind: 'error', title: texts.errors.title, description });
const showNotice = (title: string) => add({ kind: 'notice', title });

/** Shows an error. */
export const useShowError = () => showError;

/** Shows a confirmation. */
export const useShowNotice = () => showNotice;
