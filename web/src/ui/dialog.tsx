// A window over the page, which keeps the focus and gives it back; Escape closes it.
import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../texts';

export interface DialogProps {
  title: string;
  open: boolean;
  onClose(): void;
  children: ReactNode;
  /** Answers a question: no cross, as each button is an answer. */
  isQuestion?: boolean;
  /** As wide as the window, for an image. */
  isWide?: boolean;
}

export function Dialog({ title, open, onClose, children, isQuestion = false, isWide = false }: DialogProps) {
  return (
    <Base.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Popup className="dialog" data-wide={isWide || undefined} {...(isQuestion && { role: 'alertdialog' })}>
          <header className="dialog-head">
            <Base.Title className="dialog-title">{title}</Base.Title>
            {!isQuestion && (
              <Base.Close className="icon-button" aria-label={texts.close}><X /></Base.Close>
            )}
          </header>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
