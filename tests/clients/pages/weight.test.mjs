// What the first load of the pages weighs: scripts as they go over the line.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { launch } from '../browser.mjs';
import { signUp } from '../people.mjs';
import { startServer } from '../server.mjs';
import { logIn, said, signedOut, visit } from './people-in-browser.mjs';

/** Bytes of script, compressed. */
const MOST = 200_000;

test('the first load is light', { timeout: 60_000 }, async (t) => {
  const server = await startServer();
  t.after(() => server.dispose());
  const browser = await launch();
  t.after(() => browser.close());

  /** Loads a page with nothing in the browser's cache; what each script took on the line. */
  const scriptsOf = async (person, path, isThere) => {
    const page = await person.context.newPage();
    const devtools = await person.context.newCDPSession(page);
    const [names, scripts] = [new Map(), []];
    devtools.on('Network.responseReceived', ({ requestId, response: { url, headers } }) => {
      const { pathname } = new URL(url);
      if (pathname.endsWith('.js')) names.set(requestId, { name: pathname, coding: headers['content-encoding'] });
    });
    devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      if (names.has(requestId)) scripts.push({ ...names.get(requestId), bytes: encodedDataLength });
    });
    await devtools.send('Network.enable');
    await devtools.send('Network.setCacheDisabled', { cacheDisabled: true });
    await page.goto(person.origin + path, { waitUntil: 'networkidle' });
    await isThere({ page });
    await page.close();
    return scripts;
  };

  const [ada, bob] = [await signUp(server, 'Ada Lovelace'), await signUp(server, 'Bob Byron')];
  const { conversationId } = await bob.send(ada, 'Good morning');
  const person = await visit(browser, server.url);
  const loads = { '/': await scriptsOf(person, '/', signedOut) };
  await logIn(person, ada);
  const path = `/c/${conversationId}`;
  loads[path] = await scriptsOf(person, path, (page) => said(page, 'Good morning').waitFor());

  for (const [path, scripts] of Object.entries(loads)) {
    const all = scripts.reduce((sum, { bytes }) => sum + bytes, 0);
    t.diagnostic(`${path}: ${all} bytes in ${scripts.length} scripts`);
    assert.ok(scripts.length > 0 && all > 50_000, 'what came was seen');
    assert.ok(all < MOST, `${path}: ${JSON.stringify(scripts)}`);
    for (const { name, coding } of scripts) {
      assert.equal(coding, 'gzip', name);
      assert.doesNotMatch(name, /graphiql|monaco|worker/);
    }
  }
});

test('what is compressed goes so to who takes it, and is the same', { timeout: 30_000 }, async (t) => {
  const server = await startServer();
  t.after(() => server.dispose());
  const ask = async (path, headers) => {
    const [answer] = await once(get(new URL(path, server.url), { headers }), 'response');
    return { status: answer.statusCode, headers: answer.headers, body: await buffer(answer) };
  };
  const page = (await ask('/', {})).body.toString();
  const paths = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path);
  assert.ok(paths.length >= 3);
  for (const path of paths) {
    const plain = await ask(path, {});
    const [packed, refused] = [await ask(path, { 'accept-encoding': 'br, gzip' }), await ask(path, { 'accept-encoding': 'gzip;q=0' })];
    assert.deepEqual([plain, refused, packed].map(({ headers }) => headers['content-encoding']), [undefined, undefined, 'gzip']);
    assert.ok(gunzipSync(packed.body).equals(plain.body) && refused.body.equals(plain.body), path);
    for (const { status, headers } of [plain, packed]) {
      assert.equal(status, 200);
      for (const name of ['content-type', 'etag', 'cache-control']) assert.equal(headers[name], plain.headers[name]);
      assert.match(headers.vary, /accept-encoding/);
    }
    const known = await ask(path, { 'accept-encoding': 'gzip', 'if-none-match': plain.headers.etag });
    assert.deepEqual([known.status, known.body.length], [304, 0]);
  }
});
