// Names and messages of an attacker are shown as text, whatever they contain.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signUp } from '../people.mjs';
import { assertAccessible } from './accessibility.mjs';
import { messageWith, screenshot, sidebarRow, signUpInBrowser, visit } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

const EVIL = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>';
const MESSAGES = [
  EVIL,
  'javascript:window.pwned=1 and [click](javascript:window.pwned=1) data:text/html,<script>window.pwned=1</script>',
  '`<svg onload=window.pwned=1>` ```\n<svg onload=window.pwned=1>\n```',
  'https://example.org/"onmouseover="window.pwned=1 https://example.org/\'><b>',
  '\u202egnp.exe\u202c and \u0000 nothing \u200b\u2066',
  'W'.repeat(3_000),
  '\u0301'.repeat(500),
];

test('text of others is never executed, and does not break the layout', { timeout: 120_000 }, async (t) => {
  const { server, browser, close } = await startPages();
  t.after(close);
  const ada = await signUpInBrowser(await visit(browser, server.url), 'Ada Lovelace');
  const mallory = await signUp(server, EVIL.slice(0, 80));
  const right = await signUp(server, 'محمد بن موسى الخوارزمي');
  for (const text of MESSAGES) await mallory.send(ada, text).catch((refused) => refused);
  await right.send(ada, 'السلام عليكم https://example.org/');
  await mallory.createGroup(EVIL.slice(0, 90), ada);

  const list = ada.page.getByRole('navigation').getByRole('link');
  await list.nth(2).waitFor();
  await list.filter({ hasText: 'W' }).or(list.filter({ hasText: '<img' })).first().click();
  for (const name of await list.allTextContents()) {
    await list.filter({ hasText: name.slice(2, 20) }).first().click();
    await ada.page.getByRole('textbox', { name: 'Your message' }).waitFor();
    await assertAccessible(ada, 'a hostile conversation');
    const links = await ada.page.getByRole('feed').getByRole('link').evaluateAll((all) => all.map(({ href, rel }) => [href, rel]));
    for (const [href, rel] of links) {
      assert.match(href, /^(https?|mailto):/);
      assert.match(rel, /noopener/);
    }
  }
  await ada.page.getByRole('navigation').getByRole('link', { name: /^محمد/ }).click();
  await messageWith(ada, 'السلام').waitFor();
  await screenshot(ada, 'pages-right-to-left');
  const [fits, pwned] = await ada.page.evaluate(() => [
    document.documentElement.scrollWidth <= innerWidth && document.querySelector('.main').scrollWidth <= innerWidth,
    window.pwned,
  ]);
  assert.ok(fits, 'the page is not wider than the window');
  assert.equal(pwned, undefined);
  assert.deepEqual(ada.problems, []);
});

test('a link shows its target, whatever invisible characters it contains', { timeout: 120_000 }, async (t) => {
  const { server, browser, close } = await startPages();
  t.after(close);
  const ada = await signUpInBrowser(await visit(browser, server.url), 'Ada Lovelace');
  const mallory = await signUp(server, 'Mallory');
  const hidden = ['\u061c', '\u200e', '\u200f', '\u202a', '\u202b', '\u202c', '\u202d', '\u202e', '\u2066', '\u2067', '\u2068', '\u2069'];
  for (const [n, sign] of hidden.entries()) {
    await mallory.send(ada, `https://evil.example/${n}/${sign}moc.knab//:sptth`);
  }
  await mallory.send(ada, 'https://evil.example/last');

  await sidebarRow(ada, 'Mallory').click();
  const links = ada.page.getByRole('feed').getByRole('link', { name: 'evil.example' });
  await links.filter({ hasText: 'last' }).waitFor();
  const shown = await links.evaluateAll((all) => all.map(({ textContent, href }) => [textContent, href]));
  assert.equal(shown.length, hidden.length + 1);
  for (const [text, href] of shown) {
    assert.match(text, /^[\x21-\x7e]+$/);
    assert.equal(new URL(href).host, 'evil.example');
  }
});

test('the content security policy allows sockets only to the same host', { timeout: 120_000 }, async (t) => {
  const { server, browser, close } = await startPages();
  t.after(close);
  const { page, problems } = await visit(browser, server.url);

  const opens = (address) => page.evaluate((url) => new Promise((done) => {
    document.addEventListener('securitypolicyviolation', () => done(false), { once: true });
    const socket = new WebSocket(url, 'graphql-transport-ws');
    socket.onopen = () => done(true);
  }), address);
  assert.ok(await opens(server.url.replace('http', 'ws')));
  assert.equal(await opens('ws://evil.example/graphql'), false);
  assert.equal(await opens(server.url.replace('http', 'ws').replace('127.0.0.1', 'localhost').replace(/:\d+/, ':1')), false);
  assert.equal(problems.filter((text) => text.includes('CSP connect-src')).length, 2);
});
