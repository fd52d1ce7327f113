// The network between a client and the server, to be cut at will.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * Node can't reset a socket that is just being shut down, as a pipe does whose other end has ended: it answers EINVAL, never
 * closes the socket, and spins over it for ever when the process would exit. Such a one says goodbye already.
 */
const reset = (socket) => (socket.writableEnded ? socket.destroy() : socket.resetAndDestroy());

export async function startProxy(target) {
  const lines = new Set(); // pairs of sockets: [client, server]
  let down = false;
  let room = Infinity;
  const listeners = []; // of the next line that has taken all that it may

  const listener = createServer((client) => {
    if (down) return reset(client);
    const server = connect(target.port, '127.0.0.1');
    const line = [client, server];
    lines.add(line);
    let taken = 0;
    client.on('data', ({ length }) => {
      taken += length;
      if (taken < room) return;
      client.unpipe(server);
      for (const tell of listeners.splice(0)) tell();
    });
    for (const [from, to] of [line, line.toReversed()]) {
      from.setNoDelay(true);
      from.pipe(to);
      // A reset of one side is a reset of the other.
      from.on('error', () => reset(to));
      from.on('close', () => { to.destroy(); lines.delete(line); });
    }
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');

  const proxy = {
    url: `http://127.0.0.1:${listener.address().port}/graphql`,
    /** Resets every line, or those that `which` picks; says how many. */
    cut(which = () => true) {
      const picked = [...lines].filter(which);
      for (const line of picked) line.forEach(reset);
      return picked.length;
    },
    /** Cut, and nobody gets through until `up`. */
    goDown() { down = true; proxy.cut(); },
    goUp() { down = false; },
    /** From here on a line takes so many bytes of its client in all, until it is allowed more. */
    allow(bytes) {
      room = bytes;
      for (const [client, server] of lines) client.unpipe(server).pipe(server);
    },
    /** When a line stands still next, as it has taken what it may. */
    held: () => new Promise((resolve) => { listeners.push(resolve); }),
    /** The lines of this moment fall silent without a word, as when a laptop changes networks. New ones work. */
    freeze() { for (const [client, server] of lines) { client.unpipe(server); server.unpipe(client); } },
    close() { proxy.goDown(); listener.close(); },
  };
  return proxy;
}
