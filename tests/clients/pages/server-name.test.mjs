// What the operator calls the server, and the picture for it: in the pages and where a phone keeps them.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertAccessible } from './accessibility.mjs';
import { screenshot, signUpInBrowser, visit } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

const LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" fill="#0a7"/></svg>';

test('the server has the name and the picture that its operator chose', { timeout: 60_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'parlour-logo-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const logo = join(folder, 'logo.svg');
  writeFileSync(logo, LOGO);
  const { server, browser, close } = await startPages({ settings: { SERVER_NAME: 'Analytical Society', SERVER_LOGO: logo } });
  t.after(close);
  const ada = await visit(browser, server.url);
  const isLogo = () => ada.page.locator('img.mark').first().evaluate((image) => image.decode().then(() => new URL(image.src).pathname));
  await ada.page.getByRole('heading', { name: 'Welcome to Analytical Society' }).waitFor();
  assert.equal(await isLogo(), '/server-logo');
  assert.equal(await ada.page.title(), 'Log in · Analytical Society');
  await assertAccessible(ada, 'a sign-in page with a name');
  await screenshot(ada, 'pages-server-name');
  await signUpInBrowser(ada, 'Ada Lovelace');
  assert.equal(await isLogo(), '/server-logo');
  assert.equal(await ada.page.title(), 'Analytical Society');
  assert.deepEqual(ada.problems, []);

  const manifest = await (await fetch(`${ada.origin}/manifest.webmanifest`)).json();
  assert.deepEqual([manifest.name, manifest.short_name, manifest.display], ['Analytical Society', 'Analytical Society', 'standalone']);
  assert.deepEqual(manifest.icons, [{ src: '/server-logo', sizes: 'any' }]);
  const picture = await fetch(`${ada.origin}/server-logo`);
  assert.match(picture.headers.get('content-type'), /^image\/svg\+xml/);
  assert.match(picture.headers.get('content-security-policy'), /default-src 'none'/);
});

test('without them it is Parlour with its own mark, and can be installed', { timeout: 60_000 }, async (t) => {
  const { server, browser, close } = await startPages();
  t.after(close);
  const ada = await visit(browser, server.url);
  await ada.page.getByRole('heading', { name: 'Welcome to Parlour' }).waitFor();
  assert.equal((await fetch(`${ada.origin}/server-logo`)).status, 404);
  const response = await fetch(`${ada.origin}/manifest.webmanifest`);
  assert.match(response.headers.get('content-type'), /manifest\+json/);
  const { name, icons } = await response.json();
  assert.equal(name, 'Parlour');
  assert.deepEqual(icons.map(({ sizes, purpose }) => [sizes, purpose ?? 'any']), [['192x192', 'any'], ['512x512', 'any'], ['512x512', 'maskable']]);
  for (const { src, sizes } of icons) {
    const size = await ada.page.evaluate((src) => new Promise((resolve) => {
      const image = new Image();
      image.onload = () => resolve(`${image.naturalWidth}x${image.naturalHeight}`);
      image.src = src;
    }), src);
    assert.equal(size, sizes);
  }
});
