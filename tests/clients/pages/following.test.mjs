// Who looks at the end of a conversation sees what comes, however they got there.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from '../browser.mjs';
import { startServer } from '../server.mjs';
import { join, open, said, visit, write } from './people-in-browser.mjs';

describe('the end of a conversation', { timeout: 120_000 }, () => {
  let server, browser, ada, bob;
  before(async () => {
    server = await startServer();
    browser = await launch();
    [ada, bob] = [await visit(browser, server.url), await visit(browser, server.url)];
    await join(ada, 'Ada Lovelace');
    await join(bob, 'Bob Byron');
    await open(ada, 'Bob Byron');
  });
  after(async () => {
    await browser?.close();
    await server?.dispose();
  });

  const latest = ({ page }) => page.getByRole('button', { name: /to the latest/ });
  const inView = (message) => message.evaluate((row) => {
    const [{ top, bottom }, view] = [row.getBoundingClientRect(), row.closest('.scroller').getBoundingClientRect()];
    return top >= view.top && bottom <= view.bottom;
  });
  /** Writes more than a view holds, a message at a time, each of which the other one has to see. */
  async function talk(name) {
    for (let number = 0; number < 24; number += 1) {
      await write(ada, `${name} ${number}.`);
      await said(bob, `${name} ${number}.`).waitFor();
    }
    await bob.page.waitForFunction(() => !document.querySelector('.to-end'));
    assert.ok(await inView(said(bob, `${name} 23.`)));
  }

  test('is followed from the first message on, where there was none', async () => {
    await open(bob, 'Ada Lovelace');
    await talk('new');
  });

  test('is followed from the first unread message on', async () => {
    await bob.page.goto(bob.origin);
    await bob.page.getByRole('navigation').getByRole('link', { name: /^Ada/ }).waitFor();
    await write(ada, 'unread.');
    await bob.page.getByRole('navigation').getByText('1 unread message', { exact: true }).waitFor();
    await open(bob, 'Ada Lovelace');
    await said(bob, 'unread.').waitFor();
    await talk('more');
  });

  test('is left by who scrolls up, and taken up again by the button', async () => {
    await said(bob, 'more 23.').hover();
    await bob.page.mouse.wheel(0, -400);
    await latest(bob).waitFor();
    await write(ada, 'out of sight.');
    await bob.page.getByRole('button', { name: /^1 new message/ }).waitFor();
    await latest(bob).click();
    await said(bob, 'out of sight.').waitFor();
    await talk('again');
  });

  test('is not taken for seen by who opens it at an unread message, however high those are', async () => {
    const eve = await join(await visit(browser, server.url), 'Eve Newton');
    await open(eve, 'Bob Byron');
    for (const text of ['one.', 'two.', 'three.']) await write(eve, text);
    await open(bob, 'Eve Newton');
    await said(bob, 'three.').waitFor();
    await eve.page.getByText('Read', { exact: true }).waitFor();
    await open(bob, 'Ada Lovelace');
    const high = (text) => Array.from({ length: 60 }, (_, line) => `${text} ${line}`).join('\n');
    for (const text of ['high', 'higher', 'highest']) await write(eve, high(text));
    await bob.page.getByRole('navigation').getByText('3 unread messages', { exact: true }).waitFor();

    await bob.page.getByRole('navigation').getByRole('link', { name: /^Eve/ }).click();
    const line = bob.page.getByText('New messages', { exact: true });
    await line.waitFor();
    await bob.page.getByRole('button', { name: /^2 new messages/ }).waitFor();
    assert.ok(await inView(line), 'one begins at its beginning');
    // What has not been in view is not read, neither here nor for its writer.
    await bob.page.waitForTimeout(1_500);
    await bob.page.getByRole('button', { name: /^2 new messages/ }).waitFor();
    await eve.page.getByText('Sent', { exact: true }).waitFor();
    await latest(bob).click();
    await latest(bob).waitFor({ state: 'detached' });
    await eve.page.getByText('Read', { exact: true }).waitFor();
    await eve.page.close();
    await open(bob, 'Ada Lovelace');
  });

  test('is left by who scrolls up while messages keep coming, and taken up by writing', async () => {
    let isOver = false;
    const others = (async () => {
      for (let number = 0; !isOver; number += 1) await ada.page.evaluate(([to, text]) => fetch('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          query: 'mutation ($to: ID!, $text: String!) { sendMessage(input: { to: { conversationId: $to }, text: $text }) { id } }',
          variables: { to, text },
        }),
      }), [new URL(ada.page.url()).pathname.split('/').at(-1), `busy ${number}.`]);
    })();
    await said(bob, 'busy 5.').waitFor();
    await bob.page.getByRole('feed').hover();
    // How far the end is below the view.
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
    await write(bob, 'my word.');
    await latest(bob).waitFor({ state: 'detached' });
    const sent = said(bob, 'my word.').and(bob.page.locator('[data-seq]'));
    await sent.waitFor();
    assert.ok(await inView(sent));
  });
});
