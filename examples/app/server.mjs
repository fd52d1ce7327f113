// A small shop with accounts of its own, and a chat about each order, live in its pages. docs/adopt.md goes through it.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { openParlour } from './chat/parlour.mjs';
import { emptyOutbox } from './chat/outbox.mjs';
import { isGenuine } from './chat/verify-webhook.mjs';
import { uuid7 } from './front-end/parlour/uuid7.js';
import { openShop } from './shop.mjs';

const setting = (name, otherwise) => {
  const value = process.env[name] ?? otherwise;
  if (value === undefined) throw new Error(`set ${name}`);
  return value;
};
const url = setting('PARLOUR_URL', 'http://localhost:3000/graphql');
const port = Number(setting('PORT', '4000'));
const origin = `http://localhost:${port}`;
const webhookSecret = setting('WEBHOOK_SECRET', '');

const shop = openShop(setting('SHOP_DB', 'shop.db'), uuid7);
const parlour = openParlour({
  url,
  key: setting('PARLOUR_KEY'),
  secret: setting('AUTH_JWT_SECRET'),
  issuer: setting('AUTH_JWT_ISSUER', origin),
  audience: setting('AUTH_JWT_AUDIENCE', 'parlour'),
});
const outbox = emptyOutbox(shop, parlour.perform);

const bundle = await build({
  entryPoints: [new URL('front-end/app.js', import.meta.url).pathname],
  bundle: true, format: 'esm', write: false, define: { 'process.env.NODE_ENV': '"production"' }, logLevel: 'warning',
});
const files = {
  '/': { type: 'text/html; charset=utf-8', body: readFileSync(new URL('front-end/index.html', import.meta.url)) },
  '/app.js': { type: 'text/javascript; charset=utf-8', body: bundle.outputFiles[0].text },
};

/** The body of a request, of up to 1 MiB. */
async function bodyOf(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > 2 ** 20) throw new Error('the body is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

const loginOf = ({ headers }) => headers.cookie?.match(/(?:^|; )login=([^;]+)/)?.[1] ?? '';
/** Answers with a cookie of the shop's own, or with a reason. */
const signedIn = (response, token, reason) => {
  if (!token) return response.writeHead(403).end(reason);
  return response.writeHead(204, { 'set-cookie': `login=${token}; HttpOnly; SameSite=Strict; Path=/` }).end();
};

/** Answers whoever asks where an order is: what customers write comes here, whether anybody is looking or not. */
function hear({ message }) {
  const order = Number(message.conversation.externalId?.match(/^order-(\d+)$/)?.[1]);
  if (!/\bwhere\b/i.test(message.text ?? '') || message.sender.externalId === 'shop') return;
  const state = shop.stateOf(order);
  if (state) shop.say(order, `Your order is ${state}.`);
}

const routes = {
  async 'POST /signup'(request, response) {
    const { name, password } = JSON.parse(await bodyOf(request));
    signedIn(response, shop.signUp(name, password), 'This name is taken.');
    outbox.soon();
  },
  async 'POST /login'(request, response) {
    const { name, password } = JSON.parse(await bodyOf(request));
    signedIn(response, shop.logIn(name, password), 'Name or password are wrong.');
  },
  'GET /orders'(_, response, customer) {
    if (!customer) return response.writeHead(204).end();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(shop.orders(customer)));
  },
  async 'POST /orders'(request, response, customer) {
    shop.order(customer, JSON.parse(await bodyOf(request)).item);
    outbox.soon();
    response.writeHead(204).end();
  },
  /** What the front end signs in to the chat with. */
  'GET /chat'(_, response, customer) {
    const body = JSON.stringify({ url, token: parlour.tokenFor(customer) });
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(body);
  },
  async 'POST /webhook'(request, response) {
    const body = await bodyOf(request);
    if (!isGenuine(request.headers, body, webhookSecret)) return response.writeHead(401).end();
    const { data } = JSON.parse(body);
    if (data?.events.__typename === 'MessageAdded') hear(data.events);
    // Only now: what has no answer of 2xx is POSTed again.
    response.writeHead(204).end();
    outbox.soon();
  },
};
const OPEN = new Set(['POST /signup', 'POST /login', 'GET /orders', 'POST /webhook']);

const server = createServer(async (request, response) => {
  try {
    const name = `${request.method} ${request.url}`;
    const file = request.method === 'GET' && files[request.url];
    if (file) return response.writeHead(200, { 'content-type': file.type }).end(file.body);
    const customer = shop.customer(loginOf(request));
    if (!routes[name]) return response.writeHead(404).end();
    if (!customer && !OPEN.has(name)) return response.writeHead(401).end();
    await routes[name](request, response, customer);
  } catch (error) {
    console.error(error);
    if (!response.headersSent) response.writeHead(500).end();
  }
}).listen(port, '127.0.0.1', () => console.log(`The shop: ${origin}`));

process.on('SIGTERM', () => {
  outbox.stop();
  server.closeAllConnections();
  server.close(() => shop.close());
});
