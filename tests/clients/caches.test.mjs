// Normalised caches follow from events alone: after the first queries nothing is fetched again, and yet the cache has what
// a new client would get. Events bring edges, the viewer's unread counts, members with their marks, and who came and left.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSchema, getNamedType, introspectionFromSchema, isAbstractType, isObjectType } from 'graphql';
import { signUp } from './people.mjs';
import { recipe, recipes } from './recipes.mjs';
import { startServer } from './server.mjs';

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));

test('Graphcache is told of everything without an id that an event may have', () => {
  const reached = new Set();
  const visit = (type) => {
    if (reached.has(type)) return;
    reached.add(type);
    if (isAbstractType(type)) schema.getPossibleTypes(type).forEach(visit);
    if (isObjectType(type)) for (const field of Object.values(type.getFields())) visit(getNamedType(field.type));
  };
  visit(schema.getType('FeedEvent'));
  // Of lists that are paged it knows by their names.
  const isPart = (type) => isObjectType(type) && !type.getFields().id && !/PageInfo|(Connection|Edge)$/.test(type.name);
  const expected = [...reached].filter(isPart).map(({ name }) => name).sort();
  const [, list] = recipes['graphcache.js'].match(/const parts = \[(.*?)\];/s);
  assert.deepEqual(list.match(/\w+/g), expected);
});

const MESSAGE = 'id seq version text deletedAt cursor sender { id fullName } system { kind }';
const SCREEN = `query Screen($id: ID!) {
  unread { messages conversations }
  conversation(by: { conversationId: $id }) {
    id title memberCount lastSeq
    messages(last: 50) { edges { cursor node { ${MESSAGE} } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
    members(first: 50) { edges { node { id lastReadSeq user { id fullName } } } pageInfo { hasNextPage endCursor } }
  }
}`;
const FEED = `subscription Feed {
  events {
    __typename cursor
    ... on MessageAdded {
      edge { cursor node { ${MESSAGE} conversationId conversation { id lastSeq } } } unread { messages conversations }
    }
    ... on MessageChanged { message { ${MESSAGE} } unread { messages conversations } }
    ... on ReadMarkMoved { conversationId member { id lastReadSeq } unread { messages conversations } }
    ... on ConversationChanged { conversationId conversation { id title memberCount } removed { id } }
    ... on UserChanged { user { id fullName } }
  }
}`;

/** What happens in the conversation while the caches follow. */
async function talk({ ada, bob, carol, group }) {
  const to = { conversationId: group };
  const send = (person, text) => person.request(
    'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { id } }',
    { input: { to, text } },
  ).then(({ sendMessage }) => sendMessage.id);
  const id = await send(ada, 'one');
  await send(carol, 'two');
  await ada.request('mutation ($id: ID!) { editMessage(id: $id, text: "eins") { id } }', { id });
  await bob.request('mutation ($in: ConversationRef!) { markRead(conversation: $in, upToSeq: 1) { id } }', { in: to });
  await ada.request('mutation ($id: ID!) { updateConversation(id: $id, title: "Coffee") { id } }', { id: group });
  await carol.request('mutation { updateProfile(input: { fullName: "Caroline" }) { id } }');
  const gone = await send(ada, 'three');
  await ada.request('mutation ($id: ID!) { deleteMessage(id: $id) { id } }', { id: gone });
  await ada.request('mutation ($in: ID!, $who: ID!) { removeMember(conversationId: $in, userId: $who) { id } }', { in: group, who: carol.id });
  await send(ada, 'the end');
}

/** Without what is the page's own: the cursors that a client has asked from, and types. */
const comparable = (data) => JSON.parse(JSON.stringify(data, (key, value) => (
  ['__typename', 'pageInfo', 'startCursor', 'endCursor'].includes(key) ? undefined : value
)));

/** The screen after an event. What has an id is in the cache already; this is what hangs together in lists. */
function screenAfter({ unread, conversation }, event) {
  let { messages, members } = conversation;
  const { edge, removed = [] } = event;
  if (edge && !messages.edges.some(({ node }) => node.id === edge.node.id)) {
    messages = { ...messages, edges: [...messages.edges, edge], pageInfo: { ...messages.pageInfo, endCursor: edge.cursor } };
    // Sending counts as reading, and has no event of its own: the message tells. A line of what happened was not sent.
    const reader = edge.node.system ? null : edge.node.sender.id;
    const read = ({ node, ...rest }) => ({
      ...rest, node: node.user.id === reader ? { ...node, lastReadSeq: edge.node.seq } : node,
    });
    members = { ...members, edges: members.edges.map(read) };
  }
  members = { ...members, edges: members.edges.filter(({ node }) => !removed.some(({ id }) => id === node.user.id)) };
  return { unread: event.unread ?? unread, conversation: { ...conversation, messages, members } };
}

/** Resolves with the first event, CaughtUp. */
function beginning() {
  let begins;
  return { begun: new Promise((resolve) => { begins = resolve; }), begins: () => begins() };
}

const caches = {
  async 'Apollo Client'({ server, bob, group }) {
    const { gql } = await import('@apollo/client');
    const client = (await recipe('apollo.js')).apollo(server.url, bob.token);
    const screen = { query: gql(SCREEN), variables: { id: group } };
    await client.query(screen);
    const { begun, begins } = beginning();
    const feed = client.subscribe({ query: gql(FEED) }).subscribe(({ data }) => {
      const event = data.events;
      begins();
      client.cache.updateQuery(screen, (data) => screenAfter(data, event));
    });
    return { begun, shown: () => client.readQuery(screen), stop: () => { feed.unsubscribe(); client.stop(); } };
  },
  async Graphcache({ server, bob, group }) {
    const { urql } = await recipe('urql.js');
    const { graphcache } = await recipe('graphcache.js');
    const screen = { query: SCREEN, variables: { id: group } };
    const { begun, begins } = beginning();
    const cache = graphcache((event, cache) => {
      begins();
      cache.updateQuery(screen, (data) => data && screenAfter(data, event));
    }, introspectionFromSchema(schema));
    const client = urql(server.url, bob.token, cache);
    // A screen that stays open, with what the cache makes of it.
    let shown;
    const watching = client.query(SCREEN, screen.variables).subscribe(({ data, error }) => {
      if (error) throw error;
      shown = data;
    });
    const feed = client.subscription(FEED, {}).subscribe(({ error }) => { if (error) throw error; });
    return { begun, shown: () => shown, stop: () => { watching.unsubscribe(); feed.unsubscribe(); } };
  },
};

for (const [name, follow] of Object.entries(caches)) {
  describe(name, { timeout: 120_000 }, () => {
    let server;
    before(async () => { server = await startServer(); });
    after(() => server?.dispose());

    test('follows from events alone', async (t) => {
      const [ada, bob, carol] = [await signUp(server, 'Ada'), await signUp(server, 'Bob'), await signUp(server, 'Carol')];
      const group = await ada.createGroup('Tea', bob, carol);
      // What the client fetches, by its token: the test compares with what another session of the same person gets.
      let screens = 0;
      const { fetch } = globalThis;
      globalThis.fetch = (url, options) => {
        const document = options?.body ?? new URL(url).searchParams.get('query');
        screens += options?.headers?.authorization === `Bearer ${bob.token()}` && String(document).includes('query Screen');
        return fetch(url, options);
      };
      t.after(() => { globalThis.fetch = fetch; });
      const token = await bob.logInAgain();
      const expected = async () => {
        const body = JSON.stringify({ query: SCREEN, variables: { id: group } });
        const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
        return comparable((await (await fetch(server.url, { method: 'POST', headers, body })).json()).data);
      };
      const cache = await follow({ server, bob, group });
      t.after(cache.stop);
      await cache.begun;

      await talk({ ada, bob, carol, group });

      const wanted = await expected();
      for (const deadline = Date.now() + 30_000; ; await sleep(50)) {
        try {
          assert.deepEqual(comparable(cache.shown()), wanted);
          break;
        } catch (error) {
          if (Date.now() > deadline) throw error;
        }
      }
      // Four messages, and lines of the group, its title and of who was removed.
      assert.equal(wanted.conversation.messages.edges.length, 7);
      assert.equal(screens, 1, 'the screen was fetched once, and never again');
    });
  });
}
