// What is shipped needs no folder beside it: the pages are inside of the program.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { binary } from '../server.mjs';

const dist = new URL('../../../web/dist/', import.meta.url);
const forDevelopment = !process.env.SHIPPED && 'for SHIPPED=1, and a release or a build with --features embed-pages';

test('the program carries the pages inside', { skip: forDevelopment }, () => {
  const program = readFileSync(binary);
  const files = readdirSync(dist, { recursive: true }).filter((name) => /\.(html|js|css|gz)$/.test(name));
  assert.ok(files.includes('index.html') && files.includes('graphiql.html'));
  for (const name of files) assert.ok(program.includes(readFileSync(new URL(name, dist))), `${name} is inside`);
});
