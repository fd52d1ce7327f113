// Asks for a conversation again, as of some changes no event says anything. Its events wait for the answer.
import type { EventFragment } from '../gql/graphql';

export class ConversationFetcher {
  /** Conversations being fetched, each with the events that arrived meanwhile. */
  readonly #waiting = new Map<string, EventFragment[]>();
  readonly #fetchAgain = new Set<string>();

  /** `whileCurrent` begins a time after whose end an answer does not count; `load` gives up then. */
  constructor(
    private readonly whileCurrent: () => () => boolean,
    private readonly load: (conversationId: string, isCurrent: () => boolean) => Promise<unknown>,
    private readonly onAnswer: (conversationId: string, events: readonly EventFragment[]) => void,
  ) {}

  has(conversationId: string): boolean {
    return this.#waiting.has(conversationId);
  }

  /** Fetches a conversation, after an answer that is on its way. The events wait for it. */
  fetch(conversationId: string, ...events: EventFragment[]): void {
    const waiting = this.#waiting.get(conversationId);
    this.#waiting.set(conversationId, [...(waiting ?? []), ...events]);
    if (waiting) this.#fetchAgain.add(conversationId);
    else void this.#run(conversationId);
  }

  /** Keeps an event until the answer; false if its conversation is not being fetched. */
  hold(event: EventFragment): boolean {
    const conversationId = 'conversationId' in event ? event.conversationId : 'message' in event ? event.message.conversationId : undefined;
    const waiting = conversationId === undefined ? undefined : this.#waiting.get(conversationId);
    waiting?.push(event);
    return waiting !== undefined;
  }

  clear(): void {
    this.#waiting.clear();
    this.#fetchAgain.clear();
  }

  async #run(conversationId: string): Promise<void> {
    const isCurrent = this.whileCurrent();
    await this.load(conversationId, isCurrent);
    if (!isCurrent()) return;
    const events = this.#waiting.get(conversationId) ?? [];
    this.#waiting.delete(conversationId);
    this.onAnswer(conversationId, events);
    // The answer may be from before what it was asked for.
    if (this.#fetchAgain.delete(conversationId)) this.fetch(conversationId);
  }
}
