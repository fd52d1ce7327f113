// The composer lines up with the messages above it, also where scrollbars take space.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launchWithScrollbars } from '../browser.mjs';
import { signUp } from '../people.mjs';
import { startServer } from '../server.mjs';
import { logIn, messageWith, sendText, sidebarRow, visit } from './people-in-browser.mjs';

test('the composer is as wide as the messages, on windows of any width', { timeout: 60_000 }, async (t) => {
  const [server, browser] = [await startServer(), await launchWithScrollbars()];
  t.after(async () => {
    await browser.close();
    await server.dispose();
  });
  const [account, bob] = [await signUp(server, 'Ada Lovelace'), await signUp(server, 'Bob Byron')];
  await bob.send(account, 'Good morning');
  const ada = await logIn(await visit(browser, server.url), account);
  await sidebarRow(ada, 'Bob Byron').click();
  await messageWith(ada, 'Good morning').waitFor();
  for (const text of ['One.', 'Two.', 'Three.']) await sendText(ada, text);
  await messageWith(ada, 'Three.').waitFor();
  for (const width of [1_800, 1_400, 1_000, 700]) {
    await ada.page.setViewportSize({ width, height: 500 });
    const edges = await ada.page.evaluate(() => {
      const box = (selector) => document.querySelector(selector).getBoundingClientRect();
      const scroller = document.querySelector('.scroller');
      return { scrollbar: scroller.offsetWidth - scroller.clientWidth, of: ['.message', '.composer-line'].map(box).map(({ left, right }) => [left, right]) };
    });
    assert.ok(edges.scrollbar > 5, 'the scrollbar takes space');
    assert.deepEqual(edges.of[1], edges.of[0], `${width} pixels wide`);
  }
});
