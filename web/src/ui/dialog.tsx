// A window over the page, which keeps the focus and gives it back; Escape closes it.
import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { type ReactNode, useRef } from 'react';
import { texts } from '../texts';

export interface DialogProps {
  title: string;
  open: boolean;
  onClose(): void;
  children: ReactNode;
  /** As large as the window, for an image. */
  isWide?: boolean;
  /** What stands in the head besides the title. */
  tools?: ReactNode;
}

/** Begins at the field marked with `data-first`, where there is one. */
export function Dialog({ title, open, onClose, children, isWide = false, tools }: DialogProps) {
  const popup = useRef<HTMLDivElement>(null);
  // A finger would only get the keyboard in its way.
  const begin = (by: string) => (by !== 'touch' && popup.current?.querySelector<HTMLElement>('[data-first]')) || true;
  return (
    <Base.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Popup ref={popup} className="dialog" data-wide={isWide || undefined} initialFocus={begin}>
          <header className="dialog-head">
            <Base.Title className="dialog-title">{title}</Base.Title>
            {tools}
            <Base.Close className="icon-button" aria-label={texts.close}><X /></Base.Close>
          </header>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

export interface ConfirmDialogProps {
  title: string;
  lead: string;
  /** What is written on the button that does it. */
  answer: string;
  open: boolean;
  onYes(): void;
  onClose(): void;
  /** Where the focus goes afterwards, when it may not stay where it was. */
  back?: () => HTMLElement | null | undefined;
}

/** Asks before what cannot be undone. No cross: each button is an answer. */
export function ConfirmDialog({ title, lead, answer, open, onYes, onClose, back }: ConfirmDialogProps) {
  const yes = () => {
    onClose();
    onYes();
  };
  return (
    <Base.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Popup className="dialog" role="alertdialog" finalFocus={() => back?.() ?? true}>
          <Base.Title className="dialog-title">{title}</Base.Title>
          <Base.Description className="dialog-lead">{lead}</Base.Description>
          <footer className="form-foot">
            <Base.Close className="button">{texts.cancel}</Base.Close>
            <button type="button" className="button" data-kind="danger" onClick={yes}>{answer}</button>
          </footer>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
