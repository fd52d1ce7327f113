// Below the newest of one's own messages: who has read it.
import { useEffect } from 'react';
import { useFeed, useSession } from '../app/session';
import type { Conversation, History } from '../feed';
import { texts } from '../texts';

/** So far back one's own newest message is looked for. */
const NEAR = 50;

export function useReadReceipt(conversation: Conversation | undefined, history: History | undefined) {
  const { feed } = useSession();
  const id = conversation?.id;
  const marks = useFeed((feed) => (id ? feed.members.of(id).marks : undefined));
  // Who cannot be asked just now is asked when the conversation is opened again.
  useEffect(() => { if (id) feed.members.load(id).catch(() => {}); }, [feed, id]);
  if (!conversation || !history || !marks?.size) return undefined;

  let seq = conversation.lastSeq;
  const first = Math.max(1, seq - NEAR);
  while (seq >= first && history.at(seq)?.senderId !== feed.me.id) seq -= 1;
  if (seq < first) return undefined;

  const readers = [...marks].filter(([userId, mark]) => userId !== feed.me.id && mark >= seq).length;
  const others = conversation.memberCount - 1;
  if (readers === 0) return { seq, text: texts.conversation.sent };
  if (conversation.otherUserId) return { seq, text: texts.conversation.read };
  return { seq, text: readers >= others ? texts.conversation.readByAll : texts.conversation.readBy(readers) };
}
