// A message in the list: the day and the line above it where they begin, who wrote it, what it answers, and what one can do.
import { memo } from 'react';
import { useFeed } from '../app/session';
import { day, isSameDay, moment, time } from '../app/dates';
import { useClock } from '../app/use-clock';
import type { Message } from '../feed';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { MessageActions } from './message-actions';
import { MessageText } from './message-text';
import { plain } from './message-format';
import { Picture } from './message-image';

const words = texts.message;
/** Messages of one person within so many milliseconds are one block. */
const BLOCK = 5 * 60_000;

const between = (a: Message, b: Message) => new Date(b.createdAt).getTime() - new Date(a.createdAt).getTime();

export interface MessageRowProps {
  seq: number;
  lastSeq: number;
  /** Undefined while it is loaded. */
  message: Message | undefined;
  before: Message | undefined;
  isGroup: boolean;
  /** The first of those that are new. */
  isFresh: boolean;
  /** The one that the keyboard is at. */
  isActive: boolean;
  /** Where a jump has led. */
  isFound: boolean;
  /** For the newest of one's own: who has read it. */
  state: string | undefined;
  onReply(message: Message): void;
  onEdit(message: Message): void;
  onJump(seq: number): void;
}

export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { seq, lastSeq, message, before, isGroup, isFresh, isActive, isFound, state, onReply, onEdit, onJump } = props;
  const isMine = useFeed((feed) => message?.senderId === feed.me.id);
  const sender = useFeed((feed) => message && feed.person(message.senderId));
  if (!message || !sender) return <div className="ghost" aria-hidden="true"><span /></div>;

  const isNewDay = !before || !isSameDay(before.createdAt, message.createdAt);
  const goesOn = !isNewDay && !isFresh && before.senderId === message.senderId && between(before, message) < BLOCK;
  return (
    <div className="message-row" data-mine={isMine || undefined} data-goes-on={goesOn || undefined}>
      {isNewDay && <Day of={message.createdAt} />}
      {isFresh && <div className="fresh"><span>{texts.conversation.fresh}</span></div>}
      <article
        className="message" data-seq={seq} data-found={isFound || undefined} tabIndex={isActive ? 0 : -1}
        aria-posinset={seq} aria-setsize={lastSeq} aria-label={`${isMine ? words.you : sender.fullName}, ${time(message.createdAt)}`}
      >
        {!isMine && isGroup && (goesOn
          ? <span className="avatar-gap" />
          : <Avatar id={sender.id} name={sender.fullName} picture={sender.profilePic} size="small" />)}
        <div
          className="bubble" data-image={message.image ? (message.text ? 'captioned' : 'alone') : undefined}
        >
          {!isMine && isGroup && !goesOn && <strong className="sender"><bdi>{sender.fullName}</bdi></strong>}
          {message.replyTo && !message.deletedAt && <Quote quoted={message.replyTo} onJump={onJump} />}
          {message.deletedAt
            ? <p className="deleted">{words.deleted} <Meta message={message} /></p>
            : (
              <>
                {message.image && <Picture message={message} image={message.image} isActive={isActive} />}
                {message.text || !message.image
                  ? <MessageText text={message.text ?? ''} room={metaOf(message)}><Meta message={message} /></MessageText>
                  : <Meta message={message} />}
              </>
            )}
        </div>
        {!message.deletedAt && (
          <MessageActions message={message} isMine={isMine} isActive={isActive} onReply={onReply} onEdit={onEdit} />
        )}
      </article>
      {state && <p className="state">{state}</p>}
    </div>
  );
});

function Day({ of }: { of: string }) {
  const said = useClock(() => day(of));
  return <div className="day"><span>{said}</span></div>;
}

const metaOf = ({ createdAt, editedAt }: Message) => `${editedAt ? `${words.edited}\u2002` : ''}${time(createdAt)}`;

/** When it was written, and whether it was changed. */
const Meta = ({ message: { createdAt, editedAt, deletedAt } }: { message: Message }) => (
  <span className="meta">
    {editedAt && !deletedAt && <span>{words.edited}</span>}
    <time dateTime={createdAt} title={moment(createdAt)} dir="auto">{time(createdAt)}</time>
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
      onClick={() => onJump(quoted.seq)}
    >
      <strong><bdi>{sender.fullName}</bdi></strong>
      <span dir="auto">{quoted.deletedAt ? words.quotedDeleted : plain(quoted.text ?? texts.image.name)}</span>
    </button>
  );
}
