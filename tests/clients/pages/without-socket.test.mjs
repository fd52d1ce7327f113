// A proxy that lets no socket through: the page says so, and goes on with pages of events.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { test } from 'node:test';
import { signUp } from '../people.mjs';
import { assertAccessible } from './accessibility.mjs';
import { messageWith, openConversation, screenshot, sendText, sidebarRow, signUpInBrowser, visit } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

/** Passes requests on, and answers those for a socket with 400, as proxies do that do not know them. */
async function startOldProxy(server) {
  const proxy = createServer((incoming, outgoing) => {
    const passed = request({ port: server.port, host: '127.0.0.1', path: incoming.url, method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  });
  let letsThrough = false;
  proxy.on('upgrade', (incoming, socket, head) => {
    socket.on('error', () => {});
    if (!letsThrough) return socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n');
    const passed = request({ port: server.port, host: '127.0.0.1', path: incoming.url, headers: incoming.headers });
    passed.on('upgrade', (answer, other) => {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
      other.on('error', () => socket.destroy());
      socket.on('close', () => other.destroy());
      socket.pipe(other).pipe(socket);
    });
    passed.end(head);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `http://127.0.0.1:${proxy.address().port}/graphql`,
    letSocketsThrough() { letsThrough = true; },
    close() { proxy.closeAllConnections(); proxy.close(); },
  };
}

test('without sockets the page says so, and messages come and go', { timeout: 90_000 }, async (t) => {
  const { server, browser, close } = await startPages();
  t.after(close);
  const proxy = await startOldProxy(server);
  t.after(() => proxy.close());
  const ada = await signUpInBrowser(await visit(browser, proxy.url), 'Ada Lovelace');
  const bob = await signUp(server, 'Bob Byron');
  const notice = ada.page.getByText('Your network lets no live connection through');
  await notice.waitFor({ timeout: 20_000 });
  await assertAccessible(ada, 'a page without a socket');
  await screenshot(ada, 'pages-without-socket');

  await openConversation(ada, 'Bob Byron');
  await sendText(ada, 'from behind a wall');
  await messageWith(ada, 'from behind a wall').and(ada.page.locator('[data-seq]')).waitFor();
  const { id } = await bob.send(ada, 'through the wall');
  await messageWith(ada, 'through the wall').waitFor();
  // Others' edits come, too, and so does what is new in the list.
  await bob.request('mutation ($id: ID!) { editMessage(id: $id, text: "over the wall") { id } }', { id });
  await messageWith(ada, 'over the wall').waitFor();
  const carol = await signUp(server, 'Carol Shaw');
  await carol.createGroup('Masons', ada);
  await sidebarRow(ada, 'Masons').waitFor();

  // A restart of the server is not the network's fault.
  await server.stop('SIGKILL');
  await ada.page.getByText('Reconnecting …').waitFor();
  await server.start();
  await bob.send(ada, 'after the restart');
  await messageWith(ada, 'after the restart').waitFor({ timeout: 20_000 });

  proxy.letSocketsThrough();
  await notice.waitFor({ state: 'detached', timeout: 30_000 });
  await bob.send(ada, 'and live again');
  await messageWith(ada, 'and live again').waitFor();
  for (const text of ['over the wall', 'after the restart', 'and live again']) assert.equal(await messageWith(ada, text).count(), 1);
});
