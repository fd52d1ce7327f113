// What was written and not yet acknowledged. Each message has its id from the start, so that sending it again is safe for
// ever; it waits here, over cuts and reloads, until the server has answered.
import { v7 as uuidv7 } from 'uuid';
import type { SendMessageInput } from '../gql/graphql';
import type { ConversationRef } from './entities';
import { isPassing, isSignedOut, patience, type Refusal } from './line';

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
  progress?: number;
  /** Why the server refused. */
  reason?: string;
}

/** Where the outbox lives while the page is closed. */
export interface OutboxStore {
  all(): Promise<Outgoing[]>;
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

/** What is asked of the server. The image is sent with each try: a try that failed may have failed on its way there. */
export const inputOf = ({ id, to, text, image, replyTo }: Outgoing): SendMessageInput => ({
  id,
  to,
  text: text || null,
  ...(image && { image: { file: image.file } }),
  ...(replyTo && { replyToId: replyTo.id }),
});

const target = ({ to }: Draft) => to.conversationId ?? to.userId;

export class Outbox {
  /** In the order of writing. Replaced with each change. */
  items: readonly Outgoing[] = [];
  /** Who is being sent to: one message at a time each, so that they arrive in the order of writing. */
  readonly #busy = new Set<string>();
  readonly #wakes = new Set<() => void>();
  #stopped = false;

  constructor(
    private readonly store: OutboxStore,
    private readonly transmit: (item: Outgoing) => Promise<void>,
    private readonly changed: () => void,
    private readonly signedOut: () => void,
  ) {}

  /** Takes up what waited while the page was closed. */
  async open(): Promise<void> {
    const kept = await this.store.all();
    const known = new Set(this.items.map(({ id }) => id));
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

  /** It is acknowledged, or given up. */
  remove(id: string): void {
    if (!this.items.some((item) => item.id === id)) return;
    this.#set(this.items.filter((item) => item.id !== id));
    this.store.remove(id).catch((reason: unknown) => console.error('the outbox could not be kept', reason));
  }

  /** More of an image is on the way. Of this nothing is kept. */
  progress(id: string, progress: number): void {
    this.#set(this.items.map((item) => (item.id === id ? { ...item, progress } : item)));
  }

  /** Sends what waits; also called when there is new hope, which ends all waiting. */
  flush(): void {
    for (const wake of this.#wakes) wake();
    for (const item of this.items) if (item.state === 'waiting') void this.#run(target(item));
  }

  stop(): void {
    this.#stopped = true;
    for (const wake of this.#wakes) wake();
  }

  async #run(to: string): Promise<void> {
    if (this.#busy.has(to)) return;
    this.#busy.add(to);
    for (let tries = 0; !this.#stopped; ) {
      const item = this.items.find((candidate) => candidate.state === 'waiting' && target(candidate) === to);
      if (!item) break;
      try {
        await this.transmit(item);
        this.remove(item.id);
        tries = 0;
      } catch (reason) {
        if (isSignedOut(reason)) {
          this.signedOut();
          break;
        }
        if (isPassing(reason)) await this.#wait(patience(reason, tries++));
        else this.#change(item.id, (refused) => ({ ...refused, state: 'failed', reason: (reason as Refusal).message }));
      }
    }
    this.#busy.delete(to);
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wakes.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.#wakes.add(wake);
    });
  }

  #change(id: string, change: (item: Outgoing) => Outgoing): void {
    const item = this.items.find((known) => known.id === id);
    if (!item) return;
    const changed = change(item);
    this.#keep(changed);
    this.#set(this.items.map((known) => (known.id === id ? changed : known)));
  }

  #keep(item: Outgoing): void {
    this.store.put(item).catch((reason: unknown) => console.error('the outbox could not be kept', reason));
  }

  #set(items: readonly Outgoing[]): void {
    this.items = items;
    this.changed();
  }
}
