// How the pages talk to Parlour: urql over POST, and for subscriptions the socket of the README's recipe. No cache of
// documents: the feed owns the state, and two truths would fight.
import { Client, fetchExchange } from 'urql';
import { parlourSocket } from '../parlour-socket';

/** A request that takes longer is given up: a line can die without a word. */
const PATIENCE = 20_000;

export const endpoint = `${location.origin}/graphql`;

/** Tells when the browser finds itself online, and when somebody looks at the page again. */
export function onHope(listener: () => void): () => void {
  const end = new AbortController();
  addEventListener('online', listener, end);
  document.addEventListener('visibilitychange', () => document.hidden || listener(), end);
  return () => end.abort();
}

/**
 * How the socket waits before it comes back: soon at first, then less often, and not all clients at once. New hope ends the
 * wait, and what fails after it fails for the first time.
 */
function patientRetry() {
  let since = 0;
  return (retries: number) => new Promise<void>((resolve) => {
    since = Math.min(since, retries);
    const done = () => {
      clearTimeout(timer);
      stop();
      resolve();
    };
    const timer = setTimeout(done, 100 + Math.random() * Math.min(9_900, 1_000 * 2 ** (retries - since)));
    const stop = onHope(() => {
      since = retries + 1;
      done();
    });
  });
}

/** A client for whoever is signed in now, by the cookie. It is thrown away at the end of the session. */
export function connect() {
  const socket = parlourSocket(endpoint, { retryWait: patientRetry() });
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
