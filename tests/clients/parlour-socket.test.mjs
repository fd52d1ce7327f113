// The file that the README's recipes share: behaviour that is independent of the client library.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { collector } from './collector.mjs';
import { signUp } from './people.mjs';
import { startProxiedServer } from './proxy.mjs';
import { recipe, recipes } from './recipes.mjs';

const { parlourSocket } = await recipe('parlour-socket.js');

const EVENTS = 'subscription { events { __typename cursor } }';
const MESSAGES = 'subscription ($after: String) { messageAdded(after: $after) { text feedCursor } }';

test('is the same file as in web/', () => {
  const used = readFileSync(new URL('../../web/src/parlour-socket.js', import.meta.url), 'utf8');
  assert.equal(recipes['parlour-socket.js'], used);
});

/** Subscribes until the test ends, and collects what `pick` returns for each result. */
function listen(t, socket, payload, pick) {
  const results = collector();
  const stop = socket.subscribe(payload, {
    next: ({ data, errors }) => (errors ? results.fail(errors) : results.add(pick(data))),
    error: results.fail,
    complete: () => results.fail('complete'),
  });
  t.after(stop);
  return { ...results, stop };
}

describe('with Parlour', { timeout: 60_000 }, () => {
  let server, proxy, ada, bob, close;
  before(async () => {
    ({ server, proxy, close } = await startProxiedServer());
    [ada, bob] = [await signUp(server, 'Ada'), await signUp(server, 'Bob')];
  });
  after(() => close?.());

  test('terminates a connection that does not answer, and reconnects', async (t) => {
    const { feedCursor } = await bob.request('{ feedCursor }');
    const socket = parlourSocket(proxy.url, { token: bob.token, keepAlive: 100 });
    const payload = { query: MESSAGES, variables: { after: feedCursor } };
    const messages = listen(t, socket, payload, ({ messageAdded }) => messageAdded.text);
    await ada.send(bob, 'before');
    await messages.count(1);

    proxy.freeze();
    await ada.send(bob, 'after the freeze');
    await messages.count(2);

    assert.deepEqual(messages.items, ['before', 'after the freeze']);
  });

  test('reconnects after a restart, which closes the socket with 1012', async (t) => {
    const socket = parlourSocket(server.url, { token: bob.token });
    const codes = [];
    socket.on('closed', ({ code }) => codes.push(code));
    const events = listen(t, socket, { query: EVENTS }, (data) => data.events.__typename);
    await events.count(1);

    await server.stop('SIGTERM');
    await server.start();
    await events.count(2);

    assert.equal(codes[0], 1012);
    assert.deepEqual(events.items, ['CaughtUp', 'CaughtUp']);
  });

  test('does not reconnect after a logout, which closes the socket with 4401', async (t) => {
    const carol = await signUp(server, 'Carol');
    const socket = parlourSocket(server.url, { token: carol.token });
    let attempts = 0;
    socket.on('connecting', () => { attempts += 1; });
    const events = listen(t, socket, { query: EVENTS }, (data) => data.events.__typename);
    await events.count(1);

    const closed = new Promise((resolve) => socket.on('closed', resolve));
    await carol.request('mutation { logout }');
    await events.error();
    await closed;
    const refused = listen(t, socket, { query: EVENTS }, () => {});

    assert.equal((await refused.error()).code, 4401);
    assert.equal(attempts, 2);
  });

  test('subscriptions continue when the session is renewed over the same socket', async (t) => {
    const dora = await signUp(server, 'Dora');
    const socket = parlourSocket(server.url, { token: dora.token });
    let closes = 0;
    socket.on('closed', () => { closes += 1; });
    const { feedCursor, sessions: [{ expiresAt: before }] } = await dora.request('{ feedCursor sessions { expiresAt } }');
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

  test('does not reconnect when the session is revoked from another device, which closes the socket with 4401', async (t) => {
    const emil = await signUp(server, 'Emil');
    const stolen = await emil.logInAgain();
    const socket = parlourSocket(server.url, { token: () => stolen });
    let attempts = 0;
    socket.on('connecting', () => { attempts += 1; });
    const events = listen(t, socket, { query: EVENTS }, (data) => data.events.__typename);
    await events.count(1);

    const closed = new Promise((resolve) => socket.on('closed', resolve));
    assert.deepEqual(await emil.request('mutation { revokeOtherSessions }'), { revokeOtherSessions: 1 });
    await events.error();
    assert.equal((await closed).code, 4401);
    const refused = listen(t, socket, { query: EVENTS }, () => {});

    assert.equal((await refused.error()).code, 4401);
    assert.equal(attempts, 2);
  });
});

describe('with a scripted server', { timeout: 60_000 }, () => {
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

  /** The next connection, after its connection_init. */
  async function connection() {
    const [socket] = await once(server, 'connection');
    const messages = collector();
    socket.on('message', (data) => messages.add(JSON.parse(data)));
    await messages.count(1);
    return {
      init: messages.items[0].payload,
      send: (message) => socket.send(JSON.stringify(message)),
      received: async (count) => {
        await messages.count(count);
        return messages.items;
      },
      close: (code) => socket.close(code),
    };
  }

  test('reconnects after 4403 with the current token', async (t) => {
    const tokens = ['expired', 'fresh'];
    const socket = parlourSocket(url, { token: () => tokens.shift() });
    listen(t, socket, { query: EVENTS }, () => {});

    const refused = await connection();
    refused.close(4403);
    const accepted = await connection();

    assert.equal(refused.init.authorization, 'Bearer expired');
    assert.equal(accepted.init.authorization, 'Bearer fresh');
  });

  test('sends the last cursor of each active operation, and of no other', async (t) => {
    const socket = parlourSocket(url);
    const subscribed = [1, 2, 3, 4].map(() => listen(t, socket, { query: EVENTS }, (data) => data.events.cursor));

    const first = await connection();
    first.send({ type: 'connection_ack' });
    const [, ...operations] = await first.received(5);
    const [followed, stopped, completed] = operations.map(({ id }) => id);
    const sendNext = (id, cursor) => first.send({ id, type: 'next', payload: { data: { events: { cursor } } } });

    for (const { id } of operations.slice(0, 3)) sendNext(id, 'a');
    sendNext(followed, 'b');
    first.send({ id: completed, type: 'complete' });
    await subscribed[0].count(2);
    subscribed[1].stop();
    await first.received(6);
    // In flight when the client unsubscribed.
    sendNext(stopped, 'b');
    first.close(1012);
    const second = await connection();

    assert.deepEqual(first.init, { resumeFrom: {} });
    assert.deepEqual(second.init, { resumeFrom: { [followed]: 'b' } });
  });
});
