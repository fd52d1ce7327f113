// What waits to be sent, when more than the line goes wrong: the session, the page, the browser's storage, another message.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { evening, png } from '../png.mjs';
import { isAccessible } from './axe.mjs';
import { onABadLine } from './bad-line.mjs';
import { join, open, row, said, shot, visit, write } from './people-in-browser.mjs';

/** Ends somebody's sessions, from another device. */
async function endSessions(url, email) {
  const ask = async (query, token) => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query }),
    });
    return (await answer.json()).data;
  };
  const { login } = await ask(`mutation { login(input: { email: "${email}", password: "correct horse battery" }) { token } }`);
  const { revokeOtherSessions } = await ask('mutation { revokeOtherSessions }', login.token);
  assert.ok(revokeOtherSessions > 0);
}

describe('what waits to be sent', { timeout: 240_000 }, () => {
  let server, proxy, browser, ada, bob, end;
  before(async () => { ({ server, proxy, browser, ada, bob, end } = await onABadLine('first.')); });
  after(() => end?.());

  const waits = (person, text) => said(person, text).getByLabel('Waiting to be sent').waitFor();
  /** It has arrived, once, and nothing waits any more. */
  async function arrives(text) {
    await said(bob, text).waitFor({ timeout: 30_000 });
    await said(ada, text).and(ada.page.locator('[data-outgoing]')).waitFor({ state: 'detached', timeout: 30_000 });
    for (const person of [ada, bob]) assert.equal(await said(person, text).count(), 1);
  }
  /** Nothing of this page reaches the server. */
  const isolate = ({ page }) => page.route('**/graphql', (route) => route.abort());
  const choose = ({ page }, name, buffer) =>
    page.locator('input[type=file][aria-label="Add image"]').setInputFiles({ name, mimeType: 'image/png', buffer });
  const attached = ({ page }) => page.getByRole('group', { name: 'Attached image' });

  test('an image shows how far it is, and is sent once when its line is cut halfway and the server is killed', async () => {
    // What the bar says, when that is more than before.
    const more = async (least) => (await ada.page.waitForFunction((least) => {
      const bar = document.querySelector('[data-outgoing] progress');
      return bar?.value > least && bar.value;
    }, least)).jsonValue();

    // What the line does not take stands in the buffers of the system, which hold some megabytes.
    const size = 10_000_000;
    proxy.allow(size / 10);
    const held = proxy.held();
    await choose(ada, 'heavy.png', png(90, 60, undefined, size));
    await attached(ada).waitFor();
    await write(ada, 'halfway.');
    await held;
    assert.ok(await more(0) < 1);
    const again = proxy.held();
    assert.ok(proxy.cut() > 0);
    await again;
    const afterAll = proxy.held();
    await server.end('SIGKILL');
    await server.start();
    await afterAll;
    await isAccessible(ada, 'an image on its way');
    const share = await more(0);
    proxy.allow(size * 0.4);
    assert.ok(await more(share) > share);
    proxy.allow(Infinity);
    await said(bob, 'halfway.').locator('button.picture img').waitFor({ timeout: 30_000 });
    await arrives('halfway.');
  });

  test('a refused message holds nobody up', async () => {
    await isolate(ada);
    // It passes here, and the server finds it too long to a side.
    await choose(ada, 'long.png', png(10_001, 2));
    await attached(ada).waitFor();
    await write(ada, 'too long.');
    await write(ada, 'behind it.');
    await waits(ada, 'behind it.');
    await ada.page.unroute('**/graphql');
    await arrives('behind it.');
    await said(ada, 'too long.').getByText(/Not sent: .*10,?000/).waitFor();
    await said(ada, 'too long.').getByRole('button', { name: 'Discard' }).click();
    await said(ada, 'too long.').waitFor({ state: 'detached' });
    assert.equal(await said(bob, 'too long.').count(), 0);
  });

  test('an image that a proxy does not let through is refused, and not tried for ever', async () => {
    await ada.page.route('**/graphql', (route) => (route.request().headers()['content-type'].startsWith('multipart/')
      ? route.fulfill({ status: 413, contentType: 'text/html', body: '<h1>413 Request Entity Too Large</h1>' })
      : route.continue()));
    await choose(ada, 'evening.png', evening(60, 40));
    await attached(ada).waitFor();
    await write(ada, 'not through.');
    await said(ada, 'not through.').getByText(/Not sent: a proxy in front of the server/).waitFor();
    await ada.page.unroute('**/graphql');
    await said(ada, 'not through.').getByRole('button', { name: 'Try again' }).click();
    await arrives('not through.');
  });

  test('a message at which the server fails again and again lets those behind it pass', async () => {
    const answer = { errors: [{ message: 'something went wrong', extensions: { code: 'INTERNAL_SERVER_ERROR' } }] };
    let tries = 0;
    await ada.page.route('**/graphql', (route) => {
      if (!route.request().postData()?.includes('too much for it.')) return route.continue();
      tries += 1;
      return route.fulfill({ json: answer });
    });
    await write(ada, 'too much for it.');
    await write(ada, 'after the fault.');
    await waits(ada, 'too much for it.');
    await said(ada, 'too much for it.').getByText(/Not sent/).waitFor({ timeout: 30_000 });
    assert.equal(tries, 5);
    await arrives('after the fault.');
    await ada.page.unroute('**/graphql');
    await said(ada, 'too much for it.').getByRole('button', { name: 'Try again' }).click();
    await arrives('too much for it.');
  });

  test('messages outlive their session, and go when their writer has logged in again', async () => {
    proxy.goDown();
    await ada.context.setOffline(true);
    await write(ada, 'over the end.');
    await waits(ada, 'over the end.');
    await endSessions(server.url, ada.email);
    proxy.goUp();
    await ada.context.setOffline(false);
    await ada.page.getByLabel('E-mail').fill(ada.email);
    await ada.page.getByLabel('Password').fill('correct horse battery');
    await ada.page.getByRole('button', { name: 'Log in', exact: true }).click();
    await arrives('over the end.');
  });

  test('what was written to a group that one was removed from meanwhile is still there', async () => {
    /** As Bob. */
    const ask = (query, variables) => bob.page.evaluate(async (body) => {
      const answer = await fetch('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      return (await answer.json()).data;
    }, JSON.stringify({ query, variables }));
    const { users } = await ask('{ users(search: "Ada Lovelace") { nodes { id } } }');
    const ids = users.nodes.map(({ id }) => id);
    const { createConversation: { id } } = await ask(
      'mutation ($ids: [ID!]!) { createConversation(input: { title: "Engine", memberIds: $ids }) { id } }', { ids },
    );
    await row(ada, 'Engine').click();
    await ada.page.getByRole('heading', { name: 'Engine' }).waitFor();
    proxy.goDown();
    await ada.context.setOffline(true);
    await write(ada, 'too late.');
    await waits(ada, 'too late.');
    await ask('mutation ($id: ID!, $who: ID!) { removeMember(conversationId: $id, userId: $who) { id } }', { id, who: ids[0] });
    proxy.goUp();
    await ada.context.setOffline(false);
    await ada.page.getByText('You are no longer in “Engine”. This was not sent:').waitFor();
    await said(ada, 'too late.').getByText(/^Not sent/).waitFor();
    await isAccessible(ada, 'what was left over');
    await shot(ada, 'pages-left-over');
    // Also from elsewhere, and after a reload.
    await ada.page.goto(ada.origin);
    await row(ada, 'Not sent.*too late').click();
    await said(ada, 'too late.').getByRole('button', { name: 'Discard' }).click();
    await ada.page.getByText('This conversation does not exist').waitFor();
    assert.equal(await row(ada, 'Not sent').count(), 0);
    await row(ada, 'Bob Byron').click();
    await said(ada, 'first.').waitFor();
  });

  test('what a closed page has left is sent by another one that was there all along', async () => {
    const other = await ada.tab(new URL(ada.page.url()).pathname);
    await said(other, 'first.').waitFor();
    await isolate(ada);
    await write(ada, 'left behind.');
    await waits(ada, 'left behind.');
    // As when somebody looks at the other one, which learns who else is there, and that they go.
    await other.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await ada.page.close();
    ada = other;
    await arrives('left behind.');
  });

  test('what waits can be taken back, and is not sent, by the next page either', async () => {
    const takeBack = (text) => said(ada, text).getByRole('button', { name: 'Don’t send' });
    await isolate(ada);
    await write(ada, 'too early.');
    await write(ada, 'just right.');
    await waits(ada, 'too early.');
    await takeBack('too early.').waitFor();
    await isAccessible(ada, 'what can be taken back');
    await shot(ada, 'pages-take-back');
    await takeBack('too early.').focus();
    await ada.page.keyboard.press('Enter');
    await said(ada, 'too early.').waitFor({ state: 'detached' });
    await ada.page.waitForFunction(() => document.activeElement.matches('textarea'));
    const { pathname } = new URL(ada.page.url());
    await ada.page.close();
    ada = await ada.tab(pathname);
    await arrives('just right.');
    for (const person of [ada, bob]) assert.equal(await said(person, 'too early.').count(), 0);
  });

  test('an image on its way can be called back, and what stands behind it goes at once', async () => {
    const size = 10_000_000;
    proxy.allow(size / 10);
    const held = proxy.held();
    await choose(ada, 'heavy.png', png(91, 60, undefined, size));
    await attached(ada).waitFor();
    await write(ada, 'never mind.');
    await held;
    await write(ada, 'behind the image.');
    const failed = ada.page.waitForEvent('requestfailed', (request) => request.headers()['content-type']?.startsWith('multipart/'));
    await said(ada, 'never mind.').getByRole('button', { name: 'Don’t send' }).click();
    assert.match((await failed).failure().errorText, /ABORTED/);
    await arrives('behind the image.');
    proxy.allow(Infinity);
    await ada.page.reload();
    await said(ada, 'behind the image.').waitFor();
    for (const person of [ada, bob]) assert.equal(await said(person, 'never mind.').count(), 0);
  });

  test('where the browser keeps nothing, they go all the same, and a page that would lose some asks before it closes', async () => {
    await ada.context.addInitScript(() => {
      indexedDB.open = () => { throw new DOMException('The user denied permission to access the database.', 'SecurityError'); };
    });
    await ada.page.reload();
    await said(ada, 'first.').waitFor();
    await write(ada, 'kept nowhere.');
    await arrives('kept nowhere.');

    await isolate(ada);
    await write(ada, 'at risk.');
    await said(ada, 'at risk.').getByLabel('Not sent yet. Keep this page open.').waitFor();
    const asked = ada.page.waitForEvent('dialog');
    await ada.page.close({ runBeforeUnload: true });
    const dialog = await asked;
    assert.equal(dialog.type(), 'beforeunload');
    await dialog.dismiss();
    await ada.page.unroute('**/graphql');
    await arrives('at risk.');
  });

  test('an edit that could not be made is still there to be tried again', async () => {
    await write(ada, 'misteak.');
    await arrives('misteak.');
    await isolate(ada);
    const field = ada.page.getByRole('textbox', { name: 'Your message' });
    await field.press('ArrowUp');
    await field.fill('mistake.');
    await field.press('Enter');
    await ada.page.getByText('The server could not be reached.').first().waitFor();
    await ada.page.getByText('Edit your message').waitFor();
    assert.equal(await field.inputValue(), 'mistake.');
    await ada.page.unroute('**/graphql');
    await field.press('Enter');
    await said(bob, 'mistake.').waitFor();
    assert.equal(await field.inputValue(), '');
  });

  test('what one writes while a first message makes the conversation stays in the field', async () => {
    const eve = await join(await visit(browser, server.url), 'Eve Newton');
    await open(eve, 'Bob Byron');
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    await eve.page.route('**/graphql', async (route) => {
      await held;
      await route.continue();
    });
    await write(eve, 'one.');
    const field = eve.page.getByRole('textbox', { name: 'Your message' });
    await field.fill('two.');
    release();
    await eve.page.waitForURL('**/c/*');
    await said(eve, 'one.').waitFor();
    assert.equal(await field.inputValue(), 'two.');
    await field.press('Enter');
    await open(bob, 'Eve Newton');
    await said(bob, 'two.').waitFor();
  });
});
