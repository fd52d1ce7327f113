import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

test("the pages' types are those of the schema (else: npm run codegen --prefix web)", { timeout: 120_000 }, async () => {
  const web = new URL('../../../web/', import.meta.url);
  await promisify(execFile)(new URL('node_modules/.bin/graphql-codegen', web).pathname, ['--check'], { cwd: web })
    .catch(({ stdout, stderr }) => assert.fail(`${stdout}${stderr}`));
});
