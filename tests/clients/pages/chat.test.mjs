// Two people, each in their own browser, use every feature of the pages.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertAccessible } from './accessibility.mjs';
import {
  chooseFromMenu, logIn, messageWith, openConversation, openSettings, screenshot, sendText, sidebarRow, signUpInBrowser, startGroup, visit, waitForSignInPage,
} from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

describe('a chat between two people', { timeout: 240_000 }, () => {
  let server, browser, ada, bob, close;
  before(async () => {
    ({ server, browser, close } = await startPages());
    ada = await visit(browser, server.url);
    bob = await visit(browser, server.url, { colorScheme: 'dark' });
  });
  after(() => close?.());

  test('explains errors of the sign-in form, and signs up without exposing a token to scripts', async () => {
    const { page } = ada;
    await assertAccessible(ada, 'log in');
    await page.getByLabel('E-mail').fill('nobody@example.com');
    await page.getByLabel('Password').fill('wrong horse battery');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('Wrong e-mail or password.').waitFor();
    await assertAccessible(ada, 'a refused log in');
    await screenshot(ada, 'pages-sign-in');

    const responses = [];
    page.on('response', async (response) => responses.push(await response.text().catch(() => '')));
    await signUpInBrowser(ada, 'Ada Lovelace');
    await signUpInBrowser(bob, 'Bob Byron');
    assert.ok(responses.some((text) => text.includes('"signup"')));
    assert.ok(responses.every((text) => !text.includes('"token"')));
    assert.equal(await page.evaluate(() => document.cookie), '');
    await page.getByText('No conversations yet').waitFor();
    await assertAccessible(ada, 'the empty list');
  });

  test('stays signed in over a reload', async () => {
    await ada.page.reload();
    await ada.page.getByRole('button', { name: 'Your account' }).getByText('Ada Lovelace').waitFor();
  });

  test('finds a person by name, and exchanges messages', async () => {
    await openConversation(ada, 'Bob Byron');
    await assertAccessible(ada, 'a conversation that is still to begin');
    await sendText(ada, 'Good morning Bob!');
    await messageWith(ada, 'Good morning').waitFor();
    await ada.page.waitForURL(/\/c\//);
    await sidebarRow(bob, 'Ada Lovelace.*1 unread message').waitFor();
    assert.match(await bob.page.title(), /^\(1\)/);

    await sidebarRow(bob, 'Ada Lovelace').click();
    await messageWith(bob, 'Good morning').waitFor();
    await sendText(bob, 'Good morning Ada, look at https://example.org/notes?a=1 and\n```\nlet x = 1;\n```');
    const link = messageWith(ada, 'look at').getByRole('link');
    assert.equal(await link.getAttribute('href'), 'https://example.org/notes?a=1');
    await messageWith(ada, 'look at').locator('pre', { hasText: 'let x = 1;' }).waitFor();
    await bob.page.waitForFunction(() => document.title === 'Ada Lovelace · Parlour');
    await assertAccessible(ada, 'a conversation');
    await assertAccessible(bob, 'a conversation in the dark');
  });

  test('shows who is online, and that a message was read', async () => {
    await ada.page.getByRole('heading', { name: 'Bob Byron', exact: true }).waitFor();
    await ada.page.getByText('Online', { exact: true }).waitFor();
    await sendText(ada, 'Are you reading this?');
    await ada.page.getByText('Read', { exact: true }).waitFor();
  });

  test('replies, and jumps to the quoted message', async () => {
    await messageWith(bob, 'Are you reading').hover();
    await messageWith(bob, 'Are you reading').getByRole('button', { name: 'Reply' }).click();
    await bob.page.getByText('Reply to Ada Lovelace').waitFor();
    await assertAccessible(bob, 'a reply');
    await sendText(bob, 'Every word of it.');
    const quote = messageWith(ada, 'Every word').getByTitle('Go to the message by Ada Lovelace');
    await quote.click();
    await ada.page.locator('[data-found]', { hasText: 'Are you reading' }).waitFor();
  });

  test('edits with the arrow key, which the other one sees at once, in quotes too', async () => {
    const field = ada.page.getByRole('textbox', { name: 'Your message' });
    await field.press('ArrowUp');
    await ada.page.getByText('Edit your message').waitFor();
    assert.equal(await field.inputValue(), 'Are you reading this?');
    await field.fill('Are you reading that?');
    await field.press('Enter');
    await messageWith(bob, 'Are you reading that?').getByText('edited').first().waitFor();
    await messageWith(bob, 'Every word').getByText('Are you reading that?').waitFor();
    // The field is restored after the edit.
    assert.equal(await field.inputValue(), '');
  });

  test('deletes after confirmation, and leaves a tombstone', async () => {
    await sendText(ada, 'This was a mistake.');
    await messageWith(bob, 'a mistake').waitFor();
    await messageWith(ada, 'a mistake').hover();
    await messageWith(ada, 'a mistake').getByRole('button', { name: 'Delete' }).click();
    await assertAccessible(ada, 'a question');
    await ada.page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await messageWith(bob, 'This message was deleted.').waitFor();
    assert.equal(await messageWith(bob, 'a mistake').count(), 0);
    // The message before it still has its ticks; nobody reads what was deleted.
    const receipts = ada.page.locator('.message-row', { has: ada.page.locator('.ticks') });
    assert.ok(await receipts.count() > 0);
    assert.equal(await receipts.getByText('This message was deleted.').count(), 0);
  });

  test('shows who is typing, until they send', async () => {
    await bob.page.getByRole('textbox', { name: 'Your message' }).pressSequentially('Wait');
    await ada.page.getByText('Bob Byron is typing …').waitFor();
    await sidebarRow(ada, 'Bob Byron.*typing').waitFor();
    await sendText(bob, 'Wait for it.');
    await messageWith(ada, 'Wait for it.').waitFor();
    await ada.page.getByText('Bob Byron is typing …').waitFor({ state: 'detached' });
  });

  test('searches messages, and opens them in their conversation', async () => {
    const search = ada.page.getByRole('searchbox', { name: 'Find people' });
    await search.fill('reading');
    const hit = ada.page.getByRole('navigation').getByRole('link', { name: 'Are you reading that?' });
    await hit.waitFor();
    await assertAccessible(ada, 'what was found');
    await screenshot(ada, 'pages-found');
    await hit.click();
    await ada.page.locator('[data-found]', { hasText: 'Are you reading that?' }).waitFor();
    assert.equal(await search.inputValue(), '');
  });

  test('works with the keyboard alone, and announces new messages to screen readers', async () => {
    const { page } = bob;
    const field = page.getByRole('textbox', { name: 'Your message' });
    await field.focus();
    // Skips the buttons for emoji and images.
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    await page.waitForFunction(() => document.activeElement?.closest('[role=feed]'));
    // From the buttons of the last message to the message, and up.
    await page.locator('article[tabindex="0"]').focus();
    const before = await page.evaluate(() => document.activeElement.dataset.seq);
    for (let up = 1; up <= 2; up += 1) {
      await page.keyboard.press('ArrowUp');
      await page.waitForFunction((seq) => document.activeElement.dataset.seq === String(seq), before - up);
    }
    await page.keyboard.press('r');
    await page.getByText(/^Reply to/).waitFor();
    await page.keyboard.press('Escape');
    await page.getByText(/^Reply to/).waitFor({ state: 'detached' });
    await field.press('Shift+Enter');
    assert.equal(await field.inputValue(), '\n');
    await field.fill('');
    await sendText(ada, 'Do you hear me?');
    await page.locator('[aria-live=polite]', { hasText: 'Ada Lovelace: Do you hear me?' }).waitFor({ state: 'attached' });
  });

  test('copies the text of a message, if the browser allows it', async () => {
    await sendText(ada, 'worth a copy');
    const copy = (person) => messageWith(person, 'worth a copy').getByRole('button', { name: 'Copy text' });
    await messageWith(ada, 'worth a copy').hover();
    await ada.page.evaluate(() => {
      navigator.clipboard.writeText = async () => { throw new DOMException('Write permission denied.', 'NotAllowedError'); };
    });
    await copy(ada).click();
    await ada.page.locator('.toast').getByText('Your browser did not allow this.').waitFor();
    await ada.page.evaluate(() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; });
    await copy(ada).click();
    await ada.page.getByText('Copied.').waitFor();
    assert.equal(await ada.page.evaluate(() => window.copied), 'worth a copy');

    // Without HTTPS there is neither a clipboard nor notifications.
    const plain = await ada.tab('/');
    await plain.page.addInitScript(() => {
      Object.defineProperty(window, 'isSecureContext', { value: false });
      Object.defineProperty(navigator, 'clipboard', { value: undefined });
      Notification.requestPermission = async () => 'denied';
    });
    await plain.page.goto(ada.page.url());
    await messageWith(plain, 'worth a copy').hover();
    await messageWith(plain, 'worth a copy').getByRole('button', { name: 'Reply' }).waitFor();
    assert.equal(await copy(plain).count(), 0);
    await openSettings(plain, 'Notifications');
    await plain.page.getByRole('checkbox', { name: 'Notify me of new messages' }).click();
    await plain.page.getByText('Notifications need HTTPS').waitFor();
    await plain.page.close();
  });

  test('creates a group, renames it, adds and removes members, and leaves', async () => {
    const carol = await signUpInBrowser(await visit(browser, server.url), 'Carol Shaw');
    await startGroup(ada);
    const dialog = ada.page.getByRole('dialog');
    await dialog.getByLabel('Title').fill('Engine');
    await dialog.getByLabel('Find people by name').fill('Bob');
    await dialog.getByRole('checkbox', { name: 'Bob Byron' }).check();
    await assertAccessible(ada, 'a new group');
    await screenshot(ada, 'pages-new-group');
    await dialog.getByRole('button', { name: 'Create group' }).click();
    await ada.page.getByRole('heading', { name: 'Engine' }).waitFor();
    await sendText(ada, 'Welcome to the engine.');

    await sidebarRow(bob, 'Engine.*Ada Lovelace.*Welcome').click();
    await bob.page.getByText('2 members').waitFor();

    await ada.page.getByRole('button', { name: 'Group details' }).click();
    await dialog.getByLabel('Title').fill('Difference Engine');
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await bob.page.getByRole('heading', { name: 'Difference Engine' }).waitFor();
    await dialog.getByRole('button', { name: 'Add people' }).click();
    await dialog.getByLabel('Find people by name').fill('Carol');
    await dialog.getByRole('checkbox', { name: 'Carol Shaw' }).check();
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await bob.page.getByText('3 members').waitFor();
    await sidebarRow(carol, 'Difference Engine').click();
    await messageWith(carol, 'Welcome to the engine.').waitFor();
    await assertAccessible(ada, 'the details of a group');
    await screenshot(ada, 'pages-group-details');

    await dialog.getByRole('button', { name: 'Remove Carol Shaw' }).click();
    const question = ada.page.getByRole('alertdialog', { name: 'Remove Carol Shaw?' });
    await assertAccessible(ada, 'a question before somebody is removed');
    await question.getByRole('button', { name: 'Cancel' }).click();
    await question.waitFor({ state: 'detached' });
    assert.ok(await dialog.getByRole('button', { name: 'Remove Carol Shaw' }).evaluate((button) => button === document.activeElement));
    await bob.page.getByText('3 members').waitFor();
    await ada.page.keyboard.press('Enter');
    await question.getByRole('button', { name: 'Remove' }).click();
    await carol.page.getByText('You are no longer in “Difference Engine”.').waitFor();
    await assertAccessible(carol, 'a conversation that is gone');
    assert.equal(await sidebarRow(carol, 'Difference Engine').count(), 0);
    await dialog.getByText('Carol Shaw').waitFor({ state: 'detached' });
    // Other members link to the conversation with them.
    assert.deepEqual(await dialog.getByRole('link').allTextContents(), ['Bob Byron']);
    assert.ok(await dialog.evaluate((dialog) => dialog.contains(document.activeElement)), 'the focus is in the dialog');
    await dialog.getByRole('link', { name: 'Bob Byron' }).click();
    await dialog.waitFor({ state: 'detached' });
    await ada.page.getByRole('heading', { name: 'Bob Byron' }).waitFor();
    await sidebarRow(ada, 'Difference Engine').click();

    await bob.page.getByRole('button', { name: 'Group details' }).click();
    await bob.page.getByRole('button', { name: 'Leave group' }).click();
    await bob.page.getByText('You can rejoin only').waitFor();
    await bob.page.getByRole('button', { name: 'Leave group' }).click();
    await bob.page.getByText('Select a conversation').waitFor();
    await ada.page.getByText('1 member', { exact: true }).waitFor();
    assert.deepEqual(carol.problems, []);
  });

  test('changes the name, which everyone sees at once, and the theme', async () => {
    await sidebarRow(bob, 'Ada Lovelace').click();
    await chooseFromMenu(ada, 'Settings');
    await ada.page.getByLabel('Your name').fill('Ada King');
    await ada.page.getByRole('button', { name: 'Save' }).click();
    await bob.page.getByRole('heading', { name: 'Ada King' }).waitFor();
    for (const section of ['Profile', 'Appearance', 'Notifications', 'Where you are logged in', 'Password and account']) {
      await ada.page.getByRole('tab', { name: section }).click();
      await ada.page.getByRole('tabpanel', { name: section }).waitFor();
      await assertAccessible(ada, `settings, ${section}`);
    }
    await ada.page.getByRole('tab', { name: 'Where you are logged in' }).click();
    await ada.page.getByText('this device').waitFor();
    await screenshot(ada, 'pages-settings');
    await ada.page.getByRole('tab', { name: 'Appearance' }).click();
    await ada.page.getByRole('radio', { name: 'Dark' }).check();
    await assertAccessible(ada, 'settings in the dark');
    assert.equal(await ada.page.evaluate(() => getComputedStyle(document.body).colorScheme), 'dark');
    await ada.page.keyboard.press('Escape');
    await ada.page.reload();
    assert.equal(await ada.page.evaluate(() => getComputedStyle(document.body).colorScheme), 'dark');
  });

  test('lists sessions, ends one, and changes the password', async () => {
    const elsewhere = await visit(browser, server.url);
    await logIn(elsewhere, ada);
    await openSettings(ada, 'Where you are logged in');
    const { page } = ada;
    await page.getByRole('button', { name: 'End session' }).click();
    await waitForSignInPage(elsewhere);
    await page.getByRole('button', { name: 'End session' }).waitFor({ state: 'detached' });
    await logIn(elsewhere, ada);
    await page.getByRole('tab', { name: 'Password and account' }).click();
    await page.getByLabel('Current password').fill('correct horse battery');
    await page.getByLabel('New password').fill('a fresh horse battery');
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('Your password has been changed.').first().waitFor();
    await waitForSignInPage(elsewhere);
    ada.password = 'a fresh horse battery';
    await logIn(elsewhere, ada);
    await page.keyboard.press('Escape');
    await elsewhere.context.close();
  });

  test('keeps two tabs of one person in sync', async () => {
    await sidebarRow(ada, 'Bob Byron').click();
    const second = await ada.tab();
    await sidebarRow(second, 'Bob Byron').click();
    await sendText(ada, 'From the first tab.');
    await messageWith(second, 'From the first tab.').waitFor();
    await sendText(second, 'From the second tab.');
    await messageWith(ada, 'From the second tab.').waitFor();
    assert.equal(await messageWith(ada, 'From the first tab.').count(), 1);

    await chooseFromMenu(ada, 'Log out');
    for (const tab of [ada, second]) await waitForSignInPage(tab);
    assert.deepEqual(second.problems, []);
  });

  test('erases a deleted account, on the pages of others too', async () => {
    await openSettings(bob, 'Password and account');
    await bob.page.getByText('Delete account').click();
    await bob.page.getByLabel('Confirm with your password').fill('correct horse battery');
    await assertAccessible(bob, 'leaving for good');
    const other = await visit(browser, server.url);
    await logIn(other, ada);
    await sidebarRow(other, 'Bob Byron').click();
    await messageWith(other, 'From the first tab.').waitFor();
    const { page } = bob;
    await page.getByRole('button', { name: 'Delete my account' }).click();
    await page.getByText('Your account has been deleted.').waitFor();
    await waitForSignInPage(bob);
    await other.page.getByRole('heading', { name: 'Deleted user' }).waitFor();
    await other.page.getByText('This account was deleted.').waitFor();
    // Nobody is online or offline there any more.
    assert.equal(await other.page.locator('.conversation-header-text .secondary').textContent(), '');
    assert.equal(await messageWith(other, 'Every word of it.').count(), 0);
  });

  test('logged no problems', () => {
    assert.deepEqual(ada.problems, []);
    assert.deepEqual(bob.problems, []);
  });
});
