// The README's cache for Apollo, and the documentation's function that keeps it in step with the server.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApolloClient, ApolloLink, gql, InMemoryCache, Observable } from '@apollo/client';
import { buildSchema, isInterfaceType, isObjectType, isUnionType, getNamedType } from 'graphql';
import { signUp } from './people.mjs';
import { startProxiedServer } from './proxy.mjs';
import { recipe } from './recipes.mjs';

const { apollo, possibleTypes, typePolicies } = await recipe('apollo.js');
const { followFeed, MESSAGE } = await recipe('apollo-feed.js');

describe('the cache knows the schema', () => {
  const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));

  test('possibleTypes', () => {
    const abstract = types.filter((type) => isInterfaceType(type) || isUnionType(type));
    const expected = abstract.map((type) => [type.name, schema.getPossibleTypes(type).map(({ name }) => name).sort()]);
    assert.deepEqual(possibleTypes, Object.fromEntries(expected));
  });

  test('each list that is paged has a policy, with its other arguments as the key', () => {
    const paging = ['first', 'after', 'last', 'before'];
    const expected = {};
    for (const type of types.filter(isObjectType)) {
      for (const field of Object.values(type.getFields())) {
        if (!getNamedType(field.type).name.endsWith('Connection')) continue;
        // `before` of a search is a time, and no cursor.
        const isCursor = ({ name, type }) => paging.includes(name) && getNamedType(type).name !== 'DateTime';
        const key = field.args.filter((arg) => !isCursor(arg)).map(({ name }) => name);
        (expected[type.name] ??= {})[field.name] = key.length ? key : false;
      }
    }
    const keys = Object.entries(typePolicies).map(([type, { fields }]) =>
      [type, Object.fromEntries(Object.entries(fields).map(([name, { keyArgs }]) => [name, keyArgs]))]);
    assert.deepEqual(Object.fromEntries(keys), expected);
  });
});

const PAGE = 'pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';
const CONVERSATIONS = gql`query Conversations {
  unread { messages conversations mentions badge }
  conversations(first: 20) {
    ${PAGE}
    edges { node {
      id kind title memberCount lastSeq lastReadSeq unreadCount viewerCan own { archived favorite } otherUser { id fullName }
      lastMessage { ...MessageFields }
      pinnedMessages { ${PAGE} edges { node { ...MessageFields } } }
    } }
  }
  blockedUsers(first: 20) { ${PAGE} edges { node { id } } }
} ${MESSAGE}`;
const HISTORY = gql`query History($by: ConversationRef!, $before: String) {
  conversation(by: $by) {
    id otherUser { id online }
    messages(last: 20, before: $before) { ${PAGE} edges { node { ...MessageFields reactions { emoji viewerReacted } } } }
  }
} ${MESSAGE}`;

test('messages that are deleted by their age leave the cache, with what refers to them', async (t) => {
  const message = (seq, replyTo = null) => ({
    __typename: 'Message', id: `message ${seq}`, conversationId: 'tea', seq, version: 1, text: `${seq}`, createdAt: '2026-03-01T12:00:00.000Z',
    editedAt: null, deletedAt: null, pinnedAt: null, sender: { __typename: 'User', id: 'ada', fullName: 'Ada' }, image: null,
    replyTo: replyTo && { __typename: 'Message', id: `message ${replyTo}`, conversationId: 'tea', seq: replyTo }, system: null, reactions: [],
  });
  const list = (...messages) => ({
    __typename: 'MessageConnection', edges: messages.map((node) => ({ __typename: 'MessageEdge', node })),
    pageInfo: { __typename: 'PageInfo', hasNextPage: false, hasPreviousPage: true, startCursor: 'start', endCursor: 'end' },
  });
  // The last one quotes a message that is on no page.
  const conversation = {
    __typename: 'Conversation', id: 'tea', firstSeq: 1, lastMessage: message(6, 2),
    messages: list(message(3), message(4), message(5, 4), message(6, 2)), pinnedMessages: list(message(3), message(5, 4)),
  };
  const asked = [];
  let feed;
  const link = new ApolloLink(({ operationName }) => new Observable((sink) => {
    if (operationName === 'Feed') {
      feed = sink;
      return;
    }
    asked.push(operationName);
    // The counts are not what this is about.
    sink.next(operationName === 'Screen' ? { data: { conversation } } : { data: null });
    sink.complete();
  }));
  const client = new ApolloClient({ link, cache: new InMemoryCache({ possibleTypes, typePolicies }) });
  t.after(followFeed(client, { wait: 1, onError: () => {} }));
  const shown = client.watchQuery({ query: gql`query Screen {
    conversation(by: { conversationId: "tea" }) {
      id firstSeq lastMessage { ...MessageFields }
      messages(last: 20) { ${PAGE} edges { node { ...MessageFields } } }
      pinnedMessages { ${PAGE} edges { node { ...MessageFields } } }
    }
  } ${MESSAGE}` });
  const subscription = shown.subscribe(() => {});
  t.after(() => subscription.unsubscribe());
  const screen = () => {
    const { data, dataState } = shown.getCurrentResult();
    assert.equal(dataState, 'complete');
    const { firstSeq, lastMessage, messages, pinnedMessages } = data.conversation;
    const seqs = ({ edges }) => edges.map(({ node }) => [node.seq, node.replyTo?.seq ?? null]);
    return [firstSeq, lastMessage?.seq ?? null, seqs(messages), messages.pageInfo.hasPreviousPage, seqs(pinnedMessages)];
  };
  const trim = (beforeSeq) =>
    feed.next({ data: { events: { __typename: 'HistoryTrimmed', cursor: `${beforeSeq}`, conversationId: 'tea', beforeSeq } } });

  await soon(() => assert.deepEqual(screen(), [1, 6, [[3, null], [4, null], [5, 4], [6, 2]], true, [[3, null], [5, 4]]]));
  trim(3);
  await soon(() => assert.deepEqual(screen(), [3, 6, [[3, null], [4, null], [5, 4], [6, null]], false, [[3, null], [5, 4]]]));
  trim(4);
  trim(5);
  await soon(() => assert.deepEqual(screen(), [5, 6, [[5, null], [6, null]], false, [[5, null]]]));
  trim(7);
  await soon(() => assert.deepEqual(screen(), [7, null, [], false, []]));
  assert.equal(asked.filter((name) => name === 'Screen').length, 1);
});

describe('Apollo Client with followFeed', { timeout: 120_000 }, () => {
  let server, proxy, ada, bob, close;
  before(async () => {
    ({ server, proxy, close } = await startProxiedServer());
    [ada, bob] = [await signUp(server, 'Ada'), await signUp(server, 'Bob')];
  });
  after(() => close?.());

  /** A client of this person, with both queries on the screen. Its cache has to become what the server says. */
  async function follow(t, person, by, wait = 20) {
    const client = apollo(proxy.url, person.token);
    const problems = [];
    t.after(followFeed(client, { wait, onError: (reason) => problems.push(reason) }));
    const screen = [{ query: CONVERSATIONS }, { query: HISTORY, variables: { by } }];
    const shown = new Map();
    let watched;
    for (const options of screen) {
      watched = client.watchQuery(options);
      const subscription = watched.subscribe((result) => { if (result.dataState === 'complete') shown.set(options, result.data); });
      t.after(() => subscription.unsubscribe());
      await soon(() => assert.ok(shown.has(options)));
    }
    const messages = () => shown.get(screen[1]).conversation.messages;
    return {
      isOnline: () => shown.get(screen[1]).conversation.otherUser.online,
      history: () => messages().edges.map(({ node }) => node),
      /** Fetches the page before the first message. */
      fetchEarlier: () => watched.fetchMore({ variables: { before: messages().pageInfo.startCursor } }),
      blocked: () => shown.get(screen[0]).blockedUsers.edges.map(({ node }) => node.id),
      conversations: () => shown.get(screen[0]).conversations.edges.map(({ node }) => node),
      /** What is on the screen is what a new client would get. */
      async inStep() {
        await soon(async () => {
          for (const options of screen) {
            const { data } = await apollo(server.url, person.token).query(options);
            assert.deepEqual(comparable(shown.get(options)), comparable(data));
          }
        });
        assert.deepEqual(problems, []);
      },
    };
  }

  /** Without the cursors of pages, which move with the newest message, and image URLs. */
  const comparable = (data) => JSON.parse(JSON.stringify(data, (key, value) => (/Cursor$/.test(key) ? undefined : value)));

  test('fragments on the interface keep their fields', async () => {
    const before = (await bob.request('{ feedCursor }')).feedCursor;
    await ada.send(bob, 'hello');
    const { data } = await apollo(server.url, bob.token).query({
      query: gql`query ($after: String!) { events(after: $after) { cursor events { ...Event } } }
        fragment Event on FeedEvent { __typename cursor ... on MessageAdded { message { id text } } }`,
      variables: { after: before },
    });
    const added = data.events.events.find(({ __typename }) => __typename === 'MessageAdded');
    assert.equal(added.message.text, 'hello');
    assert.ok(data.events.events.every(({ cursor }) => cursor));
  });

  test('the screen shows what others and other devices do', async (t) => {
    const carol = await signUp(server, 'Carol');
    const screen = await follow(t, bob, { userId: ada.id });

    const sent = await ada.send(bob, 'first');
    await carol.send(bob, 'a new conversation');
    await screen.inStep();
    assert.equal(screen.history().at(-1).text, 'first');
    assert.equal(screen.conversations()[0].otherUser.fullName, 'Carol');

    await bob.send(ada, 'from another device');
    await ada.request('mutation ($id: ID!) { editMessage(id: $id, text: "edited") { id } }', { id: sent.id });
    await screen.inStep();
    assert.deepEqual(screen.history().slice(-2).map(({ text }) => text), ['edited', 'from another device']);

    await ada.request('mutation ($id: ID!) { deleteMessage(id: $id) { id } }', { id: sent.id });
    await ada.request('mutation { updateProfile(input: { fullName: "Ada Lovelace" }) { id } }');
    const group = await ada.createGroup('Tea', bob);
    await screen.inStep();
    assert.equal(screen.history().at(-2).text, null);
    assert.equal(screen.history().at(-2).sender.fullName, 'Ada Lovelace');

    await ada.request('mutation ($id: ID!) { updateConversation(id: $id, title: "Cake") { id } }', { id: group });
    await bob.request(
      'mutation ($with: ID!, $seq: Int!) { markRead(conversation: { userId: $with }, upToSeq: $seq) { id } }',
      { with: carol.id, seq: 1 },
    );
    await screen.inStep();
    await carol.request('mutation { deleteAccount(password: "correct horse battery") }');
    await screen.inStep();
  });

  test('reactions, pins, blocks and what one keeps of a conversation are in step, on all devices', async (t) => {
    const eve = await signUp(server, 'Eve');
    const { id, conversationId } = await eve.send(bob, 'react to this');
    // So that she is online.
    await follow(t, eve, { userId: bob.id });
    const screen = await follow(t, bob, { userId: eve.id });
    const react = (person, emoji) =>
      person.request('mutation ($id: ID!, $emoji: String!) { addReaction(messageId: $id, emoji: $emoji) { id } }', { id, emoji });
    const message = () => screen.history().find((shown) => shown.id === id);
    const reactions = () => message().reactions.map(({ emoji, count, viewerReacted }) => [emoji, count, viewerReacted]);
    const conversation = () => screen.conversations().find((shown) => shown.id === conversationId);

    await react(eve, '🎉');
    await react(eve, '👍');
    await react(bob, '👍');
    await screen.inStep();
    assert.deepEqual(reactions(), [['🎉', 1, false], ['👍', 2, true]]);
    await eve.request('mutation ($id: ID!) { removeReaction(messageId: $id, emoji: "🎉") { id } }', { id });
    await screen.inStep();
    assert.deepEqual(reactions(), [['👍', 2, true]]);

    const pinned = () => conversation().pinnedMessages.edges.map(({ node }) => node.id);
    await eve.request('mutation ($id: ID!) { pinMessage(messageId: $id) { id } }', { id });
    await screen.inStep();
    assert.deepEqual(pinned(), [id]);
    assert.ok(message().pinnedAt);
    await eve.request('mutation ($id: ID!) { deleteMessage(id: $id) { id } }', { id });
    await screen.inStep();
    assert.deepEqual(pinned(), []);

    await bob.request(
      'mutation ($id: ID!) { updateMembership(conversation: { conversationId: $id }, input: { favorite: true }) { id } }',
      { id: conversationId },
    );
    await screen.inStep();
    assert.equal(conversation().own.favorite, true);
    assert.equal(screen.isOnline(), true);
    await bob.request('mutation ($id: ID!) { blockUser(userId: $id) { id } }', { id: eve.id });
    await screen.inStep();
    assert.deepEqual(screen.blocked(), [eve.id]);
    assert.ok(!conversation().viewerCan.includes('SEND'));
    assert.equal(screen.isOnline(), false);
  });

  test('a burst of events asks for the counts once, and reactions of others for nothing', async (t) => {
    const fay = await signUp(server, 'Fay');
    const { id } = await fay.send(bob, 'the first');
    // The one wait for the counts, which ends when the test says so.
    const wait = 12_345;
    const token = await bob.logInAgain();
    const waiting = [];
    const { setTimeout } = globalThis;
    t.mock.method(globalThis, 'setTimeout', (action, time, ...rest) =>
      (time === wait ? waiting.push(action) : setTimeout(action, time, ...rest)));
    const requests = [];
    const { fetch } = globalThis;
    t.mock.method(globalThis, 'fetch', (url, options) => {
      const name = /(?:query|mutation) (\w+)/.exec(options?.body)?.[1];
      if (options?.headers?.authorization === `Bearer ${token}`) requests.push(name);
      return fetch(url, options);
    });
    const screen = await follow(t, { ...bob, token: () => token }, { userId: fay.id }, wait);
    requests.length = 0;

    const texts = Array.from({ length: 12 }, (_, index) => `${index}`);
    for (const text of texts) await fay.send(bob, text);
    await fay.request('mutation ($id: ID!) { editMessage(id: $id, text: "edited") { id } }', { id });
    const react = 'mutation ($id: ID!) { addReaction(messageId: $id, emoji: "👍") { id } }';
    await fay.request(react, { id });
    await soon(() => assert.equal(screen.history()[0].reactions[0]?.count, 1));
    assert.deepEqual(screen.history().map(({ text }) => text), ['edited', ...texts]);
    assert.deepEqual([requests, waiting.length], [[], 1]);

    waiting.pop()();
    await soon(() => assert.equal(screen.conversations()[0].unreadCount, 13));
    assert.deepEqual(requests.splice(0).sort(), ['Changed', 'Counts']);

    // Now the client knows who it is: what others do is nothing to ask about, and what it does elsewhere is.
    await fay.request(react.replace('👍', '🎉'), { id });
    await soon(() => assert.equal(screen.history()[0].reactions.length, 2));
    assert.deepEqual([requests, waiting.length], [[], 0]);
    await bob.request(react, { id });
    await soon(() => assert.equal(waiting.length, 1));
    waiting.pop()();
    await soon(() => assert.equal(screen.history()[0].reactions[0].viewerReacted, true));
    assert.deepEqual(requests.sort(), ['Changed', 'Counts']);
  });

  test('pages join up, and new messages come at their end, also after a disconnect', async (t) => {
    const dora = await signUp(server, 'Dora');
    for (let number = 1; number <= 45; number += 1) await dora.send(bob, `${number}`);
    const screen = await follow(t, bob, { userId: dora.id });

    await screen.fetchEarlier();
    await dora.send(bob, '46');
    await screen.fetchEarlier();
    proxy.goDown();
    await dora.send(bob, '47');
    await dora.send(bob, '48');
    proxy.goUp();

    const all = Array.from({ length: 48 }, (_, index) => `${index + 1}`);
    await soon(() => assert.deepEqual(screen.history().map(({ text }) => text), all));
  });
});

/** Repeats a check until it holds, for up to 30 seconds. */
async function soon(check) {
  for (const deadline = Date.now() + 30_000; ; await sleep(50)) {
    try {
      return await check();
    } catch (reason) {
      if (Date.now() > deadline) throw reason;
    }
  }
}
