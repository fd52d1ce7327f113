// What one is writing: nothing of it is lost, whatever goes wrong and wherever one goes meanwhile, and nobody else writes in it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from '../browser.mjs';
import { png } from '../png.mjs';
import { startServer } from '../server.mjs';
import { isAccessible } from './axe.mjs';
import { join, open, row, said, shot, visit, write } from './people-in-browser.mjs';

describe('what one is writing', { timeout: 120_000 }, () => {
  let server, browser, ada, bob, page, field;
  before(async () => {
    server = await startServer();
    browser = await launch();
    [ada, bob] = [await visit(browser, server.url), await visit(browser, server.url)];
    await join(ada, 'Ada Lovelace');
    await join(bob, 'Bob Byron');
    await join(await visit(browser, server.url), 'Carol Shaw');
    await open(bob, 'Ada Lovelace');
    await write(bob, 'A question.');
    page = ada.page;
    await open(ada, 'Carol Shaw');
    await write(ada, 'Hello Carol.');
    await row(ada, 'Bob Byron').click();
    await said(ada, 'A question.').waitFor();
    field = page.getByRole('textbox', { name: 'Your message' });
  });
  after(async () => {
    await browser?.close();
    await server?.dispose();
  });

  const bar = (title) => page.locator('.composer-bar').filter({ hasText: title });
  const go = async (name) => {
    await row(ada, name).click();
    await page.getByRole('heading', { name, exact: true }).waitFor();
  };
  const act = async (text, name) => {
    await said(ada, text).hover();
    await said(ada, text).getByRole('button', { name }).click();
  };
  /** The next edit is on its way until it is let go, and fails then. */
  async function holdEdit() {
    let fail, ask;
    const held = new Promise((resolve) => { fail = resolve; });
    const asked = new Promise((resolve) => { ask = resolve; });
    await page.route('**/graphql', async (route) => {
      if (!route.request().postData()?.includes('editMessage')) return route.fallback();
      ask();
      await held;
      return route.abort();
    });
    return {
      asked,
      async fail() {
        fail();
        await page.locator('.toast').getByText('The server could not be reached.').waitFor();
        await page.unroute('**/graphql');
        await page.getByRole('button', { name: 'Close' }).click();
        await page.locator('.toast').waitFor({ state: 'detached' });
      },
    };
  }
  async function edit(text, changed) {
    await act(text, 'Edit');
    await field.fill(changed);
    await field.press('Enter');
  }
  /** From another page of hers. */
  async function deleteElsewhere(text) {
    const other = await ada.tab(new URL(page.url()).pathname);
    await said(other, text).hover();
    await said(other, text).getByRole('button', { name: 'Delete' }).click();
    await other.page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await said(other, text).waitFor({ state: 'detached' });
    await other.page.close();
  }

  test('is not replaced by an edit that could not be made, which waits beside it', async () => {
    await write(ada, 'First wrods.');
    await said(bob, 'First wrods.').waitFor();
    await field.fill('half a thought');
    const held = await holdEdit();
    await edit('First wrods.', 'First words.');
    await held.asked;
    assert.equal(await field.inputValue(), 'half a thought');
    await field.press('End');
    await field.pressSequentially(' and more');
    await held.fail();
    assert.equal(await field.inputValue(), 'half a thought and more');
    await bar('Unsaved edit').getByText('First words.').waitFor();
    await isAccessible(ada, 'an edit that waits');
    await shot(ada, 'pages-edit-waits');

    await bar('Unsaved edit').getByRole('button', { name: 'Continue editing' }).click();
    await bar('Edit your message').waitFor();
    assert.equal(await field.inputValue(), 'First words.');
    await field.press('Enter');
    await said(bob, 'First words.').waitFor();
    assert.equal(await field.inputValue(), 'half a thought and more');
    assert.equal(await page.locator('.composer-bar').count(), 0);
    await field.fill('');
  });

  test('keeps an edit that failed when one was elsewhere, over a reload too', async () => {
    const held = await holdEdit();
    await edit('First words.', 'Last words.');
    await held.asked;
    await go('Carol Shaw');
    await held.fail();
    assert.equal(await field.inputValue(), '');
    assert.equal(await page.locator('.composer-bar').count(), 0);
    await go('Bob Byron');
    await bar('Unsaved edit').getByText('Last words.').waitFor();
    await page.reload();
    // Whoever begins to edit that message goes on from there.
    await act('First words.', 'Edit');
    assert.equal(await field.inputValue(), 'Last words.');
    await field.press('Enter');
    await said(bob, 'Last words.').waitFor();
    assert.equal(await page.locator('.composer-bar').count(), 0);
  });

  test('comes back as a text with its reply, and as a half-written edit', async () => {
    await act('A question.', 'Reply');
    await field.fill('half an answer');
    await go('Carol Shaw');
    assert.equal(await page.locator('.composer-bar').count(), 0);
    await go('Bob Byron');
    await bar('Reply to Bob Byron').getByText('A question.').waitFor();
    await page.reload();
    await bar('Reply to Bob Byron').waitFor();
    assert.equal(await field.inputValue(), 'half an answer');

    await act('Last words.', 'Edit');
    await field.fill('Last words but one.');
    await go('Carol Shaw');
    await go('Bob Byron');
    await bar('Edit your message').waitFor();
    assert.equal(await field.inputValue(), 'Last words but one.');
    await field.press('Enter');
    await said(bob, 'Last words but one.').waitFor();
    // The reply has waited for the edit.
    await bar('Reply to Bob Byron').waitFor();
    await field.fill('The answer.');
    await field.press('Enter');
    await said(bob, 'The answer.').getByTitle('Go to the message by Bob Byron').waitFor();
    assert.equal(await page.locator('.composer-bar').count(), 0);
  });

  test('lets go of what is deleted meanwhile', async () => {
    await write(ada, 'Not for long.');
    await said(bob, 'Not for long.').waitFor();
    await act('Not for long.', 'Edit');
    await field.fill('Not for longer.');
    await deleteElsewhere('Not for long.');
    await page.locator('.toast').getByText('cannot be edited').waitFor();
    await bar('Edit your message').waitFor({ state: 'detached' });
    assert.equal(await field.inputValue(), '');

    await write(ada, 'Nor this.');
    await said(ada, 'Nor this.').waitFor();
    await act('Nor this.', 'Reply');
    await field.fill('To that:');
    await deleteElsewhere('Nor this.');
    await page.getByText('The message you were replying to was deleted.').first().waitFor();
    await bar('Reply to').waitFor({ state: 'detached' });
    assert.equal(await field.inputValue(), 'To that:');

    // The page has not heard of it when it asks.
    await write(ada, 'Gone.');
    await said(ada, 'Gone.').and(page.locator('[data-seq]')).waitFor();
    await page.route('**/graphql', (route) => (route.request().postData()?.includes('editMessage')
      ? route.fulfill({ json: { errors: [{ message: 'this message was deleted', extensions: { code: 'BAD_USER_INPUT', field: 'id' } }] } })
      : route.fallback()));
    await page.locator('.toast button').evaluateAll((buttons) => buttons.forEach((button) => button.click()));
    await page.waitForFunction(() => !document.querySelector('.toast'));
    await edit('Gone.', 'Going.');
    await page.locator('.toast').getByText('cannot be edited').waitFor();
    await page.unroute('**/graphql');
    assert.equal(await page.locator('.composer-bar').count(), 0);
    assert.equal(await field.inputValue(), '');
  });

  const attached = () => page.getByRole('group', { name: 'Attached image' });
  const transfer = (...names) => page.evaluateHandle(([names, bytes]) => {
    const data = new DataTransfer();
    for (const name of names) data.items.add(new File([Uint8Array.from(bytes)], name, { type: 'image/png' }));
    return data;
  }, [names, [...png(60, 60)]]);

  test('goes on as an edit when an image is chosen, which waits', async () => {
    await act('Last words but one.', 'Edit');
    await field.fill('Last but two.');
    await page.locator('input[type=file][aria-label="Add image"]')
      .setInputFiles({ name: 'waits.png', mimeType: 'image/png', buffer: png(60, 60) });
    await page.getByText('The image is attached to your next message').first().waitFor();
    await bar('Edit your message').waitFor();
    assert.equal(await attached().count(), 0);
    assert.equal(await field.inputValue(), 'Last but two.');
    await field.press('Enter');
    await said(bob, 'Last but two.').waitFor();
    await attached().getByText('waits.png').waitFor();
    await attached().getByRole('button', { name: 'Remove image' }).click();
  });

  test('takes one image of several, and says so', async () => {
    await page.locator('section.conversation').dispatchEvent('drop', { dataTransfer: await transfer('one.png', 'two.png') });
    await attached().getByText('one.png').waitFor();
    await page.getByText('A message can have one image').first().waitFor();
    await attached().getByRole('button', { name: 'Remove image' }).click();
  });

  test('takes the text of what has one, not the picture of it', async () => {
    await ada.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const copy = (kinds) => page.evaluate(async ([kinds, bytes]) => {
      const all = { 'text/plain': '1\t2', 'text/html': '<table><tr><td>1<td>2</table>', 'image/png': new Blob([Uint8Array.from(bytes)], { type: 'image/png' }) };
      await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(kinds.map((kind) => [kind, all[kind]])))]);
    }, [kinds, [...png(60, 60)]]);
    await field.focus();
    await copy(['text/plain', 'text/html', 'image/png']);
    await field.press('Control+v');
    await page.waitForFunction(() => document.activeElement.value === '1\t2');
    // As a browser copies an image from a page.
    await copy(['text/html', 'image/png']);
    await field.press('Control+v');
    await attached().waitFor();
    assert.equal(await field.inputValue(), '1\t2');
    await attached().getByRole('button', { name: 'Remove image' }).click();

    // As a file manager copies a file: its name is beside it.
    const file = await transfer('named.png');
    await file.evaluate((data) => data.setData('text/plain', 'named.png'));
    await field.evaluate((field, clipboardData) =>
      field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true })), file);
    await attached().getByText('named.png').waitFor();
    await attached().getByRole('button', { name: 'Remove image' }).click();
  });

  test('is sent when there is something to see in it', async () => {
    const send = page.getByRole('button', { name: 'Send', exact: true });
    for (const nothing of [' \n\t', '\u200b', '\ufeff\u2060', '\u3164 \u2800', '\u200b\u202e\ufe0f']) {
      await field.fill(nothing);
      assert.ok(await send.isDisabled(), JSON.stringify(nothing));
      await field.press('Enter');
    }
    for (const something of ['.', '\u200b!', '👩🏽\u200d🚀', 'e\u0301']) {
      await field.fill(something);
      assert.ok(await send.isEnabled(), JSON.stringify(something));
    }
    await field.fill('');
    assert.equal(await page.locator('[data-outgoing]').count(), 0);
    assert.deepEqual(bob.complaints, []);
  });
});
