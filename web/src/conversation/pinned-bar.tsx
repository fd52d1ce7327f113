// The message that was pinned last, below the header, and the others behind it: a click goes to it, and then to the one before.
import { Pin } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { useQuery } from '../api/use-query';
import { useFeed } from '../app/session';
import { toMessage } from '../feed';
import { PinnedMessagesDocument } from '../gql/graphql';
import { texts } from '../texts';
import { useOneLine } from './mentions';

export function PinnedBar({ conversationId }: { conversationId: string }) {
  const [, go] = useLocation();
  const version = useFeed((feed) => feed.pins.version(conversationId));
  const [{ data }, reload] = useQuery(PinnedMessagesDocument, { id: conversationId });
  useEffect(() => { if (version > 0) reload(); }, [version]);
  const [index, setIndex] = useState(0);
  const pinned = data?.conversation?.pinnedMessages.nodes ?? [];
  const current = pinned[index % Math.max(1, pinned.length)];
  const isHidden = useFeed((feed) => current !== undefined && !feed.conversation(conversationId)?.otherUserId && feed.blocks.has(current.sender.id));
  const text = useOneLine(current && toMessage(current));
  if (!current) return null;
  return (
    <button
      type="button" className="pinned-bar"
      onClick={() => { go(`/c/${conversationId}?at=${current.seq}`); setIndex((index + 1) % pinned.length); }}
    >
      <Pin aria-hidden="true" />
      <span><strong>{texts.pins.pinned}</strong> <bdi>{isHidden ? texts.blocks.hiddenShort : text}</bdi></span>
    </button>
  );
}
