// A message in the list, with the dividers above it: sender, quote, image, text and actions.
import { memo } from 'react';
import { useFeed } from '../app/session';
import { formatDay, formatFullDateTime, formatTime, isSameDay } from '../app/dates';
import { useClock } from '../app/use-clock';
import type { Message } from '../feed';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { keepFocus } from './keep-focus';
import { MessageActions } from './message-actions';
import { MessageText } from './message-text';
import { plainText } from './message-format';
import { MessageImage } from './message-image';

const words = texts.message;
/** In milliseconds. Messages of one sender within this time form a group. */
const GROUP_WITHIN = 5 * 60_000;

const millisecondsBetween = (a: Message, b: Message) => new Date(b.createdAt).getTime() - new Date(a.createdAt).getTime();

export interface MessageRowProps {
  seq: number;
  lastSeq: number;
  /** Undefined while loading. */
  message: Message | undefined;
  previous: Message | undefined;
  isGroup: boolean;
  /** The first new message: the divider is above it. */
  isFirstNew: boolean;
  /** The message in the tab order. */
  isActive: boolean;
  /** Highlighted as the target of a jump. */
  isJumpTarget: boolean;
  /** The read receipt, on the user's newest message. */
  receipt: string | undefined;
  onReply(message: Message): void;
  onEdit(message: Message): void;
  onJump(seq: number): void;
}

export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { seq, lastSeq, message, previous, isGroup, isFirstNew, isActive, isJumpTarget, receipt, onReply, onEdit, onJump } = props;
  const isMine = useFeed((feed) => message?.senderId === feed.me.id);
  const sender = useFeed((feed) => message && feed.person(message.senderId));
  if (!message || !sender) return <div className="skeleton" aria-hidden="true"><span /></div>;

  const isNewDay = !previous || !isSameDay(previous.createdAt, message.createdAt);
  const continuesGroup = !isNewDay && !isFirstNew && previous.senderId === message.senderId && millisecondsBetween(previous, message) < GROUP_WITHIN;
  return (
    <div className="message-row" data-mine={isMine || undefined} data-continues={continuesGroup || undefined}>
      {isNewDay && <DayDivider date={message.createdAt} />}
      {isFirstNew && <div className="unread-divider"><span>{texts.conversation.newMessages}</span></div>}
      <article
        className="message" data-seq={seq} data-found={isJumpTarget || undefined} tabIndex={isActive ? 0 : -1}
        aria-posinset={seq} aria-setsize={lastSeq} aria-label={`${isMine ? words.you : sender.fullName}, ${formatTime(message.createdAt)}`}
      >
        {!isMine && isGroup && (continuesGroup
          ? <span className="avatar-gap" />
          : <Avatar id={sender.id} name={sender.fullName} picture={sender.profilePic} size="small" />)}
        <div
          className="bubble" data-image={message.image ? (message.text ? 'captioned' : 'alone') : undefined}
        >
          {!isMine && isGroup && !continuesGroup && <strong className="sender"><bdi>{sender.fullName}</bdi></strong>}
          {message.replyTo && !message.deletedAt && <Quote quoted={message.replyTo} onJump={onJump} />}
          {message.deletedAt
            ? <p className="deleted">{words.deleted} <MessageMeta message={message} /></p>
            : (
              <>
                {message.image && <MessageImage message={message} image={message.image} isActive={isActive} />}
                {message.text || !message.image
                  ? <MessageText text={message.text ?? ''} reserved={metaText(message)}><MessageMeta message={message} /></MessageText>
                  : <MessageMeta message={message} />}
              </>
            )}
        </div>
        {!message.deletedAt && (
          <MessageActions message={message} isMine={isMine} isActive={isActive} onReply={onReply} onEdit={onEdit} />
        )}
      </article>
      {receipt && <p className="message-note">{receipt}</p>}
    </div>
  );
});

function DayDivider({ date }: { date: string }) {
  const text = useClock(() => formatDay(date));
  return <div className="day"><span>{text}</span></div>;
}

const metaText = ({ createdAt, editedAt }: Message) => `${editedAt ? `${words.edited}\u2002` : ''}${formatTime(createdAt)}`;

/** When the message was written, and whether it was edited. */
const MessageMeta = ({ message: { createdAt, editedAt, deletedAt } }: { message: Message }) => (
  <span className="meta">
    {editedAt && !deletedAt && <span>{words.edited}</span>}
    <time dateTime={createdAt} title={formatFullDateTime(createdAt)} dir="auto">{formatTime(createdAt)}</time>
  </span>
);

interface QuoteProps {
  quoted: NonNullable<Message['replyTo']>;
  onJump(seq: number): void;
}

function Quote({ quoted, onJump }: QuoteProps) {
  const sender = useFeed((feed) => feed.person(quoted.sender.id));
  return (
    <button
      type="button" className="quote" tabIndex={-1} title={words.toQuoted(sender.fullName)}
      onMouseDown={keepFocus} onClick={() => onJump(quoted.seq)}
    >
      <strong><bdi>{sender.fullName}</bdi></strong>
      <span dir="auto">{quoted.deletedAt ? words.quotedDeleted : plainText(quoted.text ?? texts.image.name)}</span>
    </button>
  );
}
