// Clients that follow the feed of one person while their connections are cut, and what each of them has received. Used by
// the test, and as a program with more cuts: CUTS=1000 node resume.mjs
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EventSource as NodeEventSource } from 'eventsource';
import { WebSocket } from 'ws';
import { launch } from './browser.mjs';
import { recipe, recipes } from './recipes.mjs';

const EVENTS = `subscription ($after: String) {
  events(after: $after) { __typename cursor ... on MessageAdded { message { text } } }
}`;
const CONSUMED = `subscription ($after: String, $consumer: String!) {
  events(after: $after, consumer: $consumer) { __typename cursor ... on MessageAdded { message { text } } }
}`;
const ACK = 'mutation ($consumer: String!, $cursor: String!) { ackEvents(consumer: $consumer, cursor: $cursor) { cursor } }';

/** Replaces what a recipe takes from the browser. */
function browser(token) {
  // A cookie of the browser, which Node has not: the same session as a header.
  globalThis.EventSource = class extends NodeEventSource {
    constructor(url, options) {
      const fetchWithToken = (input, init) => fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${token()}` } });
      super(url, { ...options, fetch: fetchWithToken });
    }
  };
}

/**
 * A client that knows the protocol and nothing of Parlour. `id` names its operations: one that gives each try a new id cannot
 * resume by ids. Its variables and the payload of its init are the same each time. It acknowledges what it has handled.
 */
function mobile({ url, person, after, add, fail }, consumer, id) {
  let socket, stopped = false, tries = 0, last, acknowledged;
  const connect = () => {
    if (stopped) return;
    const own = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
    socket = own;
    let heard = Date.now();
    // As such clients do, it pings, and gives up on a line that does not answer.
    const pings = setInterval(() => {
      if (Date.now() - heard > 1_000) return own.terminate();
      if (own.readyState === WebSocket.OPEN) own.ping();
    }, 200);
    own.on('pong', () => { heard = Date.now(); });
    own.on('error', () => {});
    own.on('open', () => own.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${person.token()}` } })));
    own.on('message', (data) => {
      heard = Date.now();
      const message = JSON.parse(data);
      if (message.type === 'ping') own.send('{"type":"pong"}');
      if (message.type === 'connection_ack') {
        const payload = { query: CONSUMED, variables: { after, consumer } };
        own.send(JSON.stringify({ type: 'subscribe', id: id(tries), payload }));
      }
      if (message.type === 'error') fail(new Error(JSON.stringify(message.payload)));
      if (message.type === 'next') {
        const event = message.payload.data.events;
        add(event);
        last = event.cursor;
      }
    });
    own.on('close', () => {
      clearInterval(pings);
      tries += 1;
      setTimeout(connect, 100 * Math.random());
    });
  };
  connect();
  const acks = setInterval(async () => {
    if (!last || last === acknowledged) return;
    const cursor = last;
    // Lost like anything else now and then: the next one says it as well.
    await person.request(ACK, { consumer, cursor }).then(() => { acknowledged = cursor; }, () => {});
  }, 1_000);
  return () => {
    stopped = true;
    clearInterval(acks);
    socket.terminate();
  };
}

/** A program that prints an event in each line. */
function program(command, args, options, { add, fail }) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let problems = '';
  child.stderr.on('data', (data) => { problems += data; });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { events, data } = JSON.parse(line);
    add(events ?? data.events);
  });
  let stopped = false;
  child.on('exit', () => { if (!stopped) fail(new Error(`it has ended: ${problems}`)); });
  return () => {
    stopped = true;
    // With what it has started.
    process.kill(-child.pid, 'SIGKILL');
  };
}

const python = fileURLToPath(new URL('./generated/python/bin/python', import.meta.url));
const pythonFollow = fileURLToPath(new URL('./python/follow.py', import.meta.url));
const rust = fileURLToPath(new URL('../../target/clients/debug/follow', import.meta.url));
const shellFollow = fileURLToPath(new URL('./generated/recipes/follow.sh', import.meta.url));

/** Options that let a client notice a dead line within seconds, as the tests have no time for more: over a socket, and of streams. */
const QUICK = { keepAlive: 300 };
const WATCHFUL = { silence: 1_500 };

const results = ({ add, fail }) => ({
  next: ({ data, errors, error }) => (errors ?? error ? fail(errors ?? error) : add(data.events)),
  error: fail,
  complete: () => fail(new Error('it has completed')),
});

/**
 * The clients by name. Each follows as `person` from a cursor, hands every event over, and returns how to end it. Those that
 * do not notice by themselves that a line is dead are `patient`: TCP has to tell them.
 */
export const clients = {
  'graphql-ws': {
    async follow({ url, person, after, ...sink }) {
      const { parlourSocket } = await recipe('parlour-socket.js');
      return parlourSocket(url, { token: person.token, ...QUICK }).subscribe({ query: EVENTS, variables: { after } }, results(sink));
    },
  },
  'Apollo Client': {
    async follow({ url, person, after, ...sink }) {
      const { gql } = await import('@apollo/client');
      const client = (await recipe('apollo.js')).apollo(url, person.token);
      const { error, next } = results(sink);
      const following = client.subscribe({ query: gql(EVENTS), variables: { after } }).subscribe({ next, error });
      return () => { following.unsubscribe(); client.stop(); };
    },
    patient: true,
  },
  urql: {
    async follow({ url, person, after, ...sink }) {
      const client = (await recipe('urql.js')).urql(url, person.token);
      return client.subscription(EVENTS, { after }).subscribe(results(sink).next).unsubscribe;
    },
    patient: true,
  },
  Relay: {
    async follow({ url, person, after, ...sink }) {
      const { environment } = await recipe('relay.js');
      const network = environment(url, person.token).getNetwork();
      const { next, error, complete } = results(sink);
      const following = network.execute({ operationKind: 'subscription', text: EVENTS }, { after }, {});
      return following.subscribe({ next, error, complete }).unsubscribe;
    },
    patient: true,
  },
  'graphql-sse': {
    async follow({ url, person, after, ...sink }) {
      const { stream } = await recipe('graphql-sse.js');
      return stream(url, person.token, { query: EVENTS, variables: { after } }, results(sink), WATCHFUL);
    },
  },
  'Apollo Client, events by HTTP': {
    async follow({ url, person, after, ...sink }) {
      const { ApolloClient, gql, InMemoryCache } = await import('@apollo/client');
      const { streamLink } = await recipe('apollo-sse.js');
      const { possibleTypes } = await recipe('apollo.js');
      const client = new ApolloClient({
        link: streamLink(url, person.token, WATCHFUL),
        cache: new InMemoryCache({ possibleTypes }),
      });
      const { error, next } = results(sink);
      const following = client.subscribe({ query: gql(EVENTS), variables: { after } }).subscribe({ next, error });
      return () => { following.unsubscribe(); client.stop(); };
    },
  },
  'urql, events by HTTP': {
    async follow({ url, person, after, ...sink }) {
      const { Client } = await import('urql');
      const { streamExchange } = await recipe('urql-sse.js');
      const client = new Client({ url, exchanges: [streamExchange(url, person.token, WATCHFUL)] });
      return client.subscription(EVENTS, { after }).subscribe(results(sink).next).unsubscribe;
    },
  },
  EventSource: {
    async follow({ url, person, after, ...sink }) {
      browser(person.token);
      const { eventSource } = await recipe('event-source.js');
      return eventSource(url, EVENTS, { after }, results(sink).next, WATCHFUL);
    },
  },
  'EventSource in Chromium': {
    async follow({ url, person, after, ...sink }) {
      const { origin } = new URL(url);
      const chromium = await launch();
      // The address that the page comes from allows no scripts.
      const context = await chromium.newContext({ bypassCSP: true });
      await context.addCookies([{ name: 'jwt', value: person.token(), url: origin, httpOnly: true, sameSite: 'Lax' }]);
      const page = await context.newPage();
      await page.goto(`${origin}/healthz`);
      await page.exposeFunction('handle', results(sink).next);
      const code = recipes['event-source.js'].replace('export function', 'function');
      const [address, query, variables, options] = [url, EVENTS, { after }, WATCHFUL].map((value) => JSON.stringify(value));
      await page.evaluate(`${code}; eventSource(${address}, ${query}, ${variables}, handle, ${options})`);
      return () => chromium.close();
    },
  },
  curl: {
    async follow({ url, person, after, ...sink }) {
      const cwd = mkdtempSync(join(tmpdir(), 'parlour-follow-'));
      const { writeFileSync } = await import('node:fs');
      writeFileSync(join(cwd, 'last-event-id'), after);
      const env = { PATH: process.env.PATH, PARLOUR_URL: url, PARLOUR_TOKEN: person.token() };
      const stop = program('/bin/sh', [shellFollow], { cwd, env }, sink);
      return () => { stop(); rmSync(cwd, { recursive: true, force: true }); };
    },
    patient: true,
  },
  'Python gql': {
    async follow({ url, person, after, ...sink }) {
      if (!existsSync(python)) throw new Error(`${python} is missing: scripts/test makes it`);
      return program(python, [pythonFollow, url, person.token(), after], {}, sink);
    },
    patient: true,
  },
  'graphql-ws-client (Rust)': {
    async follow({ url, person, after, ...sink }) {
      if (!existsSync(rust)) throw new Error(`${rust} is missing: rust/build makes it`);
      return program(rust, [], { env: { PARLOUR_URL: url, PARLOUR_TOKEN: person.token(), AFTER: after } }, sink);
    },
    patient: true,
  },
  // A new id for each try, and the variables of the first one: Apollo Kotlin.
  'like Apollo Kotlin': { follow: async (options) => mobile(options, 'kotlin', () => crypto.randomUUID()) },
  // The same ids and the same payload of the init each time: Apollo iOS.
  'like Apollo iOS': { follow: async (options) => mobile(options, 'ios', () => '1') },
  // Numbers of its own, which it gives to the operations of all its clients in turn: a router.
  'like a router': { follow: async (options) => mobile(options, 'behind-a-router', (tries) => `${7 + 3 * tries}`) },
};

/**
 * Sends messages to a person, cuts their client's connections this often, and counts what it received: lost, repeated after
 * dropping by cursor, and out of order. Also how many came more than once before that. What does not come within the
 * milliseconds of `patience` is a failure.
 */
export async function cutOften(name, { proxy, ada, bob, cuts, patience = 60_000 }) {
  const { feedCursor } = await bob.request('{ feedCursor }');
  const sent = [], received = [], seen = new Set();
  let again = 0, failure, stop;
  const add = ({ __typename, cursor, message }) => {
    if (__typename === 'CaughtUp') return;
    if (seen.has(cursor)) again += 1;
    else {
      seen.add(cursor);
      received.push(message?.text ?? __typename);
    }
  };
  const fail = (error) => { failure ??= error; };
  const client = clients[name];
  const until = async (condition, what) => {
    for (const deadline = Date.now() + patience; !condition(); await sleep(5)) {
      if (failure) throw failure;
      if (Date.now() > deadline) throw new Error(`${name}: ${what()}`);
    }
  };
  try {
    stop = await client.follow({ url: proxy.url, person: bob, after: feedCursor, add, fail });
    for (let cut = 0; cut < cuts; cut += 1) {
      // One that comes before the cut as a rule, one on the way, and one that is sent while nobody is there.
      const send = () => { sent.push(`${cut} ${sent.length}`); return ada.send(bob, sent.at(-1)); };
      await send();
      if (cut % 3 !== 1) await until(() => received.includes(sent.at(-1)), () => `it waits for ${sent.at(-1)} after ${cut} cuts`);
      const onTheWay = send();
      // A line that dies without being closed is one that takes nothing any more, or one that loses what the server sends.
      const dies = { 1: proxy.freeze, 3: proxy.swallow }[cut % 4];
      if (dies) {
        dies();
        await onTheWay;
        if (client.patient) {
          await sleep(50);
          proxy.resetConnections();
        }
      } else {
        proxy.resetConnections();
        await onTheWay;
      }
      await send();
    }
    await until(() => received.includes(sent.at(-1)), () => `it waits for the last one: ${received.length} of ${sent.length}`);
    // What may come once too often.
    await sleep(200);
  } finally {
    await stop?.();
  }
  const order = received.map((text) => sent.indexOf(text));
  return {
    cuts,
    sent: sent.length,
    lost: sent.filter((text) => !received.includes(text)).length,
    repeated: received.length - new Set(received).size,
    'out of order': order.filter((place, n) => n > 0 && place < order[n - 1]).length,
    'came again': again,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { startProxiedServer } = await import('./proxy.mjs');
  const { signUp } = await import('./people.mjs');
  const cuts = Number(process.env.CUTS ?? 1_000);
  const table = {};
  for (const name of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(clients)) {
    const { server, proxy, close } = await startProxiedServer();
    const [ada, bob] = [await signUp(server, 'Ada'), await signUp(server, 'Bob')];
    // It runs for long, perhaps beside other work.
    table[name] = await cutOften(name, { proxy, ada, bob, cuts, patience: 600_000 });
    console.log(name, table[name]);
    await close();
  }
  console.table(table);
  const isExact = Object.values(table).every((row) => row.lost + row.repeated + row['out of order'] === 0);
  process.exit(isExact ? 0 : 1);
}
