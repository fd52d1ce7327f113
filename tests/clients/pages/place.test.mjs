// Where the user is in a conversation: kept over a reload and while another one is open, and never lost by the keyboard.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signUp } from '../people.mjs';
import { logIn, messageWith, sendText, sidebarRow, visit } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

/** More than are loaded with the end of the conversation. */
const MESSAGES = 300;

describe('the place in a conversation', { timeout: 180_000 }, () => {
  let account, ada, bob, page, close;
  before(async () => {
    const { server, browser, close: closePages } = await startPages();
    close = closePages;
    account = await signUp(server, 'Ada Lovelace');
    bob = await signUp(server, 'Bob Byron');
    for (let number = 1; number <= MESSAGES; number += 1) await bob.send(account, `Message ${number}.${'\nMore of it.'.repeat(number % 5)}`);
    await (await signUp(server, 'Carol Shaw')).send(account, 'Good morning');
    ada = await logIn(await visit(browser, server.url), account);
    page = ada.page;
    await sidebarRow(ada, 'Bob Byron').click();
    await messageWith(ada, 'Message 1.').waitFor();
    await page.getByRole('button', { name: /jump to the latest/ }).click();
    await messageWith(ada, `Message ${MESSAGES}.`).waitFor();
    await page.getByRole('button', { name: /latest/ }).waitFor({ state: 'detached' });
    await sidebarRow(ada, 'Bob Byron.*unread').waitFor({ state: 'detached' });
  });
  after(() => close?.());

  /** The first message that is whole in view, and where it is. */
  const firstInView = () => page.evaluate(() => {
    const view = document.querySelector('.scroller').getBoundingClientRect();
    const rows = [...document.querySelectorAll('article')].map((row) => ({ seq: Number(row.dataset.seq), top: row.getBoundingClientRect().top - view.top }));
    return rows.sort((a, b) => a.seq - b.seq).find(({ top }) => top >= 0);
  });
  const isAt = async ({ seq, top }, when) => {
    await page.waitForFunction(([seq, top]) => {
      const [row, view] = [document.querySelector(`article[data-seq="${seq}"]`), document.querySelector('.scroller')];
      return row && Math.abs(row.getBoundingClientRect().top - view.getBoundingClientRect().top - top) < 2;
    }, [seq, top]).catch(async () => assert.deepEqual(await firstInView(), { seq, top }, when));
  };

  test('is kept over a reload, and while another conversation is open', async () => {
    await messageWith(ada, `Message ${MESSAGES}.`).hover();
    for (const by of [-3_000, -4_000]) {
      await page.mouse.wheel(0, by);
      await page.getByRole('button', { name: /latest/ }).waitFor();
    }
    // The rows in view are loaded and measured when nothing has moved for a while.
    await page.waitForFunction(() => {
      const now = JSON.stringify([...document.querySelectorAll('article')].map((row) => [row.dataset.seq, row.getBoundingClientRect().top]));
      window.still = now === window.before && !document.querySelector('.skeleton') ? window.still + 1 : 0;
      window.before = now;
      return window.still > 30;
    });
    const seen = await firstInView();
    assert.ok(seen.seq < MESSAGES - 50, `it has scrolled to ${seen.seq}`);
    await page.reload();
    await isAt(seen, 'after a reload');
    await sidebarRow(ada, 'Carol Shaw').click();
    await messageWith(ada, 'Good morning').waitFor();
    await sidebarRow(ada, 'Bob Byron').click();
    await isAt(seen, 'after another conversation');
    await page.goBack();
    await messageWith(ada, 'Good morning').waitFor();
    await page.goBack();
    await isAt(seen, 'after going back');
  });

  test('is the end again for those who went there, and what is new for those who were away', async () => {
    await page.getByRole('button', { name: /latest/ }).click();
    await messageWith(ada, `Message ${MESSAGES}.`).waitFor();
    await page.waitForFunction(() => !Object.keys(sessionStorage).some((key) => key.startsWith('parlour.place.')));
    await page.reload();
    await messageWith(ada, `Message ${MESSAGES}.`).waitFor();
    assert.equal(await page.getByRole('button', { name: /latest/ }).count(), 0);
    await messageWith(ada, `Message ${MESSAGES}.`).hover();
    await page.mouse.wheel(0, -2_000);
    await page.getByRole('button', { name: /latest/ }).waitFor();
    await sidebarRow(ada, 'Carol Shaw').click();
    await messageWith(ada, 'Good morning').waitFor();
    await bob.send(account, 'Something new');
    await sidebarRow(ada, 'Bob Byron.*1 unread').click();
    await messageWith(ada, 'Something new').waitFor();
  });

  test('moves to the first message and to the last one by Home and End, and the keys keep working', async () => {
    await sendText(ada, 'The last one');
    const last = messageWith(ada, 'The last one');
    await last.waitFor();
    // Only the end is loaded then.
    await page.waitForFunction(() => !Object.keys(sessionStorage).some((key) => key.startsWith('parlour.place.')));
    await page.reload();
    await last.waitFor();
    await page.locator('article[tabindex="0"]', { hasText: 'The last one' }).waitFor();
    await last.focus();
    const focusIsOn = (text) => page.waitForFunction(
      (text) => document.activeElement.matches('article') && document.activeElement.querySelector('.words')?.textContent.startsWith(text), text,
    ).catch(async () => assert.equal(await page.evaluate(() => document.activeElement.textContent), text));
    const isInView = () => page.evaluate(() => {
      const [{ top, bottom }, view] = [document.activeElement.getBoundingClientRect(), document.querySelector('.scroller').getBoundingClientRect()];
      return bottom > view.top && top < view.bottom;
    });
    for (let round = 0; round < 2; round += 1) {
      await page.keyboard.press('Home');
      await focusIsOn('Message 1.');
      assert.ok(await isInView());
      await page.keyboard.press('ArrowDown');
      await focusIsOn('Message 2.');
      await page.keyboard.press('End');
      await focusIsOn('The last one');
      assert.ok(await isInView());
    }
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => document.activeElement.matches('textarea'));
    assert.deepEqual(ada.problems, []);
  });
});
