// The pages by keyboard: the order of the focus, that it is visible, and where it returns to.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signUp } from '../people.mjs';
import { messageWith, sendText, sidebarRow, signUpInBrowser, visit } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

describe('keyboard navigation', { timeout: 120_000 }, () => {
  let ada, page, close;
  before(async () => {
    const { server, browser, close: closePages } = await startPages();
    close = closePages;
    ada = await signUpInBrowser(await visit(browser, server.url), 'Ada Lovelace');
    page = ada.page;
    await signUp(server, 'Nobody Special');
    for (const name of ['Bob Byron', 'Carol Shaw', 'Dora Diamond']) await (await signUp(server, name)).send(ada, `from ${name}`);
    await sidebarRow(ada, 'Dora Diamond').waitFor();
  });
  after(() => close?.());

  const focused = () => page.evaluate(() => {
    const { activeElement: element } = document;
    return element.getAttribute('aria-label') ?? element.querySelector('.row-name')?.textContent ?? element.textContent.trim();
  });
  const focusIsOn = (wanted) => page.waitForFunction((wanted) => {
    const { activeElement: element } = document;
    const name = element.getAttribute('aria-label') ?? element.querySelector('.row-name')?.textContent ?? element.textContent.trim();
    return name.includes(wanted);
  }, wanted).catch(async () => assert.equal(await focused(), wanted));
  const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); };
  /** Whether the focused element, or a container of it, has a visible outline. */
  const isFocusVisible = () => page.evaluate(() => {
    for (let element = document.activeElement; element; element = element.parentElement) {
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      if (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2) return true;
      if (element.matches('form, nav, [role=dialog]')) return false;
    }
    return false;
  });

  test('the Tab key follows the reading order, with a visible focus', async () => {
    await page.reload();
    await sidebarRow(ada, 'Dora Diamond').waitFor();
    for (const stop of ['Skip to the conversation', 'New', 'Your account', 'Find people and conversations', 'Dora Diamond']) {
      await press('Tab');
      await focusIsOn(stop);
      assert.ok(await isFocusVisible(), `the focus is visible on ${stop}`);
    }
    await press('Shift+Tab', 'Shift+Tab', 'Shift+Tab', 'Shift+Tab', 'Enter');
    await page.waitForFunction(() => document.activeElement.id === 'conversation');
  });

  test('arrow keys move through the sidebar and the search', async () => {
    const search = page.getByRole('searchbox', { name: 'Find people' });
    await search.focus();
    await press('ArrowDown');
    await focusIsOn('Dora Diamond');
    await press('ArrowDown', 'ArrowDown');
    await focusIsOn('Bob Byron');
    await press('Home');
    await focusIsOn('Dora Diamond');
    // People without a conversation are below the conversations.
    await press('End');
    await focusIsOn('Nobody Special');
    await press('Home', 'ArrowUp');
    await focusIsOn('Find people and conversations');
    await page.keyboard.type('carol');
    await page.getByRole('heading', { name: 'Messages', exact: true }).waitFor();
    await press('ArrowDown', 'ArrowDown', 'Escape');
    await focusIsOn('Find people and conversations');
    await press('Escape');
    assert.equal(await search.inputValue(), '');
    await sidebarRow(ada, 'Dora Diamond').waitFor();
    await press('ArrowDown', 'ArrowDown');
    await focusIsOn('Carol Shaw');
    await press('Enter');
    // The composer has the focus.
    await focusIsOn('Your message');
    await page.getByRole('heading', { name: 'Carol Shaw', exact: true }).waitFor();
    assert.ok(await isFocusVisible(), 'the focus is visible on the text field');
  });

  test('the menu opens, is navigated by arrow keys, and returns the focus on Escape', async () => {
    await page.getByRole('button', { name: 'Your account' }).focus();
    await press('Enter');
    await focusIsOn('Mentions');
    await press('ArrowDown', 'ArrowDown', 'ArrowDown');
    await focusIsOn('Log out');
    await press('ArrowDown', 'ArrowDown');
    await focusIsOn('Mentions');
    await press('Escape');
    await focusIsOn('Your account');
    await press('Enter');
    await focusIsOn('Mentions');
    await press('ArrowDown');
    await focusIsOn('Settings');
    await press('Enter');
    await page.getByRole('dialog', { name: 'Settings' }).waitFor();
    // The focus stays within the dialog.
    for (let stop = 0; stop < 30; stop += 1) {
      await press('Tab');
      // Sentinels at the ends of the dialog move the focus on.
      await page.waitForFunction(() => document.activeElement.closest('[role=dialog]'));
      assert.ok(await page.evaluate(() => {
        const { top, bottom } = document.activeElement.getBoundingClientRect();
        return top >= 0 && bottom <= innerHeight;
      }), `stop ${stop} is in view: ${await focused()}`);
    }
    await press('Escape');
    await focusIsOn('Your account');
  });

  test('the dialog for a new group focuses the title, and returns the focus', async () => {
    await page.getByRole('button', { name: 'New', exact: true }).focus();
    await press('Enter', 'ArrowDown', 'Enter');
    await page.waitForFunction(() => document.activeElement.name === 'title');
    await press('Escape');
    await focusIsOn('New');
  });

  test('messages are edited and deleted by keys, and the focus returns to them', async () => {
    for (const text of ['one', 'two', 'three']) {
      await sendText(ada, text);
      await messageWith(ada, text).waitFor();
    }
    const field = page.getByRole('textbox', { name: 'Your message' });
    // Wait until the last message is in the tab order.
    const last = page.locator('article[tabindex="0"]', { hasText: 'three' });
    await last.waitFor();
    await field.focus();
    // Skips the buttons for emoji and images.
    await press('Shift+Tab', 'Shift+Tab', 'Shift+Tab', 'ArrowUp');
    await page.waitForFunction(() => document.activeElement.querySelector('.words')?.textContent === 'two');
    assert.ok(await isFocusVisible(), 'the focus is visible on a message');
    await press('e');
    await page.getByText('Edit your message').waitFor();
    await focusIsOn('Your message');
    await page.keyboard.type(' and a half');
    await press('Enter');
    await messageWith(ada, 'two and a half').waitFor();
    await last.waitFor();
    await press('Shift+Tab', 'Shift+Tab', 'Shift+Tab', 'ArrowUp', 'Delete');
    const question = page.getByRole('alertdialog', { name: 'Delete this message?' });
    await question.waitFor();
    await press('Escape');
    await question.waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement.closest('article')?.textContent.includes('two and a half'));
    await page.locator('article', { hasText: 'two and a half' }).focus();
    await press('Delete');
    await question.waitFor();
    // The focus starts on the harmless button.
    await focusIsOn('Cancel');
    await press('Tab', 'Enter');
    await messageWith(ada, 'This message was deleted.').waitFor();
    await page.waitForFunction(() => document.activeElement.matches('article') && /was deleted/.test(document.activeElement.textContent));
    await press('ArrowDown');
    await page.waitForFunction(() => document.activeElement.querySelector('.words')?.textContent === 'three');
    await press('Escape');
    await focusIsOn('Your message');
    assert.deepEqual(ada.problems, []);
  });
});
