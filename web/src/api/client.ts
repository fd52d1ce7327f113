// How the pages talk to Parlour: urql over POST, and for subscriptions the socket of the README's recipe. No cache of
// documents: the feed owns the state, and two truths would fight.
import { Client, fetchExchange } from 'urql';
import { parlourSocket } from '../parlour-socket';

/** A request that takes longer is given up: a line can die without a word. */
const PATIENCE = 20_000;

export const endpoint = `${location.origin}/graphql`;

/** Resolves when the browser finds itself online, or somebody looks at the page again. */
function hope(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    addEventListener('online', () => resolve(), { signal });
    document.addEventListener('visibilitychange', () => document.hidden || resolve(), { signal });
  });
}

/** Soon at first, then less often, and not all clients at once; at once when there is new hope. */
async function retryWait(retries: number): Promise<void> {
  const found = new AbortController();
  const time = 100 + Math.random() * Math.min(9_900, 1_000 * 2 ** retries);
  await Promise.race([new Promise((resolve) => setTimeout(resolve, time)), hope(found.signal)]);
  found.abort();
}

/** A client for whoever is signed in now, by the cookie. It is thrown away at the end of the session. */
export function connect() {
  const socket = parlourSocket(endpoint, { retryWait });
  const goneOffline = () => socket.terminate();
  addEventListener('offline', goneOffline);
  const client = new Client({
    url: endpoint,
    preferGetMethod: false,
    requestPolicy: 'network-only',
    fetch: (input, init) => {
      const signals = [init?.signal, AbortSignal.timeout(PATIENCE)].filter((signal) => signal instanceof AbortSignal);
      return fetch(input, { ...init, signal: AbortSignal.any(signals) });
    },
    exchanges: [fetchExchange],
  });
  const close = () => {
    removeEventListener('offline', goneOffline);
    // It waits for a connection that is under way, which may never come about.
    Promise.resolve(socket.dispose()).catch(() => {});
  };
  return { client, socket, close };
}

export type Connection = ReturnType<typeof connect>;
