// Starts the real binary for a test, on a free port with a temporary data folder. With TEST_DATABASE=postgres it has a
// database of its own on a private PostgreSQL server.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from './free-port.mjs';
import { createDatabase } from './postgres.mjs';

export { freePort };

const repository = fileURLToPath(new URL('../../', import.meta.url));
/** The binary under test. */
export const binary = process.env.PARLOUR_BIN ?? join(repository, 'target/debug/parlour');

/** The settings of the database that TEST_DATABASE names. */
async function database() {
  switch (process.env.TEST_DATABASE) {
    case 'postgres': return { DATABASE_URL: await createDatabase(), JWT_SECRET: 'a secret that nodes on PostgreSQL would share' };
    case 'sqlite':
    case undefined: return {};
    default: throw new Error(`TEST_DATABASE is sqlite or postgres, not ${process.env.TEST_DATABASE}`);
  }
}

export async function startServer(settings = {}) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'parlour-clients-'));
  // The working directory is not the repository, so that a developer's .env is not read.
  const options = {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: String(port),
      DATA_DIR: join(folder, 'data'),
      RATE_LIMITS: 'off',
      RUST_LOG: 'warn',
      ...await database(),
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  };
  let child;
  let printed = '';
  const running = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null;

  const server = {
    port,
    url: `http://127.0.0.1:${port}/graphql`,

    /** Starts the server, again on the same port and data. */
    async start() {
      child = spawn(binary, options);
      let output = '';
      child.stdout.on('data', (data) => { output += data; printed += data; });
      child.stderr.on('data', (data) => { output += data; });
      child.on('error', (error) => { output += `${binary}: ${error.message}`; });

      for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(20)) {
        const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
        if (response?.ok) return server;
        if (!running()) break;
      }
      throw new Error(`the server did not start:\n${output}`);
    },

    /** The lines of the log so far, where it is in JSON. */
    log: () => printed.split('\n').filter(Boolean).map((line) => JSON.parse(line)),

    /** Runs another command of the binary on the same data. */
    run: (...command) => promisify(execFile)(binary, command, options),

    /** Stops the server with a signal: SIGKILL like a crash, SIGTERM like a deployment. */
    async stop(signal) {
      if (!running()) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },

    async dispose() {
      await server.stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return server.start().catch(async (error) => {
    await server.dispose();
    throw error;
  });
}
