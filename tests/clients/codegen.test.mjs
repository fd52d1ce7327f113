// Code generated from the schema: for a typed client that compiles strictly and runs, and for the pages.
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

async function runTool(name, ...args) {
  await runToolIn(here, name, ...args);
}

async function runToolIn(folder, name, ...args) {
  await run(new URL(`node_modules/.bin/${name}`, folder).pathname, args, { cwd: folder })
    .catch(({ stdout, stderr }) => assert.fail(`${name} ${args.join(' ')}:\n${stdout}${stderr}`));
}

test("the pages' generated types are up to date (else: npm run codegen --prefix web)", { timeout: 120_000 }, () =>
  runToolIn(new URL('../../web/', here), 'graphql-codegen', '--check'));

test('a generated client compiles with strict types, and runs', { timeout: 120_000 }, async (t) => {
  await runTool('graphql-codegen');
  await runTool('tsc', '--project', 'typed');

  const server = await startServer();
  t.after(() => server.dispose());
  const { tour } = await import(new URL('generated/typed/typed/app.js', here).href);

  assert.deepEqual(await tour(server.url), {
    seen: ['a new conversation', 'Ada: hello'],
    history: ['1 Ada: hello'],
  });
});

describe("GraphiQL's tabs are valid for the schema", () => {
  const schema = buildSchema(readFileSync(new URL('../../schema.graphql', here), 'utf8'));
  const tabs = new URL('../../web/src/graphiql/tabs/', here);
  for (const tab of readdirSync(tabs)) {
    test(tab, () => assert.deepEqual(validate(schema, parse(readFileSync(new URL(tab, tabs), 'utf8'))), []));
  }
});
