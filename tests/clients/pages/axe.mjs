// What axe-core finds wrong with a page as it is.
import { createRequire } from 'node:module';
import assert from 'node:assert/strict';

const source = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Fails with everything that axe-core finds. Put in by the debugger, which the content security policy does not bind. */
export async function isAccessible(person, state) {
  const session = await person.context.newCDPSession(person.page);
  const { readFileSync } = await import('node:fs');
  await session.send('Runtime.evaluate', { expression: `${readFileSync(source, 'utf8')};undefined` });
  await session.detach();
  const violations = await person.page.evaluate(async () => {
    // Toasts and dialogs fade in; half transparent they have no contrast yet.
    await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {})));
    const { violations } = await window.axe.run();
    return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`);
  });
  assert.deepEqual(violations, [], `${state} is for everybody`);
}
