// The pages by the keyboard alone: where the focus is, that it shows, and where it goes back to.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from '../browser.mjs';
import { signUp } from '../people.mjs';
import { startServer } from '../server.mjs';
import { join, row, said, visit, write } from './people-in-browser.mjs';

describe('the pages by the keyboard', { timeout: 120_000 }, () => {
  let server, browser, ada, page;
  before(async () => {
    server = await startServer();
    browser = await launch();
    ada = await join(await visit(browser, server.url), 'Ada Lovelace');
    page = ada.page;
    const { users } = await (await signUp(server, 'Nobody Special')).ask('{ users(search: "Ada Lovelace") { nodes { id } } }');
    for (const name of ['Bob Byron', 'Carol Shaw', 'Dora Diamond']) await (await signUp(server, name)).send(users.nodes[0], `from ${name}`);
    await row(ada, 'Dora Diamond').waitFor();
  });
  after(async () => {
    await browser?.close();
    await server?.dispose();
  });

  const focused = () => page.evaluate(() => {
    const { activeElement: element } = document;
    return element.getAttribute('aria-label') ?? element.querySelector('.row-name')?.textContent ?? element.textContent.trim();
  });
  const isAt = (wanted) => page.waitForFunction((wanted) => {
    const { activeElement: element } = document;
    const name = element.getAttribute('aria-label') ?? element.querySelector('.row-name')?.textContent ?? element.textContent.trim();
    return name.includes(wanted);
  }, wanted).catch(async () => assert.equal(await focused(), wanted));
  const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); };
  /** Whether the outline of what has the focus, or of what is around it, can be seen. */
  const isSeen = () => page.evaluate(() => {
    for (let element = document.activeElement; element; element = element.parentElement) {
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      if (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2) return true;
      if (element.matches('form, nav, [role=dialog]')) return false;
    }
    return false;
  });

  test('go in the order in which one reads, and show where one is', async () => {
    await page.reload();
    await row(ada, 'Dora Diamond').waitFor();
    for (const stop of ['Skip to the conversation', 'Your account', 'New group', 'Find people and conversations', 'Dora Diamond']) {
      await press('Tab');
      await isAt(stop);
      assert.ok(await isSeen(), `the focus shows at ${stop}`);
    }
    await press('Shift+Tab', 'Shift+Tab', 'Shift+Tab', 'Shift+Tab', 'Enter');
    await page.waitForFunction(() => document.activeElement.id === 'conversation');
  });

  test('walk through the list and the search, and back', async () => {
    const search = page.getByRole('searchbox', { name: 'Find people' });
    await search.focus();
    await press('ArrowDown');
    await isAt('Dora Diamond');
    await press('ArrowDown', 'ArrowDown');
    await isAt('Bob Byron');
    await press('Home');
    await isAt('Dora Diamond');
    // Below them is who else there is to write to.
    await press('End');
    await isAt('Nobody Special');
    await press('Home', 'ArrowUp');
    await isAt('Find people and conversations');
    await page.keyboard.type('carol');
    await page.getByRole('heading', { name: 'Messages', exact: true }).waitFor();
    await press('ArrowDown', 'ArrowDown', 'Escape');
    await isAt('Find people and conversations');
    await press('Escape');
    assert.equal(await search.inputValue(), '');
    await row(ada, 'Dora Diamond').waitFor();
    await press('ArrowDown', 'ArrowDown');
    await isAt('Carol Shaw');
    await press('Enter');
    // One can write at once.
    await isAt('Your message');
    await page.getByRole('heading', { name: 'Carol Shaw', exact: true }).waitFor();
    assert.ok(await isSeen(), 'the focus shows at the text field');
  });

  test('open the menu, choose from it by arrows, and come back on Escape', async () => {
    await page.getByRole('button', { name: 'Your account' }).focus();
    await press('Enter');
    await isAt('Settings');
    await press('ArrowDown');
    await isAt('Log out');
    await press('ArrowDown', 'ArrowDown');
    await isAt('Settings');
    await press('Escape');
    await isAt('Your account');
    await press('Enter');
    await isAt('Settings');
    await press('Enter');
    await page.getByRole('dialog', { name: 'Settings' }).waitFor();
    // Round and round within the dialog.
    for (let stop = 0; stop < 30; stop += 1) {
      await press('Tab');
      // At its ends the focus is sent on.
      await page.waitForFunction(() => document.activeElement.closest('[role=dialog]'));
      assert.ok(await page.evaluate(() => {
        const { top, bottom } = document.activeElement.getBoundingClientRect();
        return top >= 0 && bottom <= innerHeight;
      }), `stop ${stop} is in view: ${await focused()}`);
    }
    await press('Escape');
    await isAt('Your account');
  });

  test('begin a group at its title, and come back', async () => {
    await page.getByRole('button', { name: 'New group' }).focus();
    await press('Enter');
    await page.waitForFunction(() => document.activeElement.name === 'title');
    await press('Escape');
    await isAt('New group');
  });

  test('answer, edit and delete, and stay where they were', async () => {
    for (const text of ['one', 'two', 'three']) {
      await write(ada, text);
      await said(ada, text).waitFor();
    }
    const field = page.getByRole('textbox', { name: 'Your message' });
    // Sent, and seen: the way of the Tab key leads to the last one in view.
    const last = page.locator('article[tabindex="0"]', { hasText: 'three' });
    await last.waitFor();
    await field.focus();
    // Past the button for images.
    await press('Shift+Tab', 'Shift+Tab', 'ArrowUp');
    await page.waitForFunction(() => document.activeElement.querySelector('.words')?.textContent === 'two');
    assert.ok(await isSeen(), 'the focus shows at a message');
    await press('e');
    await page.getByText('Edit your message').waitFor();
    await isAt('Your message');
    await page.keyboard.type(' and a half');
    await press('Enter');
    await said(ada, 'two and a half').waitFor();
    await last.waitFor();
    await press('Shift+Tab', 'Shift+Tab', 'ArrowUp', 'Delete');
    const question = page.getByRole('alertdialog', { name: 'Delete this message?' });
    await question.waitFor();
    await press('Escape');
    await question.waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement.closest('article')?.textContent.includes('two and a half'));
    await page.locator('article', { hasText: 'two and a half' }).focus();
    await press('Delete');
    await question.waitFor();
    // From the harmless answer to the other.
    await isAt('Cancel');
    await press('Tab', 'Enter');
    await said(ada, 'This message was deleted.').waitFor();
    await page.waitForFunction(() => document.activeElement.matches('article') && /was deleted/.test(document.activeElement.textContent));
    await press('ArrowDown');
    await page.waitForFunction(() => document.activeElement.querySelector('.words')?.textContent === 'three');
    await press('Escape');
    await isAt('Your message');
    assert.deepEqual(ada.complaints, []);
  });
});
