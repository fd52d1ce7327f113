// Images in the pages, between two people: chosen, pasted and dropped, with and without words, and over a cut.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from '../browser.mjs';
import { evening, png } from '../png.mjs';
import { startServer } from '../server.mjs';
import { isAccessible } from './axe.mjs';
import { join, open, said, shot, visit, write } from './people-in-browser.mjs';

describe('images in the pages', { timeout: 120_000 }, () => {
  let server, browser, ada, bob;
  before(async () => {
    server = await startServer();
    browser = await launch();
    [ada, bob] = [await visit(browser, server.url), await visit(browser, server.url, { colorScheme: 'dark', width: 420 })];
    await join(ada, 'Ada Lovelace');
    await join(bob, 'Bob Byron');
    await open(ada, 'Bob Byron');
    await open(bob, 'Ada Lovelace');
  });
  after(async () => {
    await browser?.close();
    await server?.dispose();
  });

  const file = (name, buffer, mimeType = 'image/png') => ({ name, mimeType, buffer });
  const choose = ({ page }, what, label = 'Add image') => page.locator(`input[type=file][aria-label="${label}"]`).setInputFiles(what);
  const attached = ({ page }) => page.getByRole('group', { name: 'Attached image' });
  const sent = ({ page }, width) => page.getByRole('article').locator(`button.picture img[width="${width}"]`);
  const send = ({ page }) => page.getByRole('button', { name: 'Send', exact: true }).click();
  const isLoaded = async (image, timeout = 8_000) => {
    await image.waitFor({ timeout });
    await image.evaluate((img) => img.decode());
  };
  /** A transfer of one file, as a clipboard or a drag has it. */
  const transfer = ({ page }, bytes, name) => page.evaluateHandle(([bytes, name]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(bytes)], name, { type: 'image/png' }));
    return data;
  }, [[...bytes], name]);

  test('are chosen, looked at and sent, with words and without', async () => {
    await choose(ada, file('first.png', png(300, 120)));
    await attached(ada).getByText('first.png').waitFor();
    await isAccessible(ada, 'an image to be sent');
    await attached(ada).getByRole('button', { name: 'Remove image' }).click();
    await attached(ada).waitFor({ state: 'detached' });
    assert.ok(await ada.page.getByRole('button', { name: 'Send', exact: true }).isDisabled());

    await choose(ada, file('evening.png', evening(1_200, 800)));
    await attached(ada).waitFor();
    await write(ada, 'What an evening');
    for (const person of [ada, bob]) {
      const image = said(person, 'What an evening').locator('button.picture img');
      // A large one: the threads that make its thumbnails give way to all else that the machine does.
      await isLoaded(image, 30_000);
      assert.deepEqual(await image.evaluate(({ width, height }) => Math.round((100 * width) / height)), 150);
      assert.equal(await image.getAttribute('alt'), 'Image by Ada Lovelace');
    }
    await attached(ada).waitFor({ state: 'detached' });

    await choose(ada, file('narrow.png', png(60, 200)));
    await attached(ada).waitFor();
    await send(ada);
    await isLoaded(sent(bob, 60));
    assert.deepEqual(
      await sent(bob, 60).evaluate((img) => [img.getBoundingClientRect().width, img.getBoundingClientRect().height].map(Math.round)),
      [60, 200],
    );
    // The time of the smallest one is in one line within its bubble, also where it is long.
    await choose(ada, file('tiny.png', png(8, 8)));
    await attached(ada).waitFor();
    await send(ada);
    await isLoaded(sent(bob, 8));
    const sizes = await sent(bob, 8).evaluate((img) => {
      const time = img.closest('.bubble').querySelector('.meta');
      time.prepend('edited');
      const [outer, inner] = [img.closest('.bubble'), time].map((part) => part.getBoundingClientRect());
      const sizes = { isIn: inner.left >= outer.left && inner.right <= outer.right && inner.bottom <= outer.bottom, height: inner.height };
      time.firstChild.remove();
      return sizes;
    });
    assert.deepEqual([sizes.isIn, sizes.height < 22], [true, true], JSON.stringify(sizes));
    await isAccessible(bob, 'images in a conversation');
    await shot(ada, 'pages-images');
    await shot(bob, 'pages-images-narrow-dark');
  });

  test('are seen in full, by the keyboard too', async () => {
    await said(bob, 'What an evening').locator('button.picture').click();
    const dialog = bob.page.getByRole('dialog', { name: /^Image by Ada Lovelace/ });
    await isLoaded(dialog.getByRole('img', { name: 'Image by Ada Lovelace' }));
    await dialog.getByText('What an evening').waitFor();
    await isAccessible(bob, 'an image in full');
    await bob.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });

    await said(ada, 'What an evening').focus();
    await ada.page.keyboard.press('Enter');
    await isLoaded(ada.page.getByRole('dialog').getByRole('img'));
    await shot(ada, 'pages-image-full');
    await ada.page.keyboard.press('Escape');
    await ada.page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  test('take the window in full; long ones scroll, and each opens in a tab of its own', async () => {
    const { page } = bob;
    const room = page.locator('.picture-viewport');
    const view = () => page.getByRole('dialog').getByRole('img').evaluate(async (img) => {
      await img.decode();
      return img.getBoundingClientRect().toJSON();
    });
    await said(bob, 'What an evening').locator('button.picture').click();
    assert.equal(Math.round((await view()).width), 420);
    const [original] = await Promise.all([
      page.waitForEvent('popup'),
      page.getByRole('link', { name: 'Open image in a new tab' }).click(),
    ]);
    await original.waitForLoadState();
    assert.deepEqual(await original.locator('img').evaluate(({ naturalWidth, naturalHeight }) => [naturalWidth, naturalHeight]), [1_200, 800]);
    await original.close();
    // A click beside it closes it.
    await room.click({ position: { x: 10, y: 10 } });
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    for (const [size, side, key] of [[[200, 3_000], 'width', 'End'], [[3_000, 100], 'height', 'ArrowRight']]) {
      await choose(ada, file('long.png', png(...size)));
      await attached(ada).waitFor();
      await send(ada);
      await isLoaded(sent(bob, size[0]), 30_000);
      await page.getByRole('article').last().focus();
      await page.keyboard.press('Enter');
      assert.equal((await view())[side], Math.min(...size), 'it is as readable as it is');
      await isAccessible(bob, 'a long image in full');
      await page.keyboard.press(key);
      await page.waitForFunction((room) => room.scrollTop + room.scrollLeft > 0, await room.elementHandle());
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
  });

  test('come when the line is good again, and their addresses are asked for anew', async () => {
    let asked = 0;
    bob.page.on('request', (request) => { asked += Number(request.postData()?.includes('HistoryPage') ?? false); });
    await bob.page.route('**/images/**', (route) => route.abort());
    const again = bob.page.waitForRequest(() => asked >= 2);
    await bob.page.reload();
    await again;
    await bob.page.unroute('**/images/**');
    await isLoaded(said(bob, 'What an evening').locator('button.picture img'));
    bob.complaints.length = 0;
  });

  test('are pasted and dropped', async () => {
    const pasted = await transfer(ada, png(70, 70), 'pasted.png');
    await ada.page.getByRole('textbox', { name: 'Your message' }).evaluate((field, clipboardData) =>
      field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true })), pasted);
    await attached(ada).waitFor();
    await send(ada);
    await isLoaded(sent(bob, 70));

    const dropped = await transfer(bob, png(80, 80), 'dropped.png');
    await bob.page.locator('section.conversation').dispatchEvent('drop', { dataTransfer: dropped });
    await attached(bob).waitFor();
    await send(bob);
    await isLoaded(sent(ada, 80));
  });

  test('have names that are only words', async () => {
    await choose(ada, file('"><img src=x onerror=alert(1)>.png', png(90, 90)));
    await attached(ada).getByText('"><img src=x onerror=alert(1)>.png').waitFor();
    ada.page.on('dialog', () => assert.fail('a script ran'));
    await send(ada);
    await isLoaded(sent(bob, 90));
    assert.equal(await ada.page.locator('img[src="x"]').count(), 0);
    assert.deepEqual([ada.complaints, bob.complaints], [[], []]);
  });

  test('that are damaged are refused, and one goes on where one was', async () => {
    const field = ada.page.getByRole('textbox', { name: 'Your message' });
    await field.fill('half a thought');
    const whole = evening(90, 60);
    const notices = ada.page.locator('.toast').getByText('This file cannot be sent as an image. Choose a JPEG, PNG, WebP or GIF.');
    for (const [number, damaged] of [Buffer.from('no image'), whole.subarray(0, whole.length - 400)].entries()) {
      await choose(ada, file('damaged.png', damaged));
      await notices.nth(number).waitFor();
      assert.equal(await attached(ada).count(), 0);
      assert.equal(await field.inputValue(), 'half a thought');
    }
    await isAccessible(ada, 'an image that was refused');
    await shot(ada, 'pages-image-refused');
    await choose(ada, file('whole.png', whole));
    await attached(ada).waitFor();
    await write(ada, 'a whole thought');
    await isLoaded(said(bob, 'a whole thought').locator('button.picture img'));
  });

  test('that cannot be sent say why', async () => {
    await choose(ada, file('notes.txt', Buffer.from('words'), 'text/plain'));
    await ada.page.getByText('This file cannot be sent as an image.').first().waitFor();
    await choose(ada, file('large.png', Buffer.alloc(10 * 2 ** 20 + 1)));
    await ada.page.getByText('Choose one of up to 10 MiB.').first().waitFor();
    assert.equal(await attached(ada).count(), 0);
  });

  test('have their words changed, taken off and put on, and go for both when they are deleted', async () => {
    const field = ada.page.getByRole('textbox', { name: 'Your message' });
    const edit = async (text) => {
      await field.press('ArrowUp');
      await ada.page.getByText('Edit your message').waitFor();
      await write(ada, text);
      await ada.page.getByText('Edit your message').waitFor({ state: 'detached' });
    };
    const row = (person) => person.page.getByRole('article').filter({ has: person.page.locator('img[width="130"]') });
    await choose(ada, file('edited.png', png(130, 60)));
    await attached(ada).waitFor();
    await write(ada, 'with words.');
    await isLoaded(sent(bob, 130));
    await row(ada).getByText('with words.').waitFor();

    await edit('');
    for (const person of [ada, bob]) {
      await row(person).getByText('with words.').waitFor({ state: 'detached' });
      await row(person).getByText('edited').waitFor();
      await isLoaded(sent(person, 130));
    }
    await edit('other words.');
    for (const person of [ada, bob]) {
      await row(person).getByText('other words.').waitFor();
      await isLoaded(sent(person, 130));
    }

    const address = await sent(bob, 130).getAttribute('src');
    await row(ada).focus();
    await ada.page.keyboard.press('Delete');
    await ada.page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    for (const person of [ada, bob]) {
      await sent(person, 130).waitFor({ state: 'detached' });
      await said(person, 'This message was deleted.').waitFor();
      assert.equal(await person.page.getByText('other words.').count(), 0);
    }
    // Nor is it there for who has kept its address.
    const gone = await bob.page.evaluate(async (address) => (await fetch(address, { cache: 'no-store' })).status, address);
    assert.equal(gone, 404);
    bob.complaints.length = 0;
  });

  test('wait while the line is cut, for the next page too, and are sent once', async () => {
    await ada.context.setOffline(true);
    await choose(ada, file('late.png', png(110, 50)));
    await attached(ada).waitFor();
    await write(ada, 'from the tunnel');
    await said(ada, 'from the tunnel').locator('.picture[data-waiting] img').waitFor();
    await ada.context.setOffline(false);
    await isLoaded(sent(bob, 110));
    await ada.page.locator('[data-outgoing]').waitFor({ state: 'detached' });
    assert.equal(await sent(ada, 110).count(), 1);
    assert.equal(await sent(bob, 110).count(), 1);

    // Nothing of this page reaches the server; the next one finds in the browser what waits.
    await ada.page.route('**/graphql', (route) => route.abort());
    await choose(ada, file('kept.png', png(120, 50)));
    await attached(ada).waitFor();
    await write(ada, 'from the page before');
    await said(ada, 'from the page before').locator('.picture[data-waiting] img').waitFor();
    // Which it says when the browser has it: a large image takes a moment.
    await said(ada, 'from the page before').getByLabel('Waiting to be sent').waitFor();
    const { pathname } = new URL(ada.page.url());
    await ada.page.close();
    ada = await ada.tab(pathname);
    await isLoaded(sent(bob, 120));
    await isLoaded(sent(ada, 120));
    await ada.page.locator('[data-outgoing]').waitFor({ state: 'detached' });
    assert.equal(await sent(bob, 120).count(), 1);
  });

  test('are the pictures of people', async () => {
    const menu = async ({ page }) => {
      await page.getByRole('button', { name: 'Your account' }).click();
      await page.getByRole('menuitem', { name: 'Settings' }).click();
    };
    await menu(ada);
    await choose(ada, file('me.png', evening(300, 400)), 'Choose picture');
    await isLoaded(ada.page.getByRole('dialog').locator('.avatar img'));
    await isLoaded(bob.page.locator('.head .avatar img'));
    // Of whatever proportions, it is cut to the circle.
    for (const avatar of [ada.page.getByRole('dialog').locator('.avatar'), bob.page.locator('.head .avatar')]) {
      assert.deepEqual(await avatar.locator('img').boundingBox(), await avatar.boundingBox());
    }
    await isAccessible(ada, 'settings with a picture');
    await shot(ada, 'pages-settings-picture');
    await ada.page.getByRole('button', { name: 'Remove picture' }).click();
    await bob.page.locator('.head .avatar img').waitFor({ state: 'detached' });
    await ada.page.locator('.avatar img').first().waitFor({ state: 'detached' });
  });
});
