// Scrolling of the message list: it follows new messages at the end, and stays put elsewhere.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { messageWith, openConversation, requestInPage, sendText, signUpInBrowser, visit } from './people-in-browser.mjs';
import { startTwoPeople } from './setup.mjs';

describe('the message list scrolls', { timeout: 120_000 }, () => {
  let server, browser, ada, bob, close;
  before(async () => {
    ({ server, browser, ada, bob, close } = await startTwoPeople());
    await openConversation(ada, 'Bob Byron');
  });
  after(() => close?.());

  const latest = ({ page }) => page.getByRole('button', { name: /to the latest/ });
  const inView = (message) => message.evaluate((row) => {
    const [{ top, bottom }, view] = [row.getBoundingClientRect(), row.closest('.scroller').getBoundingClientRect()];
    return top >= view.top && bottom <= view.bottom;
  });
  /** Sends more messages than fit into the view, each of which must become visible to the other person. */
  async function talk(name) {
    for (let number = 0; number < 24; number += 1) {
      await sendText(ada, `${name} ${number}.`);
      await messageWith(bob, `${name} ${number}.`).waitFor();
    }
    await bob.page.waitForFunction(() => !document.querySelector('.to-end'));
    assert.ok(await inView(messageWith(bob, `${name} 23.`)));
  }

  test('with new messages, from the first one on', async () => {
    await openConversation(bob, 'Ada Lovelace');
    await talk('new');
  });

  test('with new messages, after opening at an unread one', async () => {
    await bob.page.goto(bob.origin);
    await bob.page.getByRole('navigation').getByRole('link', { name: /^Ada/ }).waitFor();
    await sendText(ada, 'unread.');
    await bob.page.getByRole('navigation').getByText('1 unread message', { exact: true }).waitFor();
    await openConversation(bob, 'Ada Lovelace');
    await messageWith(bob, 'unread.').waitFor();
    await talk('more');
  });

  test('not while the user has scrolled up, until they click the button', async () => {
    await messageWith(bob, 'more 23.').hover();
    await bob.page.mouse.wheel(0, -400);
    await latest(bob).waitFor();
    await sendText(ada, 'out of sight.');
    await bob.page.getByRole('button', { name: /^1 new message/ }).waitFor();
    await latest(bob).click();
    await messageWith(bob, 'out of sight.').waitFor();
    await talk('again');
  });

  test('to the first unread message, and marks only visible messages as read', async () => {
    const eve = await signUpInBrowser(await visit(browser, server.url), 'Eve Newton');
    await openConversation(eve, 'Bob Byron');
    for (const text of ['one.', 'two.', 'three.']) await sendText(eve, text);
    await openConversation(bob, 'Eve Newton');
    await messageWith(bob, 'three.').waitFor();
    await eve.page.getByText('Read', { exact: true }).waitFor();
    await openConversation(bob, 'Ada Lovelace');
    const high = (text) => Array.from({ length: 60 }, (_, line) => `${text} ${line}`).join('\n');
    for (const text of ['high', 'higher', 'highest']) await sendText(eve, high(text));
    await bob.page.getByRole('navigation').getByText('3 unread messages', { exact: true }).waitFor();

    await bob.page.getByRole('navigation').getByRole('link', { name: /^Eve/ }).click();
    const line = bob.page.getByText('New messages', { exact: true });
    await line.waitFor();
    await bob.page.getByRole('button', { name: /^2 new messages/ }).waitFor();
    assert.ok(await inView(line), 'the divider is in view');
    // Messages that were not in view are unread, for both people.
    await bob.page.waitForTimeout(1_500);
    await bob.page.getByRole('button', { name: /^2 new messages/ }).waitFor();
    await eve.page.getByText('Sent', { exact: true }).waitFor();
    await latest(bob).click();
    await latest(bob).waitFor({ state: 'detached' });
    await eve.page.getByText('Read', { exact: true }).waitFor();
    await eve.page.close();
    await openConversation(bob, 'Ada Lovelace');
  });

  test('not while the user scrolls up as messages arrive, until they send one', async () => {
    let isOver = false;
    const others = (async () => {
      for (let number = 0; !isOver; number += 1) await requestInPage(
        ada,
        'mutation ($to: ID!, $text: String!) { sendMessage(input: { to: { conversationId: $to }, text: $text }) { id } }',
        { to: new URL(ada.page.url()).pathname.split('/').at(-1), text: `busy ${number}.` },
      );
    })();
    await messageWith(bob, 'busy 5.').waitFor();
    await bob.page.getByRole('feed').hover();
    // The distance of the view from the end.
    const below = () => bob.page.locator('.scroller').evaluate((view) => view.scrollHeight - view.scrollTop - view.clientHeight);
    for (let turn = 0; turn < 10; turn += 1) {
      await bob.page.mouse.wheel(0, -100);
      await bob.page.waitForTimeout(30);
    }
    await latest(bob).waitFor();
    assert.ok(await below() > 900, `${await below()} pixels from the end`);
    isOver = true;
    await others;
    await bob.page.getByRole('button', { name: /new messages?: jump to the latest/ }).waitFor();
    await sendText(bob, 'my word.');
    await latest(bob).waitFor({ state: 'detached' });
    const sent = messageWith(bob, 'my word.').and(bob.page.locator('[data-seq]'));
    await sent.waitFor();
    assert.ok(await inView(sent));
  });
});
