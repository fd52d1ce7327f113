// A conversation of 100,000 messages opens at once, and scrolls to its start in bounded memory.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logIn, messageWith, visit } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

const MESSAGES = 100_000;
/** The limits for a page with about ten screens of messages. */
const [NODES, HEAP] = [4_000, 60e6];

test('100,000 messages scroll in bounded memory', { timeout: 600_000 }, async (t) => {
  const { server, browser, close } = await startPages();
  t.after(close);
  await server.run('seed', '--messages', String(MESSAGES));
  const ada = await visit(browser, server.url);
  const { page } = ada;
  page.setDefaultTimeout(30_000);
  await logIn(ada, { email: 'ada@example.com', password: 'open sesame' });
  await page.getByRole('navigation').getByRole('link', { name: /^Analytical Engine/ }).click();
  // It opens at the first unread message; the end is one click away.
  await page.getByText('New messages', { exact: true }).first().waitFor();
  await page.getByRole('button', { name: /^99,\d+ new messages: jump to the latest$/ }).click();
  await page.waitForFunction(() => {
    const last = [...document.querySelectorAll('[data-seq]')].at(-1);
    return last?.ariaPosInSet === last?.ariaSetSize && last?.getBoundingClientRect().bottom < innerHeight;
  });

  // The list holds its scroll target for a moment.
  await page.waitForTimeout(500);

  const devtools = await ada.context.newCDPSession(page);
  const measure = async () => {
    await devtools.send('HeapProfiler.collectGarbage');
    const { usedSize } = await devtools.send('Runtime.getHeapUsage');
    const nodes = await page.evaluate(() => document.querySelectorAll('*').length);
    return { heap: usedSize, nodes };
  };
  const before = await measure();

  // Scroll up by the wheel: the view must not jump when older messages are loaded.
  await page.getByRole('feed').hover();
  const above = (seq) => page.waitForFunction((seen) => {
    const edge = document.querySelector('.scroller').getBoundingClientRect().top;
    const first = [...document.querySelectorAll('[data-seq]')].find((row) => row.getBoundingClientRect().top >= edge);
    const here = Number(first?.dataset.seq);
    return !document.querySelector('.scroller .skeleton') && (seen === undefined || here < seen) && here;
  }, seq).then((found) => found.jsonValue());
  let seen = await above();
  for (let turn = 0; turn < 40; turn += 1) {
    await page.mouse.wheel(0, -600);
    const now = await above(seen);
    assert.ok(now > seen - 40, `from ${seen} to ${now} in one turn`);
    seen = now;
  }

  // Jump around by the scroll bar, at last to the start.
  for (const part of [0.5, 0.1, 0.9, 0.3, 0.7, 0]) {
    await page.evaluate((where) => {
      const scroller = document.querySelector('.scroller');
      scroller.scrollTop = where * scroller.scrollHeight;
    }, part);
    await page.waitForFunction(() => document.querySelector('[data-seq]') && !document.querySelector('.scroller .skeleton'));
  }
  await messageWith(ada, 'Welcome, everybody.').first().waitFor();

  const after = await measure();
  t.diagnostic(`before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`);
  for (const { heap, nodes } of [before, after]) {
    assert.ok(nodes < NODES, `${nodes} elements`);
    assert.ok(heap < HEAP, `${heap} bytes`);
  }
  assert.deepEqual(ada.problems, []);
});
