// Failed messages to conversations that are not in the sidebar, usually because the user was removed meanwhile.
import { TriangleAlert } from 'lucide-react';
import { useMemo } from 'react';
import { Link, useLocation } from 'wouter';
import { useFeed, useSession } from '../app/session';
import type { OutgoingMessage } from '../feed';
import { texts } from '../texts';

const pathTo = ({ conversationId, userId }: OutgoingMessage['to']) => (conversationId ? `/c/${conversationId}` : `/with/${userId}`);

export function UnsentMessages() {
  const { feed } = useSession();
  const items = useFeed(({ outbox }) => outbox.items);
  const [path] = useLocation();
  const listed = useFeed(({ sidebar }) => sidebar);
  // The newest of each conversation.
  const newestByPath = useMemo(() => {
    const isInSidebar = ({ conversationId, userId }: OutgoingMessage['to']) =>
      conversationId ? feed.conversation(conversationId) : feed.directWith(userId!);
    return [...new Map(items.filter(({ state, to }) => state === 'failed' && !isInSidebar(to)).map((item) => [pathTo(item.to), item]))];
  }, [feed, items, listed]);
  if (newestByPath.length === 0) return null;
  return (
    <ul aria-label={texts.sidebar.unsent}>
      {newestByPath.map(([href, { text }]) => (
        <li key={href}>
          <Link className="row" href={href} aria-current={href === path ? 'page' : undefined}>
            <span className="avatar"><TriangleAlert aria-hidden="true" /></span>
            <span className="row-main">
              <span className="row-name">{texts.sidebar.unsent}</span>
              <bdi className="row-last"><span className="row-words">{text || texts.image.name}</span></bdi>
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
