// A private PostgreSQL server with throw-away data for the tests of one file, as tests/support/postgres.rs has it.
import { execFile, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './free-port.mjs';

const run = promisify(execFile);

/** The user `nobody`: PostgreSQL refuses to run as root. */
const NOBODY = 65_534;
const identity = process.getuid() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

/** Runs the server until the standard input closes, which it does when this process ends, however it ends. */
const UNTIL_CLOSED = `
  "$1/postgres" -D "$2" >>"$2/log" 2>&1 &
  server=$!
  cat >/dev/null
  kill -QUIT $server; wait $server
  rm -rf "$2"
`;

let server;
let databases = 0;

/** Creates a database; its address. The first call starts the server. */
export async function createDatabase() {
  server ??= start();
  const { programs, port } = await server;
  const name = `clients_${databases += 1}`;
  await run(join(programs, 'createdb'), ['-h', '127.0.0.1', '-p', String(port), '-U', 'parlour', name], { ...identity, cwd: '/' });
  return `postgres://parlour@127.0.0.1:${port}/${name}`;
}

async function start() {
  const programs = findPrograms();
  const folder = mkdtempSync(join(tmpdir(), 'parlour-postgres-'));
  if (identity.uid) chownSync(folder, identity.uid, identity.gid);
  const options = { ...identity, cwd: '/' };
  const layout = ['-D', folder, '-U', 'parlour', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
  await run(join(programs, 'initdb'), layout, options);
  const port = await freePort();
  const settings = {
    port, listen_addresses: "'127.0.0.1'", unix_socket_directories: "''", max_connections: 200,
    fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  writeFileSync(join(folder, 'postgresql.auto.conf'), lines.join(''));
  const keeper = spawn('/bin/sh', ['-c', UNTIL_CLOSED, 'sh', programs, folder], { ...options, stdio: ['pipe', 'ignore', 'inherit'] });
  // The tests end without it.
  keeper.unref();
  keeper.stdin.unref();
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(50)) {
    const asked = run(join(programs, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)], options);
    if (await asked.then(() => true, () => false)) return { programs, port };
  }
  throw new Error('PostgreSQL does not start');
}

/** The folder of the newest server's programs: Debian has one for each version. */
function findPrograms() {
  const root = '/usr/lib/postgresql';
  const newest = Math.max(...readdirSync(root).map(Number).filter(Number.isInteger));
  return join(root, String(newest), 'bin');
}
