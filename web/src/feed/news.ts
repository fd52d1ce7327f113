// Which messages are news: each once, and none of those that were there before one looked.

export class News {
  /** conversationId → the seq up to which messages are no news. */
  readonly #told = new Map<string, number>();

  /** Everything up to here was there before. */
  known(conversationId: string, seq: number): void {
    this.#told.set(conversationId, seq);
  }

  /** Whether a message is news; it is not, the next time. */
  take({ conversationId, seq }: { conversationId: string; seq: number }): boolean {
    if (seq <= (this.#told.get(conversationId) ?? 0)) return false;
    this.#told.set(conversationId, seq);
    return true;
  }
}
