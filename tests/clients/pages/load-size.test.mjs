// The size of the first load, as transferred: scripts, and the answers of the API.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { signUp } from '../people.mjs';
import { startServer } from '../server.mjs';
import { logIn, messageWith, visit, waitForSignInPage } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

/** Bytes of scripts, compressed. */
const MAX_BYTES = 200_000;

test('the first load is below 200 kB of scripts', { timeout: 60_000 }, async (t) => {
  const { server, browser, close } = await startPages();
  t.after(close);

  /** Loads a page with an empty cache, and returns the transferred size of each script. */
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
  const loads = { '/': await scriptsOf(person, '/', waitForSignInPage) };
  await logIn(person, ada);
  const path = `/c/${conversationId}`;
  loads[path] = await scriptsOf(person, path, (page) => messageWith(page, 'Good morning').waitFor());

  for (const [path, scripts] of Object.entries(loads)) {
    const all = scripts.reduce((sum, { bytes }) => sum + bytes, 0);
    t.diagnostic(`${path}: ${all} bytes in ${scripts.length} scripts`);
    assert.ok(scripts.length > 0 && all > 50_000, 'the scripts were measured');
    assert.ok(all < MAX_BYTES, `${path}: ${JSON.stringify(scripts)}`);
    for (const { name, coding } of scripts) {
      assert.equal(coding, 'gzip', name);
      assert.doesNotMatch(name, /graphiql|monaco|worker/);
    }
  }
});

test('compressed files are served to clients that accept gzip, with the same content and headers', { timeout: 30_000 }, async (t) => {
  const server = await startServer();
  t.after(() => server.dispose());
  const fetchFile = async (path, headers) => {
    const [response] = await once(get(new URL(path, server.url), { headers }), 'response');
    return { status: response.statusCode, headers: response.headers, body: await buffer(response) };
  };
  const page = (await fetchFile('/', {})).body.toString();
  const paths = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path);
  assert.ok(paths.length >= 3);
  for (const path of paths) {
    const plain = await fetchFile(path, {});
    const [packed, refused] = [await fetchFile(path, { 'accept-encoding': 'br, gzip' }), await fetchFile(path, { 'accept-encoding': 'gzip;q=0' })];
    assert.deepEqual([plain, refused, packed].map(({ headers }) => headers['content-encoding']), [undefined, undefined, 'gzip']);
    assert.ok(gunzipSync(packed.body).equals(plain.body) && refused.body.equals(plain.body), path);
    for (const { status, headers } of [plain, packed]) {
      assert.equal(status, 200);
      for (const name of ['content-type', 'etag', 'cache-control']) assert.equal(headers[name], plain.headers[name]);
      assert.match(headers.vary, /accept-encoding/);
    }
    const known = await fetchFile(path, { 'accept-encoding': 'gzip', 'if-none-match': plain.headers.etag });
    assert.deepEqual([known.status, known.body.length], [304, 0]);
  }
});

test('answers of the API are compressed, except those with a token', { timeout: 30_000 }, async (t) => {
  const server = await startServer();
  t.after(() => server.dispose());
  const ada = await signUp(server, 'Ada Lovelace');
  for (let number = 0; number < 40; number += 1) await signUp(server, `Person ${number}`);
  const send = async (query, headers) => {
    const sent = request(server.url, {
      method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${ada.token()}`, ...headers },
    });
    sent.end(JSON.stringify({ query }));
    const [response] = await once(sent, 'response');
    return { coding: response.headers['content-encoding'], vary: response.headers.vary, body: await buffer(response) };
  };
  const people = '{ users { nodes { id fullName createdAt } } }';
  const plain = await send(people);
  const packed = await send(people, { 'accept-encoding': 'gzip, br' });
  assert.deepEqual([plain.coding, packed.coding], [undefined, 'gzip']);
  for (const { vary } of [plain, packed]) assert.match(vary, /accept-encoding/);
  assert.ok(gunzipSync(packed.body).equals(plain.body));
  t.diagnostic(`${plain.body.length} bytes, compressed ${packed.body.length}`);
  assert.ok(packed.body.length < plain.body.length / 3);
  // Its length does not reveal the length of what is in it.
  const lengths = new Set();
  while (lengths.size < 2) lengths.add((await send(people, { 'accept-encoding': 'gzip' })).body.length);

  const aliases = Array.from({ length: 20 }, (_, index) => `u${index}: user { id fullName email createdAt }`).join(' ');
  const login = await send(
    `mutation { login(input: { email: "${ada.email}", password: "${ada.password}" }) { token ${aliases} } }`, { 'accept-encoding': 'gzip' },
  );
  assert.match(login.body.toString(), /"token":"/);
  assert.ok(login.body.length > 1_024 && login.coding === undefined, `${login.body.length} bytes`);
  assert.equal((await send('{ me { id } }', { 'accept-encoding': 'gzip' })).coding, undefined, 'too small');
});
