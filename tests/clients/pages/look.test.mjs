// Pictures of the main states, to be looked at by whoever changes the pages, and the one in the README; on a phone too.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { launch } from '../browser.mjs';
import { evening } from '../png.mjs';
import { startServer } from '../server.mjs';
import { isAccessible } from './axe.mjs';
import { logIn, open, said, shot, texts, visit, write } from './people-in-browser.mjs';

const sizes = { wide: { width: 1200, height: 760 }, narrow: { width: 390, height: 844, hasTouch: true, isMobile: true } };

test('the pages look well, wide and narrow, light and dark', { timeout: 240_000 }, async (t) => {
  const server = await startServer();
  t.after(() => server.dispose());
  await server.run('seed');
  const browser = await launch();
  t.after(() => browser.close());

  const come = async (email, options) => logIn(await visit(browser, server.url, options), { email, password: 'open sesame' });
  const alan = await come('alan@example.com');
  await open(alan, 'Grace Hopper');

  await portrait(alan, await come('grace@example.com'));

  for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of ['light', 'dark']) {
      const look = `${size}-${colorScheme}`;
      const ada = await come('ada@example.com', { ...viewport, colorScheme });
      const row = ada.page.getByRole('navigation').getByRole('link');
      await row.nth(3).waitFor();
      await isAccessible(ada, `the list, ${look}`);
      await shot(ada, `pages-list-${look}`);
      await row.filter({ hasText: 'Analytical Engine' }).click();
      await said(ada, 'Who builds the compiler?').waitFor();
      await ada.page.getByText(/^(Sent|Read)/).waitFor();
      await isAccessible(ada, `a group, ${look}`);
      await shot(ada, `pages-group-${look}`);
      if (size === 'narrow') {
        assert.equal(await ada.page.getByRole('navigation').count(), 0, 'one pane at a time');
        await ada.page.getByRole('link', { name: 'Back to conversations' }).click();
        await row.first().waitFor();
      }
      assert.deepEqual(ada.complaints, []);
      await ada.context.close();
    }
  }
});

/** The picture in the README: Alan and Grace talk. Written anew where it is asked for, as each run has another time in it. */
async function portrait(alan, grace) {
  await open(grace, 'Alan Turing');
  await write(alan, 'Grace, does your compiler take `let` by now?');
  await write(alan, '```\nlet engine = analytical();\nengine.run(notes.g);\n```');
  await said(grace, 'notes.g').hover();
  await said(grace, 'notes.g').getByRole('button', { name: 'Reply' }).click();
  await write(grace, 'It does. It even found the bug in line 2 for you.');
  await write(grace, 'How I got there: https://example.org/relay-70');
  await grace.page.locator('.composer input[type=file]').setInputFiles(
    { name: 'evening.png', mimeType: 'image/png', buffer: evening(960, 480) },
  );
  await grace.page.getByRole('group', { name: 'Attached image' }).waitFor();
  await write(grace, 'And this was the sky when it ran.');
  await said(alan, 'relay-70').waitFor();
  await said(alan, 'this was the sky').locator('button.picture img').evaluate((image) => image.decode());
  await write(alan, 'A moth again?');
  await said(grace, 'A moth again?').waitFor();
  await alan.page.mouse.move(600, 150);
  await alan.page.getByText('Read', { exact: true }).waitFor();
  assert.equal((await texts(alan)).length, 6);
  const picture = await alan.page.screenshot();
  assert.ok(picture.length < 300_000);
  if (process.env.PORTRAIT) writeFileSync(new URL('../../../docs/parlour.png', import.meta.url), picture);
}
