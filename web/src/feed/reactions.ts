// Reactions to messages: the user's own, shown at once, and what events say of everybody's.
import { AddReactionDocument, type EventFragment, RemoveReactionDocument } from '../gql/graphql';
import { type Message, reaction, withReaction } from './entities';
import type { MessageHistory } from './history';
import type { Transport } from './transport';

/** Adds a reaction, or takes it back. Undone if the server refuses it. */
export async function react(transport: Transport, history: MessageHistory, message: Message, emoji: string, added: boolean): Promise<void> {
  const { id, seq } = message;
  const change = (added: boolean) => history.react(seq, withReaction(history.at(seq)?.reactions ?? message.reactions, emoji, added));
  change(added);
  try {
    const variables = { messageId: id, emoji };
    const changed = added
      ? (await transport.request(AddReactionDocument, variables)).addReaction
      : (await transport.request(RemoveReactionDocument, variables)).removeReaction;
    history.react(seq, changed.reactions.map(reaction));
  } catch (reason) {
    change(!added);
    throw reason;
  }
}

type ReactionsChanged = Extract<EventFragment, { __typename: 'ReactionsChanged' }>;

/** What an event says. It is the same for everybody, so the user's own reactions follow from what has changed. */
export function applyReactions(history: MessageHistory | undefined, { message, changes }: ReactionsChanged, me: string): void {
  history?.react(message.seq, message.reactions.map(reaction), changes.filter(({ user }) => user.id === me));
}
