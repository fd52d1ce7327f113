// Messages that have the words one looks for. A hit opens its conversation at its place.
import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { execute } from '../api/transport';
import { useFeed, useSession } from '../app/session';
import { plain } from '../conversation/message-format';
import { brief } from '../app/dates';
import { conversationName } from '../app/notifications';
import { FindMessagesDocument, type MessageFragment } from '../gql/graphql';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { useAttempt } from '../ui/toasts';
import { excerpt } from './excerpt';

const words = texts.sidebar;
/** Asked so long after the last key, in milliseconds. */
const QUIET = 300;

interface Found {
  hits: readonly MessageFragment[];
  after: string | null;
}

export function MessageResults({ search, onOpen }: { search: string; onOpen(): void }) {
  const { client } = useSession();
  const attempt = useAttempt();
  const [found, setFound] = useState<Found>();
  const find = async (after: string | null): Promise<Found> => {
    const { searchMessages } = await execute(client, FindMessagesDocument, { query: search, after });
    const { nodes, pageInfo } = searchMessages;
    return { hits: nodes, after: pageInfo.hasNextPage ? pageInfo.endCursor : null };
  };
  useEffect(() => {
    let over = false;
    const timer = setTimeout(() => void attempt(async () => {
      const first = await find(null);
      if (!over) setFound(first);
    }), QUIET);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [search]);
  const more = () => attempt(async () => {
    if (!found) return;
    const next = await find(found.after);
    setFound({ hits: [...found.hits, ...next.hits], after: next.after });
  });

  if (!found) return null;
  return (
    <>
      <h2 className="rows-head">{words.messages}</h2>
      <ul>{found.hits.map((hit) => <li key={hit.id}><Hit hit={hit} search={search} onOpen={onOpen} /></li>)}</ul>
      {found.hits.length === 0 && <p className="rows-empty" role="status">{words.noMessages}</p>}
      {found.after && <button className="link-button" onClick={() => void more()}>{words.moreHits}</button>}
    </>
  );
}

interface HitProps {
  hit: MessageFragment;
  search: string;
  onOpen(): void;
}

function Hit({ hit: { conversationId, seq, sender, text, createdAt }, search, onOpen }: HitProps) {
  const { feed } = useSession();
  const isMine = sender.id === feed.me.id;
  const isDirect = useFeed((feed) => Boolean(feed.conversation(conversationId)?.otherUserId));
  const where = conversationName(feed, conversationId);
  const who = isMine ? texts.message.you : sender.fullName;
  return (
    <Link className="row" href={`/c/${conversationId}?at=${seq}`} onClick={onOpen}>
      <Avatar id={sender.id} name={sender.fullName} picture={sender.profilePic} />
      <span className="row-main">
        <span className="row-top">
          <bdi className="row-name">{!isDirect && where ? texts.message.from(who, where) : isMine ? words.hitTo(where) : who}</bdi>
          <time className="row-time" dateTime={createdAt}>{brief(createdAt)}</time>
        </span>
        <span className="row-hit" dir="auto">
          {excerpt(plain(text ?? texts.image.name), search).map(({ text, isHit }, index) =>
            isHit ? <mark key={index}>{text}</mark> : <span key={index}>{text}</span>)}
        </span>
      </span>
    </Link>
  );
}
