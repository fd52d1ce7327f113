// The files in deploy/, each run by the real proxy: TLS, cookies, images of the largest size, quiet sockets, and the clients'
// addresses. Only ports, users, paths and
// the names of other machines are replaced.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { png } from './png.mjs';
import { freePort, startServer } from './server.mjs';

const NAME = 'chat.example.org';
const ORIGIN = `https://${NAME}`;
const LARGEST_IMAGE = 10 * 1024 * 1024;
const isRoot = process.getuid() === 0;

let server, folder, certificate;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parlour-proxies-'));
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${NAME}`,
    '-addext', `subjectAltName=DNS:${NAME}`, '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'chain.pem'),
  ], { stdio: 'ignore' });
  certificate = readFileSync(join(folder, 'chain.pem'));
  writeFileSync(join(folder, 'both.pem'), certificate + readFileSync(join(folder, 'key.pem'), 'utf8'));
  server = await startServer({
    APP_ENV: 'production',
    JWT_SECRET: 'only for these tests, and long enough',
    PUBLIC_URL: ORIGIN,
    TRUSTED_PROXIES: '127.0.0.1',
    RUST_LOG: 'info',
  });
});
after(async () => {
  await server?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** Caddy with one of its files, whose site is called so in there. */
function caddy(name, file, client, site = 'chat.example.org') {
  return {
    name,
    file,
    client,
    changes: ({ http, https }) => [
      [
        `${site} {`,
        `{\nadmin off\nhttp_port ${http}\nhttps_port ${https}\n}\n${site} {\ntls ${join(folder, 'chain.pem')} ${join(folder, 'key.pem')}`,
      ],
    ],
    command: (config) => ['caddy', 'run', '--adapter', 'caddyfile', '--config', config],
  };
}

const proxies = [
  {
    name: 'nginx',
    file: 'nginx.conf',
    client: '127.0.0.2',
    changes: ({ own, http, https }) => [
      ['user www-data;', isRoot ? 'user root;' : ''],
      ['/run/', `${own}/`],
      ['/var/log/nginx/', `${own}/`],
      ['http {', `http {\n${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${own}/${kind};`).join('\n')}`],
      ['listen [::]:80;', ''],
      ['listen [::]:443 ssl http2;', ''],
      ['listen 80;', `listen 127.0.0.1:${http};`],
      ['listen 443 ', `listen 127.0.0.1:${https} `],
      ['/etc/letsencrypt/live/chat.example.org/fullchain.pem', join(folder, 'chain.pem')],
      ['/etc/letsencrypt/live/chat.example.org/privkey.pem', join(folder, 'key.pem')],
    ],
    command: (config) => ['nginx', '-c', config, '-g', 'daemon off;'],
  },
  caddy('Caddy', 'Caddyfile', '127.0.0.3'),
  // Of its two nodes the first one is away.
  {
    ...caddy('Caddy-nodes', 'Caddyfile.nodes', '127.0.0.5'),
    upstreams: ({ nobody }) => [['node-1:3000', `127.0.0.1:${nobody}`], ['node-2:3000', `127.0.0.1:${server.port}`]],
  },
  {
    ...caddy('Caddy-container', 'Caddyfile.container', '127.0.0.6', '{$PUBLIC_URL}'),
    upstreams: () => [['parlour:3000', `127.0.0.1:${server.port}`]],
  },
  {
    name: 'HAProxy',
    file: 'haproxy.cfg',
    client: '127.0.0.4',
    changes: ({ http, https }) => [
      ['    user haproxy\n    group haproxy\n', ''],
      ['bind :80', `bind 127.0.0.1:${http}`],
      ['bind :443', `bind 127.0.0.1:${https}`],
      ['/etc/haproxy/chat.example.org.pem', join(folder, 'both.pem')],
    ],
    command: (config) => ['haproxy', '-db', '-f', config],
  },
];

// Side by side, as each waits for two pings of the server.
test('Parlour behind a proxy', { concurrency: true, timeout: 600_000 }, (parent) => Promise.all(proxies.map((proxy) =>
  parent.test(`${proxy.name} by deploy/${proxy.file}`, async (t) => {
    const ports = { http: await freePort(), https: await freePort(), nobody: await freePort() };
    await start(t, proxy, ports);
    const browser = browserAt(ports.https, proxy.client);

    const redirect = await answer(requestPlain({ port: ports.http, host: '127.0.0.1', path: '/x', headers: { host: NAME } }));
    assert.equal(redirect.status, 308);
    assert.match(redirect.headers.location, /^https:\/\/chat\.example\.org(:\d+)?\/x$/);

    const input = { fullName: proxy.name, email: `${proxy.name}@example.org`, password: 'correct horse battery' };
    const signup = await browser.ask('mutation ($input: SignupInput!) { signup(input: $input) { user { id } } }', { input });
    const cookie = signup.headers['set-cookie'][0];
    assert.match(cookie, /^__Host-jwt=[^;]+;.*; Secure/);
    browser.cookie = cookie.split(';')[0];
    assert.equal((await browser.ask('{ me { fullName } }')).data.me.fullName, proxy.name);

    await streams(browser);
    const quiet = twoPings(browser);
    quiet.catch(() => {}); // Awaited at the end, if nothing else fails before.
    const { data } = await browser.sendImage(largestImage());
    assert.equal(data.sendMessage.image.width, 64);
    const image = await browser.get(new URL(data.sendMessage.image.url).pathname + new URL(data.sendMessage.image.url).search);
    assert.deepEqual([image.status, image.body.length], [200, data.sendMessage.image.byteSize]);

    await quiet;
    // By now everything is logged. It is the client's own address, whatever it claims, and not the proxy's.
    const addresses = new Set(server.log().filter((line) => line['http.path'] === '/graphql').map((line) => line['client.address']));
    assert.ok(addresses.has(proxy.client), [...addresses].join(' '));
    assert.ok(!addresses.has('127.0.0.1') && !addresses.has('203.0.113.9'), [...addresses].join(' '));
  }))));

/** Runs a proxy with its file from deploy/ until the test ends. */
async function start(t, proxy, ports) {
  const own = join(folder, proxy.name);
  mkdirSync(own);
  let config = readFileSync(new URL(`../../deploy/${proxy.file}`, import.meta.url), 'utf8');
  const upstreams = proxy.upstreams?.(ports) ?? [['127.0.0.1:3000', `127.0.0.1:${server.port}`]];
  const changes = [...proxy.changes({ own, ...ports }), ...upstreams];
  for (const [from, to] of changes) {
    assert.ok(config.includes(from), `deploy/${proxy.file} has no ${from}`);
    config = config.replaceAll(from, to);
  }
  writeFileSync(join(own, proxy.file), config);
  const [program, ...parameters] = proxy.command(join(own, proxy.file));
  const environment = {
    ...process.env, PATH: `${process.env.PATH}:/usr/sbin`, HOME: own, XDG_DATA_HOME: own, XDG_CONFIG_HOME: own, PUBLIC_URL: ORIGIN,
  };
  const child = spawn(program, parameters, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { output += data; });
  child.on('error', (error) => { output += error.message; });
  t.after(async () => {
    if (child.pid === undefined || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  });
  const browser = browserAt(ports.https, proxy.client);
  for (const deadline = Date.now() + 30_000; ; await sleep(50)) {
    const reached = await browser.get('/readyz').catch(() => null);
    if (reached?.status === 200) return;
    assert.ok(Date.now() < deadline && child.exitCode === null && child.pid, `${proxy.name} did not start:\n${output}`);
  }
}

/** A browser with an address of its own, which also claims another one. */
function browserAt(port, localAddress) {
  const options = { host: '127.0.0.1', port, servername: NAME, ca: certificate, localAddress, agent: false };
  const headers = () => ({
    host: NAME,
    origin: ORIGIN,
    'x-forwarded-for': '203.0.113.9',
    ...(browser.cookie && { cookie: browser.cookie }),
  });
  const send = async (path, method = 'GET', more = {}, body = undefined) =>
    answer(requestTls({ ...options, path, method, headers: { ...headers(), ...more } }), body);
  const post = async (more, body) => {
    const { status, headers: received, body: text } = await send('/graphql', 'POST', more, body);
    assert.equal(status, 200, text.toString());
    const { data, errors } = JSON.parse(text);
    assert.equal(errors, undefined, text.toString());
    return { data, headers: received };
  };
  const browser = {
    cookie: undefined,
    get: send,
    ask: (query, variables) => post({ 'content-type': 'application/json' }, JSON.stringify({ query, variables })),
    async sendImage(file) {
      const form = new FormData();
      const me = (await browser.ask('mutation { createConversation(input: { title: "Notes", memberIds: [] }) { id } }')).data;
      const query = `mutation ($to: ConversationRef!, $file: Upload!) {
        sendMessage(input: { to: $to, image: { file: $file } }) { image { width byteSize url } }
      }`;
      const variables = { to: { conversationId: me.createConversation.id }, file: null };
      form.set('operations', JSON.stringify({ query, variables }));
      form.set('map', JSON.stringify({ 0: ['variables.file'] }));
      form.set('0', new Blob([file], { type: 'image/png' }), 'largest.png');
      const encoded = new Response(form);
      const type = encoded.headers.get('content-type');
      return post({ 'content-type': type, 'graphql-require-preflight': '1' }, Buffer.from(await encoded.arrayBuffer()));
    },
    /** An open stream of server-sent events, as an `EventSource` asks for it. */
    async stream(query, last) {
      const path = `/graphql?${new URLSearchParams({ query })}`;
      const more = { accept: 'text/event-stream', ...(last && { 'last-event-id': last }) };
      const request = requestTls({ ...options, path, headers: { ...headers(), ...more } });
      request.end();
      const [response] = await once(request, 'response');
      assert.equal(response.statusCode, 200);
      return response;
    },
    socket: () =>
      new WebSocket(`wss://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', { ...options, headers: headers(), agent: undefined }),
  };
  return browser;
}

/** The answer to a request, whole. */
async function answer(request, body) {
  request.end(body);
  const [response] = await once(request, 'response');
  const parts = [];
  for await (const part of response) parts.push(part);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) };
}

/** Events arrive when they happen and not when a buffer is full, and a stream that is cut resumes. */
async function streams(browser) {
  const title = 'mutation ($title: String!) { createConversation(input: { title: $title, memberIds: [] }) { id } }';
  const query = 'subscription { events { __typename ... on ConversationChanged { conversation { title } } } }';
  let last;
  for (const expected of [['CaughtUp', 'one'], ['two', 'CaughtUp', 'three']]) {
    const stream = await browser.stream(query, last);
    let text = '';
    stream.on('data', (data) => { text += data; });
    for (const wanted of expected) {
      if (wanted === expected.at(-1)) await browser.ask(title, { title: wanted });
      for (const deadline = Date.now() + 30_000; !text.includes(`"${wanted}"`); await sleep(10)) {
        assert.ok(Date.now() < deadline, `no ${wanted} in ${text}`);
      }
    }
    last = text.match(/^id: (.*)$/gm).at(-1).slice(4);
    stream.destroy();
    if (expected.includes('one')) await browser.ask(title, { title: 'two' });
  }
}

function largestImage() {
  const chunk = 12;
  const file = png(64, 64, undefined, LARGEST_IMAGE - png(64, 64).length - chunk);
  assert.equal(file.length, LARGEST_IMAGE);
  return file;
}

/** A socket that is signed in by its cookie, and on which nothing happens between two pings of the server. */
async function twoPings(browser) {
  const socket = browser.socket();
  const closed = once(socket, 'close').then(([code, reason]) => assert.fail(`closed: ${code} ${reason}`));
  const message = async (sent, type) => {
    const next = once(socket, 'message');
    socket.send(JSON.stringify({ type: sent }));
    assert.equal(JSON.parse((await next)[0]).type, type);
  };
  const quiet = async () => {
    await once(socket, 'open');
    await message('connection_init', 'connection_ack');
    await once(socket, 'ping');
    await once(socket, 'ping');
    await message('ping', 'pong');
  };
  await Promise.race([quiet(), closed]);
  closed.catch(() => {});
  socket.terminate();
}
