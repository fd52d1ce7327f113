// The question before an action that cannot be undone. A part of the first load: some engines never try again to load a file that they
// once failed to get, and without it nobody could log out everywhere or delete anything.
import { Dialog as Base } from '@base-ui/react/dialog';
import { texts } from '../texts';
import { useCloseOnBack } from './dialog-history';

export interface ConfirmDialogProps {
  title: string;
  description: string;
  /** The label of the confirming button. */
  confirmLabel: string;
  open: boolean;
  onConfirm(): void;
  onClose(): void;
  /** Where the focus goes afterwards, if the element that had it may be gone. */
  returnFocus?: () => HTMLElement | null | undefined;
}

/** Asks for confirmation before an action that cannot be undone. */
export function ConfirmDialog({ title, description, confirmLabel, open, onConfirm, onClose, returnFocus }: ConfirmDialogProps) {
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
