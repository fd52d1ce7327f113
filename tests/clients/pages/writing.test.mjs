// Writing: what people type as bold, lists and quotes, emoji by name and from the picker, and what goes on in the field meanwhile.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertAccessible } from './accessibility.mjs';
import { messageWith, openConversation, screenshot, sendText } from './people-in-browser.mjs';
import { startTwoPeople } from './setup.mjs';

describe('writing', { timeout: 120_000 }, () => {
  let ada, bob, page, field, close;
  before(async () => {
    ({ ada, bob, close } = await startTwoPeople());
    await openConversation(ada, 'Bob Byron');
    await sendText(ada, 'Hello');
    await openConversation(bob, 'Ada Lovelace');
    ({ page } = ada);
    field = page.getByRole('textbox', { name: 'Your message' });
  });
  after(() => close?.());

  const htmlOf = (person, text) => messageWith(person, text).locator('.words').evaluate((words) => words.innerHTML.replaceAll(/<\/?span>/g, ''));

  test('shows bold, italic, struck, code, lists and quotes to others as they were meant', async () => {
    await sendText(ada, 'Some *bold*, **bolder**, _italic_, ~struck~ and `*code*`, but 2*3*4 and snake_case_name stay');
    await messageWith(bob, 'Some bold').waitFor();
    assert.equal(
      await htmlOf(bob, 'Some bold'),
      'Some <strong>bold</strong>, <strong>bolder</strong>, <em>italic</em>, <s>struck</s> and <code dir="ltr">*code*</code>, but 2*3*4 and snake_case_name stay',
    );
    await sendText(ada, 'To do:\n- one\n- *two*\n3. three\n4. four\n> a _quote_\n> goes on\nand the end');
    await messageWith(bob, 'To do').waitFor();
    assert.equal(
      await htmlOf(bob, 'To do'),
      'To do:<ul><li>one</li><li><strong>two</strong></li></ul><ol start="3"><li>three</li><li>four</li></ol>'
        + '<blockquote>a <em>quote</em>\ngoes on</blockquote>and the end',
    );
    // A single item is no list, and the preview in the list of conversations has no marks.
    await sendText(ada, '- 5 degrees *today*');
    await messageWith(bob, '- 5 degrees today').waitFor();
    await bob.page.getByRole('navigation').getByText('- 5 degrees today').waitFor();
    await assertAccessible(bob, 'formatted messages');
    await screenshot(bob, 'pages-formatted');
  });

  test('takes nothing that is typed for HTML, and no link for anything else', async () => {
    await sendText(ada, '*<img src=x onerror=alert(1)>* _<b>b</b>_ *https://example.org/a_b_c*');
    const message = messageWith(bob, 'onerror');
    await message.waitFor();
    assert.equal(await message.locator('.words img, .words b').count(), 0);
    assert.deepEqual(await message.locator('strong').allTextContents(), ['<img src=x onerror=alert(1)>', 'https://example.org/a_b_c']);
    assert.equal(await message.getByRole('link').getAttribute('href'), 'https://example.org/a_b_c');
    await sendText(ada, '*javascript:alert(1)* [x](javascript:alert(1))');
    await messageWith(bob, 'javascript').waitFor();
    assert.equal(await messageWith(bob, 'javascript').getByRole('link').count(), 0);
  });

  test('shows at once what others will see', async () => {
    const preview = page.getByRole('group', { name: 'Preview' });
    await field.fill('plain words');
    assert.equal(await preview.count(), 0);
    await field.fill('now *bold* words');
    await preview.locator('strong', { hasText: 'bold' }).waitFor();
    await assertAccessible(ada, 'a preview');
    await field.fill('');
    await preview.waitFor({ state: 'detached' });
  });

  test('Ctrl+B and Ctrl+I put marks around the selection, and undo takes them away', async () => {
    await field.fill('very important');
    await field.evaluate((element) => element.setSelectionRange(5, 14));
    await field.press('Control+b');
    assert.equal(await field.inputValue(), 'very *important*');
    await field.press('Control+b');
    assert.equal(await field.inputValue(), 'very important');
    await field.press('Control+i');
    assert.equal(await field.inputValue(), 'very _important_');
    await field.press('Control+z');
    assert.equal(await field.inputValue(), 'very important');
    await field.fill('');
  });

  test('goes on with a list in the next line, and ends it at an empty item', async () => {
    await field.pressSequentially('1. one');
    await field.press('Shift+Enter');
    await field.pressSequentially('two');
    await field.press('Shift+Enter');
    assert.equal(await field.inputValue(), '1. one\n2. two\n3. ');
    await field.press('Shift+Enter');
    assert.equal(await field.inputValue(), '1. one\n2. two\n');
    await field.fill('');
  });

  test('completes emoji by their names', async () => {
    await field.pressSequentially('Well done :tad');
    const options = page.getByRole('listbox', { name: 'Suggestions' }).getByRole('option');
    await options.first().waitFor();
    assert.match(await options.first().textContent(), /🎉 :tada:/);
    await page.locator(`#${CSS_escape(await field.getAttribute('aria-activedescendant'))}[aria-selected=true]`).waitFor();
    await assertAccessible(ada, 'the completion of emoji');
    await screenshot(ada, 'pages-emoji-completion');
    await field.press('Enter');
    assert.equal(await field.inputValue(), 'Well done 🎉');
    // The whole name needs no list, and what is no name is left alone.
    await field.pressSequentially(' :+1: at 10:30 :nosuchname:');
    await page.waitForFunction(() => document.querySelector('textarea').value === 'Well done 🎉 👍 at 10:30 :nosuchname:');
    await field.pressSequentially(' :smi');
    await options.first().waitFor();
    await field.press('Escape');
    await options.first().waitFor({ state: 'detached' });
    assert.ok((await field.inputValue()).endsWith(':smi'));
    await field.press('Enter');
    await messageWith(bob, 'Well done 🎉 👍').waitFor();
  });

  test('takes emoji from the picker, by mouse and by keyboard, and remembers them', async () => {
    await field.fill('a  b');
    await field.evaluate((element) => element.setSelectionRange(2, 2));
    const button = page.getByRole('button', { name: 'Add emoji' });
    await button.click();
    const picker = page.getByRole('dialog', { name: 'Emoji' });
    await picker.getByRole('button', { name: 'grinning', exact: true }).waitFor();
    await assertAccessible(ada, 'the emoji picker');
    await screenshot(ada, 'pages-emoji-picker');
    await picker.getByRole('button', { name: 'grinning', exact: true }).click();
    await picker.waitFor({ state: 'detached' });
    assert.equal(await field.inputValue(), 'a 😀 b');
    await field.and(page.locator(':focus')).waitFor();

    await button.click();
    await picker.getByRole('region', { name: 'Recently used' }).getByRole('button', { name: 'grinning' }).waitFor();
    await picker.getByRole('searchbox').fill('pizza');
    await picker.getByRole('button', { name: 'pizza' }).waitFor();
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), '🍕');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('textarea').value.includes('🍕'));
    // Escape and Back close it, and the page stays.
    for (const leave of [() => page.keyboard.press('Escape'), () => page.goBack()]) {
      await button.click();
      await picker.waitFor();
      await page.waitForFunction(() => history.state?.dialogs === 1);
      await leave();
      await picker.waitFor({ state: 'detached' });
      await page.waitForFunction(() => history.state === null);
    }
    await page.getByRole('heading', { name: 'Bob Byron' }).waitFor();
    await field.fill('');
    assert.deepEqual(ada.problems, []);
    assert.deepEqual(bob.problems, []);
  });

  test('a click into the list leaves the focus in the field, and selecting text does not', async () => {
    await messageWith(ada, 'Some bold').locator('.bubble').click({ position: { x: 30, y: 4 } });
    await field.and(page.locator(':focus')).waitFor();
    await messageWith(ada, 'Some bold').locator('.words').dblclick({ position: { x: 20, y: 8 } });
    assert.ok(await page.evaluate(() => getSelection().toString().length > 0));
    await page.keyboard.type('typed');
    assert.equal(await field.inputValue(), 'typed');
    await field.fill('');
  });

  test('an Enter of an input method sends nothing, as Safari reports it too', async () => {
    await field.fill('にほん');
    const before = await page.getByRole('article').count();
    await field.evaluate((element) => {
      for (const isComposing of [true, false]) {
        element.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, isComposing, bubbles: true, cancelable: true }));
      }
    });
    assert.equal(await field.inputValue(), 'にほん');
    assert.equal(await page.getByRole('article').count(), before);
    await field.fill('');
  });
});

/** Ids that React makes have characters that mean something in selectors. */
const CSS_escape = (id) => id.replaceAll(/[^\w-]/g, (letter) => `\\${letter}`);
