// Many people talk while their connections are reset at random: nobody misses, repeats or reorders anything.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { heard } from './heard.mjs';
import { signUp } from './people.mjs';
import { startProxy } from './proxy.mjs';
import { recipe } from './recipes.mjs';
import { startServer } from './server.mjs';

const SENDERS = 8;
const LISTENERS = 4;
const MESSAGES = Number(process.env.CHURN_MESSAGES ?? 3_000);

const { parlourSocket } = await recipe('parlour-socket.js');

const SUBSCRIPTION = `subscription ($after: String) {
  events(after: $after) { __typename cursor ... on MessageAdded { message { id conversationId seq } } }
}`;
const PAGE = `query ($after: String!) {
  events(after: $after) { cursor hasMore events { __typename ... on MessageAdded { message { id } } } }
}`;

let server, proxy;
before(async () => {
  server = await startServer();
  proxy = await startProxy(server);
});
after(async () => {
  proxy?.close();
  await server?.dispose();
});

test(`${SENDERS} send, ${LISTENERS} listen, lines are cut`, { timeout: 600_000 }, async (t) => {
  const people = (count, name) => Promise.all(Array.from({ length: count }, (_, n) => signUp(server, `${name} ${n}`)));
  const senders = await people(SENDERS, 'Sender');
  const listeners = await people(LISTENERS, 'Listener');

  for (const listener of listeners) {
    listener.start = (await listener.ask('{ feedCursor }')).feedCursor;
    listener.sent = []; // what its senders got an answer for
    listener.heard = heard();
    // Back at once, so that the cuts hit more than a waiting client.
    const socket = parlourSocket(proxy.url, { token: listener.token, retryWait: () => sleep(Math.random() * 50) });
    t.after(socket.subscribe({ query: SUBSCRIPTION, variables: { after: listener.start } }, {
      next({ data, errors }) {
        if (errors || data.events.__typename === 'FeedReset') listener.heard.fail(errors ?? data.events);
        else if (data.events.__typename === 'MessageAdded') listener.heard.add(data.events.message);
      },
      error: listener.heard.fail,
      complete: () => listener.heard.fail('complete'),
    }));
  }

  let unsent = MESSAGES;
  let cuts = 0;
  const cutting = new AbortController();
  const cutter = (async () => {
    while (!cutting.signal.aborted) {
      cuts += proxy.cut(() => Math.random() < 0.4);
      await sleep(10 + Math.random() * 60);
    }
  })();
  await Promise.all(senders.map(async (sender) => {
    while (unsent-- > 0) {
      const to = listeners[Math.floor(Math.random() * LISTENERS)];
      to.sent.push((await sender.send(to, `${unsent} to go`)).id);
    }
  }));
  cutting.abort();
  await cutter;

  const faults = { lost: 0, repeated: 0, outOfOrder: 0 };
  for (const { sent, heard, ask, start } of listeners) {
    await heard.count(sent.length);

    const ids = heard.items.map(({ id }) => id);
    const distinct = new Set(ids);
    faults.lost += sent.filter((id) => !distinct.has(id)).length;
    faults.repeated += ids.length - distinct.size;
    const last = new Map();
    for (const { conversationId, seq } of heard.items) {
      if (seq !== (last.get(conversationId) ?? 0) + 1) faults.outOfOrder += 1;
      last.set(conversationId, seq);
    }
    // Across conversations the order is the feed's, as its pages have it.
    assert.deepEqual(ids, await feed(ask, start));
  }

  t.diagnostic(`${MESSAGES} messages, ${cuts} cuts`);
  assert.deepEqual(faults, { lost: 0, repeated: 0, outOfOrder: 0 });
  assert.ok(cuts >= 30, `only ${cuts} cuts`);
});

/** The ids of all messages after a cursor, by reading the feed page by page. */
async function feed(ask, after) {
  const ids = [];
  for (let more = true; more; ) {
    const { events: page } = await ask(PAGE, { after });
    ids.push(...page.events.flatMap(({ message }) => (message ? [message.id] : [])));
    more = page.hasMore;
    after = page.cursor;
  }
  return ids;
}
