// Signing in at an app that has a login of its own: the pages send people there, and take a token back.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../server.mjs';
import { assertAccessible } from './accessibility.mjs';
import { chooseFromMenu, requestInPage, screenshot, waitForSignInPage } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

const SECRET = 'a secret that the app and the chat share';
const ISSUER = 'https://shop.example';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function tokenOf(sub, claims = {}) {
  const now = Math.floor(Date.now() / 1_000);
  const content = { iss: ISSUER, aud: 'chat', sub, name: 'Ada Lovelace', iat: now, exp: now + 300, ...claims };
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(content)}`;
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
}

/** The app: it signs everybody in, and sends them back as the docs say. */
async function startApp() {
  const visits = [];
  const app = { visits, token: () => tokenOf('u-1'), state: (state) => state };
  const http = createServer((request, response) => {
    const address = new URL(request.url, 'http://app');
    if (address.pathname !== '/sign-in') return response.writeHead(404).end();
    visits.push(address);
    const fragment = new URLSearchParams({ token: app.token(), state: app.state(address.searchParams.get('state')) });
    response.writeHead(302, { location: `${address.searchParams.get('return_to')}#${fragment}` }).end();
  });
  const port = await freePort();
  http.listen(port, '127.0.0.1');
  await once(http, 'listening');
  return Object.assign(app, { url: `http://127.0.0.1:${port}/sign-in`, close: () => http.close() });
}

describe('an app with a login of its own', { timeout: 120_000 }, () => {
  let app, server, browser, close;
  before(async () => {
    app = await startApp();
    ({ server, browser, close } = await startPages({
      settings: { AUTH_JWT_ISSUER: ISSUER, AUTH_JWT_AUDIENCE: 'chat', AUTH_JWT_SECRET: SECRET, AUTH_LOCAL: 'off', SIGN_IN_URL: app.url },
    }));
  });
  after(async () => {
    await close?.();
    app?.close();
  });

  /** A browser at an address of the chat, with the addresses that it asks the chat for. */
  async function open(path = '/') {
    const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, colorScheme: 'light', locale: 'en-GB' });
    const page = await context.newPage();
    page.setDefaultTimeout(8_000);
    const asked = [];
    page.on('request', (request) => asked.push(request));
    await page.goto(new URL(server.url).origin + path);
    return { page, context, asked };
  }
  const signedIn = ({ page }) => page.getByRole('searchbox', { name: 'Find people' }).waitFor();

  test('signs people in, and leaves no token anywhere', async () => {
    app.visits.length = 0;
    const ada = await open('/');
    await signedIn(ada);
    const [visit] = app.visits;
    assert.equal(visit.searchParams.get('return_to'), `${new URL(server.url).origin}/`);
    assert.match(visit.searchParams.get('state'), /^[0-9a-f]{32}$/);
    assert.equal(new URL(ada.page.url()).hash, '');
    const token = 'eyJ';
    for (const request of ada.asked) assert.ok(!request.url().split('#')[0].includes(token), request.url());
    const posted = ada.asked.filter((request) => request.postData()?.includes('loginWithToken'));
    assert.deepEqual(posted.map((request) => request.method()), ['POST']);
    const kept = await ada.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
    assert.ok(!kept.includes(token) && !kept.includes('sign-in-state'), kept);
    assert.equal((await requestInPage(ada, '{ me { fullName } }')).me.fullName, 'Ada Lovelace');

    // The session is a cookie's: no further visit.
    await ada.page.reload();
    await signedIn(ada);
    assert.equal(app.visits.length, 1);
  });

  test('comes back where people were', async () => {
    const path = '/c/01900000-0000-7000-8000-000000000000?from=mail';
    const before = app.visits.length;
    const ada = await open(path);
    await signedIn(ada);
    assert.equal(app.visits.length, before + 1);
    assert.equal(app.visits.at(-1).searchParams.get('return_to'), new URL(server.url).origin + path);
    const { pathname, search, hash } = new URL(ada.page.url());
    assert.deepEqual([pathname + search, hash], [path, '']);
  });

  test('does not send back who has just signed out', async () => {
    const ada = await open();
    await signedIn(ada);
    const before = app.visits.length;
    await chooseFromMenu(ada, 'Log out');
    await waitForSignInPage(ada);
    const button = ada.page.getByRole('button', { name: 'Sign in', exact: true });
    await button.waitFor();
    assert.equal(await ada.page.getByLabel('Password').count(), 0);
    assert.equal(app.visits.length, before);
    await assertAccessible(ada, 'signing in at the app');
    await screenshot(ada, 'pages-sign-in-at-the-app');
    await button.click();
    await signedIn(ada);
    assert.equal(app.visits.length, before + 1);
  });

  test('takes no token that this tab did not ask for, and no other state', async () => {
    const before = app.visits.length;
    const { page, asked } = await open(`/#token=${tokenOf('mallory')}&state=x`);
    await page.getByRole('searchbox', { name: 'Find people' }).waitFor();
    assert.equal(app.visits.length, before + 1, 'it went to the app, as without a token');
    const posted = asked.filter((request) => request.postData()?.includes('loginWithToken'));
    assert.ok(posted.length === 1 && !posted[0].postData().includes(tokenOf('mallory').split('.')[1]));
  });

  test('says when the app is not believed, and does not go round', async (t) => {
    app.token = () => tokenOf('u-1', { aud: 'another' });
    t.after(() => { app.token = () => tokenOf('u-1'); });
    const before = app.visits.length;
    const { page } = await open();
    await page.getByText('You could not be signed in.').waitFor();
    assert.equal(app.visits.length, before + 1);
  });
});
