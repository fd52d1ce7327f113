// A first visit to GraphiQL in a real browser: open it, sign up, query, subscribe, read the docs.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { collectProblems } from './browser.mjs';
import { startPages } from './pages/setup.mjs';
import { signUp } from './people.mjs';

const screenshots = fileURLToPath(new URL('./screenshots/', import.meta.url));

describe('GraphiQL in a browser', { timeout: 180_000 }, () => {
  let server, proxy, page, problems, loaded, close;

  before(async () => {
    mkdirSync(screenshots, { recursive: true });
    const pages = await startPages({ proxied: true });
    ({ server, proxy, close } = pages);
    page = await pages.browser.newPage({ viewport: { width: 1400, height: 900 }, colorScheme: 'light' });
    problems = await collectProblems(page);
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url());
      if (/^(http|ws)/.test(protocol) && host !== new URL(proxy.url).host) problems.push(`other origin: ${request.url()}`);
    });
  });
  after(() => close?.());

  const shot = (name) => page.screenshot({ path: `${screenshots}${name}.png` });
  const editor = () => page.locator('.graphiql-query-editor .view-lines');

  /** Types a document into the editor, and runs it. Use one line: the editor closes and indents brackets itself. */
  async function run(document) {
    await editor().click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.press('Delete');
    await page.keyboard.type(document);
    await page.keyboard.press('Home');
    await page.keyboard.press('ControlOrMeta+Enter');
  }

  /** Waits until the response contains all of these. */
  async function responseShows(...parts) {
    for (const part of parts) {
      // Monaco renders each word as an element, and spaces as no-break spaces.
      await page.waitForFunction(
        (wanted) => document.querySelector('.graphiql-response .view-lines')
          ?.textContent.replaceAll('\u00a0', ' ').includes(wanted),
        part,
      ).catch(async () => assert.fail(`${part} is not in ${await page.locator('.graphiql-response').textContent()}`));
    }
  }

  test('loads everything from its own origin', async () => {
    // The last file, which is loaded with the first response.
    loaded = page.waitForResponse(/json\.worker/).then((response) => response.finished());
    const response = await page.goto(proxy.url);
    assert.match(response.headers()['content-security-policy'], /script-src 'self'/);
    await editor().getByText('Welcome').waitFor();
    await shot('1-open');
  });

  test('signs up', async () => {
    const input = '{ fullName: "Ada", email: "ada@example.com", password: "correct horse battery" }';
    await run(`mutation { signup(input: ${input}) { user { fullName email } } }`);
    await responseShows('"email": "ada@example.com"');
    await shot('2-sign-up');
  });

  test('stays signed in', async () => {
    await run('{ me { fullName } }');
    await responseShows('"me": {', '"fullName": "Ada"');
    await shot('3-me');
  });

  test('receives messages of others, also those sent while it was disconnected', async () => {
    const bob = await signUp(server, 'Bob');
    const { users } = await bob.request('{ users(search: "Ada") { nodes { id } } }');
    const ada = users.nodes[0];

    await run('subscription { events { __typename cursor ... on MessageAdded { message { text sender { fullName } } } } }');
    await responseShows('CaughtUp');
    await bob.send(ada, 'hello in the browser');
    await responseShows('hello in the browser', '"fullName": "Bob"');
    await shot('4-subscription');

    await loaded;
    proxy.resetConnections();
    await bob.send(ada, 'while disconnected');
    await responseShows('while disconnected');
    await page.keyboard.press('ControlOrMeta+Enter');
  });

  test("opens with the document of the README's link, beside the other tabs", async () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const [, search] = /<http:\/\/localhost:3000\/graphql(\?query=[^>]+)>/.exec(readme);
    const shown = async (address) => {
      await page.goto(proxy.url + address);
      await page.waitForFunction(
        (wanted) => document.querySelector('.graphiql-query-editor .view-lines')?.textContent.replaceAll('\u00a0', ' ').includes(wanted),
        new URLSearchParams(address).get('query'),
      );
    };
    const tabs = await page.locator('.graphiql-tab').count();

    await shown(search);
    assert.equal(await page.locator('.graphiql-tab').count(), tabs + 1);
    await page.locator('.graphiql-query-editor').click();
    await page.keyboard.press('ControlOrMeta+Enter');
    await responseShows('"version": "', '"features": [');

    await shown('?query=query ($a: String) { users(search: $a) { totalCount } }&variables={"a":"Bob"}');
    await page.locator('.graphiql-query-editor').click();
    await page.keyboard.press('ControlOrMeta+Enter');
    await responseShows('"totalCount": 1');
  });

  test('a first visit by a link has its document in front of the other tabs', async () => {
    const visitor = await page.context().browser().newPage();
    await visitor.goto(`${proxy.url}?query={ serverInfo { version } }`);
    await visitor.locator('.graphiql-query-editor').getByText('serverInfo').waitFor();
    await visitor.locator('.graphiql-tab').filter({ hasText: 'SignUp' }).waitFor();
    await visitor.close();
  });

  test('shows descriptions in the docs', async () => {
    const bob = await signUp(server, 'Bob');
    const { __type } = await bob.request('{ __type(name: "Query") { fields { name description } } }');
    const described = __type.fields.find(({ name }) => name === 'me').description;

    await page.getByLabel('Show Documentation Explorer').click();
    const docs = page.locator('.graphiql-doc-explorer');
    await docs.getByRole('link', { name: 'Query' }).click();
    await docs.getByRole('link', { name: 'me', exact: true }).waitFor();
    // Markdown removes quotes and backticks, so only the first plain words are compared.
    await docs.getByText(/^[\w ,-]+/.exec(described)[0].trim()).first().waitFor();
    await shot('5-docs');
  });

  test('logged no problems', () => assert.deepEqual(problems, []));
});
