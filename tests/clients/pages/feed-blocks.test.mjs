// That the feed module knows whom the user has blocked before there is anything to show, however many they are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { feedModule } from './feed-module.mjs';

const parlour = await feedModule();
const person = (id) => ({ id, fullName: id.toUpperCase(), profilePic: null, deletedAt: null });

/** A server with three pages of blocked people. */
function fakeTransport() {
  const page = (id, endCursor) => ({ nodes: [person(id)], pageInfo: { hasNextPage: endCursor !== null, endCursor } });
  return {
    async request(document, { after }) {
      const name = /query (\w+)/.exec(String(document))[1];
      if (name === 'BlockedUsers') return { blockedUsers: page(after === 'bob' ? 'carol' : 'dora', after === 'bob' ? 'carol' : null) };
      assert.equal(name, 'Snapshot');
      const conversations = { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };
      return { feedCursor: '0', me: { ...person('ada'), email: '' }, conversations, blockedUsers: page('bob', 'bob') };
    },
    subscribe: () => () => {},
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
