// How the pages talk to Parlour: GraphQL over POST, and the WebSocket client of the README's recipe for subscriptions. The feed is
// the only owner of state, so there is no cache.
import { parlourSocket } from '../parlour-socket';

/** What sends requests. */
export interface Client {
  /** Resolves to the body of the answer. Rejects if the server was not reached, or answered with something else. */
  post(request: { query: string; variables: unknown }, options?: { keepalive?: boolean }): Promise<unknown>;
}

/** In milliseconds. A connection can die without being closed, so no request waits longer than this. */
const REQUEST_TIMEOUT = 20_000;

export const endpoint = `${location.origin}/graphql`;

/**
 * Calls the listener when retrying makes sense: the browser is back online, or the page became visible. Returns a function that
 * stops it.
 */
export function onRetryNow(listener: () => void): () => void {
  const controller = new AbortController();
  addEventListener('online', listener, controller);
  document.addEventListener('visibilitychange', () => document.hidden || listener(), controller);
  return () => controller.abort();
}

/**
 * The socket's wait before a reconnect: exponential backoff with jitter. When {@link onRetryNow} fires, the wait ends at once
 * and the backoff starts over.
 */
function reconnectDelay() {
  let resetAt = 0;
  return (retries: number) => new Promise<void>((resolve) => {
    resetAt = Math.min(resetAt, retries);
    const done = () => {
      clearTimeout(timer);
      stop();
      resolve();
    };
    const timer = setTimeout(done, 100 + Math.random() * Math.min(9_900, 1_000 * 2 ** (retries - resetAt)));
    const stop = onRetryNow(() => {
      resetAt = retries + 1;
      done();
    });
  });
}

/** Connects as the user whose session cookie the browser holds. A connection belongs to one session. */
export function connect() {
  const socket = parlourSocket(endpoint, { retryWait: reconnectDelay() });
  const onOffline = () => socket.terminate();
  addEventListener('offline', onOffline);
  const client: Client = {
    post: async (request, { keepalive = false } = {}) => {
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' },
        body: JSON.stringify(request),
        keepalive,
        signal: AbortSignal.timeout(REQUEST_TIMEOUT),
      });
      return response.json().catch(() => { throw new Error(`the server answered with ${response.status}`); });
    },
  };
  const close = () => {
    removeEventListener('offline', onOffline);
    // `dispose` waits for a connection attempt in progress, which may never finish.
    Promise.resolve(socket.dispose()).catch(() => {});
  };
  return { client, socket, close };
}

export type Connection = ReturnType<typeof connect>;
