// Toasts: errors, and confirmations.
import { Toast } from '@base-ui/react/toast';
import { X } from 'lucide-react';
import { useCallback } from 'react';
import { errorText } from '../app/error-text';
import { texts } from '../texts';

/** In milliseconds for a character. */
const READING_TIME = 80;

export function Toasts() {
  const { toasts } = Toast.useToastManager();
  return (
    <Toast.Portal>
      <Toast.Viewport className="toasts">
        {toasts.map((toast) => (
          // Base UI hides high-priority toasts from screen readers and announces them elsewhere, but they can have the focus.
          <Toast.Root key={toast.id} toast={toast} className="toast" data-kind={toast.type} aria-hidden={undefined}>
            <div className="toast-words">
              <Toast.Title className="toast-title" />
              <Toast.Description className="toast-description" />
            </div>
            <Toast.Close className="icon-button" aria-label={texts.close} aria-hidden={undefined}><X /></Toast.Close>
          </Toast.Root>
        ))}
      </Toast.Viewport>
    </Toast.Portal>
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

/** Shows an error. */
export function useShowError() {
  const { add } = Toast.useToastManager();
  return useCallback((description: string) =>
    void add({ title: texts.errors.title, description, type: 'error', priority: 'high', timeout: 8_000 }), [add]);
}

/** Shows a confirmation. */
export function useShowNotice() {
  const { add } = Toast.useToastManager();
  return useCallback((title: string) => void add({ title, timeout: Math.max(3_000, title.length * READING_TIME) }), [add]);
}
