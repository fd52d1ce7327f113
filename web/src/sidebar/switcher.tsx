// Goes to a conversation or a person by a few letters of the name: Ctrl+K.
import { type KeyboardEvent, useId, useState } from 'react';
import { useLocation } from 'wouter';
import { conversationName } from '../app/notifications';
import { fold } from '../app/fold';
import { useFeed, useSession } from '../app/session';
import type { Person } from '../feed';
import { usePeopleSearch } from '../people/use-people-search';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { Dialog } from '../ui/dialog';

const words = texts.switcher;
/** How many are offered. */
const MAX = 9;

interface Target {
  href: string;
  id: string;
  name: string;
  isGroup: boolean;
  unread: number;
  picture?: Person['profilePic'] | undefined;
}

export function Switcher({ open, onClose }: { open: boolean; onClose(): void }) {
  return <Dialog title={words.title} open={open} onClose={onClose}><Targets onClose={onClose} /></Dialog>;
}

function useTargets(query: string): readonly Target[] {
  const { feed, peopleSearchMode } = useSession();
  const conversations = useFeed(({ sidebar }) => sidebar);
  const { people } = usePeopleSearch(query);
  const folded = fold(query);
  const known = conversations.map((conversation): Target => ({
    href: `/c/${conversation.id}`,
    id: conversation.otherUserId ?? conversation.id,
    name: conversationName(feed, conversation.id),
    isGroup: !conversation.otherUserId,
    unread: conversation.unreadCount,
    picture: conversation.otherUserId ? feed.person(conversation.otherUserId).profilePic : conversation.picture,
  })).filter(({ name }) => fold(name).includes(folded));
  // What begins with the letters comes before what only contains them; else the latest first.
  const sorted = folded ? known.sort((a, b) => Number(fold(b.name).startsWith(folded)) - Number(fold(a.name).startsWith(folded))) : known;
  const ids = new Set(known.map(({ id }) => id));
  const others = peopleSearchMode === 'off' || (!query && peopleSearchMode !== 'directory') ? [] : people.filter(({ id }) => !ids.has(id) && id !== feed.me.id);
  return [...sorted, ...others.map(({ id, fullName, profilePic }) => ({ href: `/with/${id}`, id, name: fullName, isGroup: false, unread: 0, picture: profilePic }))].slice(0, MAX);
}

function Targets({ onClose }: { onClose(): void }) {
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState(0);
  const [, go] = useLocation();
  const targets = useTargets(query.trim());
  const listId = useId();
  const active = Math.min(chosen, targets.length - 1);
  const open = ({ href }: Target) => {
    onClose();
    go(href, { replace: true });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const target = targets[active];
    if (event.key === 'ArrowDown') setChosen((active + 1) % Math.max(1, targets.length));
    else if (event.key === 'ArrowUp') setChosen((active - 1 + targets.length) % Math.max(1, targets.length));
    else if (event.key === 'Enter' && target) open(target);
    else return;
    event.preventDefault();
  };
  return (
    <div className="switcher">
      <input
        data-first className="input" role="combobox" aria-expanded={targets.length > 0} aria-controls={listId} aria-autocomplete="list"
        aria-activedescendant={targets.length > 0 ? `${listId}-${active}` : undefined} aria-label={words.field} placeholder={words.field}
        dir="auto" maxLength={100} value={query} onKeyDown={onKeyDown} onChange={({ target }) => { setQuery(target.value); setChosen(0); }}
      />
      <ul id={listId} role="listbox" aria-label={words.title}>
        {targets.map((target, index) => (
          <li
            key={target.href} id={`${listId}-${index}`} role="option" aria-selected={index === active} className="row"
            onMouseMove={() => setChosen(index)} onClick={() => open(target)}
          >
            <Avatar id={target.id} name={target.name} picture={target.picture} isGroup={target.isGroup} size="small" />
            <bdi className="row-name">{target.name}</bdi>
            {target.unread > 0 && <span className="badge">{target.unread > 999 ? '999+' : target.unread}</span>}
          </li>
        ))}
      </ul>
      {targets.length === 0 && <p className="hint" role="status">{words.none}</p>}
    </div>
  );
}
