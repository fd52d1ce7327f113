// The question before an action that cannot be undone. Loaded by confirm-dialog.tsx.
import { Dialog as Base } from '@base-ui/react/dialog';
import { texts } from '../texts';
import type { ConfirmDialogProps } from './confirm-dialog';
import { useCloseOnBack } from './dialog-history';

/** Asks for confirmation before an action that cannot be undone. */
export function ConfirmDialogContent({ title, description, confirmLabel, open, onConfirm, onClose, returnFocus }: ConfirmDialogProps) {
  useCloseOnBack(open, onClose);
  const confirm = () => {
    onClose();
    onConfirm();
  };
  return (
    <Base.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Base.Portal>
        {/* Over another dialog too, which it covers. */}
        <Base.Backdrop className="backdrop" forceRender />
        <Base.Popup className="dialog" role="alertdialog" finalFocus={() => returnFocus?.() ?? true}>
          <Base.Title className="dialog-title">{title}</Base.Title>
          <Base.Description className="dialog-description">{description}</Base.Description>
          <footer className="form-foot">
            <Base.Close className="button">{texts.cancel}</Base.Close>
            <button type="button" className="button" data-kind="danger" onClick={confirm}>{confirmLabel}</button>
          </footer>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
