// Scrolling of the message list: it follows new messages at the end, and stays put elsewhere. Each test has people of its own.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { signUp } from '../people.mjs';
import { messageWith, openConversation, requestInPage, sendText, sidebarRow, signUpInBrowser, visit } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

const lines = (count, text = 'line') => Array.from({ length: count }, (_, line) => `${text} ${line}`).join('\n');

describe('the message list scrolls', { timeout: 240_000 }, () => {
  let server, browser, bob, close;
  before(async () => {
    ({ server, browser, close } = await startPages());
    bob = await signUpInBrowser(await visit(browser, server.url), 'Bob Byron');
    bob.page.setDefaultTimeout(30_000);
  });
  after(() => close?.());

  const latest = ({ page }) => page.getByRole('button', { name: /to the latest/ });
  const inView = (message) => message.evaluate((row) => {
    const [{ top, bottom }, view] = [row.getBoundingClientRect(), row.closest('.scroller').getBoundingClientRect()];
    return top >= view.top && bottom <= view.bottom;
  });
  /** The distance of the view from the end. */
  const below = () => bob.page.locator('.scroller').evaluate((view) => view.scrollHeight - view.scrollTop - view.clientHeight);

  /** Somebody who has sent these messages to Bob, who has the conversation open, at its end. */
  async function startTalk(fullName, ...texts) {
    const person = await signUp(server, fullName);
    let last;
    for (const text of texts) last = await person.send(bob, text);
    if (last) {
      const read = 'mutation ($id: ID!, $seq: Int!) { markRead(conversation: { conversationId: $id }, upToSeq: $seq) { id } }';
      await requestInPage(bob, read, { id: last.conversationId, seq: last.seq });
      await sidebarRow(bob, fullName).waitFor();
      await sidebarRow(bob, fullName).getByText(/unread/).waitFor({ state: 'detached' });
    }
    await openConversation(bob, fullName);
    if (texts.length) await atEnd(texts.at(-1));
    return person;
  }
  /** Waits until the view is at the end, with this message there. */
  const atEnd = (text) => bob.page.waitForFunction((text) => {
    const [view, last] = [document.querySelector('.scroller'), [...document.querySelectorAll('[data-seq]')].at(-1)];
    return last?.textContent.includes(text) && !document.querySelector('.scroll-to-end')
      && view.scrollHeight - view.scrollTop - view.clientHeight < 2;
  }, text);
  /** Sends more messages than fit into the view, each of which must become visible to Bob. */
  async function talk(person, name) {
    for (let number = 0; number < 24; number += 1) {
      await person.send(bob, `${name} ${number}.`);
      await messageWith(bob, `${name} ${number}.`).waitFor();
    }
    await atEnd(`${name} 23.`);
    assert.ok(await inView(messageWith(bob, `${name} 23.`)));
  }

  test('with new messages, from the first one on', async () => {
    await talk(await startTalk('Ada First'), 'new');
  });

  test('with new messages that arrive faster than they are rendered', async () => {
    const devtools = await bob.context.newCDPSession(bob.page);
    for (const [name, ...before] of [['Ada Swift'], ['Ada Quick', 'hello']]) {
      const ada = await startTalk(name, ...before);
      await devtools.send('Emulation.setCPUThrottlingRate', { rate: 12 });
      for (let number = 0; number < 24; number += 1) await ada.send(bob, `${name} ${number}.`);
      await atEnd(`${name} 23.`);
      await devtools.send('Emulation.setCPUThrottlingRate', { rate: 1 });
    }
    await devtools.detach();
  });

  test('with new messages, after opening at an unread one', async () => {
    const ada = await signUp(server, 'Ada Unread');
    await bob.page.goto(bob.origin);
    await ada.send(bob, 'unread.');
    await bob.page.getByRole('navigation').getByRole('link', { name: /^Ada Unread/ }).getByText('1 unread message', { exact: true }).waitFor();
    await openConversation(bob, 'Ada Unread');
    await messageWith(bob, 'unread.').waitFor();
    await talk(ada, 'more');
  });

  test('with messages that are higher than the view', async () => {
    const ada = await startTalk('Ada Long', ...Array.from({ length: 20 }, (_, number) => `before ${number}`));
    for (const [count, text] of [[40, 'high'], [70, 'higher'], [45, 'again']]) {
      await ada.send(bob, lines(count, text));
      await atEnd(`${text} ${count - 1}`);
    }
    await sendText(bob, lines(60, 'mine'));
    await atEnd('mine 59');
  });

  test('when the composer grows by several lines at once', async () => {
    await startTalk('Ada Composer', ...Array.from({ length: 20 }, (_, number) => `before ${number}`));
    const field = bob.page.getByRole('textbox', { name: 'Your message' });
    const height = () => bob.page.locator('.scroller').evaluate((view) => view.clientHeight);
    const full = await height();
    for (const text of [lines(8), lines(2), lines(9)]) {
      await field.fill(text);
      await bob.page.waitForFunction((full) => document.querySelector('.scroller').clientHeight < full - 20, full);
      await atEnd('before 19');
    }
    await field.fill('');
    await bob.page.waitForFunction((full) => document.querySelector('.scroller').clientHeight === full, full);
    await atEnd('before 19');
  });

  test('not while the user has scrolled up, until they click the button', async () => {
    const ada = await startTalk('Ada Upward', ...Array.from({ length: 24 }, (_, number) => `before ${number}.`));
    await messageWith(bob, 'before 23.').hover();
    await bob.page.mouse.wheel(0, -400);
    await latest(bob).waitFor();
    const distance = await below();
    await ada.send(bob, 'out of sight.');
    await bob.page.getByRole('button', { name: /^1 new message/ }).waitFor();
    assert.ok(await below() >= distance, 'the view stays where it is');
    await latest(bob).click();
    await messageWith(bob, 'out of sight.').waitFor();
    await talk(ada, 'again');
  });

  test('to the first unread message, and marks only visible messages as read', async () => {
    const eve = await signUpInBrowser(await visit(browser, server.url), 'Eve Newton');
    await openConversation(eve, 'Bob Byron');
    for (const text of ['one.', 'two.', 'three.']) await sendText(eve, text);
    await openConversation(bob, 'Eve Newton');
    await messageWith(bob, 'three.').waitFor();
    await eve.page.getByText('Read', { exact: true }).waitFor();
    await bob.page.goto(bob.origin);
    for (const text of ['high', 'higher', 'highest']) await sendText(eve, lines(60, text));
    const row = bob.page.getByRole('navigation').getByRole('link', { name: /^Eve/ });
    await row.getByText('3 unread messages', { exact: true }).waitFor();

    await row.click();
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
  });

  test('not while the user scrolls up as messages arrive, until they send one', async () => {
    const ada = await startTalk('Ada Busy');
    let isOver = false;
    const others = (async () => {
      for (let number = 0; !isOver; number += 1) {
        await ada.send(bob, `busy ${number}.`);
        // As fast as a busy group, and not as a fast machine can.
        await sleep(15);
      }
    })();
    try {
      // That one or a later one: on a fast machine each is in view for some milliseconds only.
      await bob.page.waitForFunction(() => Number([...document.querySelectorAll('[data-seq]')].at(-1)?.dataset.seq) > 40);
      await bob.page.getByRole('feed').hover();
      for (let turn = 0; turn < 10; turn += 1) {
        await bob.page.mouse.wheel(0, -100);
        await bob.page.waitForTimeout(30);
      }
      await latest(bob).waitFor();
      assert.ok(await below() > 900, `${await below()} pixels from the end`);
    } finally {
      isOver = true;
      await others;
    }
    await bob.page.getByRole('button', { name: /new messages?: jump to the latest/ }).waitFor();
    await sendText(bob, 'my word.');
    await latest(bob).waitFor({ state: 'detached' });
    const sent = messageWith(bob, 'my word.').and(bob.page.locator('[data-seq]'));
    await sent.waitFor();
    assert.ok(await inView(sent));
  });
});
