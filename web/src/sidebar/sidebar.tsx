// The list at the side: conversations by last activity, and people to start with.
import { MessageSquarePlus, Search, X } from 'lucide-react';
import { useDeferredValue, useEffect, useRef, useState } from 'react';
import { useSession, useFeed } from '../app/session';
import { conversationName } from '../app/notifications';
import { NewGroup } from '../people/new-group';
import { PeopleResults } from '../people/people-results';
import { texts } from '../texts';
import { AccountMenu } from './account-menu';
import { MessageResults } from './message-results';
import { Row } from './conversation-row';
import { UnsentMessages } from './unsent-messages';

const words = texts.sidebar;
/** Who has fewer conversations than this is shown whom to start another one with. */
const FEW = 10;

export function Sidebar() {
  const { feed, peopleSearchMode } = useSession();
  const conversations = useFeed(({ sidebar }) => sidebar);
  const hasMore = useFeed((feed) => feed.hasMoreConversations);
  const [search, setSearch] = useState('');
  const [isMaking, setMaking] = useState(false);
  const list = useRef<HTMLElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const wanted = useDeferredValue(search.trim());
  // All of them are looked through, a page after the other.
  useEffect(() => {
    if (wanted && hasMore) feed.loadMoreConversations().catch(() => {});
  }, [feed, wanted, hasMore, conversations]);
  const folded = wanted.toLocaleLowerCase();
  const shown = folded
    ? conversations.filter(({ id }) => conversationName(feed, id).toLocaleLowerCase().includes(folded))
    : conversations;

  return (
    <div className="sidebar">
      <div className="sidebar-head">
        <AccountMenu />
        {peopleSearchMode !== 'off' && (
          <button className="icon-button" aria-label={words.newGroup} title={words.newGroup} onClick={() => setMaking(true)}>
            <MessageSquarePlus />
          </button>
        )}
      </div>
      <div className="search">
        <Search aria-hidden="true" />
        <input
          ref={field} type="search" value={search} placeholder={words.search} aria-label={words.search} dir="auto" maxLength={100}
          onChange={({ target }) => setSearch(target.value)}
          onKeyDown={({ key }) => {
            if (key === 'Escape') setSearch('');
            if (key === 'ArrowDown') list.current?.querySelector('a')?.focus();
          }}
        />
        {search && (
          <button className="icon-button" aria-label={words.clear} onClick={() => { setSearch(''); field.current?.focus(); }}>
            <X />
          </button>
        )}
      </div>
      <nav className="rows" aria-label={words.label} ref={list} onKeyDown={(event) => walk(event, () => field.current?.focus())}>
        {!wanted && <UnsentMessages />}
        {wanted && shown.length > 0 && <h2 className="rows-head">{words.conversations}</h2>}
        <ul>{shown.map((known) => <Row key={known.id} conversation={known} onOpen={() => setSearch('')} />)}</ul>
        {!wanted && conversations.length === 0 && <p className="rows-empty">{words.empty}</p>}
        {(wanted || (peopleSearchMode === 'directory' && conversations.length < FEW)) && <PeopleResults search={wanted} onOpen={() => setSearch('')} />}
        {wanted && <MessageResults search={wanted} onOpen={() => setSearch('')} />}
        {!wanted && hasMore && <button className="link-button" onClick={() => void feed.loadMoreConversations()}>{words.more}</button>}
      </nav>
      <NewGroup open={isMaking} onClose={() => setMaking(false)} />
    </div>
  );
}

/** The arrow keys go through the rows, and above the first to the search; Home and End to their ends. */
function walk(event: React.KeyboardEvent<HTMLElement>, leave: () => void): void {
  const rows = [...event.currentTarget.querySelectorAll('a')];
  const here = rows.indexOf(document.activeElement as HTMLAnchorElement);
  if (here < 0) return;
  const there = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: rows.length - 1, Escape: -1 }[event.key];
  if (there === undefined) return;
  event.preventDefault();
  if (there < 0) leave();
  else rows[there]?.focus();
}
