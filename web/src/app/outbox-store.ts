// The outbox over reloads: in the browser's database, a row a message, each person's apart.
import { createStore, del, entries, set } from 'idb-keyval';
import { v7 as uuidv7 } from 'uuid';
import { memoryStore, type OutboxStore, type Outgoing } from '../feed';

/** A message, with the page that keeps it. */
type Row = Outgoing & { page?: string };

/** This page, and a lock that is held for as long as the page is there: it tells the others that its rows are seen to. */
const page = uuidv7();
const lockOf = (id: string) => `parlour.page.${id}`;
// Only of pages that came by HTTPS; without it, a message may be sent by two pages, which it stands.
const locks = 'locks' in navigator ? navigator.locks : undefined;
locks?.request(lockOf(page), () => new Promise(() => {})).catch(() => {});

async function pages(): Promise<ReadonlySet<string>> {
  const { held = [] } = (await locks?.query()) ?? {};
  return new Set(held.map(({ name = '' }) => name));
}

/** In memory where there is no database. Where there is one and it may not be used, each call rejects. */
export function outboxStore(userId: () => string): OutboxStore {
  if (!('indexedDB' in globalThis)) return memoryStore();
  const store = createStore('parlour', 'outbox');
  const key = (id: string) => `${userId()}/${id}`;
  let isFirst = true;
  return {
    all: async () => {
      // A page that begins takes all: whoever holds a row may be asleep for long, and one may have come instead of it.
      const others = isFirst ? new Set() : await pages();
      isFirst = false;
      const rows = await entries<string, Row>(store);
      const mine = rows.filter(([name]) => name.startsWith(`${userId()}/`)).map(([, row]) => row);
      return mine.filter((row) => !row.page || !others.has(lockOf(row.page))).map(({ page: _, ...item }) => item);
    },
    put: async (item) => set(key(item.id), { ...item, page } satisfies Row, store),
    remove: async (id) => del(key(id), store),
  };
}
