// What was written and not yet acknowledged. Each message has its id from the start, so that sending it again is safe for
// ever; it waits here, over cuts and reloads, until the server has answered.
import { v7 as uuidv7 } from 'uuid';
import type { SendMessageInput } from '../gql/graphql';
import type { ConversationRef } from './entities';
import { isFault, isPassing, isSignedOut, type Refusal } from './line';
import type { Patience } from './patience';

/** An image that is to be sent, with its size for the view. */
export interface OutgoingImage {
  file: Blob;
  width: number;
  height: number;
}

export interface Draft {
  to: ConversationRef;
  /** May be empty where there is an image. */
  text: string;
  image?: OutgoingImage;
  /** What it replies to, with what the view shows of it meanwhile. */
  replyTo?: { id: string; seq: number; senderId: string; text: string | null };
}

export interface Outgoing extends Draft {
  id: string;
  writtenAt: string;
  /** `failed`: the server refused for good; it waits for its writer to retry or discard it. */
  state: 'waiting' | 'failed';
  /** How much of the image is on the way, from 0 to 1, while it is being sent. */
  progress?: number | undefined;
  /** Why the server refused. */
  reason?: string;
}

/** Where the outbox lives while the page is closed. */
export interface OutboxStore {
  /**
   * What waits. Asked at the start, and again at each better time for what pages that are gone have left: what another
   * page is sending may be left out then.
   */
  all(): Promise<Outgoing[]>;
  /** Tells when there may be more: another page is gone, and may have left some. */
  onLeft?(listener: () => void): void;
  put(item: Outgoing): Promise<void>;
  remove(id: string): Promise<void>;
}

/** For tests, and where nothing can be kept. */
export function memoryStore(): OutboxStore {
  const items = new Map<string, Outgoing>();
  return {
    all: async () => [...items.values()],
    put: async (item) => void items.set(item.id, item),
    remove: async (id) => void items.delete(id),
  };
}

/** A message at which the server fails so often waits for its writer: it must not hold up for ever what stands behind it. */
const FAULTS = 5;

/** What is asked of the server. The image is sent with each try: a try that failed may have failed on its way there. */
export const inputOf = ({ id, to, text, image, replyTo }: Outgoing): SendMessageInput => ({
  id,
  to,
  text: text || null,
  ...(image && { image: { file: image.file } }),
  ...(replyTo && { replyToId: replyTo.id }),
});

/** Where a browser keeps nothing (some private windows, a full disk), messages go all the same. */
function unkept(reason: unknown): Outgoing[] {
  console.error('the outbox could not be kept', reason);
  return [];
}

export class Outbox {
  /** In the order of writing. Replaced with each change. */
  items: readonly Outgoing[] = [];
  /** Lanes in which something is on its way. */
  readonly #busy = new Set<string>();
  /** What is on its way or about to be tried again, by id. */
  readonly #trying = new Map<string, AbortController>();
  /** What could not be kept, or not yet. */
  readonly #unkept = new Set<string>();
  /** What was removed while the store is read: it may be told of it still. */
  #removed: Set<string> | undefined;
  #stopped = false;

  constructor(
    private readonly store: OutboxStore,
    private readonly patience: Patience,
    /** Where messages go one at a time, so that they arrive in the order of writing: the same for all addresses of a place. */
    private readonly lane: (to: ConversationRef) => string,
    private readonly transmit: (item: Outgoing, signal: AbortSignal) => Promise<void>,
    private readonly changed: () => void,
    private readonly signedOut: () => void,
  ) {
    store.onLeft?.(() => { if (!this.#stopped) void this.open(); });
  }

  /** Takes up what waited while the page was closed, and what pages that were closed meanwhile have left. */
  async open(): Promise<void> {
    if (this.#removed) return;
    const removed = (this.#removed = new Set());
    const kept = await this.store.all().catch(unkept);
    this.#removed = undefined;
    const known = new Set([...removed, ...this.items.map(({ id }) => id)]);
    this.#set([...kept.filter(({ id }) => !known.has(id)), ...this.items].sort((a, b) => (a.id < b.id ? -1 : 1)));
    this.flush();
  }

  /** Writes a message. It is on its way from here on, however long that takes. */
  add(draft: Draft): Outgoing {
    const item: Outgoing = { ...draft, id: uuidv7(), writtenAt: new Date().toISOString(), state: 'waiting' };
    this.#keep(item);
    this.#set([...this.items, item]);
    this.flush();
    return item;
  }

  /** Tries a refused one again, with its id. */
  retry(id: string): void {
    this.#change(id, ({ reason: _, progress: __, ...item }) => ({ ...item, state: 'waiting' }));
    this.flush();
  }

  /** Its writer takes it back. It may have arrived just now: then it comes as any other that was sent. */
  discard(id: string): void {
    this.remove(id);
    this.#trying.get(id)?.abort();
  }

  /** It is acknowledged, or given up. */
  remove(id: string): void {
    if (!this.items.some((item) => item.id === id)) return;
    this.#set(this.items.filter((item) => item.id !== id));
    this.#removed?.add(id);
    this.#unkept.delete(id);
    this.store.remove(id).catch(unkept);
  }

  /** More of an image is on the way. Of this nothing is kept. */
  progress(id: string, progress: number | undefined): void {
    this.#set(this.items.map((item) => (item.id === id ? { ...item, progress } : item)));
  }

  /** Whether it would still be sent if the page were closed now. */
  keeps(id: string): boolean {
    return !this.#unkept.has(id);
  }

  /** Whether something would be lost if the page were closed now. */
  get isAtRisk(): boolean {
    return this.#unkept.size > 0;
  }

  /** Sends what waits. */
  flush(): void {
    for (const { state, to } of this.items) if (state === 'waiting') void this.#run(this.lane(to));
  }

  stop(): void {
    this.#stopped = true;
  }

  async #run(lane: string): Promise<void> {
    if (this.#busy.has(lane)) return;
    this.#busy.add(lane);
    let [wait, faults] = [this.patience.waiting(), 0];
    while (!this.#stopped) {
      const item = this.items.find(({ state, to }) => state === 'waiting' && this.lane(to) === lane);
      if (!item) {
        this.#busy.delete(lane);
        // What stood in this lane may stand in another by now: a conversation is known that was not.
        return this.flush();
      }
      const trying = new AbortController();
      const { signal } = trying;
      const takenBack = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      this.#trying.set(item.id, trying);
      try {
        // What is taken back holds nobody up, whatever the line makes of it.
        await Promise.race([this.transmit(item, signal), takenBack]);
        this.remove(item.id);
        [wait, faults] = [this.patience.waiting(), 0];
      } catch (reason) {
        // The next try begins with the first byte.
        this.progress(item.id, undefined);
        if (isSignedOut(reason)) {
          this.signedOut();
          break;
        }
        faults = isFault(reason) ? faults + 1 : 0;
        if (isPassing(reason) && faults < FAULTS) await Promise.race([wait(reason), takenBack]);
        else {
          faults = 0;
          this.#change(item.id, (refused) => ({ ...refused, state: 'failed', reason: (reason as Refusal).message }));
        }
      } finally {
        this.#trying.delete(item.id);
      }
      if (signal.aborted) [wait, faults] = [this.patience.waiting(), 0];
    }
    this.#busy.delete(lane);
  }

  #change(id: string, change: (item: Outgoing) => Outgoing): void {
    const item = this.items.find((known) => known.id === id);
    if (!item) return;
    const changed = change(item);
    this.#keep(changed);
    this.#set(this.items.map((known) => (known.id === id ? changed : known)));
  }

  #keep(item: Outgoing): void {
    this.#unkept.add(item.id);
    const kept = () => {
      this.#unkept.delete(item.id);
      this.changed();
    };
    this.store.put(item).then(kept).catch(unkept);
  }

  #set(items: readonly Outgoing[]): void {
    this.items = items;
    this.changed();
  }
}
