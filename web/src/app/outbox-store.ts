// The outbox over reloads: in the browser's database, a row a message, each person's apart.
import { createStore, del, entries, set } from 'idb-keyval';
import { v7 as uuidv7 } from 'uuid';
import { memoryStore, type OutboxStore, type Outgoing } from '../feed';

/** A message, with the page that keeps it. */
type Row = Outgoing & { page?: string };

/** This page, and a lock that it holds for as long as it is there: so the others know that its rows are seen to. */
const page = uuidv7();
const PREFIX = 'parlour.page.';
// Only of pages that came by HTTPS; without it, a message may be sent by two pages, which it stands.
const locks = 'locks' in navigator ? navigator.locks : undefined;
locks?.request(PREFIX + page, () => new Promise(() => {})).catch(() => {});

/** The other pages of this browser. */
async function others(): Promise<ReadonlySet<string>> {
  const { held = [] } = (await locks?.query()) ?? {};
  // Those who wait for a page to be gone share its lock then.
  const own = held.flatMap(({ name, mode }) => (mode === 'exclusive' && name?.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : []));
  return new Set(own.filter((id) => id !== page));
}

/** In memory where there is no database. Where there is one and it may not be used, each call rejects. */
export function outboxStore(userId: () => string): OutboxStore {
  if (!('indexedDB' in globalThis)) return memoryStore();
  const store = createStore('parlour', 'outbox');
  const key = (id: string) => `${userId()}/${id}`;
  let isFirst = true;
  let left = () => {};
  const watched = new Set<string>();
  /** Whoever gets the lock of a page knows that it is gone. */
  const watch = (id: string) => {
    if (watched.has(id)) return;
    watched.add(id);
    locks?.request(PREFIX + id, { mode: 'shared' }, () => {}).then(() => {
      watched.delete(id);
      left();
    }).catch(() => {});
  };
  return {
    all: async () => {
      const there = await others();
      there.forEach(watch);
      const rows = await entries<string, Row>(store);
      const mine = rows.filter(([name]) => name.startsWith(`${userId()}/`)).map(([, row]) => row);
      // A page that begins takes all: whoever holds a row may be asleep for long, and this one may have come instead of it.
      const free = mine.filter((row) => isFirst || !row.page || !there.has(row.page));
      isFirst = false;
      return free.map(({ page: _, ...item }) => item);
    },
    onLeft: (listener) => { left = listener; },
    put: async (item) => set(key(item.id), { ...item, page } satisfies Row, store),
    remove: async (id) => del(key(id), store),
  };
}
