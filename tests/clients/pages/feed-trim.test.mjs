// What the feed module does when messages are deleted by their age. The server looks once an hour and by days, so its answers
// and events are given here.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { feedModule, until } from './feed-module.mjs';

const parlour = await feedModule();
const ADA = { id: 'ada', fullName: 'Ada', profilePic: null, deletedAt: null };
const BOB = { id: 'bob', fullName: 'Bob', profilePic: null, deletedAt: null };

const message = (seq, replyTo = null) => ({
  id: `m${seq}`, conversationId: 'c', seq, sender: BOB, text: `text ${seq}`, image: null, version: 1, editedAt: null, deletedAt: null,
  createdAt: `2026-01-01T00:00:0${seq}.000Z`, countsAsUnread: true, pinnedAt: null, system: null, reactions: [], mentions: [],
  mentionsEveryone: false, replyTo: replyTo && { id: `m${replyTo}`, seq: replyTo, text: `text ${replyTo}`, deletedAt: null, sender: { id: BOB.id } },
});

/** A server with a conversation of six messages, of which one is a reply to the second. */
function fakeServer() {
  const server = { firstSeq: 1, lastReadSeq: 0, asked: [], emit: () => {} };
  const conversation = () => ({
    id: 'c', kind: 'DIRECT', title: null, otherUser: BOB, memberCount: 2, lastMessage: server.firstSeq > 6 ? null : message(6), firstSeq: server.firstSeq,
    lastSeq: 6, lastReadSeq: server.lastReadSeq, unreadCount: 6 - Math.max(server.lastReadSeq, server.firstSeq - 1), unreadMentionCount: 0,
    posting: 'EVERYONE', viewerCan: [], own: null, createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z',
  });
  const pageInfo = { hasNextPage: false, endCursor: null };
  server.transport = {
    async request(document) {
      const name = /(?:query|mutation) (\w+)/.exec(String(document))[1];
      server.asked.push(name);
      if (name === 'Snapshot') return { feedCursor: '0', me: { ...ADA, email: '' }, conversations: { nodes: [conversation()], pageInfo }, blockedUsers: { nodes: [], pageInfo } };
      if (name === 'HistoryPage') {
        const nodes = [1, 2, 3, 4, 5, 6].filter((seq) => seq >= server.firstSeq).map((seq) => message(seq, seq === 5 && server.firstSeq <= 2 ? 2 : null));
        return { messages: { nodes } };
      }
      return { conversation: conversation() };
    },
    subscribe(document, _, sink) {
      if (String(document).includes('subscription Events')) {
        server.emit = (event) => sink.next({ events: { cursor: '1', ...event } });
        queueMicrotask(() => server.emit({ __typename: 'CaughtUp' }));
      }
      return () => {};
    },
    onDisconnect: () => () => {},
    onRetryNow: () => () => {},
  };
  return server;
}

async function start(t, server) {
  const feed = new parlour.Feed({ transport: server.transport, outbox: parlour.memoryStore(), onSignedOut: () => {} });
  t.after(() => feed.stop());
  await feed.start();
  await until(feed, ({ status }) => status === 'live');
  return feed;
}

const seqs = (feed) => [1, 2, 3, 4, 5, 6].filter((seq) => feed.history('c').at(seq));

describe('messages that are deleted by their age', () => {
  test('are forgotten, as are quotes of them, and are not asked for again', async (t) => {
    const server = fakeServer();
    const feed = await start(t, server);
    feed.history('c').ensureLoaded(1, 6);
    await until(feed, () => feed.history('c').at(6));
    assert.equal(feed.history('c').at(5).replyTo.id, 'm2');
    assert.equal(feed.conversation('c').unreadCount, 6);

    server.firstSeq = 4;
    server.emit({ __typename: 'HistoryTrimmed', conversationId: 'c', beforeSeq: 4 });

    assert.deepEqual(seqs(feed), [4, 5, 6]);
    assert.equal(feed.history('c').at(5).replyTo, null);
    const { firstSeq, lastReadSeq, unreadCount, lastMessage } = feed.conversation('c');
    assert.deepEqual([firstSeq, lastReadSeq, unreadCount, lastMessage.seq], [4, 3, 3, 6]);
    const before = server.asked.length;
    feed.history('c').ensureLoaded(1, 6);
    await new Promise(setImmediate);
    assert.ok(!server.asked.slice(before).includes('HistoryPage'), server.asked.join(' '));
  });

  test('leave a conversation without messages, which has no last one', async (t) => {
    const server = fakeServer();
    const feed = await start(t, server);
    feed.history('c').ensureLoaded(1, 6);
    await until(feed, () => feed.history('c').at(6));

    server.firstSeq = 7;
    server.emit({ __typename: 'HistoryTrimmed', conversationId: 'c', beforeSeq: 7 });

    assert.deepEqual(seqs(feed), []);
    const { lastSeq, lastReadSeq, unreadCount, lastMessage } = feed.conversation('c');
    assert.deepEqual([lastSeq, lastReadSeq, unreadCount, lastMessage], [6, 6, 0, null]);
    // The next one is found where it is.
    server.emit({ __typename: 'MessageAdded', message: { ...message(7), id: 'm7' } });
    assert.equal(feed.history('c').at(7).text, 'text 7');
    assert.equal(feed.conversation('c').unreadCount, 1);
  });

  test('were never there for one who comes later', async (t) => {
    const server = Object.assign(fakeServer(), { firstSeq: 4 });
    const feed = await start(t, server);
    feed.history('c').ensureLoaded(1, 6);
    await until(feed, () => feed.history('c').at(6));
    assert.deepEqual(seqs(feed), [4, 5, 6]);
    assert.equal(feed.conversation('c').lastReadSeq, 3);
    // An event of before, in a replay.
    server.emit({ __typename: 'MessageChanged', message: { ...message(2), version: 2 } });
    assert.deepEqual(seqs(feed), [4, 5, 6]);
  });
});
