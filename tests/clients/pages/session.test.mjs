// The end of sessions, in two browsers of one person: here, everywhere, and from elsewhere. Each page shows the reason.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signUp } from '../people.mjs';
import { assertAccessible } from './accessibility.mjs';
import {
  chooseFromMenu, logIn, messageWith, openConversation, requestInPage, screenshot, sendText, sidebarRow, signUpInBrowser, visit, waitForSignInPage,
} from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

describe('the end of a session', { timeout: 120_000 }, () => {
  let server, browser, home, office, close;
  before(async () => {
    ({ server, browser, close } = await startPages());
    await signUp(server, 'Bob Byron');
    home = await signUpInBrowser(await visit(browser, server.url), 'Ada Lovelace');
    office = await logIn(await visit(browser, server.url), home);
    await openConversation(home, 'Bob Byron');
    await sendText(home, 'Good morning');
    await sidebarRow(office, 'Bob Byron').click();
    await messageWith(office, 'Good morning').waitFor();
  });
  after(() => close?.());

  const note = ({ page }, text) => page.getByRole('status').filter({ hasText: text }).waitFor();
  const path = ({ page }) => new URL(page.url()).pathname;
  const isSignedIn = async (person) => (await requestInPage(person, '{ me { id } }')).me !== null;

  test('logging out everywhere, after confirmation', async () => {
    const tab = await home.tab();
    await chooseFromMenu(home, 'Log out everywhere');
    const question = home.page.getByRole('alertdialog', { name: 'Log out everywhere?' });
    await assertAccessible(home, 'the question whether to log out everywhere');
    await screenshot(home, 'pages-log-out-everywhere');
    // The focus starts on the harmless button, and returns to where it was.
    await home.page.keyboard.press('Enter');
    await question.waitFor({ state: 'detached' });
    await home.page.waitForFunction(() => document.activeElement.textContent.includes('Your account'));
    assert.ok(await isSignedIn(home));

    await office.page.getByRole('textbox', { name: 'Your message' }).fill('half a thought');
    await chooseFromMenu(home, 'Log out everywhere');
    await question.getByRole('button', { name: 'Log out everywhere' }).click();
    for (const page of [home, tab, office]) await waitForSignInPage(page);
    await note(home, 'You have logged out on all your devices.');
    await note(tab, 'You have logged out on all your devices.');
    await note(office, 'Your session has ended');
    await assertAccessible(office, 'a session that has ended');
    await screenshot(office, 'pages-session-ended');
    for (const page of [home, tab, office]) assert.equal(await isSignedIn(page), false);

    // The page that logged out starts over; a page whose session was ended continues where it was.
    assert.equal(path(home), '/');
    assert.match(path(office), /^\/c\//);
    await logIn(office, home);
    await messageWith(office, 'Good morning').waitFor();
    assert.equal(await office.page.getByRole('textbox', { name: 'Your message' }).inputValue(), 'half a thought');
    await tab.page.close();
  });

  test('logging out in one browser alone', async () => {
    await logIn(home, home);
    const tab = await home.tab();
    await sidebarRow(home, 'Bob Byron').click();
    await home.page.getByRole('textbox', { name: 'Your message' }).fill('a secret');
    await chooseFromMenu(home, 'Log out');
    for (const page of [home, tab]) {
      await waitForSignInPage(page);
      await note(page, 'You have logged out on this device.');
    }
    assert.ok(await isSignedIn(office));
    await sendText(office, 'Still here');
    await messageWith(office, 'Still here').waitFor();
    // No draft is left for the next user of the device.
    assert.equal(await home.page.evaluate(() => sessionStorage.length), 0);
    assert.equal(path(home), '/');
  });

  test('another user signing in to the same browser takes over the page', async () => {
    await logIn(home, home);
    const eve = await signUpInBrowser(await visit(browser, server.url), 'Eve Newton');
    await sidebarRow(home, 'Bob Byron').click();
    await home.page.getByRole('textbox', { name: 'Your message' }).fill('for Bob alone');
    // From another page of this server, such as GraphiQL.
    await requestInPage(
      home,
      'mutation ($input: LoginInput!) { login(input: $input) { user { id } } }',
      { input: { email: eve.email, password: 'correct horse battery' } },
    );
    await home.page.getByRole('button', { name: 'Your account' }).filter({ hasText: 'Eve Newton' }).waitFor();
    assert.equal(path(home), '/');
    await openConversation(home, 'Bob Byron');
    assert.equal(await home.page.getByRole('textbox', { name: 'Your message' }).inputValue(), '');
    assert.equal(await messageWith(home, 'Good morning').count(), 0);
    await chooseFromMenu(home, 'Log out');
    await waitForSignInPage(home);
  });

  test('no reason is shown to a new visitor, or after signing in again', async () => {
    const stranger = await visit(browser, server.url);
    await waitForSignInPage(stranger);
    assert.equal(await stranger.page.getByRole('status').count(), 0);
    await logIn(home, home);
    await home.page.reload();
    await home.page.getByRole('button', { name: 'Your account' }).waitFor();
    assert.deepEqual([home.problems, office.problems], [[], []]);
  });
});

test('a browser that does not save the session gets an explanation', { timeout: 120_000 }, async (t) => {
  // In production the cookie is Secure, and this host is not a loopback address: over http the browser drops it.
  const { server, browser, close } = await startPages({
    settings: {
      APP_ENV: 'production',
      JWT_SECRET: 'a secret of more than thirty-two bytes',
      PUBLIC_URL: 'http://localhost',
      ALLOWED_HOSTS: 'chat.example',
    },
    browserArguments: ['--host-resolver-rules=MAP chat.example 127.0.0.1'],
  });
  t.after(close);
  const ada = await signUp(server, 'Ada Lovelace');

  const person = await visit(browser, server.url.replace('127.0.0.1', 'chat.example'));
  await person.page.getByLabel('E-mail').fill(ada.email);
  await person.page.getByLabel('Password').fill(ada.password);
  await person.page.getByRole('button', { name: 'Log in' }).click();

  await person.page.getByRole('alert').filter({ hasText: 'your browser did not save the session' }).waitFor();
  assert.ok(await person.page.getByRole('button', { name: 'Log in' }).isEnabled());
  assert.equal(await person.page.locator('[aria-invalid]').count(), 0, 'no field is marked as invalid');
  await assertAccessible(person, 'a session that is not kept');
  await screenshot(person, 'pages-session-not-kept');
});
