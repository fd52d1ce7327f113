// The pages on the smallest phone: one pane at a time, usable by touch, nothing wider than the screen.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signUp } from '../people.mjs';
import { assertAccessible } from './accessibility.mjs';
import { messageWith, screenshot, sidebarRow, signUpInBrowser, visit } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

describe('the pages on a phone', { timeout: 120_000 }, () => {
  let server, ada, bob, page, close;
  before(async () => {
    const { browser, ...pages } = await startPages();
    ({ server, close } = pages);
    ada = await signUpInBrowser(await visit(browser, server.url, { width: 320, height: 568, hasTouch: true, isMobile: true }), 'Ada Lovelace');
    page = ada.page;
    bob = await signUp(server, 'Bob Byron');
    await bob.send(ada, 'Good morning, and look: https://example.org/a/path/that/is/much/longer/than/any/phone/is/wide?and=more');
    await bob.send(ada, '```\nconst wide = "a line of code that is wider than the bubble";\n```');
    await bob.createGroup('A group whose title is longer than a phone is wide', ada);
    await sidebarRow(ada, 'A group').waitFor();
  });
  after(() => close?.());

  /** Everything is within the screen, and controls are large enough (24 pixels, WCAG 2.5.8, which exempts links in text). */
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
    assert.equal(wide, false, `${state} is not wider than the screen`);
    assert.deepEqual(small, [], `${state} has large enough controls`);
    await assertAccessible(ada, `${state} on a phone`);
    await screenshot(ada, `pages-phone-${state.replaceAll(' ', '-')}`);
  };

  test('shows the list, then a conversation, and goes back', async () => {
    await fits('the list');
    await sidebarRow(ada, 'Bob Byron').tap();
    await messageWith(ada, 'Good morning').waitFor();
    assert.equal(await page.getByRole('navigation').count(), 0, 'one pane at a time');
    await fits('a conversation');
    const code = messageWith(ada, 'const wide').locator('pre');
    assert.ok(await code.evaluate((pre) => pre.scrollWidth > pre.clientWidth), 'code scrolls by itself');
    await page.goBack();
    await sidebarRow(ada, 'Bob Byron').waitFor();
    await sidebarRow(ada, 'Bob Byron').tap();
    // The back link goes back in the history if it can, and never adds an entry.
    const step = () => page.evaluate(() => navigation.currentEntry.index);
    const [address, there] = [page.url(), await step()];
    await page.getByRole('link', { name: 'Back to conversations' }).tap();
    await sidebarRow(ada, 'Bob Byron').waitFor();
    assert.equal(await step(), there - 1);
    await page.goto(address);
    await page.goto(address);
    const linked = await step();
    await page.getByRole('link', { name: 'Back to conversations' }).tap();
    await sidebarRow(ada, 'Bob Byron').waitFor();
    assert.equal(await step(), linked);
  });

  test('shows the actions of a message on a tap', async () => {
    await sidebarRow(ada, 'Bob Byron').tap();
    // The field is not focused, which would open the on-screen keyboard.
    await page.getByRole('textbox', { name: 'Your message' }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'BODY');
    await messageWith(ada, 'const wide').locator('.meta').tap();
    // The message is marked, as its actions are in place of the header, where they cover no text.
    const isMarked = (text) => messageWith(ada, text).locator('.bubble').evaluate((bubble) => / 0px 0px 0px 2px$/.test(getComputedStyle(bubble).boxShadow));
    assert.deepEqual([await isMarked('const wide'), await isMarked('Good morning')], [true, false]);
    const actions = page.getByRole('group', { name: 'Message actions' });
    const [bar, view] = [await actions.boundingBox(), await page.locator('.scroller').boundingBox()];
    assert.deepEqual([bar.x, bar.y, bar.width], [0, 0, 320]);
    assert.ok(bar.y + bar.height <= view.y);
    await fits('the actions of a message');
    // A tap beside it puts them away.
    await page.locator('.scroller').tap({ position: { x: 150, y: 20 } });
    await actions.waitFor({ state: 'hidden' });
    assert.equal(await isMarked('const wide'), false);
    await messageWith(ada, 'const wide').locator('.meta').tap();
    await messageWith(ada, 'const wide').getByRole('button', { name: 'Reply' }).tap();
    await page.getByText('Reply to Bob Byron').waitFor();
    // Enter inserts a line break.
    const field = page.getByRole('textbox', { name: 'Your message' });
    assert.equal(await field.getAttribute('enterkeyhint'), 'enter');
    await field.fill('In one line');
    await field.press('Enter');
    await field.pressSequentially('or two');
    assert.equal(await field.inputValue(), 'In one line\nor two');
    await fits('a reply');
    await page.getByRole('button', { name: 'Send', exact: true }).tap();
    await messageWith(ada, 'or two').waitFor();
    await messageWith(ada, 'or two').locator('.meta').tap();
    await messageWith(ada, 'or two').getByRole('button', { name: 'Delete' }).tap();
    await fits('a question');
    await page.getByRole('button', { name: 'Cancel' }).tap();
    await page.getByRole('button', { name: 'Hide actions' }).tap();
    await page.getByRole('link', { name: 'Back to conversations' }).tap();
  });

  test('keeps the actions of a message longer than the screen in view', async () => {
    await bob.send(ada, Array.from({ length: 60 }, (_, line) => `line ${line}`).join('\n'));
    await sidebarRow(ada, 'Bob Byron').tap();
    const long = messageWith(ada, 'line 59');
    await long.waitFor();
    for (const [place, part] of [['end', '.meta'], ['start', '.bubble']]) {
      await long.evaluate((message, block) => message.scrollIntoView({ block }), place);
      await long.locator(part).tap({ position: { x: 10, y: 10 } });
      const actions = await long.getByRole('group', { name: 'Message actions' }).boundingBox();
      const view = await page.locator('.scroller').boundingBox();
      assert.ok(actions.y >= 0 && actions.y + actions.height <= view.y, `at its ${place} they are in view and cover no text: ${actions.y}`);
    }
    await long.getByRole('button', { name: 'Reply' }).tap();
    await page.getByText('Reply to Bob Byron').waitFor();
    await page.getByRole('button', { name: 'Cancel reply' }).tap();
    await page.getByRole('link', { name: 'Back to conversations' }).tap();
  });

  test('shows errors without covering the composer', async () => {
    await sidebarRow(ada, 'Bob Byron').tap();
    await page.locator('input[type=file][aria-label="Add image"]').setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('words') });
    await page.locator('.toast').waitFor();
    await fits('an error');
    const isUncovered = async (part) => {
      const [toast, other] = [await page.locator('.toast').boundingBox(), await page.locator(part).boundingBox()];
      assert.ok(toast.y >= other.y + other.height || toast.y + toast.height <= other.y, `${part} is not covered`);
    };
    await isUncovered('.composer');
    await isUncovered('.conversation-header');
    await page.getByRole('link', { name: 'Back to conversations' }).tap();
    await isUncovered('.search');
    await page.locator('.toast').getByRole('button', { name: 'Close' }).tap();
  });

  test('fits groups, settings and the search', async () => {
    await sidebarRow(ada, 'A group').tap();
    const field = page.getByRole('textbox', { name: 'Your message' });
    // The placeholder is one line, however long the name in it is.
    assert.ok((await field.boundingBox()).height < 50);
    await page.getByRole('button', { name: 'Group details' }).tap();
    await page.getByRole('button', { name: 'Add people' }).tap();
    await page.getByText('Everyone is already in the group.').waitFor();
    await fits('the details of a group');
    await page.getByRole('button', { name: 'Close' }).tap();
    await page.getByRole('link', { name: 'Back to conversations' }).tap();
    await page.getByRole('button', { name: 'New', exact: true }).tap();
    await page.getByRole('menuitem', { name: 'New group' }).tap();
    await page.getByRole('dialog').getByRole('checkbox').first().waitFor();
    await fits('a new group');
    await page.getByRole('button', { name: 'Close' }).tap();
    await page.getByRole('searchbox', { name: 'Find people and conversations' }).fill('morning');
    await sidebarRow(ada, 'Bob Byron.*Good morning').waitFor();
    await fits('search results');
    await page.getByRole('button', { name: 'Clear search' }).tap();
    await page.getByRole('button', { name: 'Your account' }).tap();
    await fits('the menu');
    await page.getByRole('menuitem', { name: 'Settings' }).tap();
    await fits('the settings');
    await page.getByRole('tab', { name: 'Where you are logged in' }).tap();
    await page.getByText('this device').waitFor();
    await page.getByRole('tab', { name: 'Password and account' }).tap();
    await fits('the sections of the settings');
    // The close button stays in view while scrolling.
    await page.getByRole('dialog').evaluate((dialog) => dialog.scrollTo(0, dialog.scrollHeight));
    const close = await page.getByRole('button', { name: 'Close' }).boundingBox();
    assert.ok(close.y >= 0 && close.y + close.height <= 568);
    await page.getByRole('button', { name: 'Close' }).tap();
  });

  test('fits the filters of a search, blocks, reports and what moderators see', async () => {
    await sidebarRow(ada, 'Bob Byron').tap();
    await page.getByRole('button', { name: 'Search this conversation' }).tap();
    await page.getByRole('checkbox', { name: 'With an image' }).waitFor();
    await fits('the filters of a search');
    await page.getByRole('button', { name: 'Close search' }).tap();
    await page.getByRole('button', { name: 'Profile', exact: true }).tap();
    await page.getByRole('dialog', { name: 'Profile' }).waitFor();
    await fits('the card of a person');
    await page.getByRole('button', { name: 'Report' }).tap();
    const form = page.getByRole('dialog', { name: 'Report Bob Byron' });
    await form.getByRole('radio', { name: 'Harassment' }).check();
    await fits('the form of a report');
    await form.getByRole('checkbox', { name: 'Also block Bob Byron' }).check();
    await form.getByRole('button', { name: 'Send report' }).tap();
    await page.getByText('You have blocked Bob Byron.').waitFor();
    await fits('a conversation with somebody who is blocked');
    await server.run('user', 'grant', ada.email, 'moderator');
    await page.getByRole('link', { name: 'Back to conversations' }).tap();
    await page.getByRole('button', { name: 'Your account' }).tap();
    await page.getByRole('menuitem', { name: 'Reports to moderators' }).tap();
    await page.getByRole('article', { name: 'Profile of Bob Byron' }).waitFor();
    await fits('a report');
    await page.getByRole('button', { name: 'Close' }).tap();
    assert.deepEqual(ada.problems, []);
  });
});
