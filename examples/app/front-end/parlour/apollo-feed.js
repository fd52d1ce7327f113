import { gql } from '@apollo/client';

/** What to select of a message in lists. The feed selects the same, so that a new message is complete. */
export const MESSAGE = gql`
  fragment MessageFields on Message {
    id conversationId seq version text createdAt editedAt deletedAt pinnedAt
    sender { id fullName }
    image { id url width height placeholder }
    replyTo { id conversationId seq }
    system { kind }
    reactions { emoji count }
  }
`;

// Nothing in it depends on who asks, so the server executes it once for all subscribers.
const FEED = gql`
  subscription Feed {
    events {
      cursor
      ... on MessageAdded { message { ...MessageFields conversation { id lastSeq lastMessage { id } } } }
      ... on MessageChanged { message { ...MessageFields } }
      ... on ReactionsChanged { message { ...MessageFields } changes { user { id } } }
      ... on PinsChanged { message { ...MessageFields } }
      ... on ReadMarkMoved { conversationId lastReadSeq user { id } }
      ... on ConversationChanged { change conversationId }
      ... on MembershipChanged { conversation { id } }
      ... on UserChanged { user { id fullName deletedAt } }
      ... on BlockChanged { user { id } }
      ... on HistoryTrimmed { conversationId beforeSeq }
      ... on FeedReset { reason }
    }
  }
  ${MESSAGE}
`;

const OWN = gql`
  fragment OwnSide on Conversation {
    id lastReadSeq unreadCount unreadMentionCount viewerCan
    own { role notifications mutedUntil archived favorite markedUnread }
  }
`;

// What depends on who asks, or changes with others' actions. `nodes` leaves the pages in the cache as they are.
const COUNTS = gql`
  query Counts {
    me { id }
    unread { messages conversations mentions badge }
    conversations(first: 100) { nodes { title posting memberCount lastSeq ...OwnSide } }
  }
  ${OWN}
`;

// The same of what an event was about, wherever it is in the lists.
const CHANGED = gql`
  query Changed($id: ID!) {
    node(id: $id) {
      ... on Message { id reactions { emoji count viewerReacted } }
      ... on Conversation { ...OwnSide }
    }
  }
  ${OWN}
`;

/** A message that was deleted by its age is not in the cache any more. @type {import('@apollo/client').FieldReadFunction} */
const nullIfGone = (known, { canRead }) => (known && !canRead(known) ? null : known);

/** @type {import('@apollo/client').TypePolicies} */
const policies = {
  // They have no id, and queries select different parts of them.
  OwnMembership: { merge: true },
  UnreadSummary: { merge: true },
  Conversation: { fields: { lastMessage: nullIfGone } },
  Message: {
    fields: {
      replyTo: nullIfGone,
      reactions: {
        // The feed is the same for all, and so without `viewerReacted`: what is known of it stays until it is fetched.
        merge: (known, incoming) => (known ? incoming.map((/** @type {any} */ reaction) => ({
          viewerReacted: known.find((/** @type {any} */ { emoji }) => emoji === reaction.emoji)?.viewerReacted ?? false,
          ...reaction,
        })) : incoming),
      },
    },
  },
};

/**
 * Keeps the cache in step with the server from now on. Call it before the first query. Returns a function that ends it.
 *
 * @param {import('@apollo/client').ApolloClient} client
 * @param {{ wait?: number, onError?: (reason: unknown) => void }} [options]
 *   `wait`: the milliseconds after an event until the counts are fetched, once for all events in between.
 */
export function followFeed(client, { wait = 500, onError = console.error } = {}) {
  const cache = /** @type {import('@apollo/client').InMemoryCache} */ (client.cache);
  cache.policies.addTypePolicies(policies);
  /** Events are handled one after the other, and none while everything is fetched again. */
  let handled = Promise.resolve();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** New messages since the counts were last fetched. @type {Map<string, any>} */
  const recent = new Map();
  /** What to fetch with the counts: messages and conversations, and conversations whose pins are listed otherwise now. */
  const [changed, repinned] = [new Set(), new Set()];
  /** Conversations whose oldest messages are gone: those before this `seq`. @type {Map<string, number>} */
  const trimmed = new Map();
  /** Who this is. @type {string | undefined} */
  let me;

  const later = (/** @type {() => unknown} */ action) => { handled = handled.then(action).then(() => {}, onError); };
  const fetchAll = () => client.resetStore();
  /** Fetches the queries on the screen that have this field. What they show stays until then. */
  const fetchField = (/** @type {string} */ name, id = 'ROOT_QUERY') => client.refetchQueries({
    updateCache: () => { cache.modify({ id, fields: { [name]: (/** @type {any} */ _, { INVALIDATE }) => INVALIDATE } }); },
  });
  const fetchCounts = async () => {
    const { data } = await client.query({ query: COUNTS, fetchPolicy: 'network-only' });
    me = /** @type {any} */ (data)?.me?.id;
  };
  const fetchChanged = (/** @type {string} */ id) => client.query({ query: CHANGED, variables: { id }, fetchPolicy: 'network-only' });
  const countsSoon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      for (const [id, beforeSeq] of trimmed) later(() => drop(id, beforeSeq));
      // Once more, for histories that were on their way when the message came.
      for (const message of recent.values()) later(() => append(message));
      for (const id of changed) later(() => fetchChanged(id));
      for (const id of repinned) later(() => fetchField('pinnedMessages', cache.identify({ __typename: 'Conversation', id })));
      for (const done of [recent, changed, repinned, trimmed]) done.clear();
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

  /** Takes a conversation's messages before this `seq` out of the cache. Lists that are paged then leave them out. */
  function drop(/** @type {string} */ conversationId, /** @type {number} */ beforeSeq) {
    cache.batch({
      update: () => {
        cache.modify({
          id: cache.identify({ __typename: 'Conversation', id: conversationId }),
          fields: {
            firstSeq: () => beforeSeq,
            messages(/** @type {any} */ history, { readField }) {
              const seq = (/** @type {any} */ edge) => Number(readField('seq', edge?.node));
              const edges = history.edges.filter((/** @type {any} */ edge) => !(seq(edge) < beforeSeq));
              const hasPreviousPage = Boolean(history.pageInfo?.hasPreviousPage) && seq(edges[0]) > beforeSeq;
              return { ...history, edges, pageInfo: { ...history.pageInfo, hasPreviousPage } };
            },
          },
        });
        for (const [id, object] of Object.entries(/** @type {Record<string, any>} */ (cache.extract()))) {
          const isIn = object.__typename === 'Message' && object.conversationId === conversationId;
          if (isIn && object.seq < beforeSeq) cache.evict({ id });
        }
      },
    });
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

  // The cache has what an event selects before this is called. The rest is lists, and what depends on who asks.
  function handle(/** @type {any} */ event) {
    switch (event.__typename) {
      case 'MessageAdded':
        recent.set(event.message.id, event.message);
        countsSoon();
        return Promise.all([moveUp(event.message.conversationId), append(event.message)]);
      case 'MessageChanged':
        // A message that was deleted does not count as unread any more, and has lost its pin.
        if (event.message.deletedAt) repinned.add(event.message.conversationId);
        return countsSoon();
      case 'ReactionsChanged':
        // What others do leaves `viewerReacted` as it is. The event names at most 100.
        if (me && event.changes.length < 100 && !event.changes.some((/** @type {any} */ { user }) => user.id === me)) return undefined;
        changed.add(event.message.id);
        return countsSoon();
      case 'PinsChanged':
        repinned.add(event.message.conversationId);
        return countsSoon();
      case 'MembershipChanged':
        changed.add(event.conversation.id);
        return countsSoon();
      case 'ReadMarkMoved':
        return countsSoon();
      case 'HistoryTrimmed':
        trimmed.set(event.conversationId, event.beforeSeq);
        return countsSoon();
      case 'BlockChanged':
        // Neither may write to the other now, as `viewerCan` says, nor see whether the other is online.
        countsSoon();
        return Promise.all([fetchField('blockedUsers'), fetchField('online', cache.identify(event.user))]);
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
