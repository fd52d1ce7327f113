// The actions of a message, shown while it is hovered or focused.
import { Copy, Pencil, Reply, Trash2 } from 'lucide-react';
import { useRef, useState } from 'react';
import { useSession } from '../app/session';
import type { Message } from '../feed';
import { texts } from '../texts';
import { ConfirmDialog } from '../ui/dialog';
import { useAttempt, useShowNotice } from '../ui/toasts';
import { keepFocus } from './keep-focus';

const words = texts.message;
/** The clipboard API needs HTTPS. */
const canCopy = Boolean(navigator.clipboard);

interface MessageActionsProps {
  message: Message;
  isMine: boolean;
  isActive: boolean;
  onReply(message: Message): void;
  onEdit(message: Message): void;
}

export function MessageActions({ message, isMine, isActive, onReply, onEdit }: MessageActionsProps) {
  const { feed } = useSession();
  const attempt = useAttempt();
  const showNotice = useShowNotice();
  const [isConfirming, setConfirming] = useState(false);
  const row = useRef<HTMLDivElement>(null);
  const copy = async () => {
    if (await attempt(() => navigator.clipboard.writeText(message.text ?? ''))) showNotice(words.copied);
  };
  const remove = () => void attempt(() => feed.delete(message.id));
  const action = (name: string, Icon: typeof Reply, act: () => void, key?: string) => (
    <button
      type="button" className="icon-button" aria-label={name} title={name} tabIndex={isActive ? 0 : -1} onMouseDown={keepFocus} onClick={act}
      {...(key && { 'data-key': key, 'aria-keyshortcuts': key })}
    >
      <Icon />
    </button>
  );
  return (
    <div className="actions-container">
      <div ref={row} className="actions" role="group" aria-label={words.actions}>
        {action(words.reply, Reply, () => onReply(message), 'r')}
        {message.text && canCopy && action(words.copy, Copy, () => void copy())}
        {isMine && action(words.edit, Pencil, () => onEdit(message), 'e')}
        {isMine && action(words.delete, Trash2, () => setConfirming(true), 'Delete')}
      </div>
      {isConfirming && (
        <ConfirmDialog
          title={words.deleteTitle} description={words.deleteLead} confirmLabel={words.delete}
          open onConfirm={remove} onClose={() => setConfirming(false)} returnFocus={() => row.current?.closest('article')}
        />
      )}
    </div>
  );
}
