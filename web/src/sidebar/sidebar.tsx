// The sidebar: conversations by latest activity, search results, and people to write to.
import { Archive, Search, X } from 'lucide-react';
import { useDeferredValue, useEffect, useRef, useState } from 'react';
import { fold } from '../app/fold';
import { useFeed, useSession } from '../app/session';
import { conversationName } from '../app/notifications';
import type { Conversation } from '../feed';
import { PeopleResults } from '../people/people-results';
import { texts } from '../texts';
import { Mark } from '../ui/mark';
import { AccountMenu } from './account-menu';
import { MessageResults } from './message-results';
import { ConversationRow } from './conversation-row';
import { FirstSteps } from './first-steps';
import { NewMenu } from './new-menu';
import { UnsentMessages } from './unsent-messages';

const words = texts.sidebar;
/** Users with fewer conversations than this see people whom they can write to. */
const SUGGEST_BELOW = 10;

const isFavorite = ({ own }: Conversation) => own?.favorite === true;

export function Sidebar() {
  const { feed, name, logoUrl, peopleSearchMode } = useSession();
  const conversations = useFeed(({ sidebar }) => sidebar);
  const hasMore = useFeed((feed) => feed.hasMoreConversations);
  const [search, setSearch] = useState('');
  // Shows people whom one can write to before anything is typed.
  const [isFinding, setFinding] = useState(false);
  const [showsArchived, setShowsArchived] = useState(false);
  const list = useRef<HTMLElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const query = useDeferredValue(search.trim());
  // Names are searched here, so a search loads all conversations, page by page.
  useEffect(() => {
    if (query && hasMore) feed.loadMoreConversations().catch(() => {});
  }, [feed, query, hasMore, conversations]);
  const folded = fold(query);
  const shown = query
    ? conversations.filter(({ id }) => fold(conversationName(feed, id)).includes(folded))
    : [...conversations.filter(isFavorite), ...conversations.filter((one) => !isFavorite(one) && !one.own?.archived)];
  const archived = query ? [] : conversations.filter((one) => !isFavorite(one) && one.own?.archived);

  const findSomeone = () => {
    setFinding(true);
    field.current?.focus();
  };
  const onOpen = () => {
    setSearch('');
    setFinding(false);
  };
  const isNew = conversations.length < SUGGEST_BELOW || isFinding;

  return (
    <div className="sidebar">
      <div className="sidebar-head">
        <Mark logoUrl={logoUrl} size="small" />
        <span className="server-name" aria-hidden="true"><bdi>{name}</bdi></span>
        {peopleSearchMode !== 'off' && <NewMenu onWrite={findSomeone} />}
        <AccountMenu />
      </div>
      <div className="search">
        <Search aria-hidden="true" />
        <input
          ref={field} data-find type="search" value={search} placeholder={words.search} aria-label={words.search} dir="auto" maxLength={100}
          onChange={({ target }) => setSearch(target.value)}
          onKeyDown={({ key }) => {
            if (key === 'Escape') onOpen();
            if (key === 'ArrowDown') list.current?.querySelector('a')?.focus();
          }}
        />
        {search && (
          <button className="icon-button" aria-label={words.clear} onClick={() => { setSearch(''); field.current?.focus(); }}>
            <X />
          </button>
        )}
      </div>
      <nav className="rows" aria-label={words.label} ref={list} onKeyDown={(event) => moveFocus(event, () => field.current?.focus())}>
        {!query && <UnsentMessages />}
        {query && shown.length > 0 && <h2 className="rows-head">{words.conversations}</h2>}
        <ul>{shown.map((known) => <ConversationRow key={known.id} conversation={known} onOpen={onOpen} />)}</ul>
        {archived.length > 0 && (
          <>
            <button className="link-button" aria-expanded={showsArchived} onClick={() => setShowsArchived(!showsArchived)}>
              <Archive aria-hidden="true" /> {texts.own.archived(archived.length)}
            </button>
            {showsArchived && <ul>{archived.map((known) => <ConversationRow key={known.id} conversation={known} onOpen={onOpen} />)}</ul>}
          </>
        )}
        {!query && conversations.length === 0 && <div className="rows-empty"><p>{words.empty}</p><FirstSteps /></div>}
        {(query || (peopleSearchMode === 'directory' && isNew)) && <PeopleResults search={query} above={query ? shown : conversations} onOpen={onOpen} />}
        {query && <MessageResults search={query} onOpen={onOpen} />}
        {!query && hasMore && <button className="link-button" onClick={() => void feed.loadMoreConversations()}>{words.more}</button>}
      </nav>
    </div>
  );
}

/** Keyboard navigation: arrow keys, Home and End move through the rows; up from the first row focuses the search. */
function moveFocus(event: React.KeyboardEvent<HTMLElement>, focusSearch: () => void): void {
  const rows = [...event.currentTarget.querySelectorAll('a')];
  const current = rows.indexOf(document.activeElement as HTMLAnchorElement);
  if (current < 0) return;
  const next = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: rows.length - 1, Escape: -1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  if (next < 0) focusSearch();
  else rows[next]?.focus();
}
