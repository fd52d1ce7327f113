// Short notices at the edge: what went wrong and what to do, or that something is done.
import { Toast } from '@base-ui/react/toast';
import { X } from 'lucide-react';
import { useCallback } from 'react';
import { errorText } from '../app/error-text';
import { texts } from '../texts';

export function Toasts() {
  const { toasts } = Toast.useToastManager();
  return (
    <Toast.Portal>
      <Toast.Viewport className="toasts">
        {toasts.map((toast) => (
          // The library hides an urgent one from screen readers, which it tells of it elsewhere; but it can have the focus.
          <Toast.Root key={toast.id} toast={toast} className="toast" data-kind={toast.type} aria-hidden={undefined}>
            <div className="toast-words">
              <Toast.Title className="toast-title" />
              <Toast.Description className="toast-lead" />
            </div>
            <Toast.Close className="icon-button" aria-label={texts.close} aria-hidden={undefined}><X /></Toast.Close>
          </Toast.Root>
        ))}
      </Toast.Viewport>
    </Toast.Portal>
  );
}

/** Runs what a person asked for, and says so when it fails. Answers whether it succeeded. */
export function useAttempt() {
  const { add } = Toast.useToastManager();
  return useCallback(async (task: () => Promise<unknown>): Promise<boolean> => {
    try {
      await task();
      return true;
    } catch (reason) {
      add({ title: texts.errors.title, description: errorText(reason), type: 'error', priority: 'high', timeout: 8_000 });
      return false;
    }
  }, [add]);
}

/** Says what is wrong with what a person did. */
export function useShowError() {
  const { add } = Toast.useToastManager();
  return useCallback((description: string) =>
    void add({ title: texts.errors.title, description, type: 'error', priority: 'high', timeout: 8_000 }), [add]);
}

/** Says that something is done. */
export function useShowNotice() {
  const { add } = Toast.useToastManager();
  return useCallback((title: string) => void add({ title, timeout: 3_000 }), [add]);
}
