// Moves the user's own read marks on the server. Each conversation has one request in flight, always for the newest seq.
import { MarkReadDocument } from '../gql/graphql';
import { isTransient, type Transport } from './transport';

export class ReadMarkSender {
  /** conversationId → the seq that the server does not have yet. */
  readonly #pending = new Map<string, number>();
  readonly #sending = new Set<string>();

  constructor(private readonly transport: Transport) {}

  moveTo(conversationId: string, upToSeq: number): void {
    this.#pending.set(conversationId, Math.max(upToSeq, this.#pending.get(conversationId) ?? 0));
    void this.#send(conversationId);
  }

  /** Retries what failed before. */
  retryPending(): void {
    for (const id of this.#pending.keys()) void this.#send(id);
  }

  /** Sends everything pending at once, without waiting for requests in flight: the page may be about to close. */
  sendPendingNow(): void {
    for (const [conversationId, upToSeq] of this.#pending) {
      this.transport.request(MarkReadDocument, { conversation: { conversationId }, upToSeq }).catch(() => {});
    }
  }

  async #send(conversationId: string): Promise<void> {
    if (this.#sending.has(conversationId)) return;
    this.#sending.add(conversationId);
    for (let upToSeq; (upToSeq = this.#pending.get(conversationId)) !== undefined; ) {
      try {
        // The server debounces moves and answers within a second.
        await this.transport.request(MarkReadDocument, { conversation: { conversationId }, upToSeq });
      } catch (reason) {
        // Stays pending until the feed is live again.
        if (isTransient(reason)) break;
      }
      if (this.#pending.get(conversationId) === upToSeq) this.#pending.delete(conversationId);
    }
    this.#sending.delete(conversationId);
  }
}
