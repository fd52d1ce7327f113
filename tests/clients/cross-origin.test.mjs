// A front end on its own origin, and on another site, in a real browser, authenticated by the cookie alone. It uses stock urql,
// which sends queries by GET, so it depends on CORS, SameSite and the CSRF protection together.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { collectProblems, launch } from './browser.mjs';
import { signUp } from './people.mjs';
import './recipes.mjs';
import { startServer } from './server.mjs';

// A page without a bundler: it imports the recipe and its dependencies as they are on disk.
const PAGE = `<!doctype html><link rel="icon" href="data:,">
<script>globalThis.process = { env: { NODE_ENV: 'production' } }</script>
<script type="importmap">{
  "imports": {
    "graphql-ws": "/node_modules/graphql-ws/dist/client.js",
    "urql": "/node_modules/@urql/core/dist/urql-core.mjs",
    "wonka": "/node_modules/wonka/dist/wonka.mjs",
    "@0no-co/graphql.web": "/node_modules/@0no-co/graphql.web/dist/graphql.web.mjs"
  }
}</script>`;

let frontEnd, port, browser;
before(async () => {
  frontEnd = createServer(({ url }, response) => {
    response.setHeader('content-type', url === '/' ? 'text/html' : 'text/javascript');
    if (url === '/') response.end(PAGE);
    else createReadStream(new URL(`.${url}`, import.meta.url)).pipe(response);
  }).listen(0, '127.0.0.1');
  await once(frontEnd, 'listening');
  port = frontEnd.address().port;
  browser = await launch();
});
after(async () => {
  await browser?.close();
  frontEnd.close();
});

// The server is localhost: the same site as the first front end, and another than the second.
for (const { where, host, settings } of [
  { where: 'another origin', host: 'localhost', settings: {} },
  { where: 'another site', host: '127.0.0.1', settings: { COOKIE_SAMESITE: 'none' } },
]) {
  test(`a front end on ${where} logs in by POST, queries by GET, and subscribes`, { timeout: 60_000 }, async (t) => {
    const origin = `http://${host}:${port}`;
    const server = await startServer({ CORS_ORIGINS: origin, ...settings });
    t.after(() => server.dispose());
    await usesTheApi(server, origin);
  });
}

async function usesTheApi(server, origin) {
  const [ada, bob] = [await signUp(server, 'Ada'), await signUp(server, 'Bob')];
  const url = `http://localhost:${server.port}/graphql`;
  const page = await (await browser.newContext()).newPage();
  const problems = await collectProblems(page);
  const requests = [];
  page.on('request', (request) => { if (request.url().startsWith(url)) requests.push(request.method()); });
  await page.goto(origin);

  const me = await page.evaluate(async ({ url, email, password }) => {
    const { urql } = await import('/generated/recipes/urql.js');
    const client = urql(url);
    const login = 'mutation ($input: LoginInput!) { login(input: $input) { user { id } } }';
    const { error } = await client.mutation(login, { input: { email, password } }).toPromise();
    if (error) throw error;
    const { data } = await client.query('{ me { fullName email } }', {}).toPromise();

    window.received = [];
    const events = 'subscription { events { __typename cursor ... on MessageAdded { message { text } } } }';
    client.subscription(events, {}).subscribe(({ data, error }) => {
      if (error) throw error;
      window.received.push(data.events.message?.text ?? data.events.__typename);
    });
    return data?.me;
  }, { url, email: ada.email, password: ada.password });
  await page.waitForFunction(() => window.received.includes('CaughtUp'));
  await bob.send(ada, 'hello');
  await page.waitForFunction(() => window.received.includes('hello'));

  assert.deepEqual(me, { __typename: 'User', fullName: 'Ada', email: ada.email });
  assert.deepEqual(requests, ['POST', 'GET']);
  assert.deepEqual(problems, []);
}
