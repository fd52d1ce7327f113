// Conversations and pictures on paper.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evening } from '../png.mjs';
import { signUp } from '../people.mjs';
import { logIn, messageWith, screenshot, sendText, sidebarRow, visit } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

test('prints messages beyond the view, without the list, the composer and buttons, and an opened picture alone', { timeout: 60_000 }, async (t) => {
  const { server, browser, close } = await startPages();
  t.after(close);
  const [account, bob] = [await signUp(server, 'Ada Lovelace'), await signUp(server, 'Bob Byron')];
  for (let number = 1; number <= 30; number += 1) await bob.send(account, `Message ${number}.`);
  const ada = await logIn(await visit(browser, server.url, { colorScheme: 'dark' }), account);
  const { page } = ada;
  await sidebarRow(ada, 'Bob Byron').click();
  await page.getByRole('button', { name: /jump to the latest/ }).click();
  await messageWith(ada, 'Message 30.').waitFor();

  // As the browser does it: its event, then the styles for paper.
  const beginToPrint = async () => {
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    await page.emulateMedia({ media: 'print' });
  };
  const endToPrint = async () => {
    await page.emulateMedia({ media: 'screen' });
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  };
  await page.setViewportSize({ width: 1200, height: 400 });
  await messageWith(ada, 'Message 30.').waitFor();
  await beginToPrint();
  const shown = await page.evaluate(() => {
    const isShown = (selector) => [...document.querySelectorAll(selector)].some((element) => element.checkVisibility({ visibilityProperty: true }));
    const rows = [...document.querySelectorAll('article')].filter((row) => row.checkVisibility({ visibilityProperty: true }));
    const tops = rows.map((row) => row.getBoundingClientRect().top);
    return {
      texts: rows.map((row) => row.querySelector('.words').textContent),
      areInOrder: tops.every((top, index) => index === 0 || top > tops[index - 1]),
      height: document.documentElement.scrollHeight,
      others: ['.sidebar', '.composer', '.actions', 'button'].filter(isShown),
      scheme: getComputedStyle(document.documentElement).colorScheme,
    };
  });
  await page.screenshot({ path: 'screenshots/pages-print.png', fullPage: true });
  assert.deepEqual(shown.texts, Array.from({ length: 30 }, (_, index) => `Message ${index + 1}.`));
  assert.ok(shown.areInOrder && shown.height > 1_000, `${shown.height}`);
  assert.deepEqual([shown.others, shown.scheme], [[], 'light']);
  await endToPrint();
  await messageWith(ada, 'Message 30.').waitFor();
  await page.getByRole('textbox', { name: 'Your message' }).waitFor();

  await page.locator('input[type=file][aria-label="Add image"]').setInputFiles({ name: 'evening.png', mimeType: 'image/png', buffer: evening(600, 400) });
  await page.getByRole('group', { name: 'Attached image' }).waitFor();
  await sendText(ada, 'An evening');
  await messageWith(ada, 'An evening').locator('button.picture img').evaluate((image) => image.decode());
  // By the keyboard: the list goes to the new message, and may move the picture below a pointer.
  await messageWith(ada, 'An evening').locator('button.picture').press('Enter');
  await page.getByRole('dialog').getByRole('img').evaluate((image) => image.decode());
  await beginToPrint();
  assert.ok(await page.getByRole('dialog').getByRole('img').isVisible());
  assert.equal(await page.locator('article:visible').count(), 0);
  await screenshot(ada, 'pages-print-picture');
  await endToPrint();
  assert.deepEqual(ada.problems, []);
});
