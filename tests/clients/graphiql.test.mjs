// What a person does first, in a real browser: open GraphiQL, sign up, look around, listen, read the docs.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { complaintsOf, launch } from './browser.mjs';
import { signUp } from './people.mjs';
import { startProxy } from './proxy.mjs';
import { startServer } from './server.mjs';

const screenshots = fileURLToPath(new URL('./screenshots/', import.meta.url));

describe('GraphiQL in a browser', { timeout: 180_000 }, () => {
  let server, proxy, browser, page, complaints, loaded;

  before(async () => {
    mkdirSync(screenshots, { recursive: true });
    server = await startServer();
    proxy = await startProxy(server);
    browser = await launch();
    page = await browser.newPage({ viewport: { width: 1400, height: 900 }, colorScheme: 'light' });
    complaints = await complaintsOf(page);
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url());
      if (/^(http|ws)/.test(protocol) && host !== new URL(proxy.url).host) complaints.push(`left home: ${request.url()}`);
    });
  });
  after(async () => {
    await browser?.close();
    proxy?.close();
    await server?.dispose();
  });

  const shot = (name) => page.screenshot({ path: `${screenshots}${name}.png` });
  const editor = () => page.locator('.graphiql-query-editor .view-lines');

  /** Types a document into the editor, and runs it. In one line: the editor closes and indents brackets itself. */
  async function run(document) {
    await editor().click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.press('Delete');
    await page.keyboard.type(document);
    await page.keyboard.press('Home');
    await page.keyboard.press('ControlOrMeta+Enter');
  }

  /** Waits until the answer shows all of these. */
  async function answers(...parts) {
    for (const part of parts) {
      // Monaco sets each word of a line apart, and its spaces do not break.
      await page.waitForFunction(
        (wanted) => document.querySelector('.graphiql-response .view-lines')
          ?.textContent.replaceAll('\u00a0', ' ').includes(wanted),
        part,
      ).catch(async () => assert.fail(`${part} is not in ${await page.locator('.graphiql-response').textContent()}`));
    }
  }

  test('opens, all of it from Parlour itself', async () => {
    // The last of its files to come, when the first answer is shown.
    loaded = page.waitForResponse(/json\.worker/).then((response) => response.finished());
    const response = await page.goto(proxy.url);
    assert.match(response.headers()['content-security-policy'], /script-src 'self'/);
    await editor().getByText('Welcome').waitFor();
    await shot('1-open');
  });

  test('signs up', async () => {
    const input = '{ fullName: "Ada", email: "ada@example.com", password: "correct horse battery" }';
    await run(`mutation { signup(input: ${input}) { user { fullName email } } }`);
    await answers('"email": "ada@example.com"');
    await shot('2-sign-up');
  });

  test('is signed in from then on', async () => {
    await run('{ me { fullName } }');
    await answers('"me": {', '"fullName": "Ada"');
    await shot('3-me');
  });

  test('hears what someone else writes, also while the line was cut', async () => {
    const bob = await signUp(server, 'Bob');
    const { users } = await bob.ask('{ users(search: "Ada") { nodes { id } } }');
    const ada = users.nodes[0];

    await run('subscription { events { __typename cursor ... on MessageAdded { message { text sender { fullName } } } } }');
    await answers('CaughtUp');
    await bob.send(ada, 'hello in the browser');
    await answers('hello in the browser', '"fullName": "Bob"');
    await shot('4-subscription');

    await loaded;
    proxy.cut();
    await bob.send(ada, 'while the line was cut');
    await answers('while the line was cut');
    await page.keyboard.press('ControlOrMeta+Enter');
  });

  test('explains each field in the docs', async () => {
    const bob = await signUp(server, 'Bob');
    const { __type } = await bob.ask('{ __type(name: "Query") { fields { name description } } }');
    const described = __type.fields.find(({ name }) => name === 'me').description;

    await page.getByLabel('Show Documentation Explorer').click();
    const docs = page.locator('.graphiql-doc-explorer');
    await docs.getByRole('link', { name: 'Query' }).click();
    await docs.getByRole('link', { name: 'me', exact: true }).waitFor();
    // Markdown takes the quotes and backticks out: the first plain words are enough.
    await docs.getByText(/^[\w ,-]+/.exec(described)[0].trim()).first().waitFor();
    await shot('5-docs');
  });

  test('had nothing to complain about', () => assert.deepEqual(complaints, []));
});
