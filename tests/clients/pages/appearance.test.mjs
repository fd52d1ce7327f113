// Screenshots of the main states for visual review, on a desktop and a phone, and the picture in the README.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { evening } from '../png.mjs';
import { assertAccessible } from './accessibility.mjs';
import { logIn, messageTexts, messageWith, openConversation, requestInPage, screenshot, sendText, visit } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

const sizes = { wide: { width: 1200, height: 760 }, narrow: { width: 390, height: 844, hasTouch: true, isMobile: true } };

test('the pages are accessible, wide and narrow, light and dark', { timeout: 240_000 }, async (t) => {
  const { server, browser, close } = await startPages();
  t.after(close);
  await server.run('seed');

  const come = async (email, options) => logIn(await visit(browser, server.url, options), { email, password: 'open sesame' });
  const alan = await come('alan@example.com');
  await openConversation(alan, 'Grace Hopper');

  await portrait(alan, await come('grace@example.com'));

  for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of ['light', 'dark']) {
      const look = `${size}-${colorScheme}`;
      const ada = await come('ada@example.com', { ...viewport, colorScheme });
      const row = ada.page.getByRole('navigation').getByRole('link');
      await row.nth(3).waitFor();
      await assertAccessible(ada, `the list, ${look}`);
      await screenshot(ada, `pages-list-${look}`);
      await row.filter({ hasText: 'Analytical Engine' }).click();
      await messageWith(ada, 'Who builds the compiler?').waitFor();
      await ada.page.getByText(/^(Sent|Read)/).waitFor();
      await assertAccessible(ada, `a group, ${look}`);
      await screenshot(ada, `pages-group-${look}`);
      if (size === 'narrow') {
        assert.equal(await ada.page.getByRole('navigation').count(), 0, 'one pane at a time');
        await ada.page.getByRole('link', { name: 'Back to conversations' }).click();
        await row.first().waitFor();
      }
      assert.deepEqual(ada.problems, []);
      await ada.context.close();
    }
  }
});

/** The picture in the README. Written only if PORTRAIT is set, as the times in it differ with each run. */
async function portrait(alan, grace) {
  await openConversation(grace, 'Alan Turing');
  await sendText(alan, 'Grace, does your compiler take `let` by now?');
  await sendText(alan, '```\nlet engine = analytical();\nengine.run(notes.g);\n```');
  const { conversations } = await requestInPage(grace, '{ conversations(first: 1) { nodes { lastMessage { id } } } }');
  await requestInPage(grace, 'mutation ($id: ID!) { addReaction(messageId: $id, emoji: "🎉") { id } }', { id: conversations.nodes[0].lastMessage.id });
  await messageWith(alan, 'notes.g').getByRole('button', { name: '🎉, 1 reaction' }).waitFor();
  await messageWith(grace, 'notes.g').hover();
  await messageWith(grace, 'notes.g').getByRole('button', { name: 'Reply' }).click();
  await sendText(grace, 'It does. It even found the bug in line 2 for you.');
  await sendText(grace, 'How I got there: https://example.org/relay-70');
  await grace.page.locator('.composer input[type=file]').setInputFiles(
    { name: 'evening.png', mimeType: 'image/png', buffer: evening(960, 480) },
  );
  await grace.page.getByRole('group', { name: 'Attached image' }).waitFor();
  await sendText(grace, 'And this was the sky when it ran.');
  await messageWith(alan, 'relay-70').waitFor();
  await messageWith(alan, 'this was the sky').locator('button.picture img').evaluate((image) => image.decode());
  await sendText(alan, 'A moth again?');
  await messageWith(grace, 'A moth again?').waitFor();
  await alan.page.mouse.move(600, 150);
  await messageWith(alan, 'A moth again?').getByText('Read', { exact: true }).waitFor();
  assert.equal((await messageTexts(alan)).length, 6);
  const picture = await alan.page.screenshot();
  assert.ok(picture.length < 300_000);
  if (process.env.PORTRAIT) writeFileSync(new URL('../../../docs/parlour.png', import.meta.url), picture);
}
