import { gql } from '@apollo/client';

/** What to select of a message in lists. The feed selects the same, so that a new message is complete. */
export const MESSAGE = gql`
  fragment MessageFields on Message {
    id conversationId seq version text createdAt editedAt deletedAt
    sender { id fullName }
    image { id url width height placeholder }
    replyTo { id }
    system { kind }
  }
`;

// Nothing in it depends on who asks, so the server executes it once for all subscribers.
const FEED = gql`
  subscription Feed {
    events {
      cursor
      ... on MessageAdded { message { ...MessageFields conversation { id lastSeq lastMessage { id } } } }
      ... on MessageChanged { message { ...MessageFields } }
      ... on ReadMarkMoved { conversationId lastReadSeq user { id } }
      ... on ConversationChanged { change conversationId }
      ... on UserChanged { user { id fullName deletedAt } }
      ... on FeedReset { reason }
    }
  }
  ${MESSAGE}
`;

// What depends on who asks, or changes with others' actions. `nodes` leaves the pages in the cache as they are.
const COUNTS = gql`
  query Counts {
    unread { messages conversations }
    conversations(first: 100) { nodes { id title memberCount lastSeq lastReadSeq unreadCount } }
  }
`;

/**
 * Keeps the cache in step with the server from now on. Call it before the first query. Returns a function that ends it.
 *
 * @param {import('@apollo/client').ApolloClient} client
 * @param {{ wait?: number, onError?: (reason: unknown) => void }} [options]
 *   `wait`: the milliseconds after an event until the counts are fetched, once for all events in between.
 */
export function followFeed(client, { wait = 500, onError = console.error } = {}) {
  const { cache } = client;
  /** Events are handled one after the other, and none while everything is fetched again. */
  let handled = Promise.resolve();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** New messages since the counts were last fetched. @type {Map<string, any>} */
  const recent = new Map();

  const later = (/** @type {() => unknown} */ action) => { handled = handled.then(action).then(() => {}, onError); };
  const fetchAll = () => client.resetStore();
  /** Fetches the queries on the screen that have this field. What they show stays until then. */
  const fetchField = (/** @type {string} */ name, id = 'ROOT_QUERY') => client.refetchQueries({
    updateCache: () => { cache.modify({ id, fields: { [name]: (/** @type {any} */ _, { INVALIDATE }) => INVALIDATE } }); },
  });
  const fetchCounts = () => client.query({ query: COUNTS, fetchPolicy: 'network-only' });
  const countsSoon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      // Once more, for histories that were on their way when the message came.
      for (const message of recent.values()) later(() => append(message));
      recent.clear();
      later(fetchCounts);
    }, wait);
  };

  /** Appends a message to the histories of its conversation. `seq` shows whether it is the next one. */
  function append(/** @type {any} */ message) {
    const id = cache.identify({ __typename: 'Conversation', id: message.conversationId });
    let isMissing = false;
    cache.modify({
      id,
      fields: {
        messages(/** @type {any} */ history, { readField, toReference }) {
          const seq = Number(readField('seq', history.edges.at(-1)?.node) ?? 0);
          const isLatest = history.pageInfo?.hasNextPage === false;
          if (!isLatest || message.seq <= seq) return history;
          isMissing = message.seq > seq + 1;
          const node = toReference({ __typename: 'Message', id: message.id });
          return isMissing ? history : { ...history, edges: [...history.edges, { __typename: 'MessageEdge', node }] };
        },
      },
    });
    return isMissing ? fetchField('messages', id) : undefined;
  }

  /** Moves a conversation to the top of the list, or fetches the list if it is not in it. */
  function moveUp(/** @type {string} */ id) {
    let isListed = true;
    cache.modify({
      fields: {
        conversations(/** @type {any} */ list, { readField }) {
          const edge = list.edges.find((/** @type {any} */ { node }) => readField('id', node) === id);
          isListed = edge !== undefined;
          return edge ? { ...list, edges: [edge, ...list.edges.filter((/** @type {any} */ other) => other !== edge)] } : list;
        },
      },
    });
    return isListed ? undefined : fetchField('conversations');
  }

  // The cache has what an event selects before this is called: `ReactionsChanged` needs nothing more.
  function handle(/** @type {any} */ event) {
    switch (event.__typename) {
      case 'MessageAdded':
        recent.set(event.message.id, event.message);
        countsSoon();
        return Promise.all([moveUp(event.message.conversationId), append(event.message)]);
      case 'MessageChanged':
      case 'ReadMarkMoved':
        // A message that was deleted does not count as unread any more.
        return countsSoon();
      case 'ConversationChanged':
        return event.change === 'UPDATED' ? countsSoon() : fetchField('conversations');
      case 'UserChanged':
        // All messages of an erased person are tombstones now.
        return event.user.deletedAt ? fetchAll() : undefined;
      case 'FeedReset':
        return fetchAll();
    }
  }

  const feed = client.subscribe({ query: FEED }).subscribe({
    next: ({ data, error }) => {
      if (error) onError(error);
      const event = /** @type {any} */ (data)?.events;
      if (event) later(() => handle(event));
    },
    error: onError,
  });
  return () => {
    clearTimeout(timer);
    feed.unsubscribe();
  };
}
