// What the list shows of read marks: the divider above new messages, and the read receipt below the user's newest message.
import { useEffect, useState } from 'react';
import { isPageFocused } from '../app/page-focus';
import { useFeed, useSession } from '../app/session';
import type { Conversation, Member, Message, MessageHistory } from '../feed';
import { texts } from '../texts';

/** How many messages back the user's newest message is looked for. */
const RECEIPT_WITHIN = 50;

/**
 * The seq of the first new message, above which the divider "New messages" is shown; undefined if there is none. The divider
 * stays until the user writes, or until messages arrive again while the page is not focused.
 */
export function useUnreadDivider(conversation: Conversation | undefined, isAtEnd: boolean, isWriting: boolean) {
  const { lastSeq, lastReadSeq } = conversation ?? { lastSeq: 0, lastReadSeq: 0 };
  const [firstNew, setFirstNew] = useState(lastReadSeq < lastSeq ? lastReadSeq + 1 : undefined);
  useEffect(() => {
    const isOutdated = lastReadSeq < lastSeq && (!firstNew || firstNew <= lastReadSeq);
    if (isOutdated && !(isAtEnd && isPageFocused())) setFirstNew(lastReadSeq + 1);
  }, [lastSeq]);
  useEffect(() => { if (isWriting) setFirstNew(undefined); }, [isWriting]);
  return firstNew;
}

/**
 * The seq of the user's newest message that is not deleted, and who has read it. Only those count who were members when it was sent:
 * the history counts as read for whoever is added later.
 */
export function useReadReceipt(conversation: Conversation | undefined, history: MessageHistory | undefined) {
  const { feed } = useSession();
  const id = conversation?.id;
  const loaded = useFeed((feed) => (id ? feed.members.of(id) : undefined));
  // If loading fails, it is retried when the conversation is opened again.
  useEffect(() => { if (id) feed.members.load(id).catch(() => {}); }, [feed, id]);
  if (!conversation || !history || !loaded?.marks.size) return undefined;

  let seq = conversation.lastSeq;
  const first = Math.max(1, seq - RECEIPT_WITHIN);
  const isMine = (message: Message | undefined) => message?.senderId === feed.me.id && !message.deletedAt;
  while (seq >= first && !isMine(history.at(seq))) seq -= 1;
  if (seq < first) return undefined;

  const sentAt = Date.parse(history.at(seq)!.createdAt);
  const isLater = ({ joinedAt }: Member) => !conversation.otherUserId && Date.parse(joinedAt) > sentAt;
  const later = new Set(loaded.members.filter(isLater).map(({ userId }) => userId));
  const readers = [...loaded.marks].filter(([userId, mark]) => userId !== feed.me.id && !later.has(userId) && mark >= seq).length;
  const others = conversation.memberCount - 1 - later.size;
  if (readers === 0) return { seq, text: texts.conversation.sent };
  if (conversation.otherUserId) return { seq, text: texts.conversation.read };
  return { seq, text: readers >= others ? texts.conversation.readByAll : texts.conversation.readBy(readers) };
}
