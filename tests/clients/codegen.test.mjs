// The schema as a front end uses it: code generated from it, strict types, and a program that runs.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { buildSchema, parse, validate } from 'graphql';
import './recipes.mjs';
import { startServer } from './server.mjs';

const run = promisify(execFile);
const here = new URL('.', import.meta.url);

async function tool(name, ...args) {
  await run(new URL(`node_modules/.bin/${name}`, here).pathname, args, { cwd: here })
    .catch(({ stdout, stderr }) => assert.fail(`${name} ${args.join(' ')}:\n${stdout}${stderr}`));
}

test('graphql-codegen generates, strict tsc accepts, and the program runs', { timeout: 120_000 }, async (t) => {
  await tool('graphql-codegen');
  await tool('tsc', '--project', 'typed');

  const server = await startServer();
  t.after(() => server.dispose());
  const { tour } = await import(new URL('generated/typed/typed/app.js', here).href);

  assert.deepEqual(await tour(server.url), {
    seen: ['a new conversation', 'Ada: hello'],
    history: ['1 Ada: hello'],
  });
});

describe("GraphiQL's tabs fit the schema", () => {
  const schema = buildSchema(readFileSync(new URL('../../schema.graphql', here), 'utf8'));
  const tabs = new URL('../../web/src/graphiql/tabs/', here);
  for (const tab of readdirSync(tabs)) {
    test(tab, () => assert.deepEqual(validate(schema, parse(readFileSync(new URL(tab, tabs), 'utf8'))), []));
  }
});
