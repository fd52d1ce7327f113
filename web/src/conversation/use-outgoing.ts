// What waits to be sent to a place, or was refused there.
import { useMemo } from 'react';
import { useFeed } from '../app/session';
import type { ConversationRef } from '../feed';

/** `otherId`: the other side, where a direct conversation is known by its id. */
export function useOutgoing({ conversationId, userId }: ConversationRef, otherId?: string) {
  const items = useFeed(({ outbox }) => outbox.items);
  return useMemo(
    () => items.filter(({ to }) =>
      to.conversationId ? to.conversationId === conversationId : to.userId === (otherId ?? userId)),
    [items, conversationId, userId, otherId],
  );
}
