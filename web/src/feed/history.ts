// The part of a conversation's history that is loaded. As seq has no holes, the history is a row of 1 to `lastSeq`, cut
// into pages of which those near the view are kept: memory is bounded however far somebody scrolls, and what is missing,
// for whatever reason, is simply a gap that is loaded when it comes into view.
import { HistoryPageDocument, type MessageFragment } from '../gql/graphql';
import { type Message, tombstone } from './entities';
import type { Line } from './line';
import type { Patience } from './patience';

const PAGE = 50;
/** As many pages as are kept: 600 messages, some screens in each direction. */
const KEPT = 12;

const pageOf = (seq: number) => Math.floor((seq - 1) / PAGE);

/** Of one version, too: an image's address is good for a while only. */
const isNewer = (message: Message, known: Message) => message.version > known.version
  || (message.version === known.version && (message.image?.urlExpiresAt ?? '') > (known.image?.urlExpiresAt ?? ''));

const isChanged = ({ editedAt, deletedAt }: Message) => (editedAt ?? deletedAt) !== null;

const asQuote = ({ id, seq, text, deletedAt, senderId }: Message) => ({ id, seq, text, deletedAt, sender: { id: senderId } });

export class History {
  /** Rises with each change, for views that compare. */
  version = 0;
  /** By page: seq → message. */
  readonly #pages = new Map<number, Map<number, Message>>();
  readonly #loading = new Set<number>();
  #wait: (reason: unknown) => Promise<void>;
  /** Rises when everything is read anew: answers that were asked for before are no longer wanted. */
  #era = 0;
  #view = { from: 1, upTo: 1 };

  constructor(
    readonly conversationId: string,
    private readonly line: Line,
    private readonly patience: Patience,
    private readonly learn: (message: MessageFragment) => Message,
    private readonly changed: () => void,
  ) {
    this.#wait = patience.waiting();
  }

  /** The message of a seq; undefined when it is not loaded. */
  at(seq: number): Message | undefined {
    return this.#pages.get(pageOf(seq))?.get(seq);
  }

  /** How many messages are kept. */
  get size(): number {
    return [...this.#pages.values()].reduce((sum, page) => sum + page.size, 0);
  }

  /** The view shows these: loads what is missing of them, and lets go of what is far from them. */
  need(from: number, upTo: number): void {
    this.#view = { from: Math.max(1, from), upTo };
    for (let page = pageOf(this.#view.from); page <= pageOf(upTo); page += 1) {
      if (!this.#loading.has(page) && this.#lacks(page, from, upTo)) void this.#load(page);
    }
  }

  /** A message came, or changed. Of two versions the higher one is the truth. */
  put(message: Message): void {
    const number = pageOf(message.seq);
    const page = this.#pages.get(number);
    const known = page?.get(message.seq);
    if (known && !isNewer(message, known)) return;
    const quoted = message.replyTo && this.at(message.replyTo.seq);
    const fresh = quoted && isChanged(quoted) ? { ...message, replyTo: asQuote(quoted) } : message;
    if (page) page.set(message.seq, fresh);
    else this.#pages.set(number, new Map([[message.seq, fresh]]));
    // Whichever of the two comes first.
    if (known || isChanged(message)) this.#quote(message);
    this.#trim();
    this.#touch();
  }

  /** The address of an image has expired, or is about to: reads its page again. */
  renew(seq: number): void {
    if (!this.#loading.has(pageOf(seq))) void this.#load(pageOf(seq));
  }

  /** Replaces messages, as when their sender is erased. */
  map(change: (message: Message) => Message): void {
    for (const page of this.#pages.values()) for (const [seq, known] of page) page.set(seq, change(known));
    this.#touch();
  }

  /** Forgets everything, to be loaded anew. */
  clear(): void {
    this.#pages.clear();
    this.#loading.clear();
    this.#era += 1;
    this.#touch();
  }

  /** Somebody was erased: their messages are tombstones, also where they are quoted. */
  erase(userId: string, deletedAt: string): void {
    this.map((known) => {
      const kept = known.senderId === userId ? tombstone(known, deletedAt) : known;
      const quoted = kept.replyTo;
      return quoted?.sender.id === userId ? { ...kept, replyTo: { ...quoted, text: null, deletedAt } } : kept;
    });
  }

  #lacks(page: number, from: number, upTo: number): boolean {
    const known = this.#pages.get(page);
    if (!known) return true;
    for (let seq = Math.max(from, page * PAGE + 1); seq <= Math.min(upTo, (page + 1) * PAGE); seq += 1) {
      if (!known.has(seq)) return true;
    }
    return false;
  }

  async #load(page: number): Promise<void> {
    const era = this.#era;
    this.#loading.add(page);
    try {
      // "Around" the middle of the page is the page.
      const { messages } = await this.line.request(HistoryPageDocument, {
        conversation: { conversationId: this.conversationId },
        around: page * PAGE + 1 + PAGE / 2,
        size: PAGE,
      });
      if (era !== this.#era) return;
      this.#wait = this.patience.waiting();
      for (const node of messages.nodes) {
        // Near the end the server moves the page back: what belongs to its neighbour is taken along where that is kept.
        const number = pageOf(node.seq);
        if (number === page || this.#pages.has(number)) this.put(this.learn(node));
      }
    } catch (reason) {
      // Stays marked as loading for the wait, so that the view does not ask at once again.
      await this.#wait(reason);
    } finally {
      if (era === this.#era) {
        this.#loading.delete(page);
        this.#touch();
      }
    }
  }

  /** An edit or a deletion shows where it is quoted. */
  #quote(message: Message): void {
    for (const page of this.#pages.values()) {
      for (const [place, known] of page) {
        if (known.replyTo?.id === message.id) page.set(place, { ...known, replyTo: asQuote(message) });
      }
    }
  }

  #trim(): void {
    const [first, last] = [pageOf(this.#view.from), pageOf(this.#view.upTo)];
    const distance = (page: number) => Math.max(first - page, page - last, 0);
    while (this.#pages.size > KEPT) {
      const furthest = [...this.#pages.keys()].reduce((a, b) => (distance(b) > distance(a) ? b : a));
      if (distance(furthest) === 0) return;
      this.#pages.delete(furthest);
    }
  }

  #touch(): void {
    this.version += 1;
    this.changed();
  }
}
