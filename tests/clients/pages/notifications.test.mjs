// Unread messages: the count in the title, and browser notifications while the page is not focused.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { waitUntilResolved } from '../browser.mjs';
import { signUp } from '../people.mjs';
import { assertAccessible } from './accessibility.mjs';
import {
  logIn, messageWith, openConversation, openSettings, sendText, sidebarRow, signUpInBrowser, visit,
} from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

describe('notifications', { timeout: 120_000 }, () => {
  let server, browser, ada, bob, groupId, devtools, otherPage, close;
  before(async () => {
    ({ server, browser, close } = await startPages());
    ada = await visit(browser, server.url);
    // Records the browser's notifications.
    await ada.context.addInitScript(() => {
      window.permissionRequests = 0;
      window.shown = [];
      window.Notification = class extends Notification {
        constructor(title, options) {
          super(title, options);
          window.shown.push(this);
        }

        static requestPermission() {
          window.permissionRequests += 1;
          return super.requestPermission();
        }
      };
    });
    await ada.page.reload();
    await signUpInBrowser(ada, 'Ada Lovelace');
    bob = await signUp(server, 'Bob Byron');
    groupId = await bob.createGroup('Engine', ada);
  });
  after(() => close?.());

  const sendToGroup = (text) => bob.request(
    'mutation ($id: ID!, $text: String!) { sendMessage(input: { to: { conversationId: $id }, text: $text }) { id } }',
    { id: groupId, text },
  );
  const title = ({ page }, wanted) => page.waitForFunction((wanted) => document.title === wanted, wanted);
  /** All notifications that were shown, once there are this many. */
  const shown = async (count) => {
    await ada.page.waitForFunction((count) => window.shown.length >= count, count);
    return ada.page.evaluate(() => window.shown.map(({ title, body, tag }) => [title, body, tag]));
  };
  /** Focuses a page of Ada's browser. */
  const focus = async (page) => {
    // Playwright emulates focus on every page, again after each load.
    await devtools.send('Emulation.setFocusEmulationEnabled', { enabled: false });
    await page.bringToFront();
    await ada.page.waitForFunction((wanted) => document.hasFocus() === wanted, page === ada.page);
  };
  const settings = () => openSettings(ada, 'Notifications');
  const choice = (state) => ada.page.getByRole('checkbox', { name: 'Notify me of new messages', ...state });

  test('the title has the number of unread messages in all conversations', async () => {
    await bob.send(ada, 'one');
    await bob.send(ada, 'two');
    await sendToGroup('three');
    await title(ada, '(3) Parlour');
    await sidebarRow(ada, 'Bob Byron.*2 unread messages').click();
    await title(ada, '(1) Bob Byron · Parlour');
    await sidebarRow(ada, 'Engine.*1 unread message').click();
    await title(ada, 'Engine · Parlour');
    // Messages are read on the user's other pages, too.
    const other = await logIn(await visit(browser, server.url), ada);
    await sendToGroup('four');
    await sidebarRow(other, 'Engine.*four').waitFor();
    await title(other, 'Parlour');
    await other.context.close();
  });

  test('the page does not request the permission by itself, and handles a denial', async () => {
    assert.equal(await ada.page.evaluate(() => window.permissionRequests), 0);
    // The user has denied the permission, or the browser does not support it.
    await ada.page.evaluate(() => { Notification.requestPermission = async () => 'denied'; });
    await settings();
    await choice().click();
    await ada.page.getByText('Your browser blocks notifications').waitFor();
    assert.equal(await choice().isChecked(), false);
    await assertAccessible(ada, 'settings where notifications are refused');
    await ada.page.keyboard.press('Escape');
    await ada.page.reload();
  });

  test('are shown if they are turned on and the page is not focused', async () => {
    await ada.context.grantPermissions(['notifications'], { origin: ada.origin });
    await sidebarRow(ada, 'Engine').click();
    otherPage = await ada.context.newPage();
    devtools = await ada.context.newCDPSession(ada.page);
    // The permission alone does not turn them on.
    await focus(otherPage);
    await sendToGroup('before it was chosen');
    await messageWith(ada, 'before it was chosen').waitFor();
    await focus(ada.page);
    assert.equal(await ada.page.evaluate(() => window.permissionRequests), 0);
    await settings();
    await choice().click();
    await choice({ checked: true }).waitFor();
    assert.equal(await ada.page.evaluate(() => window.permissionRequests), 1);
    await ada.page.keyboard.press('Escape');
    await ada.page.reload();
    await sidebarRow(ada, 'Engine').click();

    await sendToGroup('while she looks');
    await messageWith(ada, 'while she looks').waitFor();
    await focus(otherPage);
    await sendToGroup('while she looks away');
    assert.deepEqual(await shown(1), [['Bob Byron in Engine', 'while she looks away', groupId]]);
    // Her own message from another device is not announced.
    const phone = await logIn(await visit(browser, server.url), ada);
    await openConversation(phone, 'Bob Byron');
    await sendText(phone, 'from my phone');
    await sidebarRow(ada, 'Bob Byron.*You.*from my phone').waitFor();
    await phone.context.close();
    // The body has no code fences.
    const { conversationId } = await bob.send(ada, '```\nan answer\n```');
    assert.deepEqual((await shown(2))[1].map((text) => text.trim()), ['Bob Byron', 'an answer', conversationId]);
  });

  test('open their conversation when clicked', async () => {
    await ada.page.evaluate(() => window.shown.at(-1).dispatchEvent(new Event('click')));
    await messageWith(ada, 'an answer').waitFor();
    assert.match(ada.page.url(), /\/c\//);
    await ada.page.getByRole('heading', { name: 'Bob Byron', exact: true }).waitFor();
  });

  test('are not shown while another tab of the chat is focused, or when they are turned off', async () => {
    const tab = await ada.tab('/');
    // Each focused page holds a lock of this name.
    await waitUntilResolved(tab.page, () => navigator.locks.query()
      .then(({ held }) => held.some(({ name }) => name === 'parlour.attention')));
    await sendToGroup('seen in the other tab');
    await sidebarRow(tab, 'Engine.*seen in the other tab').waitFor();
    await sidebarRow(ada, 'Engine.*seen in the other tab').waitFor();
    await tab.page.close();
    await waitUntilResolved(ada.page, () => navigator.locks.query()
      .then(({ held }) => held.every(({ name }) => name !== 'parlour.attention')));
    await sendToGroup('seen nowhere');
    assert.deepEqual((await shown(3)).slice(2).map(([, body]) => body), ['seen nowhere']);

    await focus(ada.page);
    await settings();
    await choice().click();
    await choice({ checked: false }).waitFor();
    await ada.page.keyboard.press('Escape');
    await focus(otherPage);
    await sendToGroup('not wanted');
    await sidebarRow(ada, 'Engine.*not wanted').waitFor();
    await title(ada, '(4) Bob Byron · Parlour');
    assert.equal((await shown(3)).length, 3);
    assert.deepEqual(ada.problems, []);
  });
});
