// The one file that the README's recipes share: what it does where they have nothing to add.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { heard } from './heard.mjs';
import { signUp } from './people.mjs';
import { startProxy } from './proxy.mjs';
import { recipe, recipes } from './recipes.mjs';
import { startServer } from './server.mjs';

const { parlourSocket } = await recipe('parlour-socket.js');

const EVENTS = 'subscription { events { __typename cursor } }';
const MESSAGES = 'subscription ($after: String) { messageAdded(after: $after) { text feedCursor } }';

test('is what the pages of web/ use', () => {
  const used = readFileSync(new URL('../../web/src/parlour-socket.js', import.meta.url), 'utf8');
  assert.equal(recipes['parlour-socket.js'], used);
});

/** Subscribes for as long as the test runs, and notes what `pick` takes from each result. */
function listen(t, socket, payload, pick) {
  const notes = heard();
  const stop = socket.subscribe(payload, {
    next: ({ data, errors }) => (errors ? notes.fail(errors) : notes.add(pick(data))),
    error: notes.fail,
    complete: () => notes.fail('complete'),
  });
  t.after(stop);
  return { ...notes, stop };
}

describe('with Parlour', { timeout: 60_000 }, () => {
  let server, proxy, ada, bob;
  before(async () => {
    server = await startServer();
    proxy = await startProxy(server);
    [ada, bob] = [await signUp(server, 'Ada'), await signUp(server, 'Bob')];
  });
  after(async () => {
    proxy?.close();
    await server?.dispose();
  });

  test('gives up a line that has gone silent, and takes another', async (t) => {
    const { feedCursor } = await bob.ask('{ feedCursor }');
    const socket = parlourSocket(proxy.url, { token: bob.token, keepAlive: 100 });
    const payload = { query: MESSAGES, variables: { after: feedCursor } };
    const messages = listen(t, socket, payload, ({ messageAdded }) => messageAdded.text);
    await ada.send(bob, 'before');
    await messages.count(1);

    proxy.freeze();
    await ada.send(bob, 'into the silence');
    await messages.count(2);

    assert.deepEqual(messages.items, ['before', 'into the silence']);
  });

  test('is told of a restart by 1012, and comes back', async (t) => {
    const socket = parlourSocket(server.url, { token: bob.token });
    const codes = [];
    socket.on('closed', ({ code }) => codes.push(code));
    const events = listen(t, socket, { query: EVENTS }, (data) => data.events.__typename);
    await events.count(1);

    await server.end('SIGTERM');
    await server.start();
    await events.count(2);

    assert.equal(codes[0], 1012);
    assert.deepEqual(events.items, ['CaughtUp', 'CaughtUp']);
  });

  test('a logout ends it with 4401, and it does not knock again', async (t) => {
    const carol = await signUp(server, 'Carol');
    const socket = parlourSocket(server.url, { token: carol.token });
    let knocks = 0;
    socket.on('connecting', () => { knocks += 1; });
    const events = listen(t, socket, { query: EVENTS }, (data) => data.events.__typename);
    await events.count(1);

    const closed = new Promise((resolve) => socket.on('closed', resolve));
    await carol.ask('mutation { logout }');
    await events.end();
    await closed;
    const refused = listen(t, socket, { query: EVENTS }, () => {});

    assert.equal((await refused.end()).code, 4401);
    assert.equal(knocks, 2);
  });

  test('a session that is renewed over it goes on, and so do its subscriptions', async (t) => {
    const dora = await signUp(server, 'Dora');
    const socket = parlourSocket(server.url, { token: dora.token });
    let closes = 0;
    socket.on('closed', () => { closes += 1; });
    const { feedCursor, sessions: [{ expiresAt: before }] } = await dora.ask('{ feedCursor sessions { expiresAt } }');
    const payload = { query: MESSAGES, variables: { after: feedCursor } };
    const messages = listen(t, socket, payload, ({ messageAdded }) => messageAdded.text);

    const renew = { query: 'mutation { renewSession { token expiresAt } }' };
    const { value } = await socket.iterate(renew).next();
    await dora.send(bob, 'still here');
    await messages.count(1);

    const { token, expiresAt } = value.data.renewSession;
    assert.ok(expiresAt > before);
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: '{ me { id } }' }),
    });
    assert.deepEqual(await response.json(), { data: { me: { id: dora.id } } });
    assert.equal(closes, 0);
  });

  test('a session that is ended from another device ends it with 4401, and it does not knock again', async (t) => {
    const emil = await signUp(server, 'Emil');
    const stolen = await emil.anotherToken();
    const socket = parlourSocket(server.url, { token: () => stolen });
    let knocks = 0;
    socket.on('connecting', () => { knocks += 1; });
    const events = listen(t, socket, { query: EVENTS }, (data) => data.events.__typename);
    await events.count(1);

    const closed = new Promise((resolve) => socket.on('closed', resolve));
    assert.deepEqual(await emil.ask('mutation { revokeOtherSessions }'), { revokeOtherSessions: 1 });
    await events.end();
    assert.equal((await closed).code, 4401);
    const refused = listen(t, socket, { query: EVENTS }, () => {});

    assert.equal((await refused.end()).code, 4401);
    assert.equal(knocks, 2);
  });
});

describe('with a server that does as it is told', { timeout: 60_000 }, () => {
  let server, url;
  before(async () => {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'graphql-transport-ws' });
    await once(server, 'listening');
    url = `http://127.0.0.1:${server.address().port}/graphql`;
  });
  after(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });

  /** The next connection, when it has said who it is. */
  async function connection() {
    const [socket] = await once(server, 'connection');
    const messages = heard();
    socket.on('message', (data) => messages.add(JSON.parse(data)));
    await messages.count(1);
    return {
      init: messages.items[0].payload,
      say: (message) => socket.send(JSON.stringify(message)),
      received: async (count) => {
        await messages.count(count);
        return messages.items;
      },
      close: (code) => socket.close(code),
    };
  }

  test('comes back from 4403 with the token of that moment', async (t) => {
    const tokens = ['expired', 'fresh'];
    const socket = parlourSocket(url, { token: () => tokens.shift() });
    listen(t, socket, { query: EVENTS }, () => {});

    const refused = await connection();
    refused.close(4403);
    const accepted = await connection();

    assert.equal(refused.init.authorization, 'Bearer expired');
    assert.equal(accepted.init.authorization, 'Bearer fresh');
  });

  test('hands over the last cursor of each operation that runs, and of no other', async (t) => {
    const socket = parlourSocket(url);
    const subscribed = [1, 2, 3, 4].map(() => listen(t, socket, { query: EVENTS }, (data) => data.events.cursor));

    const first = await connection();
    first.say({ type: 'connection_ack' });
    const [, ...operations] = await first.received(5);
    const [followed, stopped, completed] = operations.map(({ id }) => id);
    const tell = (id, cursor) => first.say({ id, type: 'next', payload: { data: { events: { cursor } } } });

    for (const { id } of operations.slice(0, 3)) tell(id, 'a');
    tell(followed, 'b');
    first.say({ id: completed, type: 'complete' });
    await subscribed[0].count(2);
    subscribed[1].stop();
    await first.received(6);
    // On its way when the client stopped listening.
    tell(stopped, 'b');
    first.close(1012);
    const second = await connection();

    assert.deepEqual(first.init, { resumeFrom: {} });
    assert.deepEqual(second.init, { resumeFrom: { [followed]: 'b' } });
  });
});
