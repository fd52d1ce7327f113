// A message in the list, with the dividers above it: sender, quote, image, text and actions.
import { memo, useState } from 'react';
import { openProfile } from '../app/open-dialog';
import { useFeed } from '../app/session';
import { formatDay, formatFullDateTime, formatTime } from '../app/dates';
import { useClock } from '../app/use-clock';
import type { Message } from '../feed';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { hueOf } from '../ui/hue';
import { keepFocus } from './keep-focus';
import { MessageActions } from './message-actions';
import { MessageText } from './message-text';
import { Reactions } from './reactions';
import { useOneLine } from './mentions';
import { MessageImage } from './message-image';
import { SystemLine } from './system-line';
import { type ReadState, Ticks } from './ticks';

const words = texts.message;

export interface MessageRowProps {
  seq: number;
  lastSeq: number;
  /** Undefined while loading. */
  message: Message | undefined;
  isGroup: boolean;
  /** The first one of its day: the date is above it. */
  startsDay: boolean;
  /** Whether the message goes on with the block of the one above, and whether the one below goes on with this one's. */
  continues: boolean;
  isContinued: boolean;
  /** The first new message: the divider is above it. */
  isFirstNew: boolean;
  /** The message in the tab order. */
  isActive: boolean;
  /** Highlighted as the target of a jump. */
  isJumpTarget: boolean;
  /** Who has read the user's own message, if that is known. */
  readText: string | undefined;
  readers: ReadState['readers'] | undefined;
  onReply(message: Message): void;
  onEdit(message: Message): void;
  onJump(seq: number): void;
}

export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { seq, lastSeq, message, isGroup, startsDay, continues, isContinued, isFirstNew, isActive, isJumpTarget, onReply, onEdit, onJump } = props;
  const isMine = useFeed((feed) => message?.senderId === feed.me.id);
  const sender = useFeed((feed) => message && feed.person(message.senderId));
  const isBlocked = useFeed((feed) => isGroup && message !== undefined && feed.blocks.has(message.senderId));
  const [isRevealed, setRevealed] = useState(false);
  if (!message || !sender) return <div className="skeleton" aria-hidden="true"><span /></div>;

  if (message.system) {
    return (
      <div className="message-row">
        {startsDay && <DayDivider date={message.createdAt} />}
        {isFirstNew && <div className="unread-divider"><span>{texts.conversation.newMessages}</span></div>}
        <SystemLine message={message} isActive={isActive} seq={seq} lastSeq={lastSeq} />
      </div>
    );
  }
  if (isBlocked && !isRevealed && !message.deletedAt) {
    return (
      <div className="message-row">
        {startsDay && <DayDivider date={message.createdAt} />}
        {isFirstNew && <div className="unread-divider"><span>{texts.conversation.newMessages}</span></div>}
        <article className="message system-line" data-seq={seq} tabIndex={isActive ? 0 : -1} aria-posinset={seq} aria-setsize={lastSeq} aria-label={texts.blocks.hidden}>
          <span>
            {texts.blocks.hidden}{' '}
            <button
              type="button" className="link-button" tabIndex={isActive ? 0 : -1} onMouseDown={keepFocus}
              onClick={({ currentTarget }) => {
                // The button goes: if it has the focus, the message gets it.
                if (currentTarget.matches(':focus')) currentTarget.closest('article')?.focus();
                setRevealed(true);
              }}
            >
              {texts.blocks.show}
            </button>
          </span>
        </article>
      </div>
    );
  }
  const { readText, readers } = props;
  const meta = metaOf(message, !isContinued, isMine ? { text: readText ?? texts.conversation.sent, readers: readers ?? 'none' } : undefined);
  return (
    <div className="message-row" data-mine={isMine || undefined} data-continues={continues || undefined}>
      {startsDay && <DayDivider date={message.createdAt} />}
      {isFirstNew && <div className="unread-divider"><span>{texts.conversation.newMessages}</span></div>}
      <article
        className="message" data-seq={seq} data-found={isJumpTarget || undefined} tabIndex={isActive ? 0 : -1}
        aria-posinset={seq} aria-setsize={lastSeq} aria-label={`${isMine ? words.you : sender.fullName}, ${formatTime(message.createdAt)}`}
      >
        {!isMine && isGroup && (isContinued
          ? <span className="avatar-gap" />
          : (
            <button
              type="button" className="avatar-button" tabIndex={isActive ? 0 : -1} aria-label={texts.profile.open(sender.fullName)}
              onMouseDown={keepFocus} onClick={() => openProfile(sender.id)}
            >
              <Avatar id={sender.id} name={sender.fullName} picture={sender.profilePic} size="small" />
            </button>
          ))}
        <div className="bubble-column">
          <div
            className="bubble" data-image={message.image ? (message.text ? 'captioned' : 'alone') : undefined}
          >
            {!isMine && isGroup && !continues && (
              <strong className="sender" data-hue={hueOf(sender.id)} onMouseDown={keepFocus} onClick={() => openProfile(sender.id)}>
                <bdi>{sender.fullName}</bdi>
              </strong>
            )}
            {message.replyTo && !message.deletedAt && <Quote quoted={message.replyTo} isGroup={isGroup} onJump={onJump} />}
            {message.deletedAt
              ? <p className="deleted">{words.deleted} {meta.element}</p>
              : (
                <>
                  {message.image && <MessageImage message={message} image={message.image} isActive={isActive} />}
                  {message.text || !message.image
                    ? <MessageText text={message.text ?? ''} mentions={message} reserved={meta.text}>{meta.element}</MessageText>
                    : meta.element}
                </>
              )}
          </div>
          {!message.deletedAt && <Reactions message={message} isActive={isActive} />}
        </div>
        {!message.deletedAt && (
          <MessageActions message={message} isMine={isMine} isActive={isActive} showsTime={isContinued} onReply={onReply} onEdit={onEdit} />
        )}
      </article>
    </div>
  );
});

function DayDivider({ date }: { date: string }) {
  const text = useClock(() => formatDay(date));
  return <div className="day"><span>{text}</span></div>;
}

/** Wide enough for ticks, in the text that reserves their place. */
const TICKS_SPACE = '\u2003\u2002';

/**
 * Whether a message was edited, and at the end of a block when it was written, and who has read it. The text reserves the place
 * for the element.
 */
function metaOf({ createdAt, editedAt, deletedAt }: Message, endsBlock: boolean, readState: ReadState | undefined) {
  const edited = editedAt !== null && deletedAt === null;
  const ticks = endsBlock && deletedAt === null ? readState : undefined;
  if (!edited && !endsBlock) return { text: '', element: null };
  const time = endsBlock ? formatTime(createdAt) : '';
  return {
    text: `${edited ? `${words.edited}\u2002` : ''}${time}${ticks ? TICKS_SPACE : ''}`,
    element: (
      <span className="meta">
        {edited && <span>{words.edited}</span>}
        {endsBlock && <time dateTime={createdAt} title={formatFullDateTime(createdAt)} dir="auto">{time}</time>}
        {ticks && <Ticks {...ticks} />}
      </span>
    ),
  };
}

interface QuoteProps {
  quoted: NonNullable<Message['replyTo']>;
  isGroup: boolean;
  onJump(seq: number): void;
}

function Quote({ quoted, isGroup, onJump }: QuoteProps) {
  const sender = useFeed((feed) => feed.person(quoted.sender.id));
  const isHidden = useFeed((feed) => isGroup && feed.blocks.has(quoted.sender.id));
  const text = useOneLine(quoted);
  return (
    <button
      type="button" className="quote" tabIndex={-1} title={words.toQuoted(sender.fullName)}
      onMouseDown={keepFocus} onClick={() => onJump(quoted.seq)}
    >
      <strong><bdi>{sender.fullName}</bdi></strong>
      <span dir="auto">{isHidden ? texts.blocks.hiddenShort : quoted.deletedAt ? words.quotedDeleted : text}</span>
    </button>
  );
}
