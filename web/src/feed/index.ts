/**
 * The feed: the state of a Parlour client, kept current by one subscription, without a framework. To reuse it, copy this
 * folder, generate types for the operations in `feed.graphql` (with GraphQL Code Generator, as `../../codegen.ts` does),
 * implement {@link Transport} with your GraphQL client, and:
 *
 * ```ts
 * const feed = new Feed({ transport, outbox: memoryStore(), onSignedOut: () => showLogin() });
 * feed.listen(() => render(feed));     // in React: useSyncExternalStore(feed.listen, () => feed.sidebar)
 * await feed.start();
 * feed.send({ to: { userId }, text: 'hello' });
 * ```
 *
 * How it works:
 *
 * - **One snapshot, one subscription.** `{ feedCursor conversations { … } … }` is one request, and `events` starts from that
 *   cursor, so no event falls between the two. After a disconnect the subscription reconnects and resumes. When the server
 *   can't resume (FeedReset), the feed loads a new snapshot.
 * - **Applying is idempotent**, as everything may arrive twice: as a response and as an event, or again after a reconnect.
 *   Of two versions of a message the higher one wins; seqs and read marks never decrease.
 * - **seq has no holes**, so a history is a range of numbers of which parts are loaded; see `history.ts`. Memory is bounded:
 *   4 histories of 600 messages. People and conversations stay loaded.
 * - **A message is sent exactly once.** It has its id before the first attempt, stays in an {@link OutboxStore} over
 *   disconnects and reloads, and is sent with the same id until it is acknowledged; see `outbox.ts`.
 * - **Blocks are the views' to keep.** In groups messages of blocked people still come: hide those of {@link Feed.blocks}.
 * - **Objects are replaced, never mutated**: views compare by identity.
 */
export { activity, isMuted, LISTED_MENTIONS, message as toMessage, type Conversation, type ConversationRef, type Member, type Mentions, type Message, type Person, type Picture } from './entities';
export { Feed, type FeedOptions } from './feed';
export type { MessageHistory } from './history';
export { memoryStore, type MessageDraft, type OutboxStore, type OutgoingImage, type OutgoingMessage } from './outbox';
export type { FeedStatus } from './state';
export { isSignedOut, isTransient, ServerError, type Transport } from './transport';
