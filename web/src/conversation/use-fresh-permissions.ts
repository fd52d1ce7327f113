// What one may do in a direct conversation, while the other side can change it unseen.
import { useEffect } from 'react';
import { useFeed, useSession } from '../app/session';
import type { Conversation } from '../feed';

/**
 * Keeps what the user may do in an open direct conversation current. Of a block by the other side, and of its end, no event says
 * anything, as the user is not told. But they seem offline from then on, and come back when it ends: so it is asked for
 * again when they do, when the connection is back, and when the window gets the focus.
 */
export function useFreshPermissions(conversation: Conversation | undefined): void {
  const { feed } = useSession();
  const [id, otherId] = conversation?.otherUserId ? [conversation.id, conversation.otherUserId] : [];
  const isLive = useFeed((feed) => feed.status === 'live');
  const isOnline = useFeed((feed) => otherId !== undefined && feed.online?.has(otherId));
  useEffect(() => {
    if (!id || !isLive) return undefined;
    const ask = () => feed.fetchConversation(id);
    ask();
    addEventListener('focus', ask);
    return () => removeEventListener('focus', ask);
  }, [feed, id, isLive, isOnline]);
}
