// What happened in a group, one's own side of a conversation, and what is pinned: on the pages of everybody it concerns.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signUp } from '../people.mjs';
import { assertAccessible } from './accessibility.mjs';
import { messageWith, requestInPage, screenshot, sendText, sidebarRow } from './people-in-browser.mjs';
import { startTwoPeople } from './setup.mjs';

describe('one’s own side, lines and pins', { timeout: 120_000 }, () => {
  let server, ada, bob, carol, groupId, page, close;
  before(async () => {
    ({ server, ada, bob, close } = await startTwoPeople());
    ({ page } = ada);
    carol = await signUp(server, 'Carol Shaw');
    groupId = await carol.createGroup('Engine', ada);
    await sidebarRow(ada, 'Engine').click();
  });
  after(() => close?.());

  const line = (person, text) => person.page.locator('.system-line', { hasText: text });
  const choose = async (person, item) => {
    await person.page.getByRole('button', { name: 'Options of this conversation' }).click();
    await person.page.getByRole('menuitem', { name: item, exact: true }).click();
  };

  test('lines say what happened, in the words of the one who reads them', async () => {
    await line(ada, 'Carol Shaw created the group “Engine”').waitFor();
    await carol.request('mutation ($id: ID!, $bob: ID!) { addMembers(conversationId: $id, userIds: [$bob]) { id } }', { id: groupId, bob: bob.id });
    await line(ada, 'Carol Shaw added Bob Byron').waitFor();
    await sidebarRow(bob, 'Engine').click();
    await line(bob, 'Carol Shaw added you').waitFor();
    await carol.request('mutation ($id: ID!) { updateConversation(id: $id, title: "Analytical Engine") { id } }', { id: groupId });
    await line(bob, 'Carol Shaw named the group “Analytical Engine”').waitFor();
    await assertAccessible(bob, 'lines of what happened');
    await screenshot(bob, 'pages-lines');
    // They count for nobody, and have no actions.
    await sidebarRow(ada, 'Analytical Engine').waitFor();
    assert.equal(await line(ada, 'added Bob').getByRole('button').count(), 0);
    await page.getByRole('navigation').getByText('named the group').waitFor();
  });

  test('muting, favourites and the archive hold on all devices', async () => {
    const other = await ada.tab();
    // A page in the background draws slowly.
    await page.bringToFront();
    await choose(ada, 'Only mentions');
    await choose(ada, 'Mute');
    await sidebarRow(other, 'Analytical Engine').getByLabel('muted').waitFor();
    await choose(ada, 'Add to favourites');
    await sidebarRow(other, 'Analytical Engine').getByLabel('favourite').waitFor();
    await assertAccessible(other, 'a favourite that is muted');
    await screenshot(other, 'pages-favourite');
    await choose(ada, 'Remove from favourites');
    await choose(ada, 'Archive');
    await other.page.getByRole('button', { name: 'Archived (1)' }).click();
    await sidebarRow(other, 'Analytical Engine').waitFor();
    await assertAccessible(other, 'the archive');
    await choose(ada, 'Take out of the archive');
    await other.page.getByRole('button', { name: 'Archived (1)' }).waitFor({ state: 'detached' });
    await choose(ada, 'Unmute');
    await sidebarRow(other, 'Analytical Engine').getByLabel('muted').waitFor({ state: 'detached' });
    await sidebarRow(other, 'Analytical Engine').getByLabel('only mentions').waitFor();
    await choose(ada, 'All messages');
    // A mark as unread is taken away by hand, or by opening the conversation.
    const marked = sidebarRow(other, 'Analytical Engine.*Marked as unread');
    await choose(ada, 'Mark as unread');
    await marked.waitFor();
    await choose(ada, 'Mark as read');
    await marked.waitFor({ state: 'detached' });
    await choose(ada, 'Mark as unread');
    await other.page.bringToFront();
    await marked.click();
    for (const person of [other, ada]) await sidebarRow(person, 'Analytical Engine.*Marked as unread').waitFor({ state: 'detached' });
    await other.page.close();
  });

  test('what is archived comes back by itself, and what is muted is not in the title', async () => {
    const { conversationId } = await carol.send(ada, 'Hello');
    await sidebarRow(ada, 'Carol Shaw').click();
    await sidebarRow(ada, 'Carol Shaw.*unread').waitFor({ state: 'detached' });
    const update = (id, input) => requestInPage(
      ada, 'mutation ($id: ID!, $input: UpdateMembershipInput!) { updateMembership(conversation: { conversationId: $id }, input: $input) { id } }', { id, input },
    );
    const say = (text, ids) => carol.request(
      'mutation ($to: ID!, $text: String!, $ids: [ID!]) { sendMessage(input: { to: { conversationId: $to }, text: $text, mentionIds: $ids }) { seq } }',
      { to: groupId, text, ids },
    );
    await update(groupId, { notifications: 'NONE', archived: true });
    await update(conversationId, { archived: true });
    await page.getByRole('button', { name: 'Archived (2)' }).click();
    await say('Just words');
    await sidebarRow(ada, 'Analytical Engine.*Just words.*1 unread message').waitFor();
    assert.equal(await page.title(), 'Carol Shaw · Parlour');
    await page.getByRole('button', { name: 'Archived (2)' }).waitFor();
    await say('And you, Ada?', [ada.id]);
    await page.getByRole('button', { name: 'Archived (1)' }).waitFor();
    await carol.send(ada, 'Hello again');
    await page.getByRole('button', { name: /^Archived/ }).waitFor({ state: 'detached' });
    await update(groupId, { notifications: 'ALL' });
    await page.waitForFunction(() => document.title.startsWith('(2)'));
    await sidebarRow(ada, 'Analytical Engine').click();
  });

  test('a message is pinned and found, by those who may', async () => {
    await carol.request('mutation ($id: ID!, $user: ID!) { setMemberRole(conversationId: $id, userId: $user, role: ADMIN) { id } }', { id: groupId, user: ada.id });
    await line(ada, 'Carol Shaw made you admin').waitFor();
    await sendText(ada, 'The notes are in the drawer');
    await messageWith(bob, 'in the drawer').waitFor();
    const menu = async (person) => {
      await messageWith(person, 'in the drawer').last().hover();
      await messageWith(person, 'in the drawer').last().getByRole('button', { name: 'More about this message' }).click();
      return person.page.getByRole('dialog', { name: 'Message' });
    };
    const bobs = await menu(bob);
    await bobs.getByRole('button', { name: 'Reply' }).waitFor();
    assert.equal(await bobs.getByRole('button', { name: 'Pin', exact: true }).count(), 0);
    await bob.page.keyboard.press('Escape');
    await (await menu(ada)).getByRole('button', { name: 'Pin', exact: true }).click();
    const bar = bob.page.getByRole('button', { name: /^Pinned The notes/ });
    await bar.waitFor();
    await line(bob, 'Ada Lovelace pinned “The notes').waitFor();
    await assertAccessible(bob, 'a pinned message');
    await screenshot(bob, 'pages-pinned');
    await bar.click();
    await bob.page.locator('[data-found]', { hasText: 'in the drawer' }).waitFor();
    await page.locator('[data-seq]:not(.system-line)', { hasText: 'in the drawer' }).hover();
    await page.locator('[data-seq]:not(.system-line)', { hasText: 'in the drawer' }).getByRole('button', { name: 'More about this message' }).click();
    await page.getByRole('dialog', { name: 'Message' }).getByRole('button', { name: 'Unpin' }).click();
    await bar.waitFor({ state: 'detached' });
  });

  test('where only admins write, others see that', async () => {
    await carol.request('mutation ($id: ID!) { updateConversation(id: $id, posting: ADMINS) { id } }', { id: groupId });
    await bob.page.getByText('Only admins write here.').waitFor();
    assert.equal(await bob.page.getByRole('textbox', { name: 'Your message' }).count(), 0);
    await page.getByRole('textbox', { name: 'Your message' }).waitFor();
    await assertAccessible(bob, 'a group in which only admins write');
    for (const person of [ada, bob]) assert.deepEqual(person.problems, []);
  });
});
