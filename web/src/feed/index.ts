/**
 * The feed: the state of a Parlour client, kept true by one subscription. Without a framework: take this folder, the
 * operations in `feed.graphql` (generate their types with GraphQL Code Generator, as `../../codegen.ts` does), implement
 * {@link Line} with your GraphQL client, and:
 *
 * ```ts
 * const feed = new Feed({ line, outbox: memoryStore(), onSignedOut: () => showLogin() });
 * feed.listen(() => render(feed));     // in React: useSyncExternalStore(feed.listen, () => feed.sidebar)
 * await feed.start();
 * feed.send({ to: { userId }, text: 'hello' });
 * ```
 *
 * How it works:
 *
 * - **One snapshot, one subscription.** `{ feedCursor conversations { … } }` is read in one request, and `events` is followed
 *   from that cursor: there is no hole between the two. A line that is cut comes back and resumes by itself. When the server
 *   can't resume (FeedReset), it begins again with a snapshot.
 * - **Everything may come twice**: as the answer to a mutation and as an event, or again after a cut. So applying is
 *   idempotent: of two versions of a message the higher wins; seqs and read marks only rise.
 * - **seq has no holes**, so a history is a row of numbers with gaps where nothing is loaded; see `history.ts`. Memory is
 *   bounded: 4 histories of 600 messages. People and conversations that were met are kept.
 * - **What is written is sent once.** A message has its id before it is first sent, waits in an {@link OutboxStore} over cuts
 *   and reloads, and goes with the same id until it is acknowledged; see `outbox.ts`.
 * - **Objects are replaced, never changed**: views compare by identity.
 */
export { type Conversation, type ConversationRef, type Member, type Message, type Person, type Picture, activity } from './entities';
export { Feed, type FeedOptions } from './feed';
export type { History } from './history';
export { isPassing, isSignedOut, type Line, Refusal } from './line';
export { type Draft, memoryStore, type OutboxStore, type Outgoing, type OutgoingImage } from './outbox';
export type { Status } from './state';
