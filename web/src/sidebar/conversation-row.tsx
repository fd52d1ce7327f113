// A conversation in the sidebar: its name, the last message with its time, and the number of unread messages.
import { AtSign, BellOff, Clock3, Star, TriangleAlert } from 'lucide-react';
import { memo } from 'react';
import { Link, useRoute } from 'wouter';
import { useIsUnopened } from '../app/added-conversations';
import { useFeed } from '../app/session';
import { formatShort } from '../app/dates';
import { useClock } from '../app/use-clock';
import { activity, type Conversation, isMuted, type OutgoingMessage } from '../feed';
import { useOneLine } from '../conversation/mentions';
import { systemText } from '../conversation/system-line';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { TypingDots } from '../ui/typing-dots';

interface ConversationRowProps {
  conversation: Conversation;
  onOpen(): void;
}

export const ConversationRow = memo(function ConversationRow({ conversation, onOpen }: ConversationRowProps) {
  const { id, otherUserId, lastMessage, unreadCount: unread, unreadMentionCount: calls } = conversation;
  const other = useFeed((feed) => (otherUserId ? feed.person(otherUserId) : undefined));
  const online = useFeed((feed) => otherUserId !== null && feed.online?.has(otherUserId));
  const waiting = useFeed(({ outbox }) => outbox.items.findLast(
    ({ to }) => to.conversationId === id || (otherUserId !== null && to.userId === otherUserId),
  ));
  const isTyping = useFeed((feed) => feed.typing.in(id).length > 0);
  const [isOpen] = useRoute(`/c/${id}`);
  const when = useClock(() => formatShort(activity(conversation)));
  const name = other?.fullName ?? conversation.title ?? '';
  // Direct conversations begin with a message, which is unread.
  const isUnopened = useIsUnopened(id) && otherUserId === null && unread === 0;
  const isMarked = conversation.own?.markedUnread === true && unread === 0;
  const isNew = isUnopened || isMarked;

  return (
    <li>
      <Link className="row" href={`/c/${id}`} data-unread={unread > 0 || isNew || undefined} aria-current={isOpen ? 'page' : undefined} onClick={onOpen}>
        <Avatar id={otherUserId ?? id} name={name} picture={other ? other.profilePic : conversation.picture} isGroup={!otherUserId} online={online} />
        <span className="row-main">
          <span className="row-top">
            <bdi className="row-name">{name}</bdi>
            {online && <span className="visually-hidden">{`, ${texts.sidebar.online},`}</span>}
            {conversation.own?.favorite && <Star className="row-icon" aria-label={texts.own.isFavorite} />}
            {isMuted(conversation) && <BellOff className="row-icon" aria-label={texts.own.muted} />}
            {conversation.own?.notifications === 'MENTIONS' && !isMuted(conversation) && <AtSign className="row-icon" aria-label={texts.mentions.quiet} />}
            <time className="row-time" dateTime={activity(conversation)}>{when}</time>
          </span>
          <span className="row-top">
            <span className="row-last">
              {waiting
                ? <><OutgoingIcon item={waiting} /> <bdi className="row-words">{waiting.text || texts.image.name}</bdi></>
                : isTyping
                  ? <TypingDots text={texts.conversation.typingHere} />
                  : lastMessage && <LastMessage message={lastMessage} isGroup={!otherUserId} />}
            </span>
            {calls > 0 && (
              <span className="badge" data-kind="call">
                <span aria-hidden="true">@</span>
                <span className="visually-hidden">{texts.sidebar.calls(calls)}</span>
              </span>
            )}
            {unread > 0 && (
              <span className="badge" data-muted={isMuted(conversation) || undefined}>
                <span aria-hidden="true">{unread > 999 ? '999+' : unread}</span>
                <span className="visually-hidden">{texts.sidebar.unread(unread)}</span>
              </span>
            )}
            {isNew && <span className="new-dot"><span className="visually-hidden">{isMarked ? texts.own.markedUnread : texts.sidebar.added}</span></span>}
          </span>
        </span>
      </Link>
    </li>
  );
});

const OutgoingIcon = ({ item }: { item: OutgoingMessage }) => item.state === 'failed'
  ? <TriangleAlert className="row-failed" aria-label={texts.message.failed(item.reason ?? '')} />
  : <Clock3 aria-label={texts.sidebar.waiting} />;

function LastMessage({ message, isGroup }: { message: NonNullable<Conversation['lastMessage']>; isGroup: boolean }) {
  const happened = useFeed((feed) => systemText(feed, message));
  const me = useFeed((feed) => feed.me.id);
  const sender = useFeed((feed) => feed.person(message.senderId));
  const isHidden = useFeed((feed) => isGroup && feed.blocks.has(message.senderId));
  const text = useOneLine(message);
  if (message.system) return <bdi className="row-words">{happened}</bdi>;
  if (isHidden) return <span className="row-words">{texts.blocks.hiddenShort}</span>;
  const isMine = message.senderId === me;
  const who = isMine ? texts.message.you : sender.fullName;
  return (
    <>
      {(isMine || isGroup) && <span className="row-who"><bdi>{who}</bdi>:</span>}
      <bdi className="row-words">{message.deletedAt ? texts.message.deleted : text}</bdi>
    </>
  );
}
