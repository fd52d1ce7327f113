// The end of sessions, in two browsers of one person: here, everywhere, and from elsewhere; each page says why.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from '../browser.mjs';
import { signUp } from '../people.mjs';
import { startServer } from '../server.mjs';
import { isAccessible } from './axe.mjs';
import { join, logIn, menu, open, row, said, shot, signedOut, visit, write } from './people-in-browser.mjs';

describe('the end of a session', { timeout: 120_000 }, () => {
  let server, browser, home, office;
  before(async () => {
    server = await startServer();
    browser = await launch();
    await signUp(server, 'Bob Byron');
    home = await join(await visit(browser, server.url), 'Ada Lovelace');
    office = await logIn(await visit(browser, server.url), home);
    await open(home, 'Bob Byron');
    await write(home, 'Good morning');
    await row(office, 'Bob Byron').click();
    await said(office, 'Good morning').waitFor();
  });
  after(async () => {
    await browser?.close();
    await server?.dispose();
  });

  const note = ({ page }, text) => page.getByRole('status').filter({ hasText: text }).waitFor();
  const path = ({ page }) => new URL(page.url()).pathname;
  const isKnown = ({ page }) => page.evaluate(() => fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ me { id } }"}',
  }).then((answer) => answer.json()).then(({ data }) => data.me !== null));

  test('everywhere, in one step, after a question', async () => {
    const tab = await home.tab();
    await menu(home, 'Log out everywhere');
    const question = home.page.getByRole('alertdialog', { name: 'Log out everywhere?' });
    await isAccessible(home, 'the question whether to log out everywhere');
    await shot(home, 'pages-log-out-everywhere');
    // What is asked first does nothing: the focus is where Enter is harmless, and goes back to where it was.
    await home.page.keyboard.press('Enter');
    await question.waitFor({ state: 'detached' });
    await home.page.waitForFunction(() => document.activeElement.textContent.includes('Your account'));
    assert.ok(await isKnown(home));

    await office.page.getByRole('textbox', { name: 'Your message' }).fill('half a thought');
    await menu(home, 'Log out everywhere');
    await question.getByRole('button', { name: 'Log out everywhere' }).click();
    for (const page of [home, tab, office]) await signedOut(page);
    await note(home, 'You have logged out on all your devices.');
    await note(tab, 'You have logged out on all your devices.');
    await note(office, 'Your session has ended');
    await isAccessible(office, 'a session that has ended');
    await shot(office, 'pages-session-ended');
    for (const page of [home, tab, office]) assert.equal(await isKnown(page), false);

    // Who left is gone; whose session was ended goes on where they were.
    assert.equal(path(home), '/');
    assert.match(path(office), /^\/c\//);
    await logIn(office, home);
    await said(office, 'Good morning').waitFor();
    assert.equal(await office.page.getByRole('textbox', { name: 'Your message' }).inputValue(), 'half a thought');
    await tab.page.close();
  });

  test('here, and nowhere else', async () => {
    await logIn(home, home);
    const tab = await home.tab();
    await row(home, 'Bob Byron').click();
    await home.page.getByRole('textbox', { name: 'Your message' }).fill('a secret');
    await menu(home, 'Log out');
    for (const page of [home, tab]) {
      await signedOut(page);
      await note(page, 'You have logged out on this device.');
    }
    assert.ok(await isKnown(office));
    await write(office, 'Still here');
    await said(office, 'Still here').waitFor();
    // Nothing of what was begun is left for the next one at this device.
    assert.equal(await home.page.evaluate(() => sessionStorage.length), 0);
    assert.equal(path(home), '/');
  });

  test('ends when somebody else signs in to the same browser, of whom the page is then', async () => {
    await logIn(home, home);
    const eve = await join(await visit(browser, server.url), 'Eve Newton');
    await row(home, 'Bob Byron').click();
    await home.page.getByRole('textbox', { name: 'Your message' }).fill('for Bob alone');
    // By another page of this server, as GraphiQL is one.
    await home.page.evaluate((email) => fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query: 'mutation ($input: LoginInput!) { login(input: $input) { user { id } } }',
        variables: { input: { email, password: 'correct horse battery' } },
      }),
    }), eve.email);
    await home.page.getByRole('button', { name: 'Your account' }).filter({ hasText: 'Eve Newton' }).waitFor();
    assert.equal(path(home), '/');
    await open(home, 'Bob Byron');
    assert.equal(await home.page.getByRole('textbox', { name: 'Your message' }).inputValue(), '');
    assert.equal(await said(home, 'Good morning').count(), 0);
    await menu(home, 'Log out');
    await signedOut(home);
  });

  test('says nothing to who was never signed in, or has just come back', async () => {
    const stranger = await visit(browser, server.url);
    await signedOut(stranger);
    assert.equal(await stranger.page.getByRole('status').count(), 0);
    await logIn(home, home);
    await home.page.reload();
    await home.page.getByRole('button', { name: 'Your account' }).waitFor();
    assert.deepEqual([home.complaints, office.complaints], [[], []]);
  });
});

test('a browser that does not keep the session is told so', { timeout: 120_000 }, async (t) => {
  // Production's cookie is Secure, and this name is no loopback: over http the browser drops it.
  const server = await startServer({
    APP_ENV: 'production',
    JWT_SECRET: 'a secret of more than thirty-two bytes',
    PUBLIC_URL: 'http://localhost',
    ALLOWED_HOSTS: 'chat.example',
  });
  t.after(() => server.dispose());
  const browser = await launch('--host-resolver-rules=MAP chat.example 127.0.0.1');
  t.after(() => browser.close());
  const ada = await signUp(server, 'Ada Lovelace');

  const person = await visit(browser, server.url.replace('127.0.0.1', 'chat.example'));
  await person.page.getByLabel('E-mail').fill(ada.email);
  await person.page.getByLabel('Password').fill(ada.password);
  await person.page.getByRole('button', { name: 'Log in' }).click();

  await person.page.getByRole('alert').filter({ hasText: 'your browser did not save the session' }).waitFor();
  assert.ok(await person.page.getByRole('button', { name: 'Log in' }).isEnabled());
  assert.equal(await person.page.locator('[aria-invalid]').count(), 0, 'nothing was wrong with what was typed');
  await isAccessible(person, 'a session that is not kept');
  await shot(person, 'pages-session-not-kept');
});
