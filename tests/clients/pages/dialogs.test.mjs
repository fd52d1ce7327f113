// Dialogs and opened pictures: Back closes them, a question covers the dialog below it, and a toast does not cover a picture.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { evening } from '../png.mjs';
import { signUp } from '../people.mjs';
import { assertAccessible } from './accessibility.mjs';
import { chooseFromMenu, messageWith, screenshot, sendText, sidebarRow, signUpInBrowser, startGroup, visit } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

describe('dialogs', { timeout: 120_000 }, () => {
  let ada, page, close;
  before(async () => {
    const { server, browser, close: closePages } = await startPages();
    close = closePages;
    ada = await signUpInBrowser(await visit(browser, server.url), 'Ada Lovelace');
    page = ada.page;
    const bob = await signUp(server, 'Bob Byron');
    await bob.send(ada, 'Good morning');
    await startGroup(ada);
    await page.getByLabel('Title').fill('Engine');
    await page.getByRole('checkbox', { name: 'Bob Byron' }).check();
    await page.getByRole('button', { name: 'Create group' }).click();
    await page.getByRole('heading', { name: 'Engine' }).waitFor();
    await sidebarRow(ada, 'Bob Byron').click();
    await messageWith(ada, 'Good morning').waitFor();
  });
  after(() => close?.());

  const dialog = () => page.getByRole('dialog');
  const gone = () => dialog().waitFor({ state: 'detached' });
  const heading = (name) => page.getByRole('heading', { name, exact: true }).waitFor();
  /** The history holds nothing of dialogs: the next step back leads to the view before. */
  const backLeadsTo = async (name) => {
    await page.goBack();
    await heading(name);
    assert.equal(await dialog().count(), 0);
  };
  const openDetails = async () => {
    await page.getByRole('button', { name: 'Group details' }).click();
    await dialog().getByText('2 members').waitFor();
  };

  test('close with Back, and the page stays where it was', async () => {
    const address = page.url();
    await chooseFromMenu(ada, 'Settings');
    await dialog().waitFor();
    await page.goBack();
    await gone();
    assert.equal(page.url(), address);
    await heading('Bob Byron');
    // Forward opens nothing, and leaves nothing behind.
    await page.goForward();
    await page.waitForFunction(() => history.state === null);
    await backLeadsTo('Engine');
    await page.goForward();
    await heading('Bob Byron');
  });

  test('leave no step in the history when they are closed otherwise', async () => {
    for (const leave of [() => page.keyboard.press('Escape'), () => dialog().getByRole('button', { name: 'Close' }).click()]) {
      await chooseFromMenu(ada, 'Settings');
      await dialog().waitFor();
      await page.waitForFunction(() => history.state?.dialogs === 1);
      await leave();
      await gone();
      await page.waitForFunction(() => history.state === null);
    }
    // Also where the page goes on at once, or is loaded again.
    await chooseFromMenu(ada, 'Settings');
    await page.waitForFunction(() => history.state?.dialogs === 1);
    await page.keyboard.press('Escape');
    await page.evaluate(() => [...document.querySelectorAll('nav a')].find((row) => /Engine/.test(row.textContent)).click());
    await heading('Engine');
    await page.waitForFunction(() => history.state === null && document.title.startsWith('Engine'));
    await openDetails();
    await page.waitForFunction(() => history.state?.dialogs === 1);
    await page.reload();
    await heading('Engine');
    await page.waitForFunction(() => history.state === null);
    await backLeadsTo('Bob Byron');
  });

  test('close one by one, and a question covers the dialog below it', async () => {
    await sidebarRow(ada, 'Engine').click();
    await openDetails();
    await dialog().getByRole('button', { name: 'Remove Bob Byron' }).click();
    const question = page.getByRole('alertdialog', { name: 'Remove Bob Byron?' });
    await question.waitFor();
    // What lies between the question and the edge of the dialog below is a backdrop.
    const box = await page.locator('.dialog').first().boundingBox();
    const covering = await page.evaluate(({ x, y }) => document.elementFromPoint(x + 20, y + 20).className, box);
    assert.equal(covering, 'backdrop');
    await assertAccessible(ada, 'a question over a dialog');
    await screenshot(ada, 'pages-question-over-dialog');
    await page.goBack();
    await question.waitFor({ state: 'detached' });
    await dialog().getByText('2 members').waitFor();
    await page.goBack();
    await gone();
    // A link in a dialog takes its place in the history.
    await openDetails();
    await dialog().getByRole('link', { name: 'Bob Byron' }).click();
    await messageWith(ada, 'Good morning').waitFor();
    await gone();
    await backLeadsTo('Engine');
    await page.goForward();
    await heading('Bob Byron');
  });

  test('show a picture, which Back closes and no toast covers', async () => {
    await page.locator('input[type=file][aria-label="Add image"]').setInputFiles({ name: 'evening.png', mimeType: 'image/png', buffer: evening(600, 1_200) });
    await page.getByRole('group', { name: 'Attached image' }).waitFor();
    await sendText(ada, 'An evening');
    const thumbnail = messageWith(ada, 'An evening').locator('button.picture');
    await thumbnail.locator('img').evaluate((image) => image.decode());
    // A notice that is still shown.
    await messageWith(ada, 'An evening').hover();
    await page.locator('.composer input[type=file]').setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('words') });
    await page.locator('.toast').waitFor();
    await thumbnail.click();
    const picture = dialog().getByRole('img');
    await picture.evaluate((image) => image.decode());
    const [toast, image, head] = await Promise.all(
      [page.locator('.toast'), picture, dialog().locator('.dialog-head')].map((part) => part.boundingBox()),
    );
    assert.ok(toast.y >= image.y + image.height, `the toast at ${toast.y} is below the picture`);
    assert.ok(toast.y + toast.height <= 800 && image.y >= head.y + head.height);
    await assertAccessible(ada, 'a toast below a picture');
    await screenshot(ada, 'pages-toast-and-picture');
    await page.goBack();
    await gone();
    await heading('Bob Byron');
    assert.deepEqual(ada.problems, []);
  });
});
