// A Parlour of a test's own: the real binary on a free port, with a data folder that goes with it.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const repository = fileURLToPath(new URL('../../', import.meta.url));
/** The program that is tested. */
export const binary = process.env.PARLOUR_BIN ?? join(repository, 'target/debug/parlour');

export async function startServer(settings = {}) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'parlour-clients-'));
  // In a folder of its own, so that a developer's .env in the repository means nothing to it.
  const options = {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: String(port),
      DATA_DIR: join(folder, 'data'),
      RATE_LIMITS: 'off',
      RUST_LOG: 'warn',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  };
  let child;
  const running = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null;

  const server = {
    port,
    url: `http://127.0.0.1:${port}/graphql`,

    /** Starts it again, on the same port and data. */
    async start() {
      child = spawn(binary, options);
      let output = '';
      child.stdout.on('data', (data) => { output += data; });
      child.stderr.on('data', (data) => { output += data; });
      child.on('error', (error) => { output += `${binary}: ${error.message}`; });

      for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(20)) {
        const alive = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null);
        if (alive?.ok) return server;
        if (!running()) break;
      }
      throw new Error(`the server did not start:\n${output}`);
    },

    /** Runs another command of the program on the same data. */
    run: (...command) => promisify(execFile)(binary, command, options),

    /** Ends it by a signal: SIGKILL as a crash would, SIGTERM as a deploy does. */
    async end(signal) {
      if (!running()) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },

    async dispose() {
      await server.end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return server.start().catch(async (error) => {
    await server.dispose();
    throw error;
  });
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
