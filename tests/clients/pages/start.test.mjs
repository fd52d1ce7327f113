// The start of the pages: while the server does not answer, the first field, the title of the tab, and the files beside the page.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { signUp } from '../people.mjs';
import { startServer } from '../server.mjs';
import { assertAccessible } from './accessibility.mjs';
import { logIn, screenshot, sidebarRow, visit, waitForSignInPage } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

test('says that the server cannot be reached, keeps trying, and tries at once when asked', { timeout: 60_000 }, async (t) => {
  const { server, browser, close } = await startPages();
  t.after(close);
  const person = await visit(browser, server.url);
  await waitForSignInPage(person);
  for (const [look, options] of Object.entries({ wide: {}, phone: { width: 390, height: 844, colorScheme: 'dark' } })) {
    const { page } = await visit(browser, server.url, options);
    const visitor = { ...person, page, context: page.context() };
    const failures = {
      // Of a proxy in front of a server that is down.
      byItself: { status: 502, body: 'Bad Gateway' },
      // Of a busy server that wants to be asked again in an hour.
      whenAsked: { json: { errors: [{ message: 'busy', extensions: { code: 'SERVICE_UNAVAILABLE', retryAfterMs: 3_600_000 } }] } },
    };
    for (const [way, failure] of Object.entries(failures)) {
      await page.route('**/graphql', (route) => route.fulfill(failure));
      await page.reload();
      await page.getByRole('heading', { name: 'Parlour' }).waitFor();
      await page.getByText('The server cannot be reached. This page keeps trying.').waitFor();
      await assertAccessible(visitor, `no server, ${look}`);
      await screenshot(visitor, `pages-no-server-${look}`);
      await page.unroute('**/graphql');
      if (way === 'whenAsked') await page.getByRole('button', { name: 'Try again now' }).click();
      await page.getByRole('heading', { name: 'Welcome to Parlour' }).waitFor({ timeout: 30_000 });
    }
    await page.context().close();
  }
});

test('the first field has the focus, except on a touch screen', { timeout: 60_000 }, async (t) => {
  const { server, browser, close } = await startPages();
  t.after(close);
  const focused = (page) => page.evaluate(() => document.activeElement.getAttribute('name'));
  const { page } = await visit(browser, server.url);
  await waitForSignInPage({ page });
  assert.equal(await focused(page), 'email');
  assert.equal(await page.title(), 'Log in · Parlour');
  await page.getByRole('button', { name: 'New here?' }).click();
  await page.getByLabel('Your name').waitFor();
  assert.equal(await focused(page), 'fullName');
  assert.equal(await page.title(), 'Create an account · Parlour');
  const phone = await visit(browser, server.url, { width: 390, height: 844, hasTouch: true, isMobile: true });
  await waitForSignInPage(phone);
  assert.equal(await focused(phone.page), null);
});

test('the title of the tab names the open conversation', { timeout: 60_000 }, async (t) => {
  const { server, browser, close } = await startPages();
  t.after(close);
  const [ada, bob] = [await signUp(server, 'Ada Lovelace'), await signUp(server, 'Bob Byron')];
  await bob.createGroup('Engine', ada);
  await bob.send(ada, 'Good morning');
  const person = await logIn(await visit(browser, server.url), ada);
  const title = (wanted) => person.page.waitForFunction((wanted) => document.title === wanted, wanted)
    .catch(async () => assert.equal(await person.page.title(), wanted));
  await title('(1) Parlour');
  await sidebarRow(person, 'Engine').click();
  await title('(1) Engine · Parlour');
  await sidebarRow(person, 'Bob Byron').click();
  await title('Bob Byron · Parlour');
  await person.page.goBack();
  await title('Engine · Parlour');
});

test('the files beside the page are what their names say, and others are not found', { timeout: 60_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'parlour-front-end-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Another front end</title>');
  const [ours, other] = [await startServer(), await startServer({ WEB_DIR: folder })];
  t.after(() => Promise.all([ours, other].map((server) => server.dispose())));
  const get = async (server, path) => {
    const response = await fetch(new URL(path, server.url));
    return { status: response.status, type: response.headers.get('content-type'), body: Buffer.from(await response.arrayBuffer()) };
  };

  const manifest = await get(ours, '/manifest.webmanifest');
  assert.deepEqual([manifest.status, manifest.type], [200, 'application/manifest+json']);
  const { name, icons } = JSON.parse(manifest.body);
  assert.equal(name, 'Parlour');
  const png = '89504e470d0a1a0a';
  for (const { src, sizes, type } of icons) {
    const icon = await get(ours, src);
    assert.deepEqual([icon.type, icon.body.subarray(0, 8).toString('hex')], [type, png]);
    assert.equal(sizes, `${icon.body.readUInt32BE(16)}x${icon.body.readUInt32BE(20)}`);
  }
  const robots = await get(ours, '/robots.txt');
  assert.deepEqual([robots.status, robots.type], [200, 'text/plain; charset=utf-8']);
  assert.match(robots.body.toString(), /^Disallow: \/$/m);
  const favicon = await get(ours, '/favicon.ico');
  assert.match(favicon.type, /^image\//);
  assert.equal(favicon.body.subarray(0, 4).toString('hex'), '00000100');

  for (const server of [ours, other]) {
    for (const path of ['/sitemap.xml', '/apple-touch-icon-precomposed.png', '/c/x/style.css', '/LOGO.SVG', '/.well-known/security.txt']) {
      assert.equal((await get(server, path)).status, 404, path);
    }
    for (const path of ['/c/019f0000-0000-7000-8000-000000000000', '/people/ada.lovelace', '/at/example.com']) {
      const view = await get(server, path);
      assert.deepEqual([view.status, view.type.split(';')[0]], [200, 'text/html'], path);
    }
  }
  for (const path of ['/manifest.webmanifest', '/favicon.ico', '/robots.txt']) assert.equal((await get(other, path)).status, 404, path);
});
