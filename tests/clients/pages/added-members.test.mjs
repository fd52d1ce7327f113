// What people see of members who are added to a group later.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signUp } from '../people.mjs';
import { assertAccessible } from './accessibility.mjs';
import { messageWith, screenshot, sendText, sidebarRow, signUpInBrowser, visit } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

describe('members who are added later', { timeout: 120_000 }, () => {
  let server, browser, ada, bob, carol, close;
  before(async () => {
    ({ server, browser, close } = await startPages());
    ada = await signUpInBrowser(await visit(browser, server.url), 'Ada Lovelace');
    bob = await signUp(server, 'Bob Byron');
    carol = await signUp(server, 'Carol Somerville');
  });
  after(() => close?.());

  const add = (owner, id, ...people) => owner.request(
    'mutation ($id: ID!, $ids: [ID!]!) { addMembers(conversationId: $id, userIds: $ids) { id } }',
    { id, ids: people.map(({ id }) => id) },
  );
  const read = (person, conversationId, upToSeq) => person.request(
    'mutation ($id: ID!, $seq: Int!) { markRead(conversation: { conversationId: $id }, upToSeq: $seq) { id } }',
    { id: conversationId, seq: upToSeq },
  );
  const sendTo = (person, conversationId, text) => person.request(
    'mutation ($id: ID!, $text: String!) { sendMessage(input: { to: { conversationId: $id }, text: $text }) { id } }',
    { id: conversationId, text },
  );

  test('do not count as readers of what was sent before', async () => {
    const group = await bob.createGroup('Listeners', ada);
    await sidebarRow(ada, 'Listeners').click();
    await sendText(ada, 'before they came');
    await messageWith(ada, 'before they came').and(ada.page.locator('[data-seq]')).waitFor();
    await add(bob, group, carol);
    await ada.page.getByText('3 members').waitFor();
    await ada.page.getByText('Sent', { exact: true }).waitFor();
    assert.equal(await ada.page.getByText(/^Read/).count(), 0);
    // Whoever was there has read it: that is all of them.
    await read(bob, group, 2);
    await ada.page.getByText('Read by all', { exact: true }).waitFor();
    await sendText(ada, 'since they came');
    await messageWith(ada, 'since they came').and(ada.page.locator('[data-seq]')).waitFor();
    await read(carol, group, 4);
    await ada.page.getByText('Read by 1', { exact: true }).waitFor();
  });

  test('see a dot at the group until they open it, also after a reload, and if they were away', async () => {
    await ada.page.goto(ada.origin);
    const group = await bob.createGroup('Old friends', carol);
    await sendTo(bob, group, 'written before');
    const dot = (name) => sidebarRow(ada, name).getByText('You were added');
    await add(bob, group, ada);
    await dot('Old friends').waitFor();
    assert.equal(await ada.page.title(), 'Parlour', 'nothing is unread');
    await screenshot(ada, 'pages-added');
    await assertAccessible(ada, 'a group one was added to');
    await ada.page.reload();
    await dot('Old friends').waitFor();
    await sidebarRow(ada, 'Old friends').click();
    await messageWith(ada, 'written before').waitFor();
    await dot('Old friends').waitFor({ state: 'detached' });
    await ada.page.reload();
    await sidebarRow(ada, 'Old friends').waitFor();
    assert.equal(await dot('Old friends').count(), 0);

    await ada.page.goto('about:blank');
    const away = await bob.createGroup('While away', carol);
    await add(bob, away, ada);
    await ada.page.goto(ada.origin);
    await dot('While away').waitFor();
    assert.equal(await ada.page.getByText('You were added').count(), 1);
    // Messages are counted instead.
    await sendTo(bob, away, 'hello');
    await sidebarRow(ada, 'While away').getByText('1 unread message').waitFor();
    await dot('While away').waitFor({ state: 'detached' });
  });
});
