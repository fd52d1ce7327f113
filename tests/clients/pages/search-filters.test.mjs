// The search within a conversation, narrowed down by sender, time and image.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { png } from '../png.mjs';
import { signUp } from '../people.mjs';
import { assertAccessible } from './accessibility.mjs';
import { messageWith, screenshot, sendText, sidebarRow } from './people-in-browser.mjs';
import { startTwoPeople } from './setup.mjs';

describe('filters of the search', { timeout: 120_000 }, () => {
  let ada, bob, page, close;
  before(async () => {
    const setup = await startTwoPeople();
    ({ ada, bob, close } = setup);
    ({ page } = ada);
    const carol = await signUp(setup.server, 'Carol Shaw');
    await carol.createGroup('Engine', ada, bob);
    for (const person of [ada, bob]) await sidebarRow(person, 'Engine').click();
    await sendText(ada, 'The cards are cut');
    await sendText(bob, 'The cards are punched');
    await messageWith(ada, 'punched').waitFor();
    await bob.page.locator('input[type=file][aria-label="Add image"]').setInputFiles({ name: 'cards.png', mimeType: 'image/png', buffer: png(300, 200) });
    await bob.page.getByText('cards.png').waitFor();
    await sendText(bob, 'Look at the cards');
    await messageWith(ada, 'Look at').waitFor();
    await page.getByRole('button', { name: 'Search this conversation' }).click();
  });
  after(() => close?.());

  const panel = () => page.getByRole('region', { name: 'Search this conversation' });
  /** The words of the hits, once there are as many. */
  const hits = async (...expected) => {
    await page.waitForFunction((count) => document.querySelectorAll('.search-panel .search-hit').length === count, expected.length);
    assert.deepEqual(await panel().locator('.search-hit').allTextContents(), expected);
  };

  test('by sender, image and time, each alone and together', async () => {
    await panel().getByRole('searchbox').fill('cards');
    await hits('Look at the cards', 'The cards are punched', 'The cards are cut');
    await assertAccessible(ada, 'filters of the search');
    await screenshot(ada, 'pages-search-filters');
    await panel().getByRole('combobox', { name: 'By' }).selectOption('Bob Byron');
    await hits('Look at the cards', 'The cards are punched');
    await panel().getByRole('checkbox', { name: 'With an image' }).check();
    await hits('Look at the cards');
    await panel().getByRole('combobox', { name: 'By' }).selectOption('You');
    await panel().getByText('No messages found.').waitFor();
    await panel().getByRole('combobox', { name: 'By' }).selectOption('Anyone');
    await hits('Look at the cards');
    await panel().getByRole('checkbox', { name: 'With an image' }).uncheck();

    // Days are whole, here where one is.
    const day = (offset) => page.evaluate((offset) => {
      const date = new Date();
      date.setDate(date.getDate() + offset);
      return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`;
    }, offset);
    await panel().getByLabel('From', { exact: true }).fill(await day(0));
    await panel().getByLabel('To', { exact: true }).fill(await day(0));
    await hits('Look at the cards', 'The cards are punched', 'The cards are cut');
    await panel().getByLabel('From', { exact: true }).fill('');
    await panel().getByLabel('To', { exact: true }).fill(await day(-1));
    await panel().getByText('No messages found.').waitFor();
    await panel().getByLabel('To', { exact: true }).fill('');
    await hits('Look at the cards', 'The cards are punched', 'The cards are cut');
    // A hit leads to its message.
    await panel().getByText('The cards are cut').click();
    await page.locator('[data-found]', { hasText: 'are cut' }).waitFor();
    assert.deepEqual(ada.problems, []);
  });
});
