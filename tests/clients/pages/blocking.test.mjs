// Blocking somebody and reporting something, and what both sides see of it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signUp } from '../people.mjs';
import { assertAccessible } from './accessibility.mjs';
import { messageWith, openConversation, openSettings, requestInPage, screenshot, sendText, sidebarRow } from './people-in-browser.mjs';
import { startTwoPeople } from './setup.mjs';

describe('blocking and reporting', { timeout: 120_000 }, () => {
  let server, ada, bob, carol, groupId, page, close;
  before(async () => {
    ({ server, ada, bob, close } = await startTwoPeople());
    ({ page } = ada);
    carol = await signUp(server, 'Carol Shaw');
    await openConversation(ada, 'Bob Byron');
    await sendText(ada, 'Good morning');
    await openConversation(bob, 'Ada Lovelace');
    await messageWith(bob, 'Good morning').waitFor();
    groupId = await carol.createGroup('Engine', ada, bob);
  });
  after(() => close?.());

  const field = (person) => person.page.getByRole('textbox', { name: 'Your message' });
  const choose = async (person, item) => {
    await person.page.getByRole('button', { name: 'Options of this conversation' }).click();
    await person.page.getByRole('menuitem', { name: item, exact: true }).click();
  };
  const openSheet = async (person, text) => {
    await messageWith(person, text).hover();
    await messageWith(person, text).getByRole('button', { name: 'More about this message' }).click();
    return person.page.getByRole('dialog', { name: 'Message' });
  };
  const toast = ({ page }, text) => page.getByRole('region', { name: 'Notices' }).getByText(text);

  test('who is blocked on their card can write no more, and hears why nothing goes out', async () => {
    const other = await ada.tab(page.url().replace(ada.origin, ''));
    // Bob's page asks what he may do as soon as Ada seems to be offline. Here his message is faster.
    const isSent = Promise.withResolvers();
    await bob.page.route('**/graphql', async (route) => {
      if (route.request().postData()?.includes('query OneConversation')) await isSent.promise;
      await route.continue();
    });
    await page.getByRole('button', { name: 'Profile', exact: true }).click();
    const card = page.getByRole('dialog', { name: 'Profile' });
    await card.getByRole('button', { name: 'Block' }).waitFor();
    await assertAccessible(ada, 'the card of a person');
    await card.getByRole('button', { name: 'Block' }).click();
    const question = page.getByRole('alertdialog', { name: 'Block Bob Byron?' });
    await question.getByText('They are not told.').waitFor();
    await assertAccessible(ada, 'the question before a block');
    await screenshot(ada, 'pages-block-question');
    await question.getByRole('button', { name: 'Block' }).click();
    for (const one of [ada, other]) {
      await one.page.getByText('You have blocked Bob Byron.').waitFor();
      assert.equal(await field(one).count(), 0);
    }
    await assertAccessible(ada, 'a conversation with somebody who is blocked');
    await screenshot(ada, 'pages-blocked');
    await other.page.close();

    // Bob is not told. His message does not go out, and then he sees that he cannot write.
    await sendText(bob, 'Are you there?');
    await messageWith(bob, 'Are you there?').getByText('Not sent: you cannot write here any more.').waitFor();
    isSent.resolve();
    await bob.page.unrouteAll({ behavior: 'wait' });
    await bob.page.getByText('You cannot write to this person.').waitFor();
    await assertAccessible(bob, 'a refused message');
    await screenshot(bob, 'pages-blocked-by');
    await bob.page.getByRole('button', { name: 'Discard' }).click();
    assert.equal(await messageWith(ada, 'Are you there?').count(), 0);
    // What was written before can be deleted, but neither edited nor reacted to.
    await messageWith(ada, 'Good morning').hover();
    const actions = messageWith(ada, 'Good morning').getByRole('group', { name: 'Message actions' });
    await actions.getByRole('button', { name: 'Delete' }).waitFor();
    for (const name of ['Edit', 'React']) await actions.getByRole('button', { name }).waitFor({ state: 'detached' });
    const sheet = await openSheet(ada, 'Good morning');
    await sheet.getByRole('button', { name: 'Reply' }).waitFor();
    assert.equal(await sheet.getByRole('button', { name: /Edit|👍/ }).count(), 0);
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
  });

  test('in groups messages of who is blocked are hidden until one asks for them', async () => {
    await sidebarRow(bob, 'Engine').click();
    await sendText(bob, 'Has anybody seen the cards?');
    await messageWith(bob, 'the cards').waitFor();
    await sidebarRow(ada, 'Engine.*Hidden message').click();
    const hidden = page.getByRole('article', { name: 'A message from somebody whom you have blocked.' });
    await hidden.waitFor();
    assert.equal(await page.getByText('Has anybody seen the cards?').count(), 0);
    await assertAccessible(ada, 'a hidden message');
    await screenshot(ada, 'pages-hidden-message');
    await hidden.getByRole('button', { name: 'Show' }).click();
    await messageWith(ada, 'Has anybody seen the cards?').waitFor();
    // Over a reload, too.
    await page.reload();
    await hidden.waitFor();
  });

  test('the list of blocked people ends a block', async () => {
    await openSettings(ada, 'Blocked people');
    const panel = page.getByRole('tabpanel', { name: 'Blocked people' });
    await panel.getByText('Bob Byron').waitFor();
    await assertAccessible(ada, 'the list of blocked people');
    await screenshot(ada, 'pages-blocked-people');
    await panel.getByRole('button', { name: 'Unblock Bob Byron' }).click();
    await panel.getByText('You have blocked nobody.').waitFor();
    await page.keyboard.press('Escape');
    await messageWith(ada, 'Has anybody seen the cards?').waitFor();
    await openConversation(ada, 'Bob Byron');
    await sendText(ada, 'Forgiven');
    // He can write again when he looks.
    await sidebarRow(bob, 'Ada Lovelace').click();
    await messageWith(bob, 'Forgiven').waitFor();
    await sendText(bob, 'Thank you');
    await messageWith(ada, 'Thank you').waitFor();
  });

  test('a direct conversation’s menu blocks and unblocks', async () => {
    await choose(ada, 'Block');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Block' }).click();
    await page.getByText('You have blocked Bob Byron.').waitFor();
    // No event says so to Bob, but Ada seems to be offline to him, and is back with the end of the block.
    await bob.page.getByText('You cannot write to this person.').waitFor();
    await choose(ada, 'Unblock');
    await field(ada).waitFor();
    await field(bob).waitFor();
    await page.locator('.composer-none').getByRole('button', { name: 'Unblock' }).waitFor({ state: 'detached' });
  });

  test('a block, and its end, by somebody who is offline are seen when the window gets the focus', async () => {
    await carol.send(bob, 'Hello Bob');
    await sidebarRow(bob, 'Carol Shaw').click();
    await messageWith(bob, 'Hello Bob').waitFor();
    const look = () => bob.page.evaluate(() => { dispatchEvent(new Event('focus')); });
    await carol.request('mutation ($id: ID!) { blockUser(userId: $id) { id } }', { id: bob.id });
    await look();
    await bob.page.getByText('You cannot write to this person.').waitFor();
    await carol.request('mutation ($id: ID!) { unblockUser(userId: $id) { id } }', { id: bob.id });
    await look();
    await field(bob).waitFor();
  });

  test('a message, a person and a group are reported, with a reason', async () => {
    const sheet = await openSheet(ada, 'Thank you');
    await sheet.getByRole('button', { name: 'Report' }).click();
    const form = page.getByRole('dialog', { name: 'Report this message' });
    await form.getByRole('radio', { name: 'Spam or advertising' }).check();
    await form.getByRole('textbox', { name: 'More about it (optional)' }).fill('Again and again');
    await assertAccessible(ada, 'the form of a report');
    await screenshot(ada, 'pages-report');
    await form.getByRole('button', { name: 'Send report' }).click();
    await toast(ada, 'Thank you. The moderators will look at it.').waitFor();
    await form.waitFor({ state: 'detached' });

    await choose(ada, 'Report');
    const person = page.getByRole('dialog', { name: 'Report Bob Byron' });
    await person.getByRole('radio', { name: 'Something else' }).check();
    // Then it has to say what.
    await person.getByRole('button', { name: 'Send report' }).click();
    assert.equal(await person.getByRole('textbox', { name: 'What is it?' }).evaluate((area) => area.validity.valueMissing), true);
    await person.getByRole('textbox', { name: 'What is it?' }).fill('He owes me a book');
    await person.getByRole('checkbox', { name: 'Also block Bob Byron' }).check();
    await person.getByRole('button', { name: 'Send report' }).click();
    await person.waitFor({ state: 'detached' });
    await page.getByText('You have blocked Bob Byron.').waitFor();
    await choose(ada, 'Unblock');

    await sidebarRow(ada, 'Engine').click();
    await choose(ada, 'Report');
    const group = page.getByRole('dialog', { name: 'Report “Engine”' });
    await group.getByRole('radio', { name: 'Against the law' }).check();
    assert.equal(await group.getByRole('checkbox').count(), 0);
    await group.getByRole('button', { name: 'Send report' }).click();
    await group.waitFor({ state: 'detached' });

    await server.run('user', 'grant', carol.email, 'moderator');
    const { reports } = await carol.request('{ reports { nodes { reason comment text user { fullName } conversationTitle reporter { fullName } } } }');
    assert.deepEqual(reports.nodes.map(({ reason, comment, reporter }) => [reason, comment, reporter.fullName]), [
      ['SPAM', 'Again and again', 'Ada Lovelace'], ['OTHER', 'He owes me a book', 'Ada Lovelace'], ['ILLEGAL', null, 'Ada Lovelace'],
    ]);
    assert.deepEqual(reports.nodes.map(({ text, user, conversationTitle }) => [text, user?.fullName, conversationTitle]), [
      ['Thank you', 'Bob Byron', null], ['Bob Byron', 'Bob Byron', null], [null, undefined, 'Engine'],
    ]);
  });

  test('who may delete what others wrote does so from the message, and nobody else', async () => {
    const actions = (person, text) => messageWith(person, text).getByRole('group', { name: 'Message actions' });
    await carol.request('mutation ($id: ID!) { sendMessage(input: { to: { conversationId: $id }, text: "What a silly idea" }) { id } }', { id: groupId });
    for (const person of [ada, bob]) {
      await sidebarRow(person, 'Engine').click();
      await messageWith(person, 'silly').hover();
      await actions(person, 'silly').getByRole('button', { name: 'Reply' }).waitFor();
      assert.equal(await actions(person, 'silly').getByRole('button', { name: 'Delete' }).count(), 0);
    }
    const { group } = await requestInPage(bob, 'query ($id: ID!) { group: conversation(by: { conversationId: $id }) { viewerCan } }', { id: groupId });
    assert.ok(!group.viewerCan.includes('DELETE_OTHERS_MESSAGES'));
    await carol.request('mutation ($id: ID!, $user: ID!) { setMemberRole(conversationId: $id, userId: $user, role: ADMIN) { id } }', { id: groupId, user: ada.id });
    await page.locator('.system-line', { hasText: 'made you admin' }).waitFor();
    await messageWith(ada, 'silly').hover();
    await actions(ada, 'silly').getByRole('button', { name: 'Delete' }).waitFor();
    const sheet = await openSheet(ada, 'silly');
    assert.equal(await sheet.getByRole('button', { name: 'Edit' }).count(), 0);
    await assertAccessible(ada, 'a message that one may delete and report');
    await screenshot(ada, 'pages-message-of-another');
    await sheet.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    for (const person of [ada, bob]) await messageWith(person, 'This message was deleted.').waitFor();
    // By the key on the message, too.
    await sendText(bob, 'Not mine either');
    await messageWith(ada, 'Not mine either').focus();
    await page.keyboard.press('Delete');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await messageWith(bob, 'Not mine either').waitFor({ state: 'detached' });
    for (const person of [ada, bob]) assert.deepEqual(person.problems.filter((problem) => !problem.includes('fonts')), []);
  });
});
