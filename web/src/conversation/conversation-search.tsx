// Searches the messages of the open conversation: a panel beside it, on a phone in its place.
import { X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useFeed, useSession } from '../app/session';
import { type MessageFilters, MessageResults } from '../sidebar/message-results';
import { texts } from '../texts';
import { useCloseOnBack } from '../ui/dialog-history';

const words = texts.conversationSearch;

interface ConversationSearchProps {
  conversationId: string;
  open: boolean;
  onClose(): void;
}

export function ConversationSearch({ conversationId, open, onClose }: ConversationSearchProps) {
  const [search, setSearch] = useState('');
  const [filters, setFilters] = useState<MessageFilters>({});
  const field = useRef<HTMLInputElement>(null);
  const isNarrow = () => matchMedia('(max-width: 1000px)').matches;
  useCloseOnBack(open && isNarrow(), onClose);
  useEffect(() => { if (open) field.current?.focus(); }, [open]);
  if (!open) return null;
  const query = search.trim();
  return (
    <section className="search-panel" aria-label={words.title} onKeyDown={(event) => { if (event.key === 'Escape') onClose(); }}>
      <header className="search-panel-head">
        <input
          ref={field} type="search" className="input" aria-label={words.title} placeholder={words.title} dir="auto" maxLength={100}
          value={search} onChange={({ target }) => setSearch(target.value)}
        />
        <button type="button" className="icon-button" aria-label={words.close} title={words.close} onClick={onClose}><X /></button>
      </header>
      <Filters conversationId={conversationId} filters={filters} onChange={setFilters} />
      <div className="rows">
        {query
          ? <MessageResults search={query} filters={filters} conversationId={conversationId} onOpen={() => { if (isNarrow()) onClose(); }} />
          : <p className="rows-empty">{words.lead}</p>}
      </div>
    </section>
  );
}

interface FiltersProps {
  conversationId: string;
  filters: MessageFilters;
  onChange(filters: MessageFilters): void;
}

/** Midnight of a day as `2026-11-30`, here. */
const startOf = (day: string) => new Date(`${day}T00:00`);

/** The day after that, which may be 23 or 25 hours later. */
function dayAfter(day: string): Date {
  const date = startOf(day);
  date.setDate(date.getDate() + 1);
  return date;
}

/** Years with more digits can be typed, but are no times for the server. */
const LAST_DAY = '9999-12-31';

/** Null beyond the last day. */
const timeOf = (date: Date) => (date.getFullYear() < 10_000 ? date.toISOString() : null);

/** By whom, when, and whether with an image. */
function Filters({ conversationId, filters, onChange }: FiltersProps) {
  const { feed } = useSession();
  const { members } = useFeed((feed) => feed.members.of(conversationId));
  useEffect(() => { feed.members.load(conversationId).catch(() => {}); }, [feed, conversationId]);
  const names = members.map(({ userId }) => feed.person(userId)).sort((a, b) => a.fullName.localeCompare(b.fullName));
  const [days, setDays] = useState({ since: '', until: '' });
  const change = (next: Partial<MessageFilters>) => onChange({ ...filters, ...next });
  const changeDays = (next: Partial<typeof days>) => {
    const { since, until } = { ...days, ...next };
    setDays({ since, until });
    change({ since: since ? timeOf(startOf(since)) : null, before: until ? timeOf(dayAfter(until)) : null });
  };
  return (
    <div className="search-filters" role="group" aria-label={words.filters}>
      <label className="field">
        {words.sender}
        <select className="input" value={filters.senderId ?? ''} onChange={({ target }) => change({ senderId: target.value || null })}>
          <option value="">{words.anyone}</option>
          {names.map(({ id, fullName }) => <option key={id} value={id}>{id === feed.me.id ? texts.message.you : fullName}</option>)}
        </select>
      </label>
      <label className="field">
        {words.since}
        <input type="date" max={days.until || LAST_DAY} value={days.since} onChange={({ target }) => changeDays({ since: target.value })} />
      </label>
      <label className="field">
        {words.until}
        <input type="date" min={days.since || undefined} max={LAST_DAY} value={days.until} onChange={({ target }) => changeDays({ until: target.value })} />
      </label>
      <label className="check">
        <input type="checkbox" checked={filters.hasImage === true} onChange={({ target }) => change({ hasImage: target.checked || null })} />
        {words.hasImage}
      </label>
    </div>
  );
}
