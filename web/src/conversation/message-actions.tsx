// The actions of a message, shown while it is hovered or focused: beside it, on a touch screen in place of the header.
import { Copy, Ellipsis, Pencil, Reply, Trash2, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { openDialog } from '../app/open-dialog';
import { useFeed, useSession } from '../app/session';
import { formatFullDateTime, formatTime } from '../app/dates';
import type { Message } from '../feed';
import { texts } from '../texts';
import { ConfirmDialog } from '../ui/confirm-dialog';
import { useAttempt, useShowNotice } from '../ui/toasts';
import { keepFocus } from './keep-focus';
import { ReactButton } from './reactions';

const words = texts.message;
/** The clipboard API needs HTTPS. */
const canCopy = Boolean(navigator.clipboard);
const isTouch = () => matchMedia('(hover: none)').matches;

interface MessageActionsProps {
  message: Message;
  isMine: boolean;
  isActive: boolean;
  /** Whether the time is here, as it is not in the bubble. */
  showsTime: boolean;
  onReply(message: Message): void;
  onEdit(message: Message): void;
}

export function MessageActions({ message, isMine, isActive, showsTime, onReply, onEdit }: MessageActionsProps) {
  const { feed } = useSession();
  const viewerCan = useFeed((feed) => feed.conversation(message.conversationId)?.viewerCan) ?? [];
  const mayDelete = isMine || viewerCan.includes('DELETE_OTHERS_MESSAGES');
  const attempt = useAttempt();
  const showNotice = useShowNotice();
  const [isConfirming, setConfirming] = useState(false);
  const row = useRef<HTMLDivElement>(null);
  // A popover, as a row of the list contains whatever is positioned in it.
  const [isBar] = useState(isTouch);
  useEffect(() => {
    const [bar, article] = [row.current, row.current?.closest('article')];
    if (!isBar || !bar || !article) return;
    const show = () => void bar.togglePopover(true);
    const hide = ({ relatedTarget }: FocusEvent) => { if (!article.contains(relatedTarget as Node | null)) bar.togglePopover(false); };
    article.addEventListener('focusin', show);
    article.addEventListener('focusout', hide);
    return () => {
      article.removeEventListener('focusin', show);
      article.removeEventListener('focusout', hide);
    };
  }, [isBar]);
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
      <div ref={row} className="actions" role="group" aria-label={words.actions} {...(isBar && { popover: 'manual' })}>
        {showsTime && <time className="time-aside" dateTime={message.createdAt} title={formatFullDateTime(message.createdAt)} aria-hidden="true">{formatTime(message.createdAt)}</time>}
        {isBar && action(words.unselect, X, () => (document.activeElement as HTMLElement | null)?.blur())}
        {!isBar && viewerCan.includes('REACT') && <ReactButton message={message} isActive={isActive} />}
        {action(words.reply, Reply, () => onReply(message), 'r')}
        {message.text && canCopy && action(words.copy, Copy, () => void copy())}
        {isMine && viewerCan.includes('SEND') && action(words.edit, Pencil, () => onEdit(message), 'e')}
        {mayDelete && action(words.delete, Trash2, () => setConfirming(true), 'Delete')}
        {action(words.more, Ellipsis, () => openDialog({ kind: 'message', menu: { message, onReply, onEdit } }), 'm')}
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
