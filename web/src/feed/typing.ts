// Who is typing where, and telling the others that one does. Nothing of it is ever stored or replayed.
import { type PersonFragment, SetTypingDocument, TypingDocument } from '../gql/graphql';
import type { ConversationRef } from './entities';
import type { Line } from './line';

/** So often one says that one is still typing: the server takes it back after 5 seconds. */
const AGAIN = 3_000;

const NOBODY: readonly string[] = [];

export class Typing {
  readonly #now = new Map<string, readonly string[]>();
  #said: { where: string; at: number } | undefined;

  constructor(
    private readonly line: Line,
    private readonly learn: (person: PersonFragment) => void,
    private readonly changed: () => void,
  ) {}

  /** Who is typing in a conversation. The same array until something changes. */
  in(conversationId: string): readonly string[] {
    return this.#now.get(conversationId) ?? NOBODY;
  }

  /** Follows the others; answers with what ends that. */
  follow(): () => void {
    return this.line.subscribe(TypingDocument, {}, {
      next: ({ typingChanged: { conversationId, user, typing } }) => {
        this.learn(user);
        this.set(conversationId, user.id, typing);
      },
      end: () => this.clear(),
    });
  }

  set(conversationId: string, userId: string, typing: boolean): void {
    const others = this.in(conversationId).filter((id) => id !== userId);
    if (typing) this.#now.set(conversationId, [...others, userId]);
    else if (others.length < this.in(conversationId).length) this.#now.set(conversationId, others);
    else return;
    this.changed();
  }

  /** The line is cut: nobody is known to be typing. */
  clear(): void {
    if (this.#now.size === 0) return;
    this.#now.clear();
    this.changed();
  }

  /** Tells the others, with each key; they are told every few seconds. A failure is nothing to speak of. */
  tell(conversation: ConversationRef, typing: boolean): void {
    const where = conversation.conversationId ?? conversation.userId;
    const isKnown = this.#said?.where === where && Date.now() - this.#said.at < AGAIN;
    if (typing ? isKnown : this.#said?.where !== where) return;
    this.#said = typing ? { where, at: Date.now() } : undefined;
    this.line.request(SetTypingDocument, { conversation, typing }).catch(() => {});
  }

  /** What was typed is sent, and the server knows that it is over. */
  sent(): void {
    this.#said = undefined;
  }
}
