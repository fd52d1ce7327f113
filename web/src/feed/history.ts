// The loaded part of a conversation's history. seq has no holes, so the history is the range `firstSeq` to `lastSeq`, split into pages.
// Only pages near the view are kept, which bounds memory. A page that is missing, for whatever reason, is loaded when it comes
// into view.
import { HistoryPageDocument, type MessageFragment } from '../gql/graphql';
import { type Message, type Quote, type Reaction, tombstone, withOwnReactions, withoutTrimmedQuote } from './entities';
import type { Transport } from './transport';
import type { RetryPolicy } from './retry-policy';

const PAGE_SIZE = 50;
/** 12 pages are 600 messages, a few screens in each direction. */
const MAX_PAGES = 12;

const pageOf = (seq: number) => Math.floor((seq - 1) / PAGE_SIZE);

/** With equal versions the later `urlExpiresAt` wins: image URLs expire. */
const isNewer = (message: Message, known: Message) => message.version > known.version
  || (message.version === known.version && (message.image?.urlExpiresAt ?? '') > (known.image?.urlExpiresAt ?? ''));

const isChanged = ({ editedAt, deletedAt }: Message) => (editedAt ?? deletedAt) !== null;

const asQuote = ({ id, seq, text, deletedAt, senderId, mentions, mentionsEveryone, calledAs }: Message): Quote =>
  ({ id, seq, text, deletedAt, sender: { id: senderId }, mentions, mentionsEveryone, calledAs });

export class MessageHistory {
  /** Incremented with each change, so that views can compare. */
  version = 0;
  /** By page: seq → message. */
  readonly #pages = new Map<number, Map<number, Message>>();
  readonly #loading = new Set<number>();
  #backoff: (reason: unknown) => Promise<void>;
  /** Incremented by `clear`: responses to earlier requests are ignored. */
  #generation = 0;
  #view = { from: 1, upTo: 1 };
  /** Messages before it were deleted by their age. */
  #firstSeq = 1;

  constructor(
    readonly conversationId: string,
    private readonly transport: Transport,
    private readonly retryPolicy: RetryPolicy,
    private readonly toMessage: (message: MessageFragment) => Message,
    private readonly changed: () => void,
  ) {
    this.#backoff = retryPolicy.newBackoff();
  }

  /** The message with this seq; undefined if it is not loaded. */
  at(seq: number): Message | undefined {
    return this.#pages.get(pageOf(seq))?.get(seq);
  }

  /** The number of loaded messages. */
  get size(): number {
    return [...this.#pages.values()].reduce((sum, page) => sum + page.size, 0);
  }

  /** Loads what is missing of the messages in view, and evicts pages far from them. */
  ensureLoaded(from: number, upTo: number): void {
    this.#view = { from: Math.max(this.#firstSeq, from), upTo };
    if (upTo < this.#firstSeq) return;
    for (let page = pageOf(this.#view.from); page <= pageOf(upTo); page += 1) {
      if (!this.#loading.has(page) && this.#isIncomplete(page, from, upTo)) void this.#load(page);
    }
  }

  /** Adds or updates a message. The higher version wins. */
  put(message: Message): void {
    if (message.seq < this.#firstSeq) return;
    const number = pageOf(message.seq);
    const page = this.#pages.get(number);
    const known = page?.get(message.seq);
    if (known && !isNewer(message, known)) return this.react(message.seq, message.reactions);
    const quoted = message.replyTo && this.at(message.replyTo.seq);
    const reactions = withOwnReactions(message.reactions, known?.reactions ?? []);
    const fresh = { ...message, reactions, ...(quoted && isChanged(quoted) && { replyTo: asQuote(quoted) }) };
    if (page) page.set(message.seq, fresh);
    else this.#pages.set(number, new Map([[message.seq, fresh]]));
    // The quoting message and the quoted one can arrive in either order.
    if (known || isChanged(message)) this.#updateQuotes(message);
    this.#trim();
    this.#notify();
  }

  /** Updates the reactions to a message; `changes` are those of the user's own ones. They do not move its version. */
  react(seq: number, reactions: readonly Reaction[], changes?: readonly { emoji: string; added: boolean }[]): void {
    const page = this.#pages.get(pageOf(seq));
    const known = page?.get(seq);
    if (!known || known.deletedAt) return;
    const next = withOwnReactions(reactions, known.reactions, changes);
    if (JSON.stringify(next) === JSON.stringify(known.reactions)) return;
    page?.set(seq, { ...known, reactions: next });
    this.#notify();
  }

  /** A message was pinned, or no longer is; that does not move its version. */
  pin(seq: number, pinnedAt: string | null): void {
    const page = this.#pages.get(pageOf(seq));
    const known = page?.get(seq);
    if (!page || !known || known.pinnedAt === pinnedAt) return;
    page.set(seq, { ...known, pinnedAt });
    this.#notify();
  }

  /** Reloads the page of a message whose image URL has expired or is about to. */
  reload(seq: number): void {
    if (!this.#loading.has(pageOf(seq))) void this.#load(pageOf(seq));
  }

  /** Replaces each loaded message. */
  map(change: (message: Message) => Message): void {
    for (const page of this.#pages.values()) for (const [seq, known] of page) page.set(seq, change(known));
    this.#notify();
  }

  /** Forgets what was deleted by its age: messages before a seq, and quotes of them. */
  trim(firstSeq: number): void {
    if (firstSeq <= this.#firstSeq) return;
    this.#firstSeq = firstSeq;
    if (this.#pages.size === 0) return;
    for (const [number, page] of this.#pages) {
      for (const seq of page.keys()) if (seq < firstSeq) page.delete(seq);
      if (page.size === 0) this.#pages.delete(number);
    }
    this.map((known) => withoutTrimmedQuote(known, firstSeq));
  }

  /** Evicts everything. */
  clear(): void {
    this.#pages.clear();
    this.#loading.clear();
    this.#generation += 1;
    this.#notify();
  }

  /** Turns the messages of an erased user into tombstones, quotes included. */
  erase(userId: string, deletedAt: string): void {
    this.map((known) => {
      const kept = known.senderId === userId ? tombstone(known, deletedAt) : known;
      const quoted = kept.replyTo;
      return quoted?.sender.id === userId ? { ...kept, replyTo: { ...quoted, text: null, deletedAt } } : kept;
    });
  }

  #isIncomplete(page: number, from: number, upTo: number): boolean {
    const known = this.#pages.get(page);
    if (!known) return true;
    for (let seq = Math.max(from, page * PAGE_SIZE + 1, this.#firstSeq); seq <= Math.min(upTo, (page + 1) * PAGE_SIZE); seq += 1) {
      if (!known.has(seq)) return true;
    }
    return false;
  }

  async #load(page: number): Promise<void> {
    const generation = this.#generation;
    this.#loading.add(page);
    try {
      // `size` messages around the middle of the page are the page.
      const { messages } = await this.transport.request(HistoryPageDocument, {
        conversation: { conversationId: this.conversationId },
        around: page * PAGE_SIZE + 1 + PAGE_SIZE / 2,
        size: PAGE_SIZE,
      });
      if (generation !== this.#generation) return;
      this.#backoff = this.retryPolicy.newBackoff();
      // The server shifts the range forward only where it begins to keep messages: what is before it is not asked for again.
      const first = messages.nodes[0]?.seq ?? 1;
      if (first > page * PAGE_SIZE + 1) this.trim(first);
      for (const node of messages.nodes) {
        // Near the end the server shifts the range back. Messages of the previous page are added if that page is kept.
        const number = pageOf(node.seq);
        if (number === page || this.#pages.has(number)) this.put(this.toMessage(node));
      }
    } catch (reason) {
      // The page stays marked as loading during the backoff, so that the view does not request it again.
      await this.#backoff(reason);
    } finally {
      if (generation === this.#generation) {
        this.#loading.delete(page);
        this.#notify();
      }
    }
  }

  /** Shows an edit or a deletion in messages that quote it. */
  #updateQuotes(message: Message): void {
    for (const page of this.#pages.values()) {
      for (const [seq, known] of page) {
        if (known.replyTo?.id === message.id) page.set(seq, { ...known, replyTo: asQuote(message) });
      }
    }
  }

  #trim(): void {
    const [first, last] = [pageOf(this.#view.from), pageOf(this.#view.upTo)];
    const distance = (page: number) => Math.max(first - page, page - last, 0);
    while (this.#pages.size > MAX_PAGES) {
      const furthest = [...this.#pages.keys()].reduce((a, b) => (distance(b) > distance(a) ? b : a));
      if (distance(furthest) === 0) return;
      this.#pages.delete(furthest);
    }
  }

  #notify(): void {
    this.version += 1;
    this.changed();
  }
}
