// The example of docs/adopt.md: a shop with its own accounts, whose orders have a chat. Its customers see it in a real browser.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { collectProblems, launch } from './browser.mjs';
import { recipes } from './recipes.mjs';
import { freePort, startServer } from './server.mjs';

const example = fileURLToPath(new URL('../../examples/app/', import.meta.url));

test('the recipes in the example are those of the documentation', () => {
  const files = readdirSync(join(example, 'front-end/parlour')).map((name) => `front-end/parlour/${name}`);
  for (const file of [...files, 'chat/verify-webhook.mjs']) {
    assert.equal(readFileSync(join(example, file), 'utf8'), recipes[basename(file)], file);
  }
});

test('a shop with its own accounts has a live chat for each order', { timeout: 180_000 }, async (t) => {
  assert(existsSync(join(example, 'node_modules')), 'npm ci --prefix examples/app comes first');
  const folder = mkdtempSync(join(tmpdir(), 'parlour-shop-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  const secret = randomBytes(32).toString('base64');
  const server = await startServer({
    AUTH_JWT_ISSUER: `http://localhost:${port}`, AUTH_JWT_AUDIENCE: 'parlour', AUTH_JWT_SECRET: secret,
    EXTERNAL_IDS: 'public', CORS_ORIGINS: `http://localhost:${port}`, WEBHOOK_ALLOW_NETS: '127.0.0.1',
  });
  t.after(() => server.dispose());
  const printed = async (pattern, ...command) => (await server.run(...command)).stdout.match(pattern)[0];
  const key = await printed(/\bparlour_key_\S+/, 'key', 'create', '--name', 'shop', '--scope', 'users,conversations,messages,act-as');
  const webhookSecret = await printed(
    /\bwhsec_\S+/, 'webhook', 'add', '--url', `http://127.0.0.1:${port}/webhook`, '--query', join(example, 'webhook.graphql'),
  );
  const shop = spawn(process.execPath, ['server.mjs'], {
    cwd: example, stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH, PORT: String(port), PARLOUR_URL: server.url, PARLOUR_KEY: key, AUTH_JWT_SECRET: secret,
      WEBHOOK_SECRET: webhookSecret, SHOP_DB: join(folder, 'shop.db'),
    },
  });
  t.after(() => shop.kill('SIGKILL'));
  await once(shop.stdout, 'data');

  const browser = await launch();
  t.after(() => browser.close());
  const page = await (await browser.newContext()).newPage();
  const problems = await collectProblems(page);
  await page.goto(`http://localhost:${port}`);
  await page.getByPlaceholder('Name').fill('Ada');
  await page.getByPlaceholder('Password').fill('correct horse');
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByPlaceholder('What would you like?').fill('A teapot');
  await page.getByRole('button', { name: 'Order', exact: true }).click();
  await page.getByRole('button', { name: 'A teapot' }).click();
  const lines = page.getByRole('region', { name: 'Chat' }).getByRole('listitem');
  await lines.getByText('The shop: Thank you! We are packing: A teapot.').waitFor();

  const ask = async (text) => {
    await page.getByPlaceholder('Ask the shop').fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
  };
  await ask('Where is my order?');
  await lines.getByText('Ada: Where is my order?').waitFor();
  await lines.getByText('The shop: Your order is being packed.').waitFor();
  assert.deepEqual(problems, []);

  // An order while Parlour is away: its conversation comes when it is back, and its text once.
  await server.stop('SIGKILL');
  await page.getByPlaceholder('What would you like?').fill('A cup');
  await page.getByRole('button', { name: 'Order', exact: true }).click();
  await page.getByRole('button', { name: 'A cup' }).waitFor();
  await server.start();
  await page.reload();
  await page.getByRole('button', { name: 'A cup' }).click();
  await lines.getByText('The shop: Thank you! We are packing: A cup.').waitFor();
  assert.equal(await lines.count(), 1);
});
