// The documentation's bot in Python, which is killed, and whose server is restarted.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { signUp } from './people.mjs';
import './recipes.mjs';
import { startServer } from './server.mjs';

const python = fileURLToPath(new URL('./generated/python/bin/python', import.meta.url));
const script = fileURLToPath(new URL('./generated/recipes/bot.py', import.meta.url));

describe('the bot in Python', { timeout: 180_000 }, () => {
  let server, ada, account, folder, bot;
  before(async () => {
    assert.ok(existsSync(python), `${python} is missing: scripts/test makes it`);
    server = await startServer();
    [ada, account] = [await signUp(server, 'Ada'), await signUp(server, 'Echo')];
    folder = mkdtempSync(join(tmpdir(), 'parlour-bot-'));
  });
  after(async () => {
    await kill();
    await server?.dispose();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  function start() {
    const { email, password } = account;
    const env = { PATH: process.env.PATH, PARLOUR_URL: server.url, PARLOUR_EMAIL: email, PARLOUR_PASSWORD: password };
    bot = spawn(python, [script], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    bot.output = '';
    for (const stream of [bot.stdout, bot.stderr]) stream.on('data', (data) => { bot.output += data; });
  }

  async function kill() {
    if (!bot || bot.exitCode !== null || bot.signalCode !== null) return;
    const ended = once(bot, 'exit');
    bot.kill('SIGKILL');
    await ended;
  }

  /** All texts of the conversation, once there are so many. */
  async function texts(count) {
    const query = 'query ($with: ID!) { messages(conversation: { userId: $with }, last: 100) { nodes { text sender { id } } } }';
    for (const deadline = Date.now() + 60_000; ; await sleep(50)) {
      const { nodes } = (await ada.request(query, { with: account.id })).messages;
      const said = nodes.map(({ text, sender }) => `${sender.id === ada.id ? 'Ada' : 'Echo'}: ${text}`);
      if (said.length >= count) return said;
      assert.ok(Date.now() < deadline, `${said.join('\n')}\n\nthe bot: ${bot.output}`);
    }
  }

  test('answers, also what was written while it or the server was away, and nothing twice', async () => {
    const online = async () => (await ada.request('query ($id: ID!) { user(id: $id) { online } }', { id: account.id })).user.online;
    start();
    // Without a cursor it begins with what comes after it subscribed, and then has one.
    for (const deadline = Date.now() + 60_000; !existsSync(join(folder, 'cursor')); await sleep(50)) {
      assert.ok(Date.now() < deadline, bot.output);
    }
    assert.ok(await online());
    await ada.send(account, '!echo one');
    await ada.send(account, 'not for the bot');
    await texts(3);

    await kill();
    await ada.send(account, '!echo two');
    start();
    await texts(5);

    await server.stop('SIGTERM');
    await server.start();
    await ada.send(account, '!echo three');
    await texts(7);
    // Each answer that was sent twice would be here by now.
    await ada.send(account, '!echo four');

    const answers = (await texts(9)).filter((said) => said.startsWith('Echo'));
    assert.deepEqual(answers, ['Echo: one', 'Echo: two', 'Echo: three', 'Echo: four']);
  });
});
