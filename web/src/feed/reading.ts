// Moves the own read mark on the server: one request a conversation at a time, always to the newest seq, until it is there.
import { MarkReadDocument } from '../gql/graphql';
import { isPassing, type Line } from './line';

export class Reading {
  /** conversationId → where the mark is to go. */
  readonly #wanted = new Map<string, number>();
  readonly #busy = new Set<string>();

  constructor(private readonly line: Line) {}

  mark(conversationId: string, upToSeq: number): void {
    this.#wanted.set(conversationId, Math.max(upToSeq, this.#wanted.get(conversationId) ?? 0));
    void this.#run(conversationId);
  }

  /** Tries what could not be done before. */
  flush(): void {
    for (const id of this.#wanted.keys()) void this.#run(id);
  }

  /** The page may be gone in a moment: says at once what is still to be said. */
  hurry(): void {
    for (const [conversationId, upToSeq] of this.#wanted) {
      this.line.request(MarkReadDocument, { conversation: { conversationId }, upToSeq }).catch(() => {});
    }
  }

  async #run(conversationId: string): Promise<void> {
    if (this.#busy.has(conversationId)) return;
    this.#busy.add(conversationId);
    for (let upToSeq; (upToSeq = this.#wanted.get(conversationId)) !== undefined; ) {
      try {
        // Answered within a second: the server merges moves that follow each other.
        await this.line.request(MarkReadDocument, { conversation: { conversationId }, upToSeq });
      } catch (reason) {
        // Kept for the next time that the feed is live.
        if (isPassing(reason)) break;
      }
      if (this.#wanted.get(conversationId) === upToSeq) this.#wanted.delete(conversationId);
    }
    this.#busy.delete(conversationId);
  }
}
