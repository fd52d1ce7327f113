// Persists the outbox in IndexedDB: a row per message, with keys that begin with the user's id.
import { createStore, del, entries, set } from 'idb-keyval';
import { v7 as uuidv7 } from 'uuid';
import { memoryStore, type OutboxStore, type OutgoingMessage } from '../feed';

/** A message, and the page that sends it. */
type Row = OutgoingMessage & { page?: string };

/** The id of this page. It holds a Web Lock of this name while it is open, so that other pages leave its rows alone. */
const pageId = uuidv7();
const LOCK_PREFIX = 'parlour.page.';
// Web Locks need HTTPS. Without them two pages may send the same message, which is idempotent.
const locks = 'locks' in navigator ? navigator.locks : undefined;
locks?.request(LOCK_PREFIX + pageId, () => new Promise(() => {})).catch(() => {});

/** Ids of the other open pages of this browser. */
async function otherPages(): Promise<ReadonlySet<string>> {
  const { held = [] } = (await locks?.query()) ?? {};
  // Shared locks are those of `watchPage`.
  const ids = held.flatMap(({ name, mode }) => (mode === 'exclusive' && name?.startsWith(LOCK_PREFIX) ? [name.slice(LOCK_PREFIX.length)] : []));
  return new Set(ids.filter((id) => id !== pageId));
}

/** In memory if the browser has no IndexedDB. If it has but denies access, each call rejects. */
export function outboxStore(userId: () => string): OutboxStore {
  if (!('indexedDB' in globalThis)) return memoryStore();
  const store = createStore('parlour', 'outbox');
  const key = (id: string) => `${userId()}/${id}`;
  let isFirstCall = true;
  let onPageClosed = () => {};
  const watchedPages = new Set<string>();
  /** The lock of a page is granted when that page is closed. */
  const watchPage = (id: string) => {
    if (watchedPages.has(id)) return;
    watchedPages.add(id);
    locks?.request(LOCK_PREFIX + id, { mode: 'shared' }, () => {}).then(() => {
      watchedPages.delete(id);
      onPageClosed();
    }).catch(() => {});
  };
  return {
    all: async () => {
      const openPages = await otherPages();
      openPages.forEach(watchPage);
      const rows = await entries<string, Row>(store);
      const ofUser = rows.filter(([name]) => name.startsWith(`${userId()}/`)).map(([, row]) => row);
      // The first call takes all rows, those of open pages too: such a page may be suspended, and this one its replacement.
      const available = ofUser.filter((row) => isFirstCall || !row.page || !openPages.has(row.page));
      isFirstCall = false;
      return available.map(({ page: _, ...item }) => item);
    },
    onAbandoned: (listener) => { onPageClosed = listener; },
    put: async (item) => set(key(item.id), { ...item, page: pageId } satisfies Row, store),
    remove: async (id) => del(key(id), store),
  };
}
