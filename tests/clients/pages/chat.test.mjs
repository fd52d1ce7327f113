// Two people, each in a browser of their own, do with the pages all that one can do.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from '../browser.mjs';
import { startServer } from '../server.mjs';
import { isAccessible } from './axe.mjs';
import { join, logIn, menu, open, row, said, shot, signedOut, visit, write } from './people-in-browser.mjs';

describe('the pages, with two people', { timeout: 240_000 }, () => {
  let server, browser, ada, bob;
  before(async () => {
    server = await startServer();
    browser = await launch();
    ada = await visit(browser, server.url);
    bob = await visit(browser, server.url, { colorScheme: 'dark' });
  });
  after(async () => {
    await browser?.close();
    await server?.dispose();
  });

  test('explains what is wrong with a sign-up, and signs up without a token in reach', async () => {
    const { page } = ada;
    await isAccessible(ada, 'log in');
    await page.getByLabel('E-mail').fill('nobody@example.com');
    await page.getByLabel('Password').fill('wrong horse battery');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('Wrong e-mail or password.').waitFor();
    await isAccessible(ada, 'a refused log in');
    await shot(ada, 'pages-sign-in');

    const answers = [];
    page.on('response', async (response) => answers.push(await response.text().catch(() => '')));
    await join(ada, 'Ada Lovelace');
    await join(bob, 'Bob Byron');
    assert.ok(answers.some((text) => text.includes('"signup"')));
    assert.ok(answers.every((text) => !text.includes('"token"')));
    assert.equal(await page.evaluate(() => document.cookie), '');
    await page.getByText('No conversations yet').waitFor();
    await isAccessible(ada, 'the empty list');
  });

  test('stays signed in over a reload', async () => {
    await ada.page.reload();
    await ada.page.getByRole('button', { name: 'Your account' }).getByText('Ada Lovelace').waitFor();
  });

  test('finds somebody by name, and writes to and fro', async () => {
    await open(ada, 'Bob Byron');
    await isAccessible(ada, 'a conversation that is still to begin');
    await write(ada, 'Good morning Bob!');
    await said(ada, 'Good morning').waitFor();
    await ada.page.waitForURL(/\/c\//);
    await row(bob, 'Ada Lovelace.*1 unread message').waitFor();
    assert.match(await bob.page.title(), /^\(1\)/);

    await row(bob, 'Ada Lovelace').click();
    await said(bob, 'Good morning').waitFor();
    await write(bob, 'Good morning Ada, look at https://example.org/notes?a=1 and\n```\nlet x = 1;\n```');
    const link = said(ada, 'look at').getByRole('link');
    assert.equal(await link.getAttribute('href'), 'https://example.org/notes?a=1');
    await said(ada, 'look at').locator('pre', { hasText: 'let x = 1;' }).waitFor();
    await bob.page.waitForFunction(() => document.title === 'Parlour');
    await isAccessible(ada, 'a conversation');
    await isAccessible(bob, 'a conversation in the dark');
  });

  test('shows who is online, and that a message was read', async () => {
    await ada.page.getByRole('heading', { name: 'Bob Byron', exact: true }).waitFor();
    await ada.page.getByText('Online', { exact: true }).waitFor();
    await write(ada, 'Are you reading this?');
    await ada.page.getByText('Read', { exact: true }).waitFor();
  });

  test('replies, and goes to what was answered', async () => {
    await said(bob, 'Are you reading').hover();
    await said(bob, 'Are you reading').getByRole('button', { name: 'Reply' }).click();
    await bob.page.getByText('Reply to Ada Lovelace').waitFor();
    await isAccessible(bob, 'a reply');
    await write(bob, 'Every word of it.');
    const quote = said(ada, 'Every word').getByTitle('Go to the message by Ada Lovelace');
    await quote.click();
    await ada.page.locator('[data-found]', { hasText: 'Are you reading' }).waitFor();
  });

  test('edits with the arrow key, and the other sees it at once, in the quote too', async () => {
    const field = ada.page.getByRole('textbox', { name: 'Your message' });
    await field.press('ArrowUp');
    await ada.page.getByText('Edit your message').waitFor();
    assert.equal(await field.inputValue(), 'Are you reading this?');
    await field.fill('Are you reading that?');
    await field.press('Enter');
    await said(bob, 'Are you reading that?').getByText('edited').first().waitFor();
    await said(bob, 'Every word').getByText('Are you reading that?').waitFor();
    // What was edited leaves the field as it was.
    assert.equal(await field.inputValue(), '');
  });

  test('deletes after a question, and leaves a note', async () => {
    await write(ada, 'This was a mistake.');
    await said(bob, 'a mistake').waitFor();
    await said(ada, 'a mistake').hover();
    await said(ada, 'a mistake').getByRole('button', { name: 'Delete' }).click();
    await isAccessible(ada, 'a question');
    await ada.page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await said(bob, 'This message was deleted.').waitFor();
    assert.equal(await said(bob, 'a mistake').count(), 0);
  });

  test('tells that somebody is typing, until they send', async () => {
    await bob.page.getByRole('textbox', { name: 'Your message' }).pressSequentially('Wait');
    await ada.page.getByText('Bob Byron is typing …').waitFor();
    await row(ada, 'Bob Byron.*typing').waitFor();
    await write(bob, 'Wait for it.');
    await said(ada, 'Wait for it.').waitFor();
    await ada.page.getByText('Bob Byron is typing …').waitFor({ state: 'detached' });
  });

  test('finds messages by their words, and opens them in their context', async () => {
    const search = ada.page.getByRole('searchbox', { name: 'Find people' });
    await search.fill('reading');
    const hit = ada.page.getByRole('navigation').getByRole('link', { name: 'Are you reading that?' });
    await hit.waitFor();
    await isAccessible(ada, 'what was found');
    await shot(ada, 'pages-found');
    await hit.click();
    await ada.page.locator('[data-found]', { hasText: 'Are you reading that?' }).waitFor();
    assert.equal(await search.inputValue(), '');
  });

  test('goes by the keyboard alone, and tells screen readers what comes', async () => {
    const { page } = bob;
    const field = page.getByRole('textbox', { name: 'Your message' });
    await field.focus();
    // Past the button for images.
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    await page.waitForFunction(() => document.activeElement?.closest('[role=feed]'));
    // From the last message's buttons to the message, and up.
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
    await write(ada, 'Do you hear me?');
    await page.locator('[aria-live=polite]', { hasText: 'Ada Lovelace: Do you hear me?' }).waitFor({ state: 'attached' });
  });

  test('copies the text of a message, where the browser lets it', async () => {
    await write(ada, 'worth a copy');
    const copy = (person) => said(person, 'worth a copy').getByRole('button', { name: 'Copy text' });
    await said(ada, 'worth a copy').hover();
    await ada.page.evaluate(() => {
      navigator.clipboard.writeText = async () => { throw new DOMException('Write permission denied.', 'NotAllowedError'); };
    });
    await copy(ada).click();
    await ada.page.locator('.toast').getByText('Your browser did not allow this.').waitFor();
    await ada.page.evaluate(() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; });
    await copy(ada).click();
    await ada.page.getByText('Copied.').waitFor();
    assert.equal(await ada.page.evaluate(() => window.copied), 'worth a copy');

    // A page that came by plain HTTP may neither copy nor notify.
    const plain = await ada.tab('/');
    await plain.page.addInitScript(() => {
      Object.defineProperty(window, 'isSecureContext', { value: false });
      Object.defineProperty(navigator, 'clipboard', { value: undefined });
      Notification.requestPermission = async () => 'denied';
    });
    await plain.page.goto(ada.page.url());
    await said(plain, 'worth a copy').hover();
    await said(plain, 'worth a copy').getByRole('button', { name: 'Reply' }).waitFor();
    assert.equal(await copy(plain).count(), 0);
    await menu(plain, 'Settings');
    await plain.page.getByRole('checkbox', { name: 'Notify me of new messages' }).click();
    await plain.page.getByText('Notifications need HTTPS').waitFor();
    await plain.page.close();
  });

  test('makes a group, renames it, adds, removes, and leaves', async () => {
    const carol = await join(await visit(browser, server.url), 'Carol Shaw');
    await ada.page.getByRole('button', { name: 'New group' }).click();
    const dialog = ada.page.getByRole('dialog');
    await dialog.getByLabel('Title').fill('Engine');
    await dialog.getByLabel('Find people by name').fill('Bob');
    await dialog.getByRole('checkbox', { name: 'Bob Byron' }).check();
    await isAccessible(ada, 'a new group');
    await shot(ada, 'pages-new-group');
    await dialog.getByRole('button', { name: 'Create group' }).click();
    await ada.page.getByRole('heading', { name: 'Engine' }).waitFor();
    await write(ada, 'Welcome to the engine.');

    await row(bob, 'Engine.*Ada Lovelace.*Welcome').click();
    await bob.page.getByText('2 members').waitFor();

    await ada.page.getByRole('button', { name: 'Group details' }).click();
    await dialog.getByLabel('Title').fill('Difference Engine');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await bob.page.getByRole('heading', { name: 'Difference Engine' }).waitFor();
    await dialog.getByRole('button', { name: 'Add people' }).click();
    await dialog.getByLabel('Find people by name').fill('Carol');
    await dialog.getByRole('checkbox', { name: 'Carol Shaw' }).check();
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await bob.page.getByText('3 members').waitFor();
    await row(carol, 'Difference Engine').click();
    await said(carol, 'Welcome to the engine.').waitFor();
    await isAccessible(ada, 'the details of a group');
    await shot(ada, 'pages-group-details');

    await dialog.getByRole('button', { name: 'Remove Carol Shaw' }).click();
    const question = ada.page.getByRole('alertdialog', { name: 'Remove Carol Shaw?' });
    await isAccessible(ada, 'a question before somebody is removed');
    await question.getByRole('button', { name: 'Cancel' }).click();
    await question.waitFor({ state: 'detached' });
    assert.ok(await dialog.getByRole('button', { name: 'Remove Carol Shaw' }).evaluate((button) => button === document.activeElement));
    await bob.page.getByText('3 members').waitFor();
    await ada.page.keyboard.press('Enter');
    await question.getByRole('button', { name: 'Remove' }).click();
    await carol.page.getByText('You are no longer in “Difference Engine”.').waitFor();
    await isAccessible(carol, 'a conversation that is gone');
    assert.equal(await row(carol, 'Difference Engine').count(), 0);
    await dialog.getByText('Carol Shaw').waitFor({ state: 'detached' });
    // Whoever is in the group is a way to the conversation with them; oneself is not.
    assert.deepEqual(await dialog.getByRole('link').allTextContents(), ['Bob Byron']);
    assert.ok(await dialog.evaluate((dialog) => dialog.contains(document.activeElement)), 'the focus is in the dialog');
    await dialog.getByRole('link', { name: 'Bob Byron' }).click();
    await dialog.waitFor({ state: 'detached' });
    await ada.page.getByRole('heading', { name: 'Bob Byron' }).waitFor();
    await row(ada, 'Difference Engine').click();

    await bob.page.getByRole('button', { name: 'Group details' }).click();
    await bob.page.getByRole('button', { name: 'Leave group' }).click();
    await bob.page.getByText('You can rejoin only').waitFor();
    await bob.page.getByRole('button', { name: 'Leave group' }).click();
    await bob.page.getByText('Select a conversation').waitFor();
    await ada.page.getByText('1 member', { exact: true }).waitFor();
    assert.deepEqual(carol.complaints, []);
  });

  test('changes the name, for everybody at once, and the look', async () => {
    await row(bob, 'Ada Lovelace').click();
    await menu(ada, 'Settings');
    await ada.page.getByLabel('Your name').fill('Ada King');
    await ada.page.getByRole('button', { name: 'Save' }).click();
    await bob.page.getByRole('heading', { name: 'Ada King' }).waitFor();
    await ada.page.getByText('this device').waitFor();
    await isAccessible(ada, 'settings');
    await shot(ada, 'pages-settings');
    await ada.page.getByRole('radio', { name: 'Dark' }).check();
    await isAccessible(ada, 'settings in the dark');
    assert.equal(await ada.page.evaluate(() => getComputedStyle(document.body).colorScheme), 'dark');
    await ada.page.keyboard.press('Escape');
    await ada.page.reload();
    assert.equal(await ada.page.evaluate(() => getComputedStyle(document.body).colorScheme), 'dark');
  });

  test('shows where one is logged in, ends that, and changes the password', async () => {
    const elsewhere = await visit(browser, server.url);
    await logIn(elsewhere, ada);
    await menu(ada, 'Settings');
    const { page } = ada;
    await page.getByRole('button', { name: 'End session' }).click();
    await signedOut(elsewhere);
    await page.getByRole('button', { name: 'End session' }).waitFor({ state: 'detached' });
    await logIn(elsewhere, ada);
    await page.getByLabel('Current password').fill('correct horse battery');
    await page.getByLabel('New password').fill('a fresh horse battery');
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('Your password has been changed.').first().waitFor();
    await signedOut(elsewhere);
    ada.password = 'a fresh horse battery';
    await logIn(elsewhere, ada);
    await page.keyboard.press('Escape');
    await elsewhere.context.close();
  });

  test('keeps two tabs of one person true', async () => {
    await row(ada, 'Bob Byron').click();
    const second = await ada.tab();
    await row(second, 'Bob Byron').click();
    await write(ada, 'From the first tab.');
    await said(second, 'From the first tab.').waitFor();
    await write(second, 'From the second tab.');
    await said(ada, 'From the second tab.').waitFor();
    assert.equal(await said(ada, 'From the first tab.').count(), 1);

    await menu(ada, 'Log out');
    for (const tab of [ada, second]) await signedOut(tab);
    assert.deepEqual(second.complaints, []);
  });

  test('erases somebody who leaves for good, on the pages of others too', async () => {
    await menu(bob, 'Settings');
    await bob.page.getByText('Delete account').click();
    await bob.page.getByLabel('Confirm with your password').fill('correct horse battery');
    await isAccessible(bob, 'leaving for good');
    const other = await visit(browser, server.url);
    await logIn(other, ada);
    await row(other, 'Bob Byron').click();
    await said(other, 'From the first tab.').waitFor();
    const { page } = bob;
    await page.getByRole('button', { name: 'Delete my account' }).click();
    await page.getByText('Your account has been deleted.').waitFor();
    await signedOut(bob);
    await other.page.getByRole('heading', { name: 'Deleted user' }).waitFor();
    await other.page.getByText('This account was deleted.').waitFor();
    assert.equal(await said(other, 'Every word of it.').count(), 0);
  });

  test('had nothing to complain about', () => {
    assert.deepEqual(ada.complaints, []);
    assert.deepEqual(bob.complaints, []);
  });
});
