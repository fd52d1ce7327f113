// A TCP proxy between a client and the server, whose connections a test can break.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { startServer } from './server.mjs';

/**
 * Resets a socket. One that is being shut down, because its pipe has ended, is destroyed instead: Node fails to reset it with
 * EINVAL, never closes it, and spins forever when the process exits.
 */
const reset = (socket) => (socket.writableEnded ? socket.destroy() : socket.resetAndDestroy());

export async function startProxy(target) {
  const connections = new Set(); // of [client, server], two sockets each
  let isDown = false;
  let byteLimit = Infinity;
  const stallListeners = []; // called when a connection next reaches the byte limit

  const listener = createServer((client) => {
    if (isDown) return reset(client);
    const server = connect(target.port, '127.0.0.1');
    const connection = [client, server];
    connections.add(connection);
    let received = 0;
    client.on('data', ({ length }) => {
      received += length;
      if (received < byteLimit) return;
      client.unpipe(server);
      for (const onStall of stallListeners.splice(0)) onStall();
    });
    for (const [from, to] of [connection, connection.toReversed()]) {
      from.setNoDelay(true);
      from.pipe(to);
      // A reset on one side resets the other.
      from.on('error', () => reset(to));
      from.on('close', () => { to.destroy(); connections.delete(connection); });
    }
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');

  const proxy = {
    url: `http://127.0.0.1:${listener.address().port}/graphql`,
    /** Resets all connections, or those that `filter` selects. Returns their number. */
    resetConnections(filter = () => true) {
      const selected = [...connections].filter(filter);
      for (const connection of selected) connection.forEach(reset);
      return selected.length;
    },
    /** Resets all connections, and refuses new ones until `goUp`. */
    goDown() { isDown = true; proxy.resetConnections(); },
    goUp() { isDown = false; },
    /** Forwards at most this many bytes in total from the client of each connection, until the limit is raised. */
    limitBytes(bytes) {
      byteLimit = bytes;
      for (const [client, server] of connections) client.unpipe(server).pipe(server);
    },
    /** Resolves when a connection next reaches the byte limit. */
    nextStall: () => new Promise((resolve) => { stallListeners.push(resolve); }),
    /** Stops forwarding on current connections without closing them, as when a laptop changes networks. New ones work. */
    freeze() { for (const [client, server] of connections) { client.unpipe(server); server.unpipe(client); } },
    /**
     * From now on nothing that the server sends on current connections arrives, while the server sees it taken, and what
     * clients send does arrive: a line that is open in one direction. New ones work.
     */
    swallow() { for (const [client, server] of connections) server.unpipe(client).resume(); },
    close() { proxy.goDown(); listener.close(); },
  };
  return proxy;
}

/** Starts a server with a proxy in front of it. `close` stops both. */
export async function startProxiedServer() {
  const server = await startServer();
  const proxy = await startProxy(server);
  const close = async () => {
    proxy.close();
    await server.dispose();
  };
  return { server, proxy, close };
}
