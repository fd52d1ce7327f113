// Accessibility checks with axe-core.
import { createRequire } from 'node:module';
import assert from 'node:assert/strict';

const source = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Fails if axe-core finds violations. Injected with the debugger, to which the content security policy does not apply. */
export async function assertAccessible(person, state) {
  const session = await person.context.newCDPSession(person.page);
  const { readFileSync } = await import('node:fs');
  await session.send('Runtime.evaluate', { expression: `${readFileSync(source, 'utf8')};undefined` });
  await session.detach();
  const violations = await person.page.evaluate(async () => {
    // Toasts and dialogs fade in, and have too little contrast until then.
    await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {})));
    const { violations } = await window.axe.run();
    return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`);
  });
  assert.deepEqual(violations, [], `${state} is accessible`);
}
