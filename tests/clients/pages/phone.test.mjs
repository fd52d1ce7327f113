// The pages on the smallest phone: one pane at a time, all by touch, nothing wider than the screen.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from '../browser.mjs';
import { signUp } from '../people.mjs';
import { startServer } from '../server.mjs';
import { isAccessible } from './axe.mjs';
import { join, row, said, shot, visit } from './people-in-browser.mjs';

describe('the pages on a phone', { timeout: 120_000 }, () => {
  let server, browser, ada, bob, page;
  before(async () => {
    server = await startServer();
    browser = await launch();
    ada = await join(await visit(browser, server.url, { width: 320, height: 568, hasTouch: true, isMobile: true }), 'Ada Lovelace');
    page = ada.page;
    bob = await signUp(server, 'Bob Byron');
    const { users } = await bob.ask('{ users(search: "Ada Lovelace") { nodes { id } } }');
    ada.id = users.nodes[0].id;
    await bob.send(ada, 'Good morning, and look: https://example.org/a/path/that/is/much/longer/than/any/phone/is/wide?and=more');
    await bob.send(ada, '```\nconst wide = "a line of code that is wider than the bubble";\n```');
    await bob.ask(
      'mutation ($ids: [ID!]!) { createConversation(input: { title: "A group whose title is longer than a phone is wide", memberIds: $ids }) { id } }',
      { ids: [ada.id] },
    );
    await row(ada, 'A group').waitFor();
  });
  after(async () => {
    await browser?.close();
    await server?.dispose();
  });

  /** Everything is within the screen, and large enough for a finger (24 pixels at least, WCAG 2.5.8; links in a text may be less). */
  const fits = async (state) => {
    const [wide, small] = await page.evaluate(() => {
      const seen = [...document.querySelectorAll('button, input, textarea, a, [role=menuitem]')]
        .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('.visually-hidden, .skip, .words') && element.offsetParent);
      const box = (element) => element.getBoundingClientRect();
      return [
        document.documentElement.scrollWidth > innerWidth || seen.some((element) => box(element).right > innerWidth + 1 || box(element).left < -1),
        seen.filter((element) => !element.matches('[type=checkbox], [type=radio], .skip') && (box(element).width < 24 || box(element).height < 24))
          .map((element) => element.outerHTML.slice(0, 100)),
      ];
    });
    assert.equal(wide, false, `${state} is as wide as the screen`);
    assert.deepEqual(small, [], `${state} is for fingers`);
    await isAccessible(ada, `${state} on a phone`);
    await shot(ada, `pages-phone-${state.replaceAll(' ', '-')}`);
  };

  test('shows the list, then a conversation, and goes back', async () => {
    await fits('the list');
    await row(ada, 'Bob Byron').tap();
    await said(ada, 'Good morning').waitFor();
    assert.equal(await page.getByRole('navigation').count(), 0, 'one pane at a time');
    await fits('a conversation');
    const code = said(ada, 'const wide').locator('pre');
    assert.ok(await code.evaluate((pre) => pre.scrollWidth > pre.clientWidth), 'code scrolls by itself');
    await page.goBack();
    await row(ada, 'Bob Byron').waitFor();
    await row(ada, 'Bob Byron').tap();
    // The way back is no further step for the device's own one, from wherever one has come.
    const step = () => page.evaluate(() => navigation.currentEntry.index);
    const [address, there] = [page.url(), await step()];
    await page.getByRole('link', { name: 'Back to conversations' }).tap();
    await row(ada, 'Bob Byron').waitFor();
    assert.equal(await step(), there - 1);
    await page.goto(address);
    await page.goto(address);
    const linked = await step();
    await page.getByRole('link', { name: 'Back to conversations' }).tap();
    await row(ada, 'Bob Byron').waitFor();
    assert.equal(await step(), linked);
  });

  test('shows what one can do with a message on a tap', async () => {
    await row(ada, 'Bob Byron').tap();
    // The text field does not pull up the keyboard before one wants to write.
    await page.getByRole('textbox', { name: 'Your message' }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'BODY');
    await said(ada, 'const wide').locator('.meta').tap();
    await fits('what one can do with a message');
    await said(ada, 'const wide').getByRole('button', { name: 'Reply' }).tap();
    await page.getByText('Reply to Bob Byron').waitFor();
    // The keyboard on the screen has no other way to make a line.
    const field = page.getByRole('textbox', { name: 'Your message' });
    assert.equal(await field.getAttribute('enterkeyhint'), 'enter');
    await field.fill('In one line');
    await field.press('Enter');
    await field.pressSequentially('or two');
    assert.equal(await field.inputValue(), 'In one line\nor two');
    await fits('a reply');
    await page.getByRole('button', { name: 'Send', exact: true }).tap();
    await said(ada, 'or two').waitFor();
    await said(ada, 'or two').locator('.meta').tap();
    await said(ada, 'or two').getByRole('button', { name: 'Delete' }).tap();
    await fits('a question');
    await page.getByRole('button', { name: 'Cancel' }).tap();
    await page.getByRole('link', { name: 'Back to conversations' }).tap();
  });

  test('keeps in view what one can do with a message longer than the screen', async () => {
    await bob.send(ada, Array.from({ length: 60 }, (_, line) => `line ${line}`).join('\n'));
    await row(ada, 'Bob Byron').tap();
    const long = said(ada, 'line 59');
    await long.waitFor();
    for (const [place, part] of [['end', '.meta'], ['start', '.bubble']]) {
      await long.evaluate((message, block) => message.scrollIntoView({ block }), place);
      await long.locator(part).tap({ position: { x: 10, y: 10 } });
      const actions = await long.getByRole('group', { name: 'Message actions' }).boundingBox();
      const view = await page.locator('.scroller').boundingBox();
      assert.ok(actions.y >= view.y && actions.y + actions.height <= view.y + view.height, `at its ${place}: ${actions.y}`);
    }
    await long.getByRole('button', { name: 'Reply' }).tap();
    await page.getByText('Reply to Bob Byron').waitFor();
    await page.getByRole('button', { name: 'Cancel reply' }).tap();
    await page.getByRole('link', { name: 'Back to conversations' }).tap();
  });

  test('says what did not work beside where one writes', async () => {
    await row(ada, 'Bob Byron').tap();
    await page.locator('input[type=file][aria-label="Add image"]').setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('words') });
    await page.locator('.toast').waitFor();
    await fits('what did not work');
    const free = async (part) => {
      const [toast, other] = [await page.locator('.toast').boundingBox(), await page.locator(part).boundingBox()];
      assert.ok(toast.y >= other.y + other.height || toast.y + toast.height <= other.y, `${part} is not covered`);
    };
    await free('.composer');
    await free('.head');
    await page.getByRole('link', { name: 'Back to conversations' }).tap();
    await free('.search');
    await page.locator('.toast').getByRole('button', { name: 'Close' }).tap();
  });

  test('has groups, settings and the search', async () => {
    await row(ada, 'A group').tap();
    const field = page.getByRole('textbox', { name: 'Your message' });
    // However long the name in it is, it is a line as long as nothing is written.
    assert.ok((await field.boundingBox()).height < 50);
    await page.getByRole('button', { name: 'Group details' }).tap();
    await page.getByRole('button', { name: 'Add people' }).tap();
    await page.getByText('Everyone is already in the group.').waitFor();
    await fits('the details of a group');
    await page.getByRole('button', { name: 'Close' }).tap();
    await page.getByRole('link', { name: 'Back to conversations' }).tap();
    await page.getByRole('button', { name: 'New group' }).tap();
    await page.getByRole('dialog').getByRole('checkbox').first().waitFor();
    await fits('a new group');
    await page.getByRole('button', { name: 'Close' }).tap();
    await page.getByRole('searchbox', { name: 'Find people and conversations' }).fill('morning');
    await row(ada, 'Bob Byron.*Good morning').waitFor();
    await fits('what was found');
    await page.getByRole('button', { name: 'Clear search' }).tap();
    await page.getByRole('button', { name: 'Your account' }).tap();
    await fits('the menu');
    await page.getByRole('menuitem', { name: 'Settings' }).tap();
    await page.getByText('this device').waitFor();
    await fits('the settings');
    // The way out is there wherever one has scrolled to.
    await page.getByRole('dialog').evaluate((dialog) => dialog.scrollTo(0, dialog.scrollHeight));
    const close = await page.getByRole('button', { name: 'Close' }).boundingBox();
    assert.ok(close.y >= 0 && close.y + close.height <= 568);
    await page.getByRole('button', { name: 'Close' }).tap();
    assert.deepEqual(ada.complaints, []);
  });
});
