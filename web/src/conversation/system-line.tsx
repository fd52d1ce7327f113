// A line of a conversation's own: what happened, in words. Nobody's message.
import type { Feed, Message } from '../feed';
import { useFeed } from '../app/session';
import { formatFullDateTime, formatTime } from '../app/dates';
import { texts } from '../texts';
import { oneLine } from './mentions';

const words = texts.system;

/** What happened, and who did it, in the words of the one who reads it. */
export function systemText(feed: Feed, { senderId, system, replyTo }: Pick<Message, 'senderId' | 'system' | 'replyTo'>): string {
  if (!system) return '';
  const me = feed.me.id;
  const nameOf = ({ id, fullName }: { id: string; fullName: string }) => (id === me ? words.you : feed.person(id).fullName === '…' ? fullName : feed.person(id).fullName);
  const who = senderId === me ? words.You : feed.person(senderId).fullName;
  const names = system.users.map(nameOf);
  const more = system.userCount - names.length;
  const whom = new Intl.ListFormat('en').format(more > 0 ? [...names, words.others(more)] : names);
  switch (system.kind) {
    case 'GROUP_CREATED': return words.created(who, system.title ?? '');
    case 'MEMBERS_ADDED': return words.added(who, whom);
    case 'MEMBER_LEFT': return words.left(who);
    case 'MEMBERS_REMOVED': return words.removed(who, whom);
    case 'TITLE_CHANGED': return system.title ? words.renamed(who, system.title) : words.renamedSomehow(who);
    case 'PICTURE_CHANGED': return words.picture(who);
    case 'ROLE_CHANGED': return words.role(who, whom, texts.group.roles[system.role ?? ''] ?? '');
    case 'MESSAGE_PINNED': return words.pinned(who, replyTo?.text ? oneLine(feed, replyTo) : '');
    // A kind of a newer server.
    default: return words.other(who);
  }
}

export function SystemLine({ message, isActive, seq, lastSeq }: { message: Message; isActive: boolean; seq: number; lastSeq: number }) {
  const text = useFeed((feed) => systemText(feed, message));
  return (
    <article
      className="message system-line" data-seq={seq} tabIndex={isActive ? 0 : -1} aria-posinset={seq} aria-setsize={lastSeq}
      aria-label={`${text}, ${formatTime(message.createdAt)}`}
    >
      <span title={formatFullDateTime(message.createdAt)}><bdi>{text}</bdi></span>
    </article>
  );
}
