// Messages that the server has not acknowledged yet. Each has its id from the start, so sending it again is idempotent. It
// stays here over disconnects and reloads until the server has answered.
import { v7 as uuidv7 } from 'uuid';
import type { SendMessageInput } from '../gql/graphql';
import type { ConversationRef, Mentions } from './entities';
import { isInternalError, isTransient, isSignedOut, type ServerError } from './transport';
import type { RetryPolicy } from './retry-policy';

/** An image to be sent, with its size in pixels for the view. */
export interface OutgoingImage {
  file: Blob;
  width: number;
  height: number;
}

export interface MessageDraft {
  to: ConversationRef;
  /** May be empty if there is an image. */
  text: string;
  image?: OutgoingImage;
  /** Whom it calls: people, or everybody. */
  mentionIds?: string[];
  mentionEveryone?: boolean;
  /** The names of those whom it calls, by their ids, as they stand in the text. */
  calledAs?: Record<string, string>;
  /** The message it replies to, with what the view shows of it until this one is acknowledged. */
  replyTo?: { id: string; seq: number; senderId: string; text: string | null } & Partial<Mentions>;
}

export interface OutgoingMessage extends MessageDraft {
  id: string;
  writtenAt: string;
  /** `failed`: the server rejected it; the user can retry or discard it. */
  state: 'waiting' | 'failed';
  /** The uploaded fraction of the image, from 0 to 1, while it is being sent. */
  progress?: number | undefined;
  /** The server's message if it failed. */
  reason?: string;
  /** The server's code for it. */
  code?: string;
}

/** Persists the outbox while the page is closed. */
export interface OutboxStore {
  /**
   * The stored messages. Called at the start, and again with each retry to adopt the messages of pages that were closed. The
   * later calls may leave out what another open page is sending.
   */
  all(): Promise<OutgoingMessage[]>;
  /** Calls the listener when another page was closed, which may have left messages behind. */
  onAbandoned?(listener: () => void): void;
  put(item: OutgoingMessage): Promise<void>;
  remove(id: string): Promise<void>;
}

/** For tests, and where nothing can be persisted. */
export function memoryStore(): OutboxStore {
  const items = new Map<string, OutgoingMessage>();
  return {
    all: async () => [...items.values()],
    put: async (item) => void items.set(item.id, item),
    remove: async (id) => void items.delete(id),
  };
}

/** After this many internal errors in a row a message is `failed`, so that it does not block its queue forever. */
const MAX_INTERNAL_ERRORS = 5;

/** The input of the mutation. Each attempt uploads the image again, as a failed attempt may have failed during the upload. */
export const inputOf = ({ id, to, text, image, mentionIds, mentionEveryone, calledAs, replyTo }: OutgoingMessage): SendMessageInput => ({
  id,
  to,
  text: text || null,
  ...(image && { image: { file: image.file } }),
  ...(mentionIds && { mentionIds }),
  ...(mentionEveryone && { mentionEveryone }),
  ...(calledAs && { metadata: { calledAs } }),
  ...(replyTo && { replyToId: replyTo.id }),
});

/** If the browser cannot store anything (some private windows, a full disk), messages are sent all the same. */
function logStoreError(reason: unknown): OutgoingMessage[] {
  console.error('the outbox could not be stored', reason);
  return [];
}

export class Outbox {
  /** In the order of writing. A new array with each change. */
  items: readonly OutgoingMessage[] = [];
  /** Keys of queues that are being sent. */
  readonly #sendingQueues = new Set<string>();
  /** Messages being sent or waiting for the next attempt, by id. */
  readonly #attempts = new Map<string, AbortController>();
  /** Ids of messages that are not stored, or not yet. */
  readonly #unpersisted = new Set<string>();
  /** Ids that were removed while the store is being read, whose result may still contain them. */
  #removed: Set<string> | undefined;
  #stopped = false;

  constructor(
    private readonly store: OutboxStore,
    private readonly retryPolicy: RetryPolicy,
    /** Messages with the same key are sent one at a time, so that they arrive in the order of writing. */
    private readonly queueKey: (to: ConversationRef) => string,
    private readonly send: (item: OutgoingMessage, signal: AbortSignal) => Promise<void>,
    private readonly changed: () => void,
    private readonly onSignedOut: () => void,
  ) {
    store.onAbandoned?.(() => { if (!this.#stopped) void this.load(); });
  }

  /** Loads stored messages: from before this page was opened, and of pages that were closed since. */
  async load(): Promise<void> {
    if (this.#removed) return;
    const removed = (this.#removed = new Set());
    const stored = await this.store.all().catch(logStoreError);
    this.#removed = undefined;
    const known = new Set([...removed, ...this.items.map(({ id }) => id)]);
    this.#set([...stored.filter(({ id }) => !known.has(id)), ...this.items].sort((a, b) => (a.id < b.id ? -1 : 1)));
    this.flush();
  }

  /** Adds a message, and sends it however long that takes. */
  add(draft: MessageDraft): OutgoingMessage {
    const item: OutgoingMessage = { ...draft, id: uuidv7(), writtenAt: new Date().toISOString(), state: 'waiting' };
    this.#persist(item);
    this.#set([...this.items, item]);
    this.flush();
    return item;
  }

  /** Sends a failed message again, with the same id. */
  retry(id: string): void {
    this.#change(id, ({ reason: _, code: ___, progress: __, ...item }) => ({ ...item, state: 'waiting' }));
    this.flush();
  }

  /** Cancels a message. If it has just arrived after all, it appears like any sent message. */
  discard(id: string): void {
    this.remove(id);
    this.#attempts.get(id)?.abort();
  }

  /** Removes a message that was acknowledged or discarded. */
  remove(id: string): void {
    if (!this.items.some((item) => item.id === id)) return;
    this.#set(this.items.filter((item) => item.id !== id));
    this.#removed?.add(id);
    this.#unpersisted.delete(id);
    this.store.remove(id).catch(logStoreError);
  }

  /** Sets the upload progress, which is not persisted. */
  progress(id: string, progress: number | undefined): void {
    this.#set(this.items.map((item) => (item.id === id ? { ...item, progress } : item)));
  }

  /** Whether the message would still be sent if the page were closed now. */
  isPersisted(id: string): boolean {
    return !this.#unpersisted.has(id);
  }

  /** Whether a message would be lost if the page were closed now. */
  get hasUnpersisted(): boolean {
    return this.#unpersisted.size > 0;
  }

  /** Sends everything that is waiting. */
  flush(): void {
    for (const { state, to } of this.items) if (state === 'waiting') void this.#sendQueue(this.queueKey(to));
  }

  stop(): void {
    this.#stopped = true;
  }

  async #sendQueue(queueKey: string): Promise<void> {
    if (this.#sendingQueues.has(queueKey)) return;
    this.#sendingQueues.add(queueKey);
    let [backoff, internalErrors] = [this.retryPolicy.newBackoff(), 0];
    while (!this.#stopped) {
      const item = this.items.find(({ state, to }) => state === 'waiting' && this.queueKey(to) === queueKey);
      if (!item) {
        this.#sendingQueues.delete(queueKey);
        // The key of a message changes when its conversation becomes known, so a waiting one may be in another queue now.
        return this.flush();
      }
      const attempt = new AbortController();
      const { signal } = attempt;
      const discarded = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      this.#attempts.set(item.id, attempt);
      try {
        // A discarded message does not block the queue, whether or not the transport can abort it.
        await Promise.race([this.send(item, signal), discarded]);
        this.remove(item.id);
        [backoff, internalErrors] = [this.retryPolicy.newBackoff(), 0];
      } catch (reason) {
        // The next attempt uploads from the start.
        this.progress(item.id, undefined);
        if (isSignedOut(reason)) {
          this.onSignedOut();
          break;
        }
        internalErrors = isInternalError(reason) ? internalErrors + 1 : 0;
        if (isTransient(reason) && internalErrors < MAX_INTERNAL_ERRORS) await Promise.race([backoff(reason), discarded]);
        else {
          internalErrors = 0;
          this.#change(item.id, (refused) => ({ ...refused, state: 'failed', reason: (reason as ServerError).message, code: (reason as ServerError).code }));
        }
      } finally {
        this.#attempts.delete(item.id);
      }
      if (signal.aborted) [backoff, internalErrors] = [this.retryPolicy.newBackoff(), 0];
    }
    this.#sendingQueues.delete(queueKey);
  }

  #change(id: string, change: (item: OutgoingMessage) => OutgoingMessage): void {
    const item = this.items.find((known) => known.id === id);
    if (!item) return;
    const changed = change(item);
    this.#persist(changed);
    this.#set(this.items.map((known) => (known.id === id ? changed : known)));
  }

  #persist(item: OutgoingMessage): void {
    this.#unpersisted.add(item.id);
    const stored = () => {
      this.#unpersisted.delete(item.id);
      this.changed();
    };
    this.store.put(item).then(stored).catch(logStoreError);
  }

  #set(items: readonly OutgoingMessage[]): void {
    this.items = items;
    this.changed();
  }
}
