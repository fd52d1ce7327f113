import { createClient } from 'graphql-ws';

/**
 * A graphql-ws client whose subscriptions resume: cut off, `events { cursor … }` and
 * `messageAdded { feedCursor … }` come back by themselves and go on after the last event they handled.
 * Select the cursor: it is what they resume from.
 *
 * @param {string} url of /graphql
 * @param {Partial<import('graphql-ws').ClientOptions> & { token?: () => string }} [options]
 *   A browser needs no token: its cookie signs the socket in.
 */
export function parlourSocket(url, { token, ...options } = {}) {
  // The operations that run: id → cursor of the last event handled, undefined before the first.
  const cursors = new Map();
  let socket, deadline;

  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    // Come back from everything but a refusal (4401: sign in): soon at first, and not all clients at once.
    shouldRetry: () => true,
    retryAttempts: Infinity,
    retryWait: (retries) =>
      new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * Math.min(9_900, 1_000 * 2 ** retries))),
    keepAlive: 12_000,
    ...options,
    // A function, as these are the values of this moment. A reconnect sends each subscription again with the
    // variables it began with; an entry here wins over its `after`.
    connectionParams: () => ({
      authorization: token && `Bearer ${token()}`,
      resumeFrom: Object.fromEntries(cursors),
    }),
    on: {
      opened: (opened) => { socket = opened; },
      // A line can die without a word. One that does not answer is given up, and must not speak again.
      ping: (received) => {
        if (received) return;
        deadline = setTimeout(() => { socket.onmessage = null; client.terminate(); }, 5_000);
      },
      pong: (received) => { if (received) clearTimeout(deadline); },
      closed: () => clearTimeout(deadline),
      // Called after the operation's own handler has returned.
      message: ({ type, id, payload }) => {
        if (type === 'complete' || type === 'error') cursors.delete(id);
        if (type !== 'next' || !cursors.has(id)) return;
        for (const field of Object.values(payload.data ?? {})) {
          const cursor = field?.cursor ?? field?.feedCursor;
          if (cursor) cursors.set(id, cursor);
        }
      },
    },
    // Every message that is sent passes here: where an operation begins, and where the client ends it.
    jsonMessageReplacer: (key, value) => {
      if (key === '' && value.type === 'subscribe') cursors.set(value.id, cursors.get(value.id));
      if (key === '' && value.type === 'complete') cursors.delete(value.id);
      return value;
    },
  });
  return client;
}
