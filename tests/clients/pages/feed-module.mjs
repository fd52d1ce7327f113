// The pages' feed module as another project would use it: bundled alone, with a transport on stock graphql-ws.
import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import WebSocket from 'ws';
import { recipe } from '../recipes.mjs';

const web = fileURLToPath(new URL('../../../web/', import.meta.url));
const { parlourSocket } = await recipe('parlour-socket.js');

/** The exports of `web/src/feed`. Bundled in another process, as the bundler's threads would keep this one alive. */
export async function feedModule() {
  const file = join(mkdtempSync(join(tmpdir(), 'parlour-feed-')), 'feed.mjs');
  await promisify(execFile)(join(web, 'node_modules/.bin/rolldown'), ['src/feed/index.ts', '--file', file, '--format', 'esm'], {
    cwd: web,
  });
  return import(pathToFileURL(file).href);
}

/** A transport that authenticates with a token. */
export function createTransport({ ServerError }, url, token) {
  const socket = parlourSocket(url, { token, webSocketImpl: WebSocket });
  return {
    async request(document, variables) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token()}` },
        body: JSON.stringify({ query: String(document), variables }),
      });
      const { data, errors } = await response.json();
      if (errors) {
        const { code, retryAfterMs, field } = errors[0].extensions;
        throw new ServerError(errors[0].message, code, retryAfterMs, field);
      }
      return data;
    },
    subscribe: (document, variables, sink) => socket.subscribe({ query: String(document), variables }, {
      next: ({ data }) => sink.next(data),
      error: (reason) => sink.end(reason.code === 4401 ? new ServerError('signed out', 'UNAUTHENTICATED') : reason),
      complete: () => sink.end(),
    }),
    onDisconnect: (listener) => socket.on('closed', listener),
    onRetryNow: () => () => {},
    // `dispose` waits for a connection attempt in progress, which may never finish.
    close: () => socket.dispose().catch(() => {}),
  };
}

/** Waits until `condition` returns a truthy value, and returns it. */
export function until(feed, condition, timeout = 20_000) {
  return new Promise((resolve, reject) => {
    const check = () => {
      const result = condition(feed);
      if (!result) return;
      clearTimeout(timer);
      stop();
      resolve(result);
    };
    const stop = feed.listen(check);
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`timed out: ${condition}`));
    }, timeout);
    check();
  });
}
