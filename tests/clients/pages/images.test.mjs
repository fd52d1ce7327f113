// Images in messages: chosen, pasted and dropped, with and without text, and after a disconnect.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { evening, png } from '../png.mjs';
import { assertAccessible } from './accessibility.mjs';
import { messageWith, openConversation, screenshot, sendText } from './people-in-browser.mjs';
import { startTwoPeople } from './setup.mjs';

describe('images', { timeout: 120_000 }, () => {
  let ada, bob, close;
  before(async () => {
    ({ ada, bob, close } = await startTwoPeople({ bobOptions: { colorScheme: 'dark', width: 420 } }));
    await openConversation(ada, 'Bob Byron');
    await openConversation(bob, 'Ada Lovelace');
  });
  after(() => close?.());

  const file = (name, buffer, mimeType = 'image/png') => ({ name, mimeType, buffer });
  const choose = ({ page }, what, label = 'Add image') => page.locator(`input[type=file][aria-label="${label}"]`).setInputFiles(what);
  const attached = ({ page }) => page.getByRole('group', { name: 'Attached image' });
  const sent = ({ page }, width) => page.getByRole('article').locator(`button.picture img[width="${width}"]`);
  const send = ({ page }) => page.getByRole('button', { name: 'Send', exact: true }).click();
  const isLoaded = async (image, timeout = 8_000) => {
    await image.waitFor({ timeout });
    await image.evaluate((img) => img.decode());
  };
  /** A DataTransfer with one file, as of a paste or a drop. */
  const transfer = ({ page }, bytes, name, type = 'image/png') => page.evaluateHandle(([bytes, name, type]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(bytes)], name, { type }));
    return data;
  }, [[...bytes], name, type]);

  test('are chosen, previewed and sent, with and without text', async () => {
    await choose(ada, file('first.png', png(300, 120)));
    await attached(ada).getByText('first.png').waitFor();
    await assertAccessible(ada, 'an image to be sent');
    await attached(ada).getByRole('button', { name: 'Remove image' }).click();
    await attached(ada).waitFor({ state: 'detached' });
    assert.ok(await ada.page.getByRole('button', { name: 'Send', exact: true }).isDisabled());

    await choose(ada, file('evening.png', evening(1_200, 800)));
    await attached(ada).waitFor();
    await sendText(ada, 'What an evening');
    for (const person of [ada, bob]) {
      const image = messageWith(person, 'What an evening').locator('button.picture img');
      // Thumbnails of a large image are made by low-priority threads, which may take a while.
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
    // On the smallest image the time, even a long one, is a single line within the bubble.
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
    await assertAccessible(bob, 'images in a conversation');
    await screenshot(ada, 'pages-images');
    await screenshot(bob, 'pages-images-narrow-dark');
  });

  test('open in full size, by the keyboard too', async () => {
    await messageWith(bob, 'What an evening').locator('button.picture').click();
    const dialog = bob.page.getByRole('dialog', { name: /^Image by Ada Lovelace/ });
    await isLoaded(dialog.getByRole('img', { name: 'Image by Ada Lovelace' }));
    await dialog.getByText('What an evening').waitFor();
    await assertAccessible(bob, 'an image in full');
    await bob.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });

    await messageWith(ada, 'What an evening').focus();
    await ada.page.keyboard.press('Enter');
    await isLoaded(ada.page.getByRole('dialog').getByRole('img'));
    await screenshot(ada, 'pages-image-full');
    await ada.page.keyboard.press('Escape');
    await ada.page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  test('fill the window; long ones scroll, and each can be opened in a new tab', async () => {
    const { page } = bob;
    const room = page.locator('.picture-viewport');
    const view = () => page.getByRole('dialog').getByRole('img').evaluate(async (img) => {
      await img.decode();
      return img.getBoundingClientRect().toJSON();
    });
    await messageWith(bob, 'What an evening').locator('button.picture').click();
    assert.equal(Math.round((await view()).width), 420);
    const [original] = await Promise.all([
      page.waitForEvent('popup'),
      page.getByRole('link', { name: 'Open image in a new tab' }).click(),
    ]);
    await original.waitForLoadState();
    assert.deepEqual(await original.locator('img').evaluate(({ naturalWidth, naturalHeight }) => [naturalWidth, naturalHeight]), [1_200, 800]);
    await original.close();
    // A click beside the image closes it.
    await room.click({ position: { x: 10, y: 10 } });
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    for (const [size, side, key] of [[[200, 3_000], 'width', 'End'], [[3_000, 100], 'height', 'ArrowRight']]) {
      await choose(ada, file('long.png', png(...size)));
      await attached(ada).waitFor();
      await send(ada);
      await isLoaded(sent(bob, size[0]), 30_000);
      await page.getByRole('article').last().focus();
      await page.keyboard.press('Enter');
      assert.equal((await view())[side], Math.min(...size), 'it is not scaled down');
      await assertAccessible(bob, 'a long image in full');
      await page.keyboard.press(key);
      await page.waitForFunction((room) => room.scrollTop + room.scrollLeft > 0, await room.elementHandle());
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
  });

  test('load after a network failure, with renewed URLs', async () => {
    let asked = 0;
    bob.page.on('request', (request) => { asked += Number(request.postData()?.includes('HistoryPage') ?? false); });
    await bob.page.route('**/images/**', (route) => route.abort());
    const again = bob.page.waitForRequest(() => asked >= 2);
    await bob.page.reload();
    await again;
    await bob.page.unroute('**/images/**');
    await isLoaded(messageWith(bob, 'What an evening').locator('button.picture img'));
    bob.problems.length = 0;
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

  test('have file names that are never interpreted as HTML', async () => {
    await choose(ada, file('"><img src=x onerror=alert(1)>.png', png(90, 90)));
    await attached(ada).getByText('"><img src=x onerror=alert(1)>.png').waitFor();
    ada.page.on('dialog', () => assert.fail('a script ran'));
    await send(ada);
    await isLoaded(sent(bob, 90));
    assert.equal(await ada.page.locator('img[src="x"]').count(), 0);
    assert.deepEqual([ada.problems, bob.problems], [[], []]);
  });

  test('are rejected if damaged, and the draft is kept', async () => {
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
    await assertAccessible(ada, 'an image that was refused');
    await screenshot(ada, 'pages-image-refused');
    await choose(ada, file('whole.png', whole));
    await attached(ada).waitFor();
    await sendText(ada, 'a whole thought');
    await isLoaded(messageWith(bob, 'a whole thought').locator('button.picture img'));
  });

  test('are rejected with a reason if they cannot be sent', async () => {
    await choose(ada, file('notes.txt', Buffer.from('words'), 'text/plain'));
    await ada.page.getByText('This file cannot be sent as an image.').first().waitFor();
    await choose(ada, file('large.png', Buffer.alloc(10 * 2 ** 20 + 1)));
    await ada.page.getByText('Choose one of up to 10 MiB.').first().waitFor();
    assert.equal(await attached(ada).count(), 0);
  });

  test('are recognised by their content, whatever they are called', async () => {
    await choose(ada, file('IMG_0001.HEIC', png(72, 60), 'image/heic'));
    await attached(ada).getByText('IMG_0001.HEIC').waitFor();
    await send(ada);
    await isLoaded(sent(bob, 72));
    // Some systems know no type for this ending.
    const untyped = await transfer(ada, png(74, 60), 'IMG_0002.HEIC', '');
    await ada.page.locator('section.conversation').dispatchEvent('drop', { dataTransfer: untyped });
    await attached(ada).waitFor();
    await send(ada);
    await isLoaded(sent(bob, 74));
  });

  test('are shrunk to the limits of the server', async () => {
    /** Drops an image that the page draws. */
    const drop = async (width, height, type, isNoise = false) => {
      const dataTransfer = await ada.page.evaluateHandle(async ([width, height, type, isNoise]) => {
        const canvas = Object.assign(document.createElement('canvas'), { width, height });
        const context = canvas.getContext('2d');
        context.fillStyle = 'teal';
        context.fillRect(0, 0, width / 2, height);
        if (isNoise) {
          // Nothing can be left out of it.
          const noise = context.getImageData(0, 0, width, height);
          const words = new Uint32Array(noise.data.buffer);
          for (let at = 0; at < words.length; at += 16_384) crypto.getRandomValues(words.subarray(at, at + 16_384));
          context.putImageData(noise, 0, 0);
        }
        const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, 1));
        if (isNoise && blob.size <= 10 * 2 ** 20) throw new Error(`it has only ${blob.size} bytes`);
        const data = new DataTransfer();
        data.items.add(new File([blob], 'large', { type }));
        return data;
      }, [width, height, type, isNoise]);
      await ada.page.locator('section.conversation').dispatchEvent('drop', { dataTransfer });
      await attached(ada).waitFor({ timeout: 60_000 });
      await send(ada);
    };
    // Over the limit of a side, and over that of all pixels.
    await drop(12_000, 300, 'image/png');
    await isLoaded(sent(bob, 10_000), 60_000);
    await drop(7_000, 5_000, 'image/jpeg');
    await isLoaded(sent(bob, 4_732), 60_000);
    assert.equal(await sent(bob, 4_732).getAttribute('height'), '3380');
    // Over the limit of bytes alone.
    await drop(2_900, 2_000, 'image/jpeg', true);
    await isLoaded(sent(bob, 2_900), 60_000);
    // Shrinking would stop it.
    const gif = Buffer.from('GIF89a\x11\x27\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x11\x27\x01\x00\x00\x02\x02L\x01\x00;', 'latin1');
    await choose(ada, file('long.gif', gif, 'image/gif'));
    await ada.page.getByText('Choose one of up to 10,000 pixels per side.').first().waitFor();
    assert.equal(await attached(ada).count(), 0);
  });

  test('keep the image when their text is edited or removed, and are deleted for both', async () => {
    const field = ada.page.getByRole('textbox', { name: 'Your message' });
    const edit = async (text) => {
      await field.press('ArrowUp');
      await ada.page.getByText('Edit your message').waitFor();
      await sendText(ada, text);
      await ada.page.getByText('Edit your message').waitFor({ state: 'detached' });
    };
    const row = (person) => person.page.getByRole('article').filter({ has: person.page.locator('img[width="130"]') });
    await choose(ada, file('edited.png', png(130, 60)));
    await attached(ada).waitFor();
    await sendText(ada, 'with words.');
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
      await messageWith(person, 'This message was deleted.').waitFor();
      assert.equal(await person.page.getByText('other words.').count(), 0);
    }
    // The old URL does not work any more either.
    const gone = await bob.page.evaluate(async (address) => (await fetch(address, { cache: 'no-store' })).status, address);
    assert.equal(gone, 404);
    bob.problems.length = 0;
  });

  test('wait while offline, also over a reload, and are sent once', async () => {
    await ada.context.setOffline(true);
    await choose(ada, file('late.png', png(110, 50)));
    await attached(ada).waitFor();
    await sendText(ada, 'from the tunnel');
    await messageWith(ada, 'from the tunnel').locator('.picture[data-waiting] img').waitFor();
    await ada.context.setOffline(false);
    await isLoaded(sent(bob, 110));
    await ada.page.locator('[data-outgoing]').waitFor({ state: 'detached' });
    assert.equal(await sent(ada, 110).count(), 1);
    assert.equal(await sent(bob, 110).count(), 1);

    // This page cannot reach the server; the next one loads the message from the stored outbox.
    await ada.page.route('**/graphql', (route) => route.abort());
    await choose(ada, file('kept.png', png(120, 50)));
    await attached(ada).waitFor();
    await sendText(ada, 'from the page before');
    await messageWith(ada, 'from the page before').locator('.picture[data-waiting] img').waitFor();
    // This label appears when the message is stored, which takes a moment for a large image.
    await messageWith(ada, 'from the page before').getByLabel('Waiting to be sent').waitFor();
    const { pathname } = new URL(ada.page.url());
    await ada.page.close();
    ada = await ada.tab(pathname);
    await isLoaded(sent(bob, 120));
    await isLoaded(sent(ada, 120));
    await ada.page.locator('[data-outgoing]').waitFor({ state: 'detached' });
    assert.equal(await sent(bob, 120).count(), 1);
  });

  test('can be profile pictures', async () => {
    const menu = async ({ page }) => {
      await page.getByRole('button', { name: 'Your account' }).click();
      await page.getByRole('menuitem', { name: 'Settings' }).click();
    };
    await menu(ada);
    await choose(ada, file('me.png', evening(300, 400)), 'Choose picture');
    await isLoaded(ada.page.getByRole('dialog').locator('.avatar img'));
    await isLoaded(bob.page.locator('.conversation-header .avatar img'));
    // Cropped to the circle, whatever its proportions.
    for (const avatar of [ada.page.getByRole('dialog').locator('.avatar'), bob.page.locator('.conversation-header .avatar')]) {
      assert.deepEqual(await avatar.locator('img').boundingBox(), await avatar.boundingBox());
    }
    await assertAccessible(ada, 'settings with a picture');
    await screenshot(ada, 'pages-settings-picture');
    await ada.page.getByRole('button', { name: 'Remove picture' }).click();
    await bob.page.locator('.conversation-header .avatar img').waitFor({ state: 'detached' });
    await ada.page.locator('.avatar img').first().waitFor({ state: 'detached' });
  });
});
