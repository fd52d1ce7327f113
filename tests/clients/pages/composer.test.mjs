// The composer: drafts, replies, edits and attachments survive failures, reloads and switching conversations.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { png } from '../png.mjs';
import { assertAccessible } from './accessibility.mjs';
import { messageWith, openConversation, requestInPage, screenshot, sendText, sidebarRow, signUpInBrowser, visit } from './people-in-browser.mjs';
import { startTwoPeople } from './setup.mjs';

describe('the composer', { timeout: 120_000 }, () => {
  let server, browser, ada, bob, page, field, close;
  before(async () => {
    ({ server, browser, ada, bob, close } = await startTwoPeople());
    await signUpInBrowser(await visit(browser, server.url), 'Carol Shaw');
    await openConversation(bob, 'Ada Lovelace');
    await sendText(bob, 'A question.');
    page = ada.page;
    await openConversation(ada, 'Carol Shaw');
    await sendText(ada, 'Hello Carol.');
    await sidebarRow(ada, 'Bob Byron').click();
    await messageWith(ada, 'A question.').waitFor();
    field = page.getByRole('textbox', { name: 'Your message' });
  });
  after(() => close?.());

  const bar = (title) => page.locator('.composer-bar').filter({ hasText: title });
  const go = async (name) => {
    await sidebarRow(ada, name).click();
    await page.getByRole('heading', { name, exact: true }).waitFor();
  };
  const act = async (text, name) => {
    await messageWith(ada, text).hover();
    await messageWith(ada, text).getByRole('button', { name }).click();
  };
  /** Holds the request of the next edit, and makes it fail when `fail` is called. */
  async function holdEdit() {
    let fail, onRequest;
    const held = new Promise((resolve) => { fail = resolve; });
    const requested = new Promise((resolve) => { onRequest = resolve; });
    await page.route('**/graphql', async (route) => {
      if (!route.request().postData()?.includes('editMessage')) return route.fallback();
      onRequest();
      await held;
      return route.abort();
    });
    return {
      requested,
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
  /** Deletes a message of Ada's from another page. */
  async function deleteElsewhere(text) {
    const other = await ada.tab(new URL(page.url()).pathname);
    await messageWith(other, text).hover();
    await messageWith(other, text).getByRole('button', { name: 'Delete' }).click();
    await other.page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await messageWith(other, text).waitFor({ state: 'detached' });
    await other.page.close();
  }

  test('keeps a draft when an edit fails, which is shown beside it', async () => {
    await sendText(ada, 'First wrods.');
    await messageWith(bob, 'First wrods.').waitFor();
    await field.fill('half a thought');
    const held = await holdEdit();
    await edit('First wrods.', 'First words.');
    await held.requested;
    assert.equal(await field.inputValue(), 'half a thought');
    await field.press('End');
    await field.pressSequentially(' and more');
    await held.fail();
    assert.equal(await field.inputValue(), 'half a thought and more');
    await bar('Unsaved edit').getByText('First words.').waitFor();
    await assertAccessible(ada, 'an edit that waits');
    await screenshot(ada, 'pages-edit-waits');

    await bar('Unsaved edit').getByRole('button', { name: 'Continue editing' }).click();
    await bar('Edit your message').waitFor();
    assert.equal(await field.inputValue(), 'First words.');
    await field.press('Enter');
    await messageWith(bob, 'First words.').waitFor();
    assert.equal(await field.inputValue(), 'half a thought and more');
    assert.equal(await page.locator('.composer-bar').count(), 0);
    await field.fill('');
  });

  test('keeps an edit that failed while another conversation was open, over a reload too', async () => {
    const held = await holdEdit();
    await edit('First words.', 'Last words.');
    await held.requested;
    await go('Carol Shaw');
    await held.fail();
    assert.equal(await field.inputValue(), '');
    assert.equal(await page.locator('.composer-bar').count(), 0);
    await go('Bob Byron');
    await bar('Unsaved edit').getByText('Last words.').waitFor();
    await page.reload();
    // Editing the message again continues the unsaved edit.
    await act('First words.', 'Edit');
    assert.equal(await field.inputValue(), 'Last words.');
    await field.press('Enter');
    await messageWith(bob, 'Last words.').waitFor();
    assert.equal(await page.locator('.composer-bar').count(), 0);
  });

  test('restores a draft with its reply, and an unfinished edit', async () => {
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
    await messageWith(bob, 'Last words but one.').waitFor();
    // The reply is restored after the edit.
    await bar('Reply to Bob Byron').waitFor();
    await field.fill('The answer.');
    await field.press('Enter');
    await messageWith(bob, 'The answer.').getByTitle('Go to the message by Bob Byron').waitFor();
    assert.equal(await page.locator('.composer-bar').count(), 0);
  });

  test('cancels an edit or a reply when its message is deleted', async () => {
    await sendText(ada, 'Not for long.');
    await messageWith(bob, 'Not for long.').waitFor();
    await act('Not for long.', 'Edit');
    await field.fill('Not for longer.');
    await deleteElsewhere('Not for long.');
    await page.locator('.toast').getByText('cannot be edited').waitFor();
    await bar('Edit your message').waitFor({ state: 'detached' });
    assert.equal(await field.inputValue(), '');

    await sendText(ada, 'Nor this.');
    await messageWith(ada, 'Nor this.').waitFor();
    await act('Nor this.', 'Reply');
    await field.fill('To that:');
    await deleteElsewhere('Nor this.');
    await page.getByText('The message you were replying to was deleted.').first().waitFor();
    await bar('Reply to').waitFor({ state: 'detached' });
    assert.equal(await field.inputValue(), 'To that:');

    // The server rejects an edit before the page knows of the deletion.
    await sendText(ada, 'Gone.');
    await messageWith(ada, 'Gone.').and(page.locator('[data-seq]')).waitFor();
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

  test('attaches an image chosen during an edit to the next message', async () => {
    await act('Last words but one.', 'Edit');
    await field.fill('Last but two.');
    await page.locator('input[type=file][aria-label="Add image"]')
      .setInputFiles({ name: 'waits.png', mimeType: 'image/png', buffer: png(60, 60) });
    await page.getByText('The image is attached to your next message').first().waitFor();
    await bar('Edit your message').waitFor();
    assert.equal(await attached().count(), 0);
    assert.equal(await field.inputValue(), 'Last but two.');
    await field.press('Enter');
    await messageWith(bob, 'Last but two.').waitFor();
    await attached().getByText('waits.png').waitFor();
    await attached().getByRole('button', { name: 'Remove image' }).click();
  });

  test('attaches one image of several, and says so', async () => {
    await page.locator('section.conversation').dispatchEvent('drop', { dataTransfer: await transfer('one.png', 'two.png') });
    await attached().getByText('one.png').waitFor();
    await page.getByText('A message can have one image').first().waitFor();
    await attached().getByRole('button', { name: 'Remove image' }).click();
  });

  test('pastes text rather than the picture that was copied with it', async () => {
    await ada.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const copy = (kinds) => page.evaluate(async ([kinds, bytes]) => {
      const all = { 'text/plain': '1\t2', 'text/html': '<table><tr><td>1<td>2</table>', 'image/png': new Blob([Uint8Array.from(bytes)], { type: 'image/png' }) };
      await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(kinds.map((kind) => [kind, all[kind]])))]);
    }, [kinds, [...png(60, 60)]]);
    await field.focus();
    await copy(['text/plain', 'text/html', 'image/png']);
    await field.press('Control+v');
    await page.waitForFunction(() => document.activeElement.value === '1\t2');
    // What a browser puts into the clipboard for an image on a page.
    await copy(['text/html', 'image/png']);
    await field.press('Control+v');
    await attached().waitFor();
    assert.equal(await field.inputValue(), '1\t2');
    await attached().getByRole('button', { name: 'Remove image' }).click();

    // What a file manager puts into the clipboard for a file, with its name as text.
    const file = await transfer('named.png');
    await file.evaluate((data) => data.setData('text/plain', 'named.png'));
    await field.evaluate((field, clipboardData) =>
      field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true })), file);
    await attached().getByText('named.png').waitFor();
    await attached().getByRole('button', { name: 'Remove image' }).click();
  });

  test('leaves the Enter that ends a composition to the input method', async () => {
    await field.fill('かな');
    const messages = await page.getByRole('article').count();
    // In Safari the composition is over when the key comes: only its code says that the input method has used it.
    for (const init of [{ keyCode: 229 }, { keyCode: 13, isComposing: true }]) {
      const isLeft = await field.evaluate((field, init) =>
        field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...init })), init);
      assert.ok(isLeft, JSON.stringify(init));
      assert.equal(await field.inputValue(), 'かな');
    }
    assert.equal(await page.getByRole('article').count(), messages);
    await field.press('Enter');
    await messageWith(ada, 'かな').waitFor();
  });

  test('sends only text with a visible character', async () => {
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
  });

  test('keeps what the first line begins with, as code does', async () => {
    const last = async (text) => {
      await messageWith(bob, text).waitFor();
      const id = new URL(page.url()).pathname.split('/').at(-1);
      const { messages } = await requestInPage(ada, 'query ($id: ID!) { messages(conversation: { conversationId: $id }, last: 1) { nodes { text } } }', { id });
      return messages.nodes[0].text;
    };
    await sendText(ada, ' \n    indented\n  less\n  ');
    assert.equal(await last('indented'), '    indented\n  less');
    await field.press('ArrowUp');
    await field.fill('  rewritten \n');
    await field.press('Enter');
    assert.equal(await last('rewritten'), '  rewritten');
    assert.deepEqual(bob.problems, []);
  });
});
