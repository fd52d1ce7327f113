// A release binary embeds the pages.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { binary } from '../server.mjs';

const dist = new URL('../../../web/dist/', import.meta.url);
const skip = !process.env.SHIPPED && 'needs SHIPPED=1, and a release build or one with --features embed-pages';

test('the binary contains all files of the pages', { skip }, () => {
  const program = readFileSync(binary);
  const files = readdirSync(dist, { recursive: true }).filter((name) => /\.(html|js|css|gz)$/.test(name));
  assert.ok(files.includes('index.html') && files.includes('graphiql.html'));
  for (const name of files) assert.ok(program.includes(readFileSync(new URL(name, dist))), `${name} is embedded`);
});
