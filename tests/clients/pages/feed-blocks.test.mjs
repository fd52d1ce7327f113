// That the feed module knows whom the user has blocked before there is anything to show, however many they are, and that none
// of them calls the user.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { feedModule, until } from './feed-module.mjs';

const parlour = await feedModule();
const person = (id) => ({ id, fullName: id.toUpperCase(), profilePic: null, deletedAt: null });

const messageBy = (sender, seq) => ({
  id: `m${seq}`, conversationId: 'c', seq, sender: person(sender), text: '@everyone', image: null, version: 1, editedAt: null, deletedAt: null,
  createdAt: `2026-01-01T00:00:0${seq}.000Z`, countsAsUnread: true, pinnedAt: null, system: null, reactions: [], mentions: [],
  mentionsEveryone: true, replyTo: null,
});

const archivedGroup = {
  id: 'c', kind: 'GROUP', title: 'Engine', otherUser: null, memberCount: 3, lastMessage: null, firstSeq: 1, lastSeq: 0, lastReadSeq: 0, unreadCount: 0,
  unreadMentionCount: 0, posting: 'EVERYONE', viewerCan: [], createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z',
  own: { role: 'MEMBER', notifications: 'ALL', mutedUntil: null, archived: true, favorite: false, markedUnread: false },
};

/** A server with three pages of blocked people, and a group in the archive. Hands out how to send an event. */
function fakeTransport(onEvents = () => {}) {
  const page = (id, endCursor) => ({ nodes: [person(id)], pageInfo: { hasNextPage: endCursor !== null, endCursor } });
  return {
    async request(document, { after }) {
      const name = /query (\w+)/.exec(String(document))[1];
      if (name === 'BlockedUsers') return { blockedUsers: page(after === 'bob' ? 'carol' : 'dora', after === 'bob' ? 'carol' : null) };
      assert.equal(name, 'Snapshot');
      const conversations = { nodes: [archivedGroup], pageInfo: { hasNextPage: false, endCursor: null } };
      return { feedCursor: '0', me: { ...person('ada'), email: '' }, conversations, blockedUsers: page('bob', 'bob') };
    },
    subscribe(document, _, sink) {
      if (String(document).includes('subscription Events')) {
        onEvents((event) => sink.next({ events: { cursor: '1', ...event } }));
        queueMicrotask(() => sink.next({ events: { cursor: '1', __typename: 'CaughtUp' } }));
      }
      return () => {};
    },
    onDisconnect: () => () => {},
    onRetryNow: () => () => {},
  };
}

test('everybody whom the user has blocked is known with the first picture', async (t) => {
  const feed = new parlour.Feed({ transport: fakeTransport(), outbox: parlour.memoryStore(), onSignedOut: () => assert.fail('signed out') });
  t.after(() => feed.stop());
  const seen = [];
  feed.listen(() => { if (feed.me) seen.push([...feed.blocks.ids].sort().join(' ')); });
  await feed.start();
  await new Promise(setImmediate);
  assert.ok(seen.length > 0);
  assert.deepEqual([...new Set(seen)], ['bob carol dora']);
});

test('nobody whom the user has blocked calls them, or takes a group out of the archive', async (t) => {
  let emit;
  const transport = fakeTransport((next) => { emit = next; });
  const feed = new parlour.Feed({ transport, outbox: parlour.memoryStore(), onSignedOut: () => assert.fail('signed out') });
  t.after(() => feed.stop());
  await feed.start();
  await until(feed, ({ status }) => status === 'live');
  const state = () => [feed.conversation('c').unreadMentionCount, feed.conversation('c').own.archived];
  emit({ __typename: 'MessageAdded', message: messageBy('dora', 1) });
  assert.deepEqual([feed.conversation('c').lastSeq, ...state()], [1, 0, true]);
  emit({ __typename: 'MessageAdded', message: messageBy('eve', 2) });
  assert.deepEqual([feed.conversation('c').lastSeq, ...state()], [2, 1, false]);
});
