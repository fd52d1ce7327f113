// Python's gql, unchanged from PyPI. scripts/test installs it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { signUp } from './people.mjs';
import { startServer } from './server.mjs';

const python = fileURLToPath(new URL('./generated/python/bin/python', import.meta.url));
const program = fileURLToPath(new URL('./python/receive.py', import.meta.url));

let server;
before(async () => { server = await startServer(); });
after(() => server?.dispose());

test('gql queries and subscribes over a socket', { timeout: 60_000 }, async (t) => {
  const [ada, bob] = [await signUp(server, 'Ada'), await signUp(server, 'Bob')];
  const client = spawn(python, [program, server.url.replace('http', 'ws'), ada.token()], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => client.kill());
  let problems = '';
  client.stderr.on('data', (data) => { problems += data; });
  const ended = once(client, 'exit');
  const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    assert.ok(!done, `the client has ended: ${problems}`);
    return value;
  };

  assert.equal(await line(), 'Ada');
  assert.equal(await line(), 'CaughtUp');
  await bob.send(ada, 'hello');
  const received = [];
  while (!received.includes('hello')) received.push(await line());

  client.kill();
  await ended;
});
