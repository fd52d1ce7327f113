// The outbox, when the session, the page, the browser's storage or another message fails.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { evening, png } from '../png.mjs';
import { assertAccessible } from './accessibility.mjs';
import {
  messageWith, openConversation, requestInPage, screenshot, sendText, sidebarRow, signUpInBrowser, visit,
} from './people-in-browser.mjs';
import { startProxiedConversation } from './setup.mjs';

/** In bytes. Larger than the socket buffers of the system, which hold some megabytes. */
const HEAVY = 10_000_000;

/** Revokes a person's sessions from another device. */
async function endSessions(url, email) {
  const request = async (query, token) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query }),
    });
    return (await response.json()).data;
  };
  const { login } = await request(`mutation { login(input: { email: "${email}", password: "correct horse battery" }) { token } }`);
  const { revokeOtherSessions } = await request('mutation { revokeOtherSessions }', login.token);
  assert.ok(revokeOtherSessions > 0);
}

describe('the outbox', { timeout: 240_000 }, () => {
  let server, proxy, browser, ada, bob, close;
  before(async () => { ({ server, proxy, browser, ada, bob, close } = await startProxiedConversation('first.')); });
  after(() => close?.());

  const waits = (person, text) => messageWith(person, text).getByLabel('Waiting to be sent').waitFor();
  /** The message arrives exactly once, and leaves the outbox. */
  async function arrives(text) {
    await messageWith(bob, text).waitFor({ timeout: 30_000 });
    await messageWith(ada, text).and(ada.page.locator('[data-outgoing]')).waitFor({ state: 'detached', timeout: 30_000 });
    for (const person of [ada, bob]) assert.equal(await messageWith(person, text).count(), 1);
  }
  /** Aborts all requests of the page to the server. */
  const blockRequests = ({ page }) => page.route('**/graphql', (route) => route.abort());
  const choose = ({ page }, name, buffer) =>
    page.locator('input[type=file][aria-label="Add image"]').setInputFiles({ name, mimeType: 'image/png', buffer });
  const attached = ({ page }) => page.getByRole('group', { name: 'Attached image' });
  /** Sends a heavy image, and waits until the proxy stops forwarding its upload. */
  async function sendUntilStalled(text, image) {
    proxy.limitBytes(HEAVY / 10);
    const stalled = proxy.nextStall();
    await choose(ada, 'heavy.png', image);
    await attached(ada).waitFor();
    await sendText(ada, text);
    await stalled;
  }

  test('an image shows its progress, and is sent once when its connection is reset halfway and the server is killed', async () => {
    // The value of the progress bar, once it is above a minimum.
    const more = async (least) => (await ada.page.waitForFunction((least) => {
      const bar = document.querySelector('[data-outgoing] progress');
      return bar?.value > least && bar.value;
    }, least)).jsonValue();

    await sendUntilStalled('halfway.', png(90, 60, undefined, HEAVY));
    assert.ok(await more(0) < 1);
    const again = proxy.nextStall();
    assert.ok(proxy.resetConnections() > 0);
    await again;
    const afterAll = proxy.nextStall();
    await server.stop('SIGKILL');
    await server.start();
    await afterAll;
    await assertAccessible(ada, 'an image on its way');
    const share = await more(0);
    proxy.limitBytes(HEAVY * 0.4);
    assert.ok(await more(share) > share);
    proxy.limitBytes(Infinity);
    await messageWith(bob, 'halfway.').locator('button.picture img').waitFor({ timeout: 30_000 });
    await arrives('halfway.');
  });

  test('a rejected message does not block the queue', async () => {
    await blockRequests(ada);
    const [small, long] = [png(10, 2), png(10_001, 2)];
    await choose(ada, 'long.png', small);
    await attached(ada).waitFor();
    await sendText(ada, 'too long.');
    await sendText(ada, 'behind it.');
    await waits(ada, 'behind it.');
    await ada.page.unroute('**/graphql');
    // The page would shrink an image with a side that the server rejects: this one becomes it on the way.
    await ada.page.route('**/graphql', (route) => {
      const body = route.request().postDataBuffer();
      const at = body?.indexOf(small) ?? -1;
      if (at < 0) return route.continue();
      return route.continue({ postData: Buffer.concat([body.subarray(0, at), long, body.subarray(at + small.length)]) });
    });
    await arrives('behind it.');
    await messageWith(ada, 'too long.').getByText(/Not sent: .*10,?000/).waitFor();
    await messageWith(ada, 'too long.').getByRole('button', { name: 'Discard' }).click();
    await messageWith(ada, 'too long.').waitFor({ state: 'detached' });
    assert.equal(await messageWith(bob, 'too long.').count(), 0);
    await ada.page.unroute('**/graphql');
  });

  test('an image that a proxy rejects fails instead of being retried forever', async () => {
    await ada.page.route('**/graphql', (route) => (route.request().headers()['content-type'].startsWith('multipart/')
      ? route.fulfill({ status: 413, contentType: 'text/html', body: '<h1>413 Request Entity Too Large</h1>' })
      : route.continue()));
    await choose(ada, 'evening.png', evening(60, 40));
    await attached(ada).waitFor();
    await sendText(ada, 'not through.');
    await messageWith(ada, 'not through.').getByText(/Not sent: a proxy in front of the server/).waitFor();
    await ada.page.unroute('**/graphql');
    await messageWith(ada, 'not through.').getByRole('button', { name: 'Try again' }).click();
    await arrives('not through.');
  });

  test('a message that repeatedly causes an internal error does not block the queue', async () => {
    const answer = { errors: [{ message: 'something went wrong', extensions: { code: 'INTERNAL_SERVER_ERROR' } }] };
    let tries = 0;
    await ada.page.route('**/graphql', (route) => {
      if (!route.request().postData()?.includes('too much for it.')) return route.continue();
      tries += 1;
      return route.fulfill({ json: answer });
    });
    await sendText(ada, 'too much for it.');
    await sendText(ada, 'after the fault.');
    await waits(ada, 'too much for it.');
    await messageWith(ada, 'too much for it.').getByText(/Not sent/).waitFor({ timeout: 30_000 });
    assert.equal(tries, 5);
    await arrives('after the fault.');
    await ada.page.unroute('**/graphql');
    await messageWith(ada, 'too much for it.').getByRole('button', { name: 'Try again' }).click();
    await arrives('too much for it.');
  });

  test('messages are kept when the session ends, and sent after the next login', async () => {
    proxy.goDown();
    await ada.context.setOffline(true);
    await sendText(ada, 'over the end.');
    await waits(ada, 'over the end.');
    await endSessions(server.url, ada.email);
    proxy.goUp();
    await ada.context.setOffline(false);
    await ada.page.getByLabel('E-mail').fill(ada.email);
    await ada.page.getByLabel('Password').fill('correct horse battery');
    await ada.page.getByRole('button', { name: 'Log in', exact: true }).click();
    await arrives('over the end.');
  });

  test('messages to a group from which the user was removed meanwhile are kept', async () => {
    const { createConversation: { id } } = await requestInPage(
      bob, 'mutation ($ids: [ID!]!) { createConversation(input: { title: "Engine", memberIds: $ids }) { id } }', { ids: [ada.id] },
    );
    await sidebarRow(ada, 'Engine').click();
    await ada.page.getByRole('heading', { name: 'Engine' }).waitFor();
    proxy.goDown();
    await ada.context.setOffline(true);
    await sendText(ada, 'too late.');
    await waits(ada, 'too late.');
    await requestInPage(
      bob, 'mutation ($id: ID!, $who: ID!) { removeMember(conversationId: $id, userId: $who) { id } }', { id, who: ada.id },
    );
    proxy.goUp();
    await ada.context.setOffline(false);
    await ada.page.getByText('You are no longer in “Engine”. This was not sent:').waitFor();
    await messageWith(ada, 'too late.').getByText(/^Not sent/).waitFor();
    await assertAccessible(ada, 'what was left over');
    await screenshot(ada, 'pages-left-over');
    // Also in the sidebar, and after a reload.
    await ada.page.goto(ada.origin);
    await sidebarRow(ada, 'Not sent.*too late').click();
    await messageWith(ada, 'too late.').getByRole('button', { name: 'Discard' }).click();
    await ada.page.getByText('This conversation does not exist').waitFor();
    assert.equal(await sidebarRow(ada, 'Not sent').count(), 0);
    await sidebarRow(ada, 'Bob Byron').click();
    await messageWith(ada, 'first.').waitFor();
  });

  test('another open page sends the messages of a page that was closed', async () => {
    const other = await ada.tab(new URL(ada.page.url()).pathname);
    await messageWith(other, 'first.').waitFor();
    await blockRequests(ada);
    await sendText(ada, 'left behind.');
    await waits(ada, 'left behind.');
    // When the other page becomes visible, it starts watching the lock of the first one.
    await other.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await ada.page.close();
    ada = other;
    await arrives('left behind.');
  });

  test('a discarded message is not sent, not even by the next page', async () => {
    const takeBack = (text) => messageWith(ada, text).getByRole('button', { name: 'Don’t send' });
    await blockRequests(ada);
    await sendText(ada, 'too early.');
    await sendText(ada, 'just right.');
    await waits(ada, 'too early.');
    await takeBack('too early.').waitFor();
    await assertAccessible(ada, 'what can be taken back');
    await screenshot(ada, 'pages-take-back');
    await takeBack('too early.').focus();
    await ada.page.keyboard.press('Enter');
    await messageWith(ada, 'too early.').waitFor({ state: 'detached' });
    await ada.page.waitForFunction(() => document.activeElement.matches('textarea'));
    const { pathname } = new URL(ada.page.url());
    await ada.page.close();
    ada = await ada.tab(pathname);
    await arrives('just right.');
    for (const person of [ada, bob]) assert.equal(await messageWith(person, 'too early.').count(), 0);
  });

  test('discarding an image aborts its upload, and the next message is sent at once', async () => {
    await sendUntilStalled('never mind.', png(91, 60, undefined, HEAVY));
    await sendText(ada, 'behind the image.');
    const failed = ada.page.waitForEvent('requestfailed', (request) => request.headers()['content-type']?.startsWith('multipart/'));
    await messageWith(ada, 'never mind.').getByRole('button', { name: 'Don’t send' }).click();
    assert.match((await failed).failure().errorText, /ABORTED/);
    await arrives('behind the image.');
    proxy.limitBytes(Infinity);
    await ada.page.reload();
    await messageWith(ada, 'behind the image.').waitFor();
    for (const person of [ada, bob]) assert.equal(await messageWith(person, 'never mind.').count(), 0);
  });

  test('without storage messages are sent all the same, and the page asks before it closes if some would be lost', async () => {
    await ada.context.addInitScript(() => {
      indexedDB.open = () => { throw new DOMException('The user denied permission to access the database.', 'SecurityError'); };
    });
    await ada.page.reload();
    await messageWith(ada, 'first.').waitFor();
    await sendText(ada, 'kept nowhere.');
    await arrives('kept nowhere.');

    await blockRequests(ada);
    await sendText(ada, 'at risk.');
    await messageWith(ada, 'at risk.').getByLabel('Not sent yet. Keep this page open.').waitFor();
    const asked = ada.page.waitForEvent('dialog');
    await ada.page.close({ runBeforeUnload: true });
    const dialog = await asked;
    assert.equal(dialog.type(), 'beforeunload');
    await dialog.dismiss();
    await ada.page.unroute('**/graphql');
    await arrives('at risk.');
  });

  test('a failed edit is restored and can be retried', async () => {
    await sendText(ada, 'misteak.');
    await arrives('misteak.');
    await blockRequests(ada);
    const field = ada.page.getByRole('textbox', { name: 'Your message' });
    await field.press('ArrowUp');
    await field.fill('mistake.');
    await field.press('Enter');
    await ada.page.getByText('The server could not be reached.').first().waitFor();
    await ada.page.getByText('Edit your message').waitFor();
    assert.equal(await field.inputValue(), 'mistake.');
    await ada.page.unroute('**/graphql');
    await field.press('Enter');
    await messageWith(bob, 'mistake.').waitFor();
    assert.equal(await field.inputValue(), '');
  });

  test('text written while a first message creates the conversation is kept', async () => {
    const eve = await signUpInBrowser(await visit(browser, server.url), 'Eve Newton');
    await openConversation(eve, 'Bob Byron');
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    await eve.page.route('**/graphql', async (route) => {
      await held;
      await route.continue();
    });
    await sendText(eve, 'one.');
    const field = eve.page.getByRole('textbox', { name: 'Your message' });
    await field.fill('two.');
    release();
    await eve.page.waitForURL('**/c/*');
    await messageWith(eve, 'one.').waitFor();
    assert.equal(await field.inputValue(), 'two.');
    await field.press('Enter');
    await openConversation(bob, 'Eve Newton');
    await messageWith(bob, 'two.').waitFor();
  });
});
