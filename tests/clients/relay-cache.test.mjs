// Relay's store follows from events alone, by its compiler's directives: edges go into a connection, and whatever has an id
// is updated where it is shown. Earlier pages and single objects are fetched again by `node`.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionHandler, createOperationDescriptor, fetchQuery, getSingularSelector, requestSubscription } from 'relay-runtime';
import { signUp } from './people.mjs';
import { recipe } from './recipes.mjs';
import { startServer } from './server.mjs';

const here = new URL('.', import.meta.url);

/** What the compiler makes of relay/screen.js, by name. */
function compiled() {
  const folder = new URL('generated/relay/', here);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('package.json', folder), '{ "type": "commonjs" }');
  execFileSync(new URL('node_modules/.bin/relay-compiler', here).pathname, ['relay.config.json'], { cwd: here, stdio: 'pipe' });
  const require = createRequire(folder);
  return (name) => require(`./${name}.graphql.js`);
}

test("Relay's store follows from events alone, and fetches pages and objects again by node", { timeout: 120_000 }, async (t) => {
  const artifact = compiled();
  const server = await startServer();
  t.after(() => server.dispose());
  const [ada, bob] = [await signUp(server, 'Ada'), await signUp(server, 'Bob')];
  const group = await ada.createGroup('Tea', bob);
  const send = (text) => ada.request(
    'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { id } }',
    { input: { to: { conversationId: group }, text } },
  ).then(({ sendMessage }) => sendMessage.id);
  for (const text of ['one', 'two', 'three']) await send(text);

  const store = (await recipe('relay.js')).environment(server.url, bob.token);
  let screens = 0;
  const { fetch } = globalThis;
  globalThis.fetch = (url, options) => {
    screens += String(options?.body).includes('query screenQuery');
    return fetch(url, options);
  };
  t.after(() => { globalThis.fetch = fetch; });
  const query = createOperationDescriptor(artifact('screenQuery'), { id: group });
  store.retain(query);
  await fetchQuery(store, artifact('screenQuery'), { id: group }).toPromise();

  /** What a component would be given: the screen, and its fragment. */
  const shown = () => {
    const { unread, conversation } = store.lookup(query.fragment).data;
    const selector = getSingularSelector(artifact('screen_history'), conversation);
    const { messages } = store.lookup(selector).data;
    const { title, memberCount, lastSeq } = conversation;
    const texts = messages.edges.map(({ node }) => `${node.sender.fullName}: ${node.text}`);
    return { unread: { ...unread }, title, memberCount, lastSeq, texts };
  };
  assert.deepEqual(shown(), {
    unread: { messages: 3, conversations: 1 }, title: 'Tea', memberCount: 2, lastSeq: 4, texts: ['Ada: two', 'Ada: three'],
  });

  const connections = [ConnectionHandler.getConnectionID(group, 'screen_messages')];
  const begun = new Promise((resolve, reject) => {
    const feed = requestSubscription(store, {
      subscription: artifact('screenFeedSubscription'),
      variables: { connections },
      onNext: resolve,
      onError: reject,
      // The one thing without an id: it hangs at the root.
      updater(records) {
        const unread = records.getRootField('events')?.getLinkedRecord('unread');
        if (unread) records.getRoot().setLinkedRecord(unread, 'unread');
      },
    });
    t.after(() => feed.dispose());
  });
  await begun;

  const id = await send('four');
  await ada.request('mutation ($id: ID!) { editMessage(id: $id, text: "vier") { id } }', { id });
  await ada.request('mutation ($id: ID!) { updateConversation(id: $id, title: "Coffee") { id } }', { id: group });
  await bob.request('mutation ($in: ConversationRef!) { markRead(conversation: $in, upToSeq: 4) { id } }', { in: { conversationId: group } });
  await ada.request('mutation { updateProfile(input: { fullName: "Ada L" }) { id } }');

  const wanted = {
    unread: { messages: 1, conversations: 1 }, title: 'Coffee', memberCount: 2, lastSeq: 6,
    texts: ['Ada L: two', 'Ada L: three', 'Ada L: vier', 'Ada L: null'],
  };
  for (const deadline = Date.now() + 30_000; ; await sleep(50)) {
    try {
      assert.deepEqual(shown(), wanted);
      break;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }

  // A refetchable fragment of a conversation: the page before.
  const { conversation } = store.lookup(query.fragment).data;
  const { pageInfo } = store.lookup(getSingularSelector(artifact('screen_history'), conversation)).data.messages;
  const earlier = { id: group, count: 2, before: pageInfo.startCursor };
  await fetchQuery(store, artifact('screenHistoryQuery'), earlier).toPromise();
  await sleep(50);
  // With the line of the new group.
  assert.deepEqual(shown().texts, ['Ada L: null', 'Ada L: one', ...wanted.texts]);

  // And of a member, whose id an event brought.
  const { conversation: { members } } = await bob.request(
    'query ($in: ConversationRef!) { conversation(by: $in) { members { nodes { id user { id } } } } }',
    { in: { conversationId: group } },
  );
  const own = members.nodes.find(({ user }) => user.id === bob.id);
  const fetched = await fetchQuery(store, artifact('screenMemberQuery'), { id: own.id }).toPromise();
  assert.ok(fetched.node);
  const member = store.lookup(getSingularSelector(artifact('screen_member'), fetched.node)).data;
  assert.deepEqual([member.id, member.lastReadSeq, member.user.fullName], [own.id, 4, 'Bob']);
  assert.equal(screens, 1, 'the screen was fetched once, and never again');
});
