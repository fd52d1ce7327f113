// Searches the messages of the open conversation: a panel beside it, on a phone in its place.
import { X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { MessageResults } from '../sidebar/message-results';
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
      <div className="rows">
        {query
          ? <MessageResults search={query} conversationId={conversationId} onOpen={() => { if (isNarrow()) onClose(); }} />
          : <p className="rows-empty">{words.lead}</p>}
      </div>
    </section>
  );
}
