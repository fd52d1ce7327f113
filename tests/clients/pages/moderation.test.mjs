// What moderators of the server see and do: reports, and what was done about them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signUp } from '../people.mjs';
import { assertAccessible } from './accessibility.mjs';
import { messageWith, openConversation, requestInPage, screenshot, sendText, sidebarRow, waitForSignInPage } from './people-in-browser.mjs';
import { startTwoPeople } from './setup.mjs';

describe('reports for moderators', { timeout: 120_000 }, () => {
  let server, ada, bob, carol, page, close;
  before(async () => {
    ({ server, ada, bob, close } = await startTwoPeople());
    ({ page } = ada);
    carol = await signUp(server, 'Carol Shaw');
    await openConversation(bob, 'Carol Shaw');
    await sendText(bob, 'Buy my cards!');
    await messageWith(bob, 'Buy my cards!').waitFor();
  });
  after(() => close?.());

  const openMenu = ({ page }) => page.getByRole('button', { name: 'Your account' }).click();
  const dialog = () => page.getByRole('dialog', { name: 'Reports' });
  const report = (name) => dialog().getByRole('article', { name });
  const file = (target, reason, comment) => carol.request(
    'mutation ($input: ReportInput!) { report(input: $input) }', { input: { target, reason, comment } },
  );

  test('only moderators find them', async () => {
    await openMenu(ada);
    await page.getByRole('menuitem', { name: 'Settings' }).waitFor();
    await page.waitForLoadState('networkidle');
    assert.equal(await page.getByRole('menuitem', { name: 'Reports to moderators' }).count(), 0);
    await page.keyboard.press('Escape');
    await server.run('user', 'grant', ada.email, 'moderator');
    await openMenu(ada);
    await page.getByRole('menuitem', { name: 'Reports to moderators' }).waitFor();
    await assertAccessible(ada, 'the menu of a moderator');
    await page.getByRole('menuitem', { name: 'Reports to moderators' }).click();
    await dialog().getByText('Nothing is waiting for you.').waitFor();
    await assertAccessible(ada, 'no reports');
    await page.keyboard.press('Escape');
  });

  test('a report shows what was reported; it is dismissed, with a note, or the message is deleted', async () => {
    const { conversations } = await carol.request('{ conversations { nodes { lastMessage { id } } } }');
    const messageId = conversations.nodes[0].lastMessage.id;
    const groupId = await carol.createGroup('Cards', bob);
    await file({ messageId }, 'SPAM', 'Every day');
    await file({ conversationId: groupId }, 'OTHER', 'I made it by mistake');
    await openMenu(ada);
    await page.getByRole('menuitem', { name: 'Reports to moderators' }).click();
    const message = report('Message by Bob Byron');
    await message.getByText('Buy my cards!').waitFor();
    for (const text of ['Spam or advertising', 'Every day', /Reported by Carol Shaw/, /a direct conversation/]) await message.getByText(text).waitFor();
    await assertAccessible(ada, 'open reports');
    await screenshot(ada, 'pages-reports');
    // No way into the conversation.
    assert.equal(await message.getByRole('link').count(), 0);

    const group = report('Group “Cards”');
    assert.equal(await group.getByRole('button', { name: 'Suspend' }).count(), 0);
    await group.getByRole('textbox', { name: 'Note' }).fill('Told her how to leave it');
    await group.getByRole('button', { name: 'Dismiss' }).click();
    await group.getByText(/^Dismissed by Ada Lovelace/).waitFor();
    await group.getByText('Told her how to leave it').waitFor();
    await message.getByRole('button', { name: 'Delete message' }).click();
    await page.getByRole('alertdialog', { name: 'Delete this message?' }).getByRole('button', { name: 'Delete message' }).click();
    await message.getByText(/^Message deleted by Ada Lovelace/).waitFor();
    await messageWith(bob, 'This message was deleted.').waitFor();
    await dialog().getByRole('tab', { name: 'Closed' }).click();
    const closed = dialog().getByRole('tabpanel', { name: 'Closed' }).getByRole('article');
    await closed.filter({ hasText: 'Buy my cards!' }).waitFor();
    assert.equal(await closed.count(), 2);
    await assertAccessible(ada, 'closed reports');
    await screenshot(ada, 'pages-reports-closed');
    await page.keyboard.press('Escape');
  });

  test('who is suspended is logged out, and not let in again', async () => {
    await file({ userId: bob.id }, 'IMPERSONATION');
    await openMenu(ada);
    await page.getByRole('menuitem', { name: 'Reports to moderators' }).click();
    const about = report('Profile of Bob Byron');
    await about.getByRole('textbox', { name: 'Note' }).fill('Third time');
    await about.getByRole('button', { name: 'Suspend person' }).click();
    const question = page.getByRole('alertdialog', { name: 'Suspend Bob Byron?' });
    await assertAccessible(ada, 'the question before somebody is suspended');
    await screenshot(ada, 'pages-suspend');
    await question.getByRole('button', { name: 'Suspend person' }).click();
    await about.getByText(/^Person suspended by Ada Lovelace/).waitFor();
    await waitForSignInPage(bob);
    await bob.page.getByLabel('E-mail').fill(bob.email);
    await bob.page.getByLabel('Password').fill('correct horse battery');
    await bob.page.getByRole('button', { name: 'Log in' }).click();
    await bob.page.getByRole('alert').waitFor();
    await screenshot(bob, 'pages-suspended');
  });

  test('a moderator is not suspended by another one, and the report stays open', async () => {
    await page.keyboard.press('Escape');
    await server.run('user', 'grant', carol.email, 'moderator');
    await requestInPage(ada, 'mutation ($id: ID!) { report(input: { target: { userId: $id }, reason: HARASSMENT }) }', { id: carol.id });
    await openMenu(ada);
    await page.getByRole('menuitem', { name: 'Reports to moderators' }).click();
    const about = report('Profile of Carol Shaw');
    await about.getByRole('button', { name: 'Suspend person' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Suspend person' }).click();
    await page.getByRole('alert').getByText('A moderator cannot be suspended here').waitFor();
    await about.getByRole('button', { name: 'Dismiss' }).click();
    await about.getByText(/^Dismissed by Ada Lovelace/).waitFor();
    assert.deepEqual(ada.problems, []);
  });
});
