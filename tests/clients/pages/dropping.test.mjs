// Files that are dropped on the page: images are attached, and nothing ever opens in place of the chat.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { png } from '../png.mjs';
import { openConversation, waitForSignInPage, visit } from './people-in-browser.mjs';
import { startTwoPeople } from './setup.mjs';

describe('dropped files', { timeout: 120_000 }, () => {
  let ada, page, server, browser, close;
  before(async () => {
    ({ ada, server, browser, close } = await startTwoPeople());
    page = ada.page;
    await openConversation(ada, 'Bob Byron');
  });
  after(() => close?.());

  /** Drags images over an element and drops them. Returns what the browser would do with them. */
  const drop = (selector, names, target = page) => target.evaluate(([selector, names, bytes]) => {
    const dataTransfer = new DataTransfer();
    for (const name of names) dataTransfer.items.add(new File([Uint8Array.from(bytes)], name, { type: 'image/png' }));
    const element = document.querySelector(selector);
    return ['dragover', 'drop'].map((type) => {
      const event = new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
      const isOpened = element.dispatchEvent(event);
      return type === 'dragover' ? dataTransfer.dropEffect : isOpened ? 'opened in place of the page' : 'kept';
    });
  }, [selector, names, [...png(40, 40)]]);
  const attached = () => page.getByRole('group', { name: 'Attached image' });
  const notice = (text) => page.locator('.toast').filter({ hasText: text }).waitFor();

  test('do nothing beside the conversation', async () => {
    for (const place of ['.sidebar', '.sidebar-head', 'body']) assert.deepEqual(await drop(place, ['one.png']), ['none', 'kept'], place);
    assert.equal(await attached().count(), 0);
    const visitor = await visit(browser, server.url);
    await waitForSignInPage(visitor);
    assert.deepEqual(await drop('form', ['one.png'], visitor.page), ['none', 'kept']);
  });

  test('are attached one at a time, with a word about the others', async () => {
    assert.equal((await drop('.messages', ['one.png', 'two.png', 'three.png']))[1], 'kept');
    await attached().getByText('one.png').waitFor();
    await notice('“one.png” was attached. Send the others one by one.');
    await drop('.messages', ['four.png']);
    await attached().getByText('four.png').waitFor();
    await notice('“four.png” replaces the one before.');
    await page.getByRole('button', { name: 'Remove image' }).click();
    assert.deepEqual(ada.problems, []);
  });
});
