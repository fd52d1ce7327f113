// The feed module against the real server: its state matches the server's, whatever happens to the connection.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signUp } from '../people.mjs';
import { startProxiedServer } from '../proxy.mjs';
import { feedModule, createTransport, until } from './feed-module.mjs';

const parlour = await feedModule();
const HISTORY = `query ($id: ID!) { messages(conversation: { conversationId: $id }, last: 100) { nodes { id text } } }`;

describe('the feed module', { timeout: 120_000 }, () => {
  let server, proxy, ada, bob, close;
  before(async () => {
    ({ server, proxy, close } = await startProxiedServer());
    [ada, bob] = [await signUp(server, 'Ada'), await signUp(server, 'Bob')];
  });
  after(() => close?.());

  /** Starts a feed for a person, through the proxy. */
  async function startFeed(t, person, options = {}) {
    const notifications = [];
    const transport = createTransport(parlour, proxy.url, person.token);
    const feed = new parlour.Feed({
      transport,
      outbox: parlour.memoryStore(),
      onSignedOut: () => notifications.push('signed out'),
      onMessage: ({ text }) => notifications.push(text),
      ...options,
    });
    t.after(() => {
      feed.stop();
      return transport.close();
    });
    await feed.start();
    await until(feed, ({ status }) => status === 'live');
    return { feed, notifications };
  }

  /** The texts of a history from 1 to lastSeq; undefined where not loaded. */
  function texts(feed, id) {
    const { lastSeq } = feed.conversation(id);
    const history = feed.history(id);
    history.ensureLoaded(1, lastSeq);
    return Array.from({ length: lastSeq }, (_, index) => history.at(index + 1)?.text);
  }

  test('shows a first message, its sender, and that it is unread', async (t) => {
    const { feed, notifications } = await startFeed(t, bob);
    const { conversationId } = await ada.send(bob, 'hello');
    const known = await until(feed, () => feed.conversation(conversationId));

    assert.equal(feed.person(known.otherUserId).fullName, 'Ada');
    assert.deepEqual([known.lastMessage.text, known.lastSeq, known.lastReadSeq], ['hello', 1, 0]);
    await until(feed, () => notifications.length === 1);
    feed.markRead(conversationId, 1);
    assert.equal(feed.conversation(conversationId).lastReadSeq, 1);
    const other = await startFeed(t, bob);
    await until(other.feed, () => other.feed.conversation(conversationId).lastReadSeq === 1);
    assert.deepEqual(other.notifications, []);
  });

  test('applies edits, deletions and name changes, in quotes too', async (t) => {
    const carol = await signUp(server, 'Carol');
    const { feed } = await startFeed(t, bob);
    const { id, conversationId } = await carol.send(bob, 'first');
    await until(feed, () => feed.conversation(conversationId));
    feed.send({ to: { conversationId }, text: 'to that', replyTo: { id } });
    await until(feed, () => texts(feed, conversationId)[1] === 'to that');

    await carol.request('mutation ($id: ID!) { editMessage(id: $id, text: "second") { id } }', { id });
    await until(feed, () => texts(feed, conversationId)[0] === 'second');
    assert.equal(feed.history(conversationId).at(2).replyTo.text, 'second');
    await carol.request('mutation ($id: ID!) { deleteMessage(id: $id) { id } }', { id });
    await until(feed, () => texts(feed, conversationId)[0] === null);
    assert.equal(feed.history(conversationId).at(2).replyTo.text, null);
    await carol.request('mutation { updateProfile(input: { fullName: "Caroline" }) { id } }');
    await until(feed, () => feed.person(carol.id).fullName === 'Caroline');
  });

  test('loses and duplicates nothing over resets and crashes, in both directions', async (t) => {
    const { feed } = await startFeed(t, bob);
    const { conversationId, seq: before } = await ada.send(bob, 'start');
    await until(feed, () => feed.conversation(conversationId)?.lastSeq === before);
    const written = [];
    for (let round = 0; round < 4; round += 1) {
      for (let number = 0; number < 5; number += 1) {
        written.push(`${round}.${number}`);
        feed.send({ to: { conversationId }, text: written.at(-1) });
      }
      if (round % 2) proxy.resetConnections();
      else {
        await server.stop('SIGKILL');
        await server.start();
      }
    }
    await until(feed, () => feed.outbox.items.length === 0, 60_000);
    proxy.goDown();
    for (const text of ['while', 'away']) await ada.send(bob, text);
    proxy.goUp();
    await until(feed, () => texts(feed, conversationId).at(-1) === 'away', 60_000);

    const { messages } = await ada.request(HISTORY, { id: conversationId });
    assert.deepEqual(messages.nodes.slice(before).map(({ text }) => text), [...written, 'while', 'away']);
    assert.deepEqual(texts(feed, conversationId), messages.nodes.map(({ text }) => text));
  });

  test('keeps the outbox for the next page, which sends each message once', async (t) => {
    const outbox = parlour.memoryStore();
    const first = await startFeed(t, ada, { outbox });
    proxy.goDown();
    first.feed.send({ to: { userId: bob.id }, text: 'kept' });
    first.feed.stop();
    proxy.goUp();
    const [waiting] = await outbox.all();
    const [second, third] = [await startFeed(t, ada, { outbox }), await startFeed(t, ada, { outbox })];
    for (const { feed } of [second, third]) {
      await until(feed, () => feed.outbox.items.length === 0 && feed.directWith(bob.id)?.lastMessage.id === waiting.id);
    }
    const { messages } = await ada.request(HISTORY, { id: second.feed.directWith(bob.id).id });
    assert.equal(messages.nodes.filter(({ text }) => text === 'kept').length, 1);
    assert.deepEqual(await outbox.all(), []);
  });

  test('sends in the order of writing, whether addressed to a person or to their conversation', async (t) => {
    const [hal, ivy] = [await signUp(server, 'Hal'), await signUp(server, 'Ivy')];
    const transport = createTransport(parlour, proxy.url, hal.token);
    const { request } = transport;
    let arrive;
    const arrival = new Promise((resolve) => { arrive = resolve; });
    transport.request = async (document, variables) => {
      if (variables.input?.text === 'one') await arrival;
      return request(document, variables);
    };
    const { feed } = await startFeed(t, hal, { transport });
    feed.send({ to: { userId: ivy.id }, text: 'one' });
    const { conversationId } = await ivy.send(hal, 'meanwhile');
    await until(feed, () => feed.conversation(conversationId));
    feed.send({ to: { conversationId }, text: 'two' });
    feed.send({ to: { userId: bob.id }, text: 'elsewhere' });
    await until(feed, () => feed.outbox.items.every(({ text }) => text !== 'elsewhere'));
    assert.deepEqual(feed.outbox.items.map(({ text }) => text), ['one', 'two']);
    arrive();
    await until(feed, () => feed.outbox.items.length === 0 && texts(feed, conversationId).length === 3
      && texts(feed, conversationId).every(Boolean));
    assert.deepEqual(texts(feed, conversationId), ['meanwhile', 'one', 'two']);
    return transport.close();
  });

  test('retries with a growing backoff, which retryNow resets', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { retryPolicy } = new parlour.Feed({ transport: {}, outbox: parlour.memoryStore(), onSignedOut() {} });
    const wait = retryPolicy.newBackoff();
    for (let tries = 0; tries < 6; tries += 1) {
      const waiting = wait(new Error('not reached'));
      t.mock.timers.tick(10_000);
      await waiting;
    }
    let isOver = false;
    const long = wait(new Error('not reached')).then(() => { isOver = true; });
    t.mock.timers.tick(4_900);
    await Promise.resolve();
    assert.equal(isOver, false);
    retryPolicy.retryNow();
    await long;
    const short = wait(new Error('not reached'));
    t.mock.timers.tick(500);
    await short;
    const asked = wait(new parlour.ServerError('too much', 'RATE_LIMITED', 60_000)).then(() => { isOver = 'asked'; });
    t.mock.timers.tick(59_000);
    await Promise.resolve();
    assert.equal(isOver, true);
    t.mock.timers.tick(1_000);
    await asked;
  });

  test('reports why a message failed, and continues with the next one', async (t) => {
    const { feed } = await startFeed(t, ada);
    feed.send({ to: { userId: bob.id }, text: 'x'.repeat(4_001) });
    feed.send({ to: { userId: bob.id }, text: 'short' });
    await until(feed, () => feed.directWith(bob.id)?.lastMessage.text === 'short');
    assert.deepEqual(feed.outbox.items.map(({ state }) => state), ['failed']);
    assert.match(feed.outbox.items[0].reason, /4,?000/);
    feed.outbox.remove(feed.outbox.items[0].id);
    assert.deepEqual(feed.outbox.items, []);
  });

  test('follows presence and read marks', async (t) => {
    const [dan, eve] = [await signUp(server, 'Dan'), await signUp(server, 'Eve')];
    const { feed } = await startFeed(t, dan);
    const { conversationId } = await dan.send(eve, 'are you there?');
    await until(feed, () => feed.conversation(conversationId));
    await feed.members.load(conversationId);
    assert.equal(feed.members.of(conversationId).marks.get(eve.id), 0);
    const other = await startFeed(t, eve);
    await until(feed, () => feed.online.has(eve.id));
    other.feed.markRead(conversationId, 1);
    await until(feed, () => feed.members.of(conversationId).marks.get(eve.id) === 1);
  });

  test('adds a group that the user was added to', async (t) => {
    const { feed } = await startFeed(t, bob);
    const groupId = await ada.createGroup('Engine', bob);
    const group = await until(feed, () => feed.conversation(groupId));
    assert.deepEqual([group.title, group.memberCount, group.kind], ['Engine', 2, 'GROUP']);
  });

  test('keeps a bounded part of a long history in memory', async (t) => {
    const frank = await signUp(server, 'Frank');
    const { feed } = await startFeed(t, frank);
    const count = 1_000;
    let conversationId;
    for (let sent = 0; sent < count; sent += 20) {
      const batch = await Promise.all(Array.from({ length: 20 }, () => frank.send(bob, 'again')));
      ({ conversationId } = batch[0]);
    }
    await until(feed, () => feed.conversation(conversationId)?.lastSeq === count);
    const history = feed.history(conversationId);
    for (let from = count - 40; from > 0; from -= 50) {
      history.ensureLoaded(from, from + 40);
      await until(feed, () => history.at(from) && history.at(from + 40));
      assert.ok(history.size <= 600, `${history.size} are kept`);
    }
    history.ensureLoaded(count - 40, count);
    await until(feed, () => history.at(count));
  });

  test('stops when the session ends', async (t) => {
    const grace = await signUp(server, 'Grace');
    const { feed, notifications } = await startFeed(t, grace);
    await grace.request('mutation { logout }');
    await new Promise((resolve) => {
      const look = setInterval(() => notifications.includes('signed out') && resolve(clearInterval(look)), 10);
    });
    assert.deepEqual(notifications, ['signed out']);
    assert.deepEqual(feed.outbox.items, []);
  });
});
