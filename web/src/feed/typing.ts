// Who is typing in which conversation, and signals that the user is. Typing is never stored or replayed.
import { type PersonFragment, SetTypingDocument, TypingDocument } from '../gql/graphql';
import type { ConversationRef } from './entities';
import type { Transport } from './transport';

/** In milliseconds. How often to renew the typing signal, which expires on the server after 5 seconds. */
const RENEW_INTERVAL = 3_000;

const NOBODY: readonly string[] = [];

export class TypingTracker {
  readonly #typists = new Map<string, readonly string[]>();
  #lastSignal: { recipient: string; at: number } | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly onPerson: (person: PersonFragment) => void,
    private readonly changed: () => void,
  ) {}

  /** Ids of users who are typing in a conversation. The same array until something changes. */
  in(conversationId: string): readonly string[] {
    return this.#typists.get(conversationId) ?? NOBODY;
  }

  /** Subscribes. Returns a function that unsubscribes. */
  follow(): () => void {
    return this.transport.subscribe(TypingDocument, {}, {
      next: ({ typingChanged: { conversationId, user, typing } }) => {
        this.onPerson(user);
        this.set(conversationId, user.id, typing);
      },
      end: () => this.clear(),
    });
  }

  set(conversationId: string, userId: string, typing: boolean): void {
    const others = this.in(conversationId).filter((id) => id !== userId);
    if (typing) this.#typists.set(conversationId, [...others, userId]);
    else if (others.length < this.in(conversationId).length) this.#typists.set(conversationId, others);
    else return;
    this.changed();
  }

  /** After a disconnect nobody is known to be typing. */
  clear(): void {
    if (this.#typists.size === 0) return;
    this.#typists.clear();
    this.changed();
  }

  /** Call this with each key press; it sends a signal every few seconds. Failures are ignored. */
  signal(conversation: ConversationRef, typing: boolean): void {
    const recipient = JSON.stringify(conversation);
    const isSame = this.#lastSignal?.recipient === recipient;
    const isFresh = isSame && Date.now() - (this.#lastSignal?.at ?? 0) < RENEW_INTERVAL;
    if (typing ? isFresh : !isSame) return;
    this.#lastSignal = typing ? { recipient, at: Date.now() } : undefined;
    this.transport.request(SetTypingDocument, { conversation, typing }).catch(() => {});
  }

  /** Sending a message ends the typing signal on the server. */
  onMessageSent(): void {
    this.#lastSignal = undefined;
  }
}
