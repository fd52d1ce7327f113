// Fingers on a phone: a swipe replies, a long press opens the sheet, and nothing zooms.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signUp } from '../people.mjs';
import { assertAccessible } from './accessibility.mjs';
import { messageWith, screenshot, sidebarRow, signUpInBrowser, visit } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

describe('fingers', { timeout: 60_000 }, () => {
  let ada, page, touch, close;
  before(async () => {
    const { server, browser, close: closePages } = await startPages();
    close = closePages;
    ada = await signUpInBrowser(await visit(browser, server.url, { width: 390, height: 740, hasTouch: true, isMobile: true }), 'Ada Lovelace');
    ({ page } = ada);
    const bob = await signUp(server, 'Bob Byron');
    await bob.send(ada, 'Touch this');
    await sidebarRow(ada, 'Bob Byron').tap();
    await messageWith(ada, 'Touch this').waitFor();
    const devtools = await ada.context.newCDPSession(page);
    touch = (type, ...touchPoints) => devtools.send('Input.dispatchTouchEvent', { type, touchPoints });
  });
  after(() => close?.());

  const start = async () => {
    const { x, y } = await messageWith(ada, 'Touch this').locator('.bubble').boundingBox();
    return { x: x + 40, y: y + 15 };
  };
  const swipe = async (distance, slope = 0) => {
    const { x, y } = await start();
    await touch('touchStart', { x, y });
    for (let step = 1; step <= 10; step += 1) await touch('touchMove', { x: x + distance * step / 10, y: y + slope * step / 10 });
    await touch('touchEnd');
  };
  const replying = page => page.getByText('Reply to Bob Byron');

  test('a swipe to the side replies; a short one, a slanted one and one to the other side do not', async () => {
    for (const [distance, slope] of [[30, 0], [60, 80], [-80, 0]]) {
      await swipe(distance, slope);
      assert.equal(await replying(page).count(), 0);
    }
    await swipe(80);
    await replying(page).waitFor();
    await page.waitForFunction(() => document.querySelector('[data-seq]').style.translate === '');
    await page.getByRole('button', { name: 'Cancel reply' }).tap();
  });

  test('a long press opens a sheet at the bottom, which Back closes', async () => {
    await touch('touchStart', await start());
    const sheet = page.getByRole('dialog', { name: 'Message' });
    await sheet.getByRole('button', { name: 'Reply' }).waitFor();
    await touch('touchEnd');
    await assertAccessible(ada, 'a sheet');
    await screenshot(ada, 'pages-sheet');
    const { y, height, width } = await sheet.boundingBox();
    assert.deepEqual([Math.round(y + height), width], [740, 390]);
    await page.waitForFunction(() => history.state?.dialogs === 1);
    await page.goBack();
    await sheet.waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: 'Bob Byron' }).waitFor();
    // The page's other dialogs are sheets too.
    await page.getByRole('button', { name: 'Profile', exact: true }).tap();
    const card = page.getByRole('dialog', { name: 'Profile' });
    await card.getByText('Bob Byron').waitFor();
    await page.waitForFunction(() => document.getAnimations().length === 0);
    const box = await card.boundingBox();
    assert.equal(Math.round(box.y + box.height), 740);
    await page.getByRole('button', { name: 'Close' }).tap();
    await card.waitFor({ state: 'detached' });
  });

  test('the letters in all fields are large enough that a phone does not zoom', async () => {
    const sizes = () => page.locator('input:not([type=file]), textarea').evaluateAll((fields) => fields.map((field) => parseFloat(getComputedStyle(field).fontSize)));
    assert.ok((await sizes()).length > 0 && (await sizes()).every((size) => size >= 16), String(await sizes()));
    await page.getByRole('button', { name: 'Search this conversation' }).tap();
    await page.getByRole('region', { name: 'Search this conversation' }).waitFor();
    assert.ok((await sizes()).every((size) => size >= 16));
    // In the conversation's place, and Back closes it.
    await page.waitForFunction(() => history.state?.dialogs === 1);
    await page.goBack();
    await page.getByRole('region', { name: 'Search this conversation' }).waitFor({ state: 'detached' });
    assert.deepEqual(ada.problems, []);
  });
});
