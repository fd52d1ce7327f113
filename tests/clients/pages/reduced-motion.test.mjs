// With `prefers-reduced-motion` nothing is animated, and everything still works.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signUp } from '../people.mjs';
import { chooseFromMenu, messageWith, sidebarRow, signUpInBrowser, visit } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

/** Running animations, styles that would animate, and calls of smooth scrolling. */
const motionIn = ({ page }) => page.evaluate(() => {
  const styles = [...document.querySelectorAll('*')].flatMap((element) => [null, '::before', '::after'].flatMap((part) => {
    const { animationName, transitionDuration, scrollBehavior } = getComputedStyle(element, part);
    const still = animationName === 'none' && /^(0s(, )?)+$/.test(transitionDuration) && scrollBehavior === 'auto';
    return still ? [] : [`${element.className}: ${animationName} ${transitionDuration} ${scrollBehavior}`];
  }));
  return [...styles, ...document.getAnimations().map(({ animationName }) => `runs ${animationName}`), ...window.smooth];
});

for (const reducedMotion of ['reduce', 'no-preference']) {
  const isStill = reducedMotion === 'reduce';
  test(isStill ? 'nothing moves with reduced motion' : 'the check detects motion without the setting', { timeout: 60_000 }, async (t) => {
    const { server, browser, close } = await startPages();
    t.after(close);
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
    const assertStill = async () => { if (isStill) assert.deepEqual(await motionIn(ada), []); };
    await assertStill();
    await signUpInBrowser(ada, 'Ada Lovelace');
    const bob = await signUp(server, 'Bob Byron');
    for (let number = 0; number < 60; number += 1) await bob.send(ada, number ? `message ${number}` : 'the needle');
    await sidebarRow(ada, 'Bob Byron').click();
    await messageWith(ada, 'message').first().waitFor();
    await assertStill();

    // Jumps to the end, and to a message far above, which is highlighted.
    await page.getByRole('button', { name: /^(Jump|\d+ new)/i }).click();
    await messageWith(ada, 'message 59').waitFor();
    await assertStill();
    await page.getByRole('searchbox', { name: 'Find people' }).fill('needle');
    await sidebarRow(ada, 'Bob Byron.*needle').click();
    const found = page.locator('[data-found] .bubble', { hasText: 'the needle' });
    await found.waitFor();
    assert.match(await found.evaluate((bubble) => getComputedStyle(bubble).boxShadow), /0px 0px 0px 3px/);
    // Proves that this test detects motion.
    if (!isStill) assert.ok((await motionIn(ada)).includes('runs found'));
    await assertStill();

    await chooseFromMenu(ada, 'Settings');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').first().waitFor();
    await assertStill();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Your account' }).click();
    await page.getByRole('menu').waitFor();
    await assertStill();
    assert.deepEqual(ada.problems, []);
  });
}
