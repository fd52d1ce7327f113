// The fastest of the well-known Node GraphQL servers: Fastify 5, mercurius with its JIT and its own
// subscriptions (mqemitter), better-sqlite3, JWT, Argon2id (19 MiB, 2 passes).
import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hash, verify } from '@node-rs/argon2';
import Database from 'better-sqlite3';
import DataLoader from 'dataloader';
import Fastify from 'fastify';
import jwt from 'jsonwebtoken';
import mercurius from 'mercurius';
import { makeResolvers } from '../common/chat.js';
import { openStore, uuidv7 } from '../common/store.js';

const { PORT = 4000, DB_FILE = 'chat.db', SQLITE_SYNCHRONOUS = 'NORMAL', JWT_SECRET = 'only for the bench' } = process.env;

// As a key object: jsonwebtoken tries to read a string as a public key first, which costs more than the request.
const secret = createSecretKey(Buffer.from(JWT_SECRET));
const store = openStore(Database, { file: DB_FILE, synchronous: SQLITE_SYNCHRONOUS });
const app = Fastify({ logger: false, bodyLimit: 100 * 1024, keepAliveTimeout: 65_000 });

function context(authorization) {
  let viewerId = null;
  if (authorization?.startsWith('Bearer ')) {
    try {
      viewerId = jwt.verify(authorization.slice(7), secret, { algorithms: ['HS256'] }).userId;
    } catch {}
  }
  return { viewerId, users: new DataLoader(async (ids) => store.usersByIds(ids)) };
}

await app.register(mercurius, {
  schema: readFileSync(new URL('../common/schema.graphql', import.meta.url), 'utf8'),
  resolvers: makeResolvers({
    store,
    tokens: { newId: uuidv7, sign: (userId, days) => jwt.sign({ userId }, secret, { expiresIn: `${days}d` }) },
    passwords: { hash: (p) => hash(p, { memoryCost: 19456, timeCost: 2, parallelism: 1 }), verify },
    publish: (topic, payload) => app.graphql.pubsub.publish({ topic, payload }),
    subscribe: (topic, ctx) => ctx.pubsub.subscribe(topic),
    fail: (code, message) => {
      throw new mercurius.ErrorWithProps(message, { code }, 200);
    },
  }),
  context: (request) => context(request.headers.authorization),
  jit: 1,
  graphiql: false,
  subscription: {
    context: (_socket, request) => context(request.headers.authorization),
    onConnect: ({ payload }) => (payload?.authorization ? context(payload.authorization) : true),
  },
});

await app.listen({ port: Number(PORT), host: '127.0.0.1', backlog: 4096 });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
