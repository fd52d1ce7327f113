// Modal dialogs. The focus stays inside and returns afterwards; Escape and Back close them.
import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { type ReactNode, useRef } from 'react';
import { texts } from '../texts';
import { useCloseOnBack } from './dialog-history';

export interface DialogProps {
  title: string;
  open: boolean;
  onClose(): void;
  children: ReactNode;
  /** As large as the window; for images. */
  isWide?: boolean;
  /** Buttons beside the title. */
  tools?: ReactNode;
}

/** The field marked with `data-first` gets the focus, if there is one. */
export function Dialog({ title, open, onClose, children, isWide = false, tools }: DialogProps) {
  const popup = useRef<HTMLDivElement>(null);
  useCloseOnBack(open, onClose);
  // On a touch screen the focus would open the keyboard.
  const initialFocus = (openedBy: string) => (openedBy !== 'touch' && popup.current?.querySelector<HTMLElement>('[data-first]')) || true;
  return (
    <Base.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Base.Portal>
        {/* Each dialog has its own, also over another one. */}
        <Base.Backdrop className="backdrop" forceRender />
        <Base.Popup ref={popup} className="dialog" data-wide={isWide || undefined} initialFocus={initialFocus}>
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
