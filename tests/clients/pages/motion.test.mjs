// For people whom motion makes ill: where the device asks for less of it nothing moves, and nothing is lost by that.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launch } from '../browser.mjs';
import { signUp } from '../people.mjs';
import { startServer } from '../server.mjs';
import { join, menu, row, said, visit } from './people-in-browser.mjs';

/** Moves in what is shown: animations that run, styles that would move something, scrolling that was asked to be smooth. */
const moves = ({ page }) => page.evaluate(() => {
  const styles = [...document.querySelectorAll('*')].flatMap((element) => [null, '::before', '::after'].flatMap((part) => {
    const { animationName, transitionDuration, scrollBehavior } = getComputedStyle(element, part);
    const still = animationName === 'none' && /^(0s(, )?)+$/.test(transitionDuration) && scrollBehavior === 'auto';
    return still ? [] : [`${element.className}: ${animationName} ${transitionDuration} ${scrollBehavior}`];
  }));
  return [...styles, ...document.getAnimations().map(({ animationName }) => `runs ${animationName}`), ...window.smooth];
});

for (const reducedMotion of ['reduce', 'no-preference']) {
  const isStill = reducedMotion === 'reduce';
  test(`with ${isStill ? 'less' : 'all'} motion`, { timeout: 60_000 }, async (t) => {
    const server = await startServer();
    t.after(() => server.dispose());
    const browser = await launch();
    t.after(() => browser.close());
    const ada = await visit(browser, server.url, { reducedMotion });
    const { page } = ada;
    await ada.context.addInitScript(() => {
      window.smooth = [];
      for (const name of ['scroll', 'scrollTo', 'scrollBy', 'scrollIntoView']) {
        const scroll = Element.prototype[name];
        Element.prototype[name] = function (...where) {
          if (where[0]?.behavior === 'smooth') window.smooth.push(`smooth ${name}`);
          return scroll.apply(this, where);
        };
      }
    });
    await page.reload();
    const seen = async () => { if (isStill) assert.deepEqual(await moves(ada), []); };
    await seen();
    await join(ada, 'Ada Lovelace');
    const bob = await signUp(server, 'Bob Byron');
    const { users } = await bob.ask('{ users(search: "Ada Lovelace") { nodes { id } } }');
    for (let number = 0; number < 60; number += 1) await bob.send(users.nodes[0], number ? `message ${number}` : 'the needle');
    await row(ada, 'Bob Byron').click();
    await said(ada, 'message').first().waitFor();
    await seen();

    // The way to the end, and to a message far above, which is shown to be the one.
    await page.getByRole('button', { name: /^(Jump|\d+ new)/i }).click();
    await said(ada, 'message 59').waitFor();
    await seen();
    await page.getByRole('searchbox', { name: 'Find people' }).fill('needle');
    await row(ada, 'Bob Byron.*needle').click();
    const found = page.locator('[data-found] .bubble', { hasText: 'the needle' });
    await found.waitFor();
    assert.match(await found.evaluate((bubble) => getComputedStyle(bubble).boxShadow), /0px 0px 0px 3px/);
    // Else this test would not see a move where there is one.
    if (!isStill) assert.ok((await moves(ada)).includes('runs found'));
    await seen();

    await menu(ada, 'Settings');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').first().waitFor();
    await seen();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Your account' }).click();
    await page.getByRole('menu').waitFor();
    await seen();
    assert.deepEqual(ada.complaints, []);
  });
}
