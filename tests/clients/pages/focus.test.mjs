// The focus stays in the field of the composer, whatever else is clicked or typed.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signUp } from '../people.mjs';
import { messageWith, openConversation, requestInPage, signUpInBrowser, visit } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

describe('the focus', { timeout: 120_000 }, () => {
  let server, browser, ada, bob, close;
  before(async () => {
    ({ server, browser, close } = await startPages());
    ada = await signUpInBrowser(await visit(browser, server.url), 'Ada Lovelace');
    await ada.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    bob = await signUp(server, 'Bob Byron');
    let last;
    for (let number = 0; number < 30; number += 1) last = await bob.send(ada, number === 2 ? 'a needle in the hay' : `message ${number}.`);
    const read = 'mutation ($conversationId: ID!, $seq: Int!) { markRead(conversation: { conversationId: $conversationId }, upToSeq: $seq) { id } }';
    await requestInPage(ada, read, { conversationId: last.conversationId, seq: last.seq });
  });
  after(() => close?.());

  const field = ({ page }) => page.getByRole('textbox', { name: 'Your message' });
  const hasFocus = (locator) => locator.evaluate((element) => element === document.activeElement);
  const waitForFocus = async (person) => {
    await field(person).and(person.page.locator(':focus')).waitFor();
  };
  const open = async (person) => {
    // At the end, and not where the test before was.
    await person.page.evaluate(() => sessionStorage.clear());
    await person.page.goto(person.origin);
    await openConversation(person, 'Bob Byron');
    await messageWith(person, 'message 29.').waitFor();
  };

  test('stays in the field after sending by the button, by mouse and by keyboard', async () => {
    await open(ada);
    await field(ada).fill('by mouse');
    await ada.page.getByRole('button', { name: 'Send', exact: true }).click();
    await messageWith(ada, 'by mouse').waitFor();
    await waitForFocus(ada);
    await field(ada).fill('by keyboard');
    await ada.page.keyboard.press('Tab');
    await ada.page.keyboard.press('Enter');
    await messageWith(ada, 'by keyboard').waitFor();
    await waitForFocus(ada);
  });

  test('is in the field after jumping to the latest message, copying, and opening a search hit', async () => {
    await open(ada);
    await ada.page.getByRole('feed').hover();
    await ada.page.mouse.wheel(0, -600);
    await ada.page.getByRole('button', { name: /to the latest/ }).click();
    await waitForFocus(ada);

    await messageWith(ada, 'message 29.').hover();
    await messageWith(ada, 'message 29.').getByRole('button', { name: 'Copy text' }).click();
    await ada.page.getByText('Copied.').first().waitFor();
    await waitForFocus(ada);

    await ada.page.getByRole('searchbox', { name: 'Find people' }).fill('needle');
    await ada.page.getByRole('navigation').getByRole('link', { name: /needle/ }).click();
    await messageWith(ada, 'a needle in the hay').and(ada.page.locator('[data-found]')).waitFor();
    await waitForFocus(ada);
  });

  test('goes to the field when somebody types elsewhere, but not from a field or a dialog, and shortcuts stay', async () => {
    await open(ada);
    const row = ada.page.getByRole('navigation').getByRole('link', { name: /^Bob/ });
    await row.focus();
    await ada.page.keyboard.type('Hi');
    assert.equal(await field(ada).inputValue(), 'Hi');
    await ada.page.evaluate(() => document.activeElement.blur());
    await ada.page.keyboard.type(' there');
    assert.equal(await field(ada).inputValue(), 'Hi there');
    await messageWith(ada, 'message 29.').focus();
    await ada.page.keyboard.type('!');
    assert.equal(await field(ada).inputValue(), 'Hi there!');

    await messageWith(ada, 'message 29.').focus();
    await ada.page.keyboard.press('r');
    await ada.page.getByText('Reply to Bob Byron').waitFor();
    assert.equal(await field(ada).inputValue(), 'Hi there!');
    await ada.page.keyboard.press('Escape');

    const search = ada.page.getByRole('searchbox', { name: 'Find people' });
    await search.focus();
    await ada.page.keyboard.type('x');
    assert.equal(await search.inputValue(), 'x');
    await search.fill('');
    await ada.page.getByRole('button', { name: 'Your account' }).click();
    await ada.page.getByRole('menuitem', { name: 'Settings' }).click();
    await ada.page.getByRole('dialog').waitFor();
    await ada.page.keyboard.type('y');
    assert.ok(await ada.page.getByRole('dialog').evaluate((dialog) => dialog.contains(document.activeElement)));
    // Behind a dialog nothing has a role.
    assert.equal(await ada.page.locator('textarea').inputValue(), 'Hi there!');
    assert.deepEqual(ada.problems, []);
  });

  test('does not open the keyboard of a phone, and does not close it', async () => {
    const eve = await signUpInBrowser(await visit(browser, server.url, { width: 390, height: 700, hasTouch: true, isMobile: true }), 'Eve Newton');
    await eve.page.getByRole('searchbox', { name: 'Find people' }).fill('Bob Byron');
    await eve.page.getByRole('link', { name: 'Bob Byron' }).first().tap();
    await field(eve).waitFor();
    assert.equal(await hasFocus(field(eve)), false, 'opening a conversation leaves the keyboard closed');
    await field(eve).tap();
    for (const text of ['first', 'second', 'third']) {
      await eve.page.keyboard.type(text);
      await eve.page.getByRole('button', { name: 'Send', exact: true }).tap();
      // The first message creates the conversation, which changes the address.
      await messageWith(eve, text).and(eve.page.locator('[data-seq]')).waitFor();
      assert.ok(await hasFocus(field(eve)), `after “${text}”`);
    }
    await eve.page.context().close();
  });
});
