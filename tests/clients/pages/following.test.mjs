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
});
