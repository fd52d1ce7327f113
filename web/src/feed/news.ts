// Ensures that each new message is announced once, and none that was there before the snapshot.

export class AnnouncedMessages {
  /** conversationId → the seq of the last message that must not be announced again. */
  readonly #lastSeqs = new Map<string, number>();

  /** Messages up to this seq are not to be announced. */
  skip(conversationId: string, seq: number): void {
    this.#lastSeqs.set(conversationId, seq);
  }

  /** Whether a message should be announced: true once for each new message. */
  announce({ conversationId, seq }: { conversationId: string; seq: number }): boolean {
    if (seq <= (this.#lastSeqs.get(conversationId) ?? 0)) return false;
    this.#lastSeqs.set(conversationId, seq);
    return true;
  }
}
