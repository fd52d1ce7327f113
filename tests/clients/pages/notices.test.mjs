// Notices of unread messages: the badge in the title, and notifications of the browser for whoever wants them and looks away.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from '../browser.mjs';
import { signUp } from '../people.mjs';
import { startServer } from '../server.mjs';
import { isAccessible } from './axe.mjs';
import { join, logIn, menu, open, row, said, visit, write } from './people-in-browser.mjs';

describe('notices of unread messages', { timeout: 120_000 }, () => {
  let server, browser, ada, bob, group, devtools, nothing;
  before(async () => {
    server = await startServer();
    browser = await launch();
    ada = await visit(browser, server.url);
    // The browser's own notifications, which a test can look at.
    await ada.context.addInitScript(() => {
      window.asked = 0;
      window.shown = [];
      window.Notification = class extends Notification {
        constructor(title, options) {
          super(title, options);
          window.shown.push(this);
        }

        static requestPermission() {
          window.asked += 1;
          return super.requestPermission();
        }
      };
    });
    await ada.page.reload();
    await join(ada, 'Ada Lovelace');
    bob = await signUp(server, 'Bob Byron');
    const { users } = await bob.ask('{ users(search: "Ada Lovelace") { nodes { id } } }');
    [ada.id] = users.nodes.map(({ id }) => id);
    group = (await bob.ask(
      'mutation ($ids: [ID!]!) { createConversation(input: { title: "Engine", memberIds: $ids }) { id } }',
      { ids: [ada.id] },
    )).createConversation;
  });
  after(async () => {
    await browser?.close();
    await server?.dispose();
  });

  const toGroup = (text) => bob.ask(
    'mutation ($id: ID!, $text: String!) { sendMessage(input: { to: { conversationId: $id }, text: $text }) { id } }',
    { id: group.id, text },
  );
  const title = ({ page }, wanted) => page.waitForFunction((wanted) => document.title === wanted, wanted);
  /** All that were shown, once there are so many. */
  const shown = async (count) => {
    await ada.page.waitForFunction((count) => window.shown.length >= count, count);
    return ada.page.evaluate(() => window.shown.map(({ title, body, tag }) => [title, body, tag]));
  };
  /** Looks at a page of Ada's browser. */
  const look = async (page) => {
    // In a test every page has the focus, unless this is taken back; each load of a page has it anew.
    await devtools.send('Emulation.setFocusEmulationEnabled', { enabled: false });
    await page.bringToFront();
    await ada.page.waitForFunction((wanted) => document.hasFocus() === wanted, page === ada.page);
  };
  const settings = () => menu(ada, 'Settings');
  const choice = (state) => ada.page.getByRole('checkbox', { name: 'Notify me of new messages', ...state });

  test('count in the title what is unread in all conversations, until it is read', async () => {
    await bob.send(ada, 'one');
    await bob.send(ada, 'two');
    await toGroup('three');
    await title(ada, '(3) Parlour');
    await row(ada, 'Bob Byron.*2 unread messages').click();
    await title(ada, '(1) Parlour');
    await row(ada, 'Engine.*1 unread message').click();
    await title(ada, 'Parlour');
    // On another page of theirs it is read too.
    const other = await logIn(await visit(browser, server.url), ada);
    await toGroup('four');
    await row(other, 'Engine.*four').waitFor();
    await title(other, 'Parlour');
    await other.context.close();
  });

  test('are not asked for by the page itself, and can be refused', async () => {
    assert.equal(await ada.page.evaluate(() => window.asked), 0);
    // A browser that was told no, or cannot show them.
    await ada.page.evaluate(() => { Notification.requestPermission = async () => 'denied'; });
    await settings();
    await choice().click();
    await ada.page.getByText('Your browser blocks notifications').waitFor();
    assert.equal(await choice().isChecked(), false);
    await isAccessible(ada, 'settings where notifications are refused');
    await ada.page.keyboard.press('Escape');
    await ada.page.reload();
  });

  test('come to who has chosen them in the settings and looks away', async () => {
    await ada.context.grantPermissions(['notifications'], { origin: ada.origin });
    await row(ada, 'Engine').click();
    nothing = await ada.context.newPage();
    devtools = await ada.context.newCDPSession(ada.page);
    // Allowed is not chosen.
    await look(nothing);
    await toGroup('before it was chosen');
    await said(ada, 'before it was chosen').waitFor();
    await look(ada.page);
    assert.equal(await ada.page.evaluate(() => window.asked), 0);
    await settings();
    await choice().click();
    await choice({ checked: true }).waitFor();
    assert.equal(await ada.page.evaluate(() => window.asked), 1);
    await ada.page.keyboard.press('Escape');
    await ada.page.reload();
    await row(ada, 'Engine').click();

    await toGroup('while she looks');
    await said(ada, 'while she looks').waitFor();
    await look(nothing);
    await toGroup('while she looks away');
    assert.deepEqual(await shown(1), [['Bob Byron in Engine', 'while she looks away', group.id]]);
    // What she writes herself, at another device, is no news to her.
    const phone = await logIn(await visit(browser, server.url), ada);
    await open(phone, 'Bob Byron');
    await write(phone, 'from my phone');
    await row(ada, 'Bob Byron.*You.*from my phone').waitFor();
    await phone.context.close();
    // Without the marks around code.
    const { conversationId } = await bob.send(ada, '```\nan answer\n```');
    assert.deepEqual((await shown(2))[1].map((text) => text.trim()), ['Bob Byron', 'an answer', conversationId]);
  });

  test('open their conversation on a click', async () => {
    await ada.page.evaluate(() => window.shown.at(-1).dispatchEvent(new Event('click')));
    await said(ada, 'an answer').waitFor();
    assert.match(ada.page.url(), /\/c\//);
    await ada.page.getByRole('heading', { name: 'Bob Byron', exact: true }).waitFor();
  });

  test('do not come while one looks at another tab of the pages, nor when they are turned off', async () => {
    const tab = await ada.tab('/');
    await tab.page.waitForFunction(() => navigator.locks.query().then(({ held }) => held.length > 0));
    await toGroup('seen in the other tab');
    await row(tab, 'Engine.*seen in the other tab').waitFor();
    await row(ada, 'Engine.*seen in the other tab').waitFor();
    await tab.page.close();
    await ada.page.waitForFunction(() => navigator.locks.query().then(({ held }) => held.length === 0));
    await toGroup('seen nowhere');
    assert.deepEqual((await shown(3)).slice(2).map(([, body]) => body), ['seen nowhere']);

    await look(ada.page);
    await settings();
    await choice().click();
    await choice({ checked: false }).waitFor();
    await ada.page.keyboard.press('Escape');
    await look(nothing);
    await toGroup('not wanted');
    await row(ada, 'Engine.*not wanted').waitFor();
    await title(ada, '(4) Parlour');
    assert.equal((await shown(3)).length, 3);
    assert.deepEqual(ada.complaints, []);
  });
});
