// The documentation's way to verify a webhook, with what a server POSTs.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { signUp } from './people.mjs';
import { recipe } from './recipes.mjs';
import { startServer } from './server.mjs';

let server, receiver;
before(async () => {
  server = await startServer({ WEBHOOK_ALLOW_NETS: '127.0.0.1' });
});
after(async () => {
  receiver?.close();
  receiver?.closeAllConnections();
  await server?.dispose();
});

test('a webhook is verified by the recipe', { timeout: 60_000 }, async () => {
  const { isGenuine } = await recipe('verify-webhook.mjs');
  const [ada, bob] = [await signUp(server, 'Ada'), await signUp(server, 'Bob')];
  const posted = new Promise((resolve) => {
    receiver = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray());
      response.writeHead(204).end();
      if (body.includes('hello')) resolve({ headers: request.headers, body });
    });
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { stdout } = await server.run('webhook', 'add', '--url', `http://127.0.0.1:${receiver.address().port}/`);
  const secret = stdout.trim().split('\n')[1];

  await ada.send(bob, 'hello');

  const { headers, body } = await posted;
  assert.equal(JSON.parse(body).data.events.message.text, 'hello');
  assert.ok(isGenuine(headers, body, secret));
  assert.ok(!isGenuine(headers, Buffer.from(body.toString().replace('hello', 'hullo')), secret), 'another body');
  assert.ok(!isGenuine({ ...headers, 'webhook-id': 'x' }, body, secret), 'another id');
  assert.ok(!isGenuine(headers, body, 'whsec_AAAA'), 'another secret');
  assert.ok(!isGenuine({ ...headers, 'webhook-timestamp': '1' }, body, secret), 'an old one');
  assert.ok(!isGenuine({}, body, secret), 'no headers');
});
