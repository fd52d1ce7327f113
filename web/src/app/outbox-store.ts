// The outbox over reloads: in the browser's database, a row a message, each person's apart.
import { createStore, del, entries, set } from 'idb-keyval';
import { memoryStore, type OutboxStore, type Outgoing } from '../feed';

/** Falls back to memory where the browser keeps nothing (some private windows). */
export function outboxStore(userId: () => string): OutboxStore {
  if (!('indexedDB' in globalThis)) return memoryStore();
  const store = createStore('parlour', 'outbox');
  const key = (id: string) => `${userId()}/${id}`;
  return {
    all: async () => {
      const rows = await entries<string, Outgoing>(store).catch(() => []);
      return rows.filter(([name]) => name.startsWith(`${userId()}/`)).map(([, item]) => item);
    },
    put: (item) => set(key(item.id), item, store),
    remove: (id) => del(key(id), store),
  };
}
