// Code generated from the schema: for a typed client that compiles strictly and runs, and for the pages.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { buildSchema, parse, validate } from 'graphql';
import { recipes } from './recipes.mjs';
import { startServer } from './server.mjs';

const run = promisify(execFile);
const here = new URL('.', import.meta.url);

async function runToolIn(folder, name, ...args) {
  const tool = new URL(`node_modules/.bin/${name}`, folder.pathname.startsWith(here.pathname) ? here : folder);
  await run(tool.pathname, args, { cwd: folder })
    .catch(({ stdout, stderr }) => assert.fail(`${name} ${args.join(' ')}:\n${stdout}${stderr}`));
}

/** An empty folder for a test, among the modules of the tests. */
function emptyFolder(name) {
  const folder = new URL(`generated/${name}/`, here);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(new URL('src/', folder), { recursive: true });
  return folder;
}

test("the pages' generated types are up to date (else: npm run codegen --prefix web)", { timeout: 120_000 }, () =>
  runToolIn(new URL('../../web/', here), 'graphql-codegen', '--check'));

test("a client with the documentation's codegen and declarations compiles with strict types, and runs", { timeout: 120_000 }, async (t) => {
  const project = emptyFolder('project');
  copyFileSync(new URL('../../schema.graphql', here), new URL('schema.graphql', project));
  copyFileSync(new URL('typed/app.ts', here), new URL('src/app.ts', project));
  copyFileSync(new URL('typed/project.tsconfig.json', here), new URL('tsconfig.json', project));
  writeFileSync(new URL('codegen.ts', project), recipes['codegen.ts']);
  for (const name of Object.keys(recipes).filter((name) => /\.(js|d\.ts)$/.test(name))) {
    writeFileSync(new URL(`src/${name}`, project), recipes[name]);
  }
  await runToolIn(project, 'graphql-codegen');
  await runToolIn(project, 'tsc');

  const server = await startServer();
  t.after(() => server.dispose());
  const { tour } = await import(new URL('src/app.js', project).href);

  assert.deepEqual(await tour(server.url), {
    seen: ['a new conversation', 'Ada: hello'],
    history: ['1 Ada: hello, order 7'],
  });
});

test("the documentation's codegen and the pages' fail on a scalar that has no type", { timeout: 120_000 }, async () => {
  for (const [name, config] of [['docs', recipes['codegen.ts']], ['web', readFileSync(new URL('../../web/codegen.ts', here), 'utf8')]]) {
    const folder = emptyFolder(`scalars-${name}`);
    const schema = readFileSync(new URL('../../schema.graphql', here), 'utf8');
    writeFileSync(new URL('schema.graphql', folder), `${schema}\nscalar Money`);
    writeFileSync(new URL('codegen.ts', folder), config.replace('../schema.graphql', 'schema.graphql'));
    writeFileSync(new URL('src/one.graphql', folder), 'query One { serverInfo { version } }');
    await assert.rejects(runToolIn(folder, 'graphql-codegen'), /Unknown scalar type Money/, name);
  }
});

test('the recipes are clean under checkJs, and their declarations are what TypeScript makes of them', { timeout: 120_000 }, async () => {
  const folder = emptyFolder('checked');
  const scripts = Object.keys(recipes).filter((name) => name.endsWith('.js'));
  for (const name of scripts) writeFileSync(new URL(`src/${name}`, folder), recipes[name]);
  copyFileSync(new URL('typed/recipes.tsconfig.json', here), new URL('tsconfig.json', folder));

  await runToolIn(folder, 'tsc');

  const declared = Object.entries(recipes).filter(([name]) => name.endsWith('.d.ts'));
  const made = scripts.map((name) => name.replace(/js$/, 'd.ts')).map((name) => [name, readFileSync(new URL(`out/${name}`, folder), 'utf8')]);
  assert.deepEqual(Object.fromEntries(declared), Object.fromEntries(made));
});

describe("GraphiQL's tabs are valid for the schema", () => {
  const schema = buildSchema(readFileSync(new URL('../../schema.graphql', here), 'utf8'));
  const tabs = new URL('../../web/src/graphiql/tabs/', here);
  for (const tab of readdirSync(tabs)) {
    test(tab, () => assert.deepEqual(validate(schema, parse(readFileSync(new URL(tab, tabs), 'utf8'))), []));
  }
});
