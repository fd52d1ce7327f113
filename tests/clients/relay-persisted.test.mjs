// Relay with persisted queries: its compiler hashes documents by SHA-256, and each travels once, as with other clients' APQ.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { createOperationDescriptor, fetchQuery, requestSubscription } from 'relay-runtime';
import { signUp } from './people.mjs';
import { recipe, recipes } from './recipes.mjs';
import { startServer } from './server.mjs';

const here = new URL('.', import.meta.url);

/** What the compiler makes of relay/screen.js with the documentation's `persistConfig`: artifacts by name, and the documents. */
function compiled() {
  const folder = new URL('generated/relay-persisted/', here);
  rmSync(folder, { recursive: true, force: true });
  for (const name of ['src/', 'out/']) mkdirSync(new URL(name, folder), { recursive: true });
  copyFileSync(new URL('relay/screen.js', here), new URL('src/screen.js', folder));
  copyFileSync(new URL('../../schema.graphql', here), new URL('schema.graphql', folder));
  writeFileSync(new URL('package.json', folder), '{ "type": "commonjs" }');
  const config = {
    src: 'src', schema: 'schema.graphql', language: 'javascript', artifactDirectory: 'out', eagerEsModules: false,
    ...JSON.parse(recipes['relay-persist.json']),
  };
  writeFileSync(new URL('relay.config.json', folder), JSON.stringify(config));
  writeFileSync(new URL(config.persistConfig.file, folder), '{}');
  execFileSync(new URL('node_modules/.bin/relay-compiler', here).pathname, ['relay.config.json'], { cwd: folder, stdio: 'pipe' });
  const require = createRequire(folder);
  const documents = JSON.parse(readFileSync(new URL(config.persistConfig.file, folder), 'utf8'));
  return { artifact: (name) => require(`./out/${name}.graphql.js`), documents };
}

test("Relay's persisted queries are APQ", { timeout: 120_000 }, async (t) => {
  const { artifact, documents } = compiled();
  for (const [id, text] of Object.entries(documents)) assert.equal(id, createHash('sha256').update(text).digest('hex'));
  const { id, text } = artifact('screenQuery').params;
  assert.deepEqual([id in documents, text], [true, null]);

  const server = await startServer();
  t.after(() => server.dispose());
  const [ada, bob] = [await signUp(server, 'Ada'), await signUp(server, 'Bob')];
  const group = await ada.createGroup('Tea', bob);
  const requests = [];
  const { fetch } = globalThis;
  t.mock.method(globalThis, 'fetch', (url, options) => {
    const { query, extensions } = JSON.parse(options?.body ?? '{}');
    if (extensions) requests.push(query ? 'document' : 'hash');
    return fetch(url, options);
  });
  const { environment } = await recipe('relay.js');
  const title = async () => {
    const store = environment(server.url, bob.token, documents);
    const query = createOperationDescriptor(artifact('screenQuery'), { id: group });
    store.retain(query);
    await fetchQuery(store, artifact('screenQuery'), { id: group }).toPromise();
    return store.lookup(query.fragment).data.conversation.title;
  };

  assert.deepEqual([await title(), await title()], ['Tea', 'Tea']);
  assert.deepEqual(requests.splice(0), ['hash', 'document', 'hash']);
  await server.stop('SIGTERM');
  await server.start();
  assert.deepEqual([await title(), await title()], ['Tea', 'Tea']);
  assert.deepEqual(requests, ['hash', 'document', 'hash']);

  await new Promise((resolve, reject) => {
    const feed = requestSubscription(environment(server.url, bob.token, documents), {
      subscription: artifact('screenFeedSubscription'), variables: { connections: [] }, onNext: resolve, onError: reject,
    });
    t.after(() => feed.dispose());
  });
});
