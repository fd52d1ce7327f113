// What the list shows of read marks: the divider above new messages, and who has read the user's own ones.
import { useEffect, useMemo, useState } from 'react';
import { isPageFocused } from '../app/page-focus';
import { useFeed, useSession } from '../app/session';
import type { Conversation, Message, MessageHistory } from '../feed';
import { texts } from '../texts';
import type { ReadState } from './ticks';

const words = texts.conversation;

/** Whether something is unread: lines of what happened and deleted messages are not. */
export const isAllRead = (conversation: Conversation | undefined) =>
  !conversation || conversation.lastReadSeq === conversation.lastSeq || conversation.unreadCount === 0;

/**
 * The seq of the first new message, above which the divider "New messages" is shown; undefined if there is none. The divider
 * stays until the user writes, or until messages arrive again while the page is not focused.
 */
export function useUnreadDivider(conversation: Conversation | undefined, history: MessageHistory | undefined, isAtEnd: boolean, isWriting: boolean) {
  const { lastSeq, lastReadSeq } = conversation ?? { lastSeq: 0, lastReadSeq: 0 };
  const [firstNew, setFirstNew] = useState(lastReadSeq < lastSeq ? lastReadSeq + 1 : undefined);
  useEffect(() => {
    const isOutdated = lastReadSeq < lastSeq && (!firstNew || firstNew <= lastReadSeq);
    if (isOutdated && !(isAtEnd && isPageFocused())) setFirstNew(lastReadSeq + 1);
  }, [lastSeq]);
  useEffect(() => { if (isWriting) setFirstNew(undefined); }, [isWriting]);
  // The first one that counts, as far as they are loaded.
  for (let seq = firstNew ?? lastSeq + 1; seq <= lastSeq; seq += 1) if (history?.at(seq)?.countsAsUnread !== false) return seq;
  return undefined;
}

const UNKNOWN = () => undefined;

/**
 * Who has read a message of the user's own; undefined while unknown. Only those count who were members when it was sent: the
 * history counts as read for whoever is added later.
 */
export function useReadStates(conversation: Conversation | undefined): (message: Message) => ReadState | undefined {
  const { feed } = useSession();
  const id = conversation?.id;
  const loaded = useFeed((feed) => (id ? feed.members.of(id) : undefined));
  // If loading fails, it is retried when the conversation is opened again.
  useEffect(() => { if (id) feed.members.load(id).catch(() => {}); }, [feed, id]);
  const isDirect = Boolean(conversation?.otherUserId);
  const memberCount = conversation?.memberCount ?? 0;
  return useMemo((): ((message: Message) => ReadState | undefined) => {
    if (!loaded?.marks.size) return UNKNOWN;
    const joined = new Map(loaded.members.map(({ userId, joinedAt }) => [userId, isDirect ? 0 : Date.parse(joinedAt)]));
    const others = [...loaded.marks].filter(([userId]) => userId !== feed.me.id).map(([userId, mark]) => ({ mark, joinedAt: joined.get(userId) ?? 0 }));
    return ({ seq, senderId, system, deletedAt, createdAt }) => {
      if (senderId !== feed.me.id || system || deletedAt) return undefined;
      const sentAt = Date.parse(createdAt);
      const isLater = (other: { joinedAt: number }) => other.joinedAt > sentAt;
      const readers = others.filter((other) => other.mark >= seq && !isLater(other)).length;
      if (readers === 0) return { text: words.sent, readers: 'none' };
      if (isDirect) return { text: words.read, readers: 'all' };
      if (readers >= memberCount - 1 - others.filter(isLater).length) return { text: words.readByAll, readers: 'all' };
      return { text: words.readBy(readers), readers: 'some' };
    };
  }, [feed, loaded, isDirect, memberCount]);
}
