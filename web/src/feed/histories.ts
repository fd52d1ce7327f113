// The histories of the conversations that were open last. Others are loaded again when they are opened.
import type { MessageHistory } from './history';

/** By last use. */
const MAX_HISTORIES = 4;

export class Histories {
  readonly #kept = new Map<string, MessageHistory>();

  constructor(private readonly create: (conversationId: string) => MessageHistory) {}

  /** That of a conversation which is open now. */
  open(conversationId: string): MessageHistory {
    const history = this.#kept.get(conversationId) ?? this.create(conversationId);
    this.#kept.delete(conversationId);
    this.#kept.set(conversationId, history);
    for (const oldest of [...this.#kept.keys()].slice(0, -MAX_HISTORIES)) this.#kept.delete(oldest);
    return history;
  }

  get(conversationId: string): MessageHistory | undefined {
    return this.#kept.get(conversationId);
  }

  delete(conversationId: string): void {
    this.#kept.delete(conversationId);
  }

  /** Evicts the messages of all of them. */
  clear(): void {
    for (const history of this.#kept.values()) history.clear();
  }

  /** Turns the messages of an erased user into tombstones. */
  erase(userId: string, deletedAt: string): void {
    for (const history of this.#kept.values()) history.erase(userId, deletedAt);
  }
}
