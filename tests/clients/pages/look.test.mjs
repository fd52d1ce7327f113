// Pictures of the main states, to be looked at by whoever changes the pages, and the one in the README; on a phone too.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { launch } from '../browser.mjs';
import { startServer } from '../server.mjs';
import { isAccessible } from './axe.mjs';
import { open, said, shot, visit, write } from './people-in-browser.mjs';

const sizes = { wide: { width: 1200, height: 760 }, narrow: { width: 390, height: 844, hasTouch: true, isMobile: true } };

test('the pages look well, wide and narrow, light and dark', { timeout: 240_000 }, async (t) => {
  const server = await startServer();
  t.after(() => server.dispose());
  await server.run('seed');
  const browser = await launch();
  t.after(() => browser.close());

  const logIn = async (email, options) => {
    const person = await visit(browser, server.url, options);
    await person.page.getByLabel('E-mail').fill(email);
    await person.page.getByLabel('Password').fill('open sesame');
    await person.page.getByRole('button', { name: 'Log in' }).click();
    await person.page.getByRole('searchbox', { name: 'Find people' }).waitFor();
    return person;
  };
  const alan = await logIn('alan@example.com', {});
  await open(alan, 'Grace Hopper');

  for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of ['light', 'dark']) {
      const look = `${size}-${colorScheme}`;
      const ada = await logIn('ada@example.com', { ...viewport, colorScheme });
      const row = ada.page.getByRole('navigation').getByRole('link');
      await row.nth(3).waitFor();
      await isAccessible(ada, `the list, ${look}`);
      await shot(ada, `pages-list-${look}`);
      await row.filter({ hasText: 'Analytical Engine' }).click();
      await said(ada, 'Who builds the compiler?').waitFor();
      if (look === 'wide-light') {
        await write(ada, 'I wrote the first program. Grace, will you take the compiler?');
        await said(ada, 'the first program').waitFor();
      }
      await ada.page.getByText(/^(Sent|Read)/).waitFor();
      await isAccessible(ada, `a group, ${look}`);
      await shot(ada, `pages-group-${look}`);
      if (look === 'wide-light') writeFileSync(new URL('../../../docs/parlour.png', import.meta.url), await ada.page.screenshot());
      if (size === 'narrow') {
        assert.equal(await ada.page.getByRole('navigation').count(), 0, 'one pane at a time');
        await ada.page.getByRole('link', { name: 'Back to the conversations' }).click();
        await row.first().waitFor();
      }
      assert.deepEqual(ada.complaints, []);
      await ada.context.close();
    }
  }
});
