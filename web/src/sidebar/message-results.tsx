// Search results: messages. Each opens its conversation at that message.
import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { execute } from '../api/execute';
import { useFeed, useSession } from '../app/session';
import { useOneLine } from '../conversation/mentions';
import { formatShort } from '../app/dates';
import { conversationName } from '../app/notifications';
import { toMessage } from '../feed';
import { FindMessagesDocument, type FindMessagesQueryVariables, type MessageFragment } from '../gql/graphql';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { useAttempt } from '../ui/toasts';
import { excerpt } from './excerpt';

const words = texts.sidebar;
/** In milliseconds after the last key press. */
const DEBOUNCE = 300;

interface ResultPages {
  hits: readonly MessageFragment[];
  after: string | null;
}

/** By whom, when, and whether with an image. */
export type MessageFilters = Pick<FindMessagesQueryVariables, 'senderId' | 'since' | 'before' | 'hasImage'>;

interface MessageResultsProps {
  search: string;
  filters?: MessageFilters;
  /** Only messages of this conversation. */
  conversationId?: string;
  onOpen(): void;
}

const NO_FILTERS: MessageFilters = {};

export function MessageResults({ search, filters = NO_FILTERS, conversationId, onOpen }: MessageResultsProps) {
  const { client, feed } = useSession();
  const blocked = useFeed((feed) => feed.blocks.ids);
  const attempt = useAttempt();
  const [results, setResults] = useState<ResultPages>();
  const fetchPage = async (after: string | null): Promise<ResultPages> => {
    const { searchMessages } = await execute(client, FindMessagesDocument, { query: search, conversation: conversationId ? { conversationId } : null, ...filters, after });
    const { nodes, pageInfo } = searchMessages;
    return { hits: nodes, after: pageInfo.hasNextPage ? pageInfo.endCursor : null };
  };
  useEffect(() => {
    let isCancelled = false;
    const timer = setTimeout(() => void attempt(async () => {
      const first = await fetchPage(null);
      if (!isCancelled) setResults(first);
    }), DEBOUNCE);
    return () => {
      isCancelled = true;
      clearTimeout(timer);
    };
  }, [search, conversationId, filters]);
  const loadMore = () => attempt(async () => {
    if (!results) return;
    const next = await fetchPage(results.after);
    // Another search may have been answered meanwhile.
    setResults((now) => (now === results ? { hits: [...results.hits, ...next.hits], after: next.after } : now));
  });

  if (!results) return null;
  // In groups those of people whom the user has blocked are hidden.
  const hits = results.hits.filter((hit) => !blocked.has(hit.sender.id) || feed.conversation(hit.conversationId)?.otherUserId);
  return (
    <>
      {!conversationId && <h2 className="rows-head">{words.messages}</h2>}
      <ul>{hits.map((hit) => <li key={hit.id}><MessageResult hit={hit} search={search} isHere={conversationId !== undefined} onOpen={onOpen} /></li>)}</ul>
      {hits.length === 0 && !results.after && <p className="rows-empty" role="status">{words.noMessages}</p>}
      {results.after && <button className="link-button" onClick={() => void loadMore()}>{words.moreHits}</button>}
    </>
  );
}

interface MessageResultProps {
  hit: MessageFragment;
  search: string;
  /** Whether all results are of the open conversation. */
  isHere?: boolean;
  /** Whether the address of what is open is replaced, as by dialogs. */
  replaces?: boolean;
  onOpen(): void;
}

export function MessageResult({ hit, search, isHere = false, replaces = false, onOpen }: MessageResultProps) {
  const { feed } = useSession();
  const { conversationId, seq, sender, createdAt } = hit;
  const text = useOneLine(toMessage(hit));
  const isMine = sender.id === feed.me.id;
  const isDirect = useFeed((feed) => Boolean(feed.conversation(conversationId)?.otherUserId));
  const where = conversationName(feed, conversationId);
  const who = isMine ? texts.message.you : sender.fullName;
  return (
    <Link className="row" href={`/c/${conversationId}?at=${seq}`} replace={replaces} onClick={onOpen}>
      <Avatar id={sender.id} name={sender.fullName} picture={sender.profilePic} />
      <span className="row-main">
        <span className="row-top">
          <bdi className="row-name">{isHere ? who : !isDirect && where ? texts.message.from(who, where) : isMine ? words.hitTo(where) : who}</bdi>
          <time className="row-time" dateTime={createdAt}>{formatShort(createdAt)}</time>
        </span>
        <span className="search-hit" dir="auto">
          {excerpt(text, search).map(({ text, isHit }, index) =>
            isHit ? <mark key={index}>{text}</mark> : <span key={index}>{text}</span>)}
        </span>
      </span>
    </Link>
  );
}
