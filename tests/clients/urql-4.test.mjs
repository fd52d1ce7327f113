// The README's recipes on urql 4, whose core is version 5, beside the newest urql.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { useInstead } from './use-instead.mjs';

useInstead({ urql: 'urql-4' });
await import('./recipes.test.mjs');

test('urql 4 was used', () => {
  const manifest = new URL('../package.json', import.meta.resolve('urql'));
  assert.match(JSON.parse(readFileSync(manifest, 'utf8')).version, /^4\./);
});
