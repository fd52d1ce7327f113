// The recipes for server-sent events on lines that die without being closed, and urql's own way to take such events.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collector } from './collector.mjs';
import { signUp } from './people.mjs';
import { startProxiedServer } from './proxy.mjs';
import { recipe } from './recipes.mjs';

const SECOND = 1_000;
const QUERY = 'subscription ($after: String) { events(after: $after) { cursor } }';

/** Lets everything happen that waits for nothing but its turn. */
const settle = async () => { for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate); };

/** Replaces `fetch` by one whose answers are lines that the test writes; they are listed. */
function writtenLines(t) {
  const lines = [];
  t.mock.method(globalThis, 'fetch', async (_, { headers, signal }) => {
    let output;
    const body = new ReadableStream({ start(controller) { output = controller; } });
    signal.addEventListener('abort', () => output.error(signal.reason));
    lines.push({ headers, signal, write: (text) => output.enqueue(new TextEncoder().encode(text)) });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  });
  return lines;
}

/** An `EventSource` whose events the test makes. */
class WrittenSource extends EventTarget {
  static CLOSED = 2;
  static all = [];
  readyState = 1;
  constructor(url) {
    super();
    this.variables = JSON.parse(new URL(url).searchParams.get('variables'));
    WrittenSource.all.push(this);
  }
  say(name, more = {}) { this.dispatchEvent(Object.assign(new Event(name), more)); }
  close() { this.readyState = WrittenSource.CLOSED; }
}

const event = (cursor) => JSON.stringify({ data: { events: { cursor } } });

test('graphql-sse keeps a line with heartbeats, and replaces one without them after the last event', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const [lines, seen] = [writtenLines(t), []];
  const { stream } = await recipe('graphql-sse.js');
  const sink = { next: ({ data }) => seen.push(data.events.cursor), error: assert.fail, complete() {} };
  const end = stream('http://parlour.test/graphql', undefined, { query: QUERY }, sink);
  await settle();
  lines[0].write(`event: next\nid: a\ndata: ${event('a')}\n\n`);
  for (let beat = 0; beat < 5; beat += 1) {
    await settle();
    t.mock.timers.tick(59 * SECOND);
    lines[0].write(':\n');
  }
  await settle();
  assert.equal(lines.length, 1, 'the heartbeats keep it');

  t.mock.timers.tick(60 * SECOND);
  await settle();
  assert.ok(lines[0].signal.aborted, 'the dead line is given up');
  // The time until it is opened again.
  t.mock.timers.tick(SECOND);
  await settle();

  assert.equal(lines.length, 2);
  assert.equal(lines[1].headers['last-event-id'], 'a');
  lines[1].write(`event: next\nid: b\ndata: ${event('b')}\n\n`);
  await settle();
  assert.deepEqual(seen, ['a', 'b']);
  end();
  await settle();
  t.mock.timers.tick(120 * SECOND);
  await settle();
  assert.equal(lines.length, 2, 'it has ended');
});

test('EventSource keeps a line with heartbeats, and replaces one without them after the last event', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const [stock, sources, seen] = [globalThis.EventSource, WrittenSource.all, []];
  globalThis.EventSource = WrittenSource;
  t.after(() => { globalThis.EventSource = stock; });
  const { eventSource } = await recipe('event-source.js');
  const end = eventSource('http://parlour.test/graphql', QUERY, { after: 'first' }, ({ data }) => seen.push(data.events.cursor));
  sources[0].say('open');
  sources[0].say('next', { data: event('a'), lastEventId: 'a' });
  for (let beat = 0; beat < 5; beat += 1) {
    t.mock.timers.tick(59 * SECOND);
    sources[0].say('heartbeat', { data: '' });
  }
  assert.equal(sources.length, 1, 'the heartbeats keep it');

  t.mock.timers.tick(60 * SECOND);

  assert.equal(sources.length, 2);
  assert.equal(sources[0].readyState, WrittenSource.CLOSED, 'the dead line is given up');
  assert.deepEqual(sources.map(({ variables }) => variables.after), ['first', 'a']);

  // One that never opens is replaced too, and so is one that the browser has given up.
  t.mock.timers.tick(60 * SECOND);
  assert.equal(sources.length, 3);
  sources[2].close();
  sources[2].say('error');
  t.mock.timers.tick(3 * SECOND);
  assert.equal(sources.length, 4);
  sources[3].say('next', { data: event('b'), lastEventId: 'b' });
  assert.deepEqual(seen, ['a', 'b']);
  end();
  t.mock.timers.tick(120 * SECOND);
  assert.equal(sources.length, 4, 'it has ended');
});

test("urql's own subscriptions by fetch go on after the last event when they are begun again", { timeout: 60_000 }, async (t) => {
  const { server, proxy, close } = await startProxiedServer();
  t.after(close);
  const [ada, bob] = [await signUp(server, 'Ada'), await signUp(server, 'Bob')];
  const { Client, fetchExchange } = await import('urql');
  const client = new Client({
    url: proxy.url,
    exchanges: [fetchExchange],
    fetchSubscriptions: true,
    fetchOptions: { headers: { authorization: `Bearer ${bob.token()}` } },
  });
  const query = `subscription ($after: String) {
    events(after: $after) { __typename cursor ... on MessageAdded { message { text } } }
  }`;
  const events = collector();
  let last = (await bob.request('{ feedCursor }')).feedCursor;
  const follow = () => client.subscription(query, { after: last }).subscribe(({ data, error, hasNext }) => {
    // It was cut. At the end of the test it is, too.
    if (error || hasNext === false) {
      if (events.items.length < 3) setTimeout(follow, 10);
      return;
    }
    last = data.events.cursor;
    if (data.events.__typename === 'MessageAdded') events.add(data.events.message.text);
  });
  follow();
  await ada.send(bob, 'one');
  await events.count(1);

  assert.ok(proxy.resetConnections() > 0);
  await ada.send(bob, 'two');
  await ada.send(bob, 'three');

  await events.count(3);
  assert.deepEqual(events.items, ['one', 'two', 'three']);
});
