// Pinned messages: what events say of them, and when views have to ask for the list again.
import type { EventFragment } from '../gql/graphql';
import type { MessageHistory } from './history';

type PinsChanged = Extract<EventFragment, { __typename: 'PinsChanged' }>;

export class Pins {
  readonly #versions = new Map<string, number>();

  /** Moves when the pinned messages of a conversation have changed. */
  version(conversationId: string): number {
    return this.#versions.get(conversationId) ?? 0;
  }

  apply({ conversationId, message }: PinsChanged, history: MessageHistory | undefined): void {
    history?.pin(message.seq, message.pinnedAt);
    this.outdated(conversationId);
  }

  /** The list has to be asked for again. */
  outdated(conversationId: string): void {
    this.#versions.set(conversationId, this.version(conversationId) + 1);
  }
}
