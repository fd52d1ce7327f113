// What the owner and admins of a group set: its picture, who may write, and who it belongs to.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { png } from '../png.mjs';
import { assertAccessible } from './accessibility.mjs';
import { messageWith, requestInPage, screenshot, sendText, sidebarRow, startGroup } from './people-in-browser.mjs';
import { startTwoPeople } from './setup.mjs';

describe('settings of a group', { timeout: 120_000 }, () => {
  let ada, bob, page, close;
  before(async () => {
    ({ ada, bob, close } = await startTwoPeople());
    ({ page } = ada);
    await startGroup(ada);
    const form = page.getByRole('dialog', { name: 'New group' });
    await form.getByLabel('Title').fill('Engine');
    await form.getByRole('checkbox', { name: 'Bob Byron' }).check();
    await form.getByRole('button', { name: 'Create group' }).click();
    await sidebarRow(bob, 'Engine').click();
    await bob.page.getByRole('textbox', { name: 'Your message' }).waitFor();
  });
  after(() => close?.());

  const details = ({ page }) => page.getByRole('dialog', { name: 'Engine' });
  const open = async (person) => {
    await person.page.getByRole('button', { name: 'Group details' }).click();
    await details(person).getByRole('heading', { name: '2 members' }).waitFor();
  };
  const line = ({ page }, text) => page.locator('.system-line', { hasText: text });
  const field = ({ page }) => page.getByRole('textbox', { name: 'Your message' });

  test('a picture of the group is seen by everybody, and taken away again', async () => {
    await open(ada);
    const picture = details(ada).getByRole('group', { name: 'Picture of the group' });
    await picture.locator('input[type=file]').setInputFiles({
      name: 'engine.png', mimeType: 'image/png', buffer: png(200, 200, (x, y) => [x, y, 160]),
    });
    await line(bob, 'Ada Lovelace changed the group’s picture').waitFor();
    const pictures = [sidebarRow(bob, 'Engine').locator('.avatar img'), bob.page.locator('.conversation-header .avatar img'), picture.locator('img')];
    for (const image of pictures) await image.evaluate((image) => image.decode());
    await assertAccessible(ada, 'the details of a group that one owns');
    await screenshot(ada, 'pages-group-picture');
    await screenshot(bob, 'pages-group-with-picture');
    // Over a reload, too.
    await bob.page.reload();
    await pictures[0].evaluate((image) => image.decode());
    await picture.getByRole('button', { name: 'Remove picture' }).click();
    await pictures[1].waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    // Bob is no admin, and changes nothing.
    await open(bob);
    assert.equal(await details(bob).getByRole('group', { name: 'Picture of the group' }).count(), 0);
    assert.equal(await details(bob).getByRole('radio').count(), 0);
    await bob.page.keyboard.press('Escape');
  });

  test('a group for announcements says so where others would write, and opens again', async () => {
    await field(bob).fill('A thought');
    await open(ada);
    await details(ada).getByRole('radio', { name: 'Only admins' }).check();
    await bob.page.getByText('Only admins write here.').waitFor();
    assert.equal(await field(bob).count(), 0);
    await assertAccessible(bob, 'a group for announcements');
    await screenshot(bob, 'pages-announcements');
    await page.keyboard.press('Escape');
    await sendText(ada, 'Read this');
    await messageWith(bob, 'Read this').waitFor();
    await open(ada);
    await details(ada).getByRole('radio', { name: 'Everyone' }).check();
    await page.keyboard.press('Escape');
    await field(bob).waitFor();
    // What was being written is still there.
    assert.equal(await field(bob).inputValue(), 'A thought');
    await field(bob).press('Enter');
    await messageWith(ada, 'A thought').waitFor();
  });

  test('how long messages are kept is shown and set by those who may', async () => {
    const kept = async () => {
      const ask = 'query ($id: ID!) { conversation(by: { conversationId: $id }) { retentionDays } }';
      return (await requestInPage(ada, ask, { id: new URL(page.url()).pathname.split('/').pop() })).conversation.retentionDays;
    };
    await open(ada);
    const days = details(ada).getByLabel('Delete messages after this many days');
    assert.equal(await days.inputValue(), '');
    await days.fill('30');
    await days.press('Enter');
    await page.getByText('Saved', { exact: true }).waitFor();
    assert.equal(await kept(), 30);
    await assertAccessible(ada, 'the retention of a group');
    await page.keyboard.press('Escape');
    await open(ada);
    await page.waitForFunction(() => document.querySelector('input[name=days]')?.value === '30');
    const isSet = page.waitForResponse((response) => response.request().postData()?.includes('SetRetention') ?? false);
    await days.fill('');
    await days.press('Enter');
    await isSet;
    assert.equal(await kept(), null);
    await page.keyboard.press('Escape');
    await open(bob);
    assert.equal(await details(bob).getByLabel('Delete messages after this many days').count(), 0);
    await bob.page.keyboard.press('Escape');
  });

  test('who opens a group sees what they may do there, also if that has changed since', async () => {
    const create = 'mutation ($id: ID!) { createConversation(input: { title: "News", memberIds: [$id] }) { id } }';
    const { createConversation: { id } } = await requestInPage(ada, create, { id: bob.id });
    await sidebarRow(bob, 'News').waitFor();
    const { updateConversation } = await requestInPage(ada, 'mutation ($id: ID!) { updateConversation(id: $id, posting: ADMINS, title: "Notices") { posting } }', { id });
    assert.equal(updateConversation.posting, 'ADMINS');
    await sidebarRow(bob, 'Notices').click();
    await bob.page.getByText('Only admins write here.').waitFor();
    assert.equal(await field(bob).count(), 0);
    await sidebarRow(bob, 'Engine').click();
    await field(bob).waitFor();
  });

  test('an owner makes admins, and hands the group over', async () => {
    await open(ada);
    const choose = async (item) => {
      await details(ada).getByRole('button', { name: 'Options for Bob Byron' }).click();
      await page.getByRole('menuitem', { name: item }).click();
    };
    await details(ada).getByRole('button', { name: 'Options for Bob Byron' }).click();
    await page.getByRole('menuitem', { name: 'Make admin' }).waitFor();
    await assertAccessible(ada, 'the menu of a member');
    await screenshot(ada, 'pages-member-menu');
    await page.getByRole('menuitem', { name: 'Make admin' }).click();
    await line(bob, 'Ada Lovelace made you admin').waitFor();
    await details(ada).getByText('admin', { exact: true }).waitFor();
    await choose('Make owner');
    const question = page.getByRole('alertdialog', { name: 'Make Bob Byron the owner?' });
    await assertAccessible(ada, 'the question before a group is handed over');
    await question.getByRole('button', { name: 'Cancel' }).click();
    await choose('Make owner');
    await question.getByRole('button', { name: 'Make owner' }).click();
    await line(bob, 'Ada Lovelace made you owner').waitFor();
    // She is an admin now: she still changes the group, and no roles.
    await details(ada).getByRole('button', { name: 'Options for Bob Byron' }).waitFor({ state: 'detached' });
    await details(ada).getByRole('radio', { name: 'Only admins' }).waitFor();
    assert.deepEqual(await details(ada).locator('.members .tag').allTextContents(), ['admin', 'owner']);
    await page.keyboard.press('Escape');
    await open(bob);
    await details(bob).getByRole('button', { name: 'Options for Ada Lovelace' }).click();
    await bob.page.getByRole('menuitem', { name: 'Make member' }).click();
    await line(ada, 'Bob Byron made you member').waitFor();
    const { me } = await requestInPage(ada, '{ me { fullName } }');
    assert.equal(me.fullName, 'Ada Lovelace');
    for (const person of [ada, bob]) assert.deepEqual(person.problems, []);
  });
});
