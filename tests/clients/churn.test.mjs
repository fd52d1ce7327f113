// Many people exchange messages while connections are reset at random: no message is lost, duplicated or reordered.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { collector } from './collector.mjs';
import { signUp } from './people.mjs';
import { startProxiedServer } from './proxy.mjs';
import { recipe } from './recipes.mjs';

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

let server, proxy, close;
before(async () => { ({ server, proxy, close } = await startProxiedServer()); });
after(() => close?.());

test(`${SENDERS} senders, ${LISTENERS} listeners, connections are reset`, { timeout: 600_000 }, async (t) => {
  const people = (count, name) => Promise.all(Array.from({ length: count }, (_, n) => signUp(server, `${name} ${n}`)));
  const senders = await people(SENDERS, 'Sender');
  const listeners = await people(LISTENERS, 'Listener');

  for (const listener of listeners) {
    listener.start = (await listener.request('{ feedCursor }')).feedCursor;
    listener.sent = []; // acknowledged to the senders
    listener.received = collector();
    // Reconnects at once, so that the resets rarely hit a waiting client.
    const socket = parlourSocket(proxy.url, { token: listener.token, retryWait: () => sleep(Math.random() * 50) });
    t.after(socket.subscribe({ query: SUBSCRIPTION, variables: { after: listener.start } }, {
      next({ data, errors }) {
        if (errors || data.events.__typename === 'FeedReset') listener.received.fail(errors ?? data.events);
        else if (data.events.__typename === 'MessageAdded') listener.received.add(data.events.message);
      },
      error: listener.received.fail,
      complete: () => listener.received.fail('complete'),
    }));
  }

  let unsent = MESSAGES;
  let resets = 0;
  const stopResets = new AbortController();
  const resetting = (async () => {
    while (!stopResets.signal.aborted) {
      resets += proxy.resetConnections(() => Math.random() < 0.4);
      await sleep(10 + Math.random() * 60);
    }
  })();
  await Promise.all(senders.map(async (sender) => {
    while (unsent-- > 0) {
      const to = listeners[Math.floor(Math.random() * LISTENERS)];
      to.sent.push((await sender.send(to, `${unsent} to go`)).id);
    }
  }));
  stopResets.abort();
  await resetting;

  const faults = { lost: 0, duplicated: 0, outOfOrder: 0 };
  for (const { sent, received, request, start } of listeners) {
    await received.count(sent.length);

    const ids = received.items.map(({ id }) => id);
    const distinct = new Set(ids);
    faults.lost += sent.filter((id) => !distinct.has(id)).length;
    faults.duplicated += ids.length - distinct.size;
    const last = new Map();
    for (const { conversationId, seq } of received.items) {
      if (seq !== (last.get(conversationId) ?? 0) + 1) faults.outOfOrder += 1;
      last.set(conversationId, seq);
    }
    // Across conversations the order is that of the feed.
    assert.deepEqual(ids, await readFeed(request, start));
  }

  t.diagnostic(`${MESSAGES} messages, ${resets} resets`);
  assert.deepEqual(faults, { lost: 0, duplicated: 0, outOfOrder: 0 });
  assert.ok(resets >= 30, `only ${resets} resets`);
});

/** The ids of all messages after a cursor, read page by page. */
async function readFeed(request, after) {
  const ids = [];
  for (let more = true; more; ) {
    const { events: page } = await request(PAGE, { after });
    ids.push(...page.events.flatMap(({ message }) => (message ? [message.id] : [])));
    more = page.hasMore;
    after = page.cursor;
  }
  return ids;
}
