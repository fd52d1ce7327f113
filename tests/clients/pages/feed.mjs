// The pages' feed module as a team would lift it out: bundled by itself, over a line of a few lines of stock graphql-ws.
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

/** What `web/src/feed` exports. Bundled by another process: the bundler's threads would keep this one alive. */
export async function feedModule() {
  const file = join(mkdtempSync(join(tmpdir(), 'parlour-feed-')), 'feed.mjs');
  await promisify(execFile)(join(web, 'node_modules/.bin/rolldown'), ['src/feed/index.ts', '--file', file, '--format', 'esm'], {
    cwd: web,
  });
  return import(pathToFileURL(file).href);
}

/** A line of the feed for someone signed in by token. `socket` is there to be cut. */
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
    // It waits for a connection that is under way, which may never come about.
    close: () => socket.dispose().catch(() => {}),
  };
}

/** Waits until the feed is as wanted, and answers with what the look at it found. */
export function until(feed, look, patience = 20_000) {
  return new Promise((resolve, reject) => {
    const check = () => {
      const found = look(feed);
      if (!found) return;
      clearTimeout(timer);
      stop();
      resolve(found);
    };
    const stop = feed.listen(check);
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`it never came: ${look}`));
    }, patience);
    check();
  });
}
