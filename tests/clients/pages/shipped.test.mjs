// What is shipped needs no folder beside it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { binary } from '../server.mjs';

const dist = new URL('../../../web/dist/', import.meta.url);
const forDevelopment = !binary.includes('/release/');

test('a release carries the pages inside', { skip: forDevelopment && 'for PARLOUR_BIN=target/release/parlour' }, () => {
  const program = readFileSync(binary);
  for (const name of readdirSync(dist, { recursive: true })) {
    if (/\.(html|js|css)$/.test(name)) assert.ok(program.includes(readFileSync(new URL(name, dist))), name);
  }
});
