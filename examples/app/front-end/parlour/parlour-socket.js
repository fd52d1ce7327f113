import { createClient } from 'graphql-ws';

/**
 * A graphql-ws client whose subscriptions resume: after a disconnect, `events { cursor … }` and
 * `messageAdded { feedCursor … }` reconnect automatically and continue after the last event they handled.
 * They resume from the cursor, so select it.
 *
 * @param {string} url of /graphql
 * @param {Partial<import('graphql-ws').ClientOptions> & { token?: () => string }} [options]
 *   A browser needs no token: its cookie authenticates the socket.
 */
export function parlourSocket(url, { token, ...options } = {}) {
  /** Active operations: id → cursor of the last event handled, undefined before the first one. @type {Map<string, any>} */
  const cursors = new Map();
  /** @type {WebSocket} */
  let socket;
  /** @type {ReturnType<typeof setTimeout>} */
  let deadline;

  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    // Reconnects after every close except 4401 (sign in first), with exponential backoff and jitter.
    shouldRetry: () => true,
    retryAttempts: Infinity,
    retryWait: (retries) =>
      new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * Math.min(9_900, 1_000 * 2 ** retries))),
    keepAlive: 12_000,
    ...options,
    // A function, so that each reconnect sends the current values. graphql-ws subscribes again with the original
    // variables; an entry in `resumeFrom` takes precedence over their `after`.
    connectionParams: () => ({
      authorization: token && `Bearer ${token()}`,
      resumeFrom: Object.fromEntries(cursors),
    }),
    on: {
      opened: (opened) => { socket = /** @type {WebSocket} */ (opened); },
      // A connection can die without being closed. One that does not answer a ping in time is terminated, and its
      // late messages are ignored.
      ping: (received) => {
        if (received) return;
        deadline = setTimeout(() => { socket.onmessage = null; client.terminate(); }, 5_000);
      },
      pong: (received) => { if (received) clearTimeout(deadline); },
      closed: () => clearTimeout(deadline),
      // Called after the operation's own handler has returned.
      message: (/** @type {any} */ { type, id, payload }) => {
        if (type === 'complete' || type === 'error') cursors.delete(id);
        if (type !== 'next' || !cursors.has(id)) return;
        for (const field of Object.values(payload.data ?? {})) {
          const cursor = field?.cursor ?? field?.feedCursor;
          if (cursor) cursors.set(id, cursor);
        }
      },
    },
    // Sees every outgoing message, and so where an operation starts and where the client ends it.
    jsonMessageReplacer: (key, value) => {
      if (key === '' && value.type === 'subscribe') cursors.set(value.id, cursors.get(value.id));
      if (key === '' && value.type === 'complete') cursors.delete(value.id);
      return value;
    },
  });
  return client;
}
