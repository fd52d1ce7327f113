// The stack most teams pick: Apollo Server 5 on Express 5, graphql-ws over ws, graphql-subscriptions,
// DataLoader, better-sqlite3, JWT, Argon2id (19 MiB, 2 passes).
import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginDrainHttpServer } from '@apollo/server/plugin/drainHttpServer';
import { expressMiddleware } from '@as-integrations/express5';
import { hash, verify } from '@node-rs/argon2';
import Database from 'better-sqlite3';
import DataLoader from 'dataloader';
import express from 'express';
import { GraphQLError } from 'graphql';
import { PubSub } from 'graphql-subscriptions';
import { useServer } from 'graphql-ws/use/ws';
import { makeExecutableSchema } from '@graphql-tools/schema';
import jwt from 'jsonwebtoken';
import { WebSocketServer } from 'ws';
import { makeResolvers } from '../common/chat.js';
import { openStore, uuidv7 } from '../common/store.js';

const { PORT = 4000, DB_FILE = 'chat.db', SQLITE_SYNCHRONOUS = 'NORMAL', JWT_SECRET = 'only for the bench' } = process.env;

// As a key object: jsonwebtoken tries to read a string as a public key first, which costs more than the request.
const secret = createSecretKey(Buffer.from(JWT_SECRET));
const store = openStore(Database, { file: DB_FILE, synchronous: SQLITE_SYNCHRONOUS });
const pubsub = new PubSub();
pubsub.ee.setMaxListeners(0);

const schema = makeExecutableSchema({
  typeDefs: readFileSync(new URL('../common/schema.graphql', import.meta.url), 'utf8'),
  resolvers: makeResolvers({
    store,
    tokens: { newId: uuidv7, sign: (userId, days) => jwt.sign({ userId }, secret, { expiresIn: `${days}d` }) },
    passwords: { hash: (p) => hash(p, { memoryCost: 19456, timeCost: 2, parallelism: 1 }), verify },
    publish: (topic, event) => pubsub.publish(topic, event),
    subscribe: (topic) => pubsub.asyncIterableIterator(topic),
    fail: (code, message) => {
      throw new GraphQLError(message, { extensions: { code } });
    },
  }),
});

function context(authorization) {
  let viewerId = null;
  if (authorization?.startsWith('Bearer ')) {
    try {
      viewerId = jwt.verify(authorization.slice(7), secret, { algorithms: ['HS256'] }).userId;
    } catch {}
  }
  return { viewerId, users: new DataLoader(async (ids) => store.usersByIds(ids)) };
}

const app = express();
app.disable('x-powered-by');
const server = http.createServer(app);
server.keepAliveTimeout = 65_000;

const wss = new WebSocketServer({ server, path: '/graphql', perMessageDeflate: false });
const ws = useServer(
  {
    schema,
    context: (ctx) => context(ctx.connectionParams?.authorization ?? ctx.extra.request.headers.authorization),
  },
  wss,
);

const apollo = new ApolloServer({
  schema,
  introspection: false,
  plugins: [
    ApolloServerPluginDrainHttpServer({ httpServer: server }),
    { serverWillStart: async () => ({ drainServer: () => ws.dispose() }) },
  ],
});
await apollo.start();
app.use('/graphql', express.json({ limit: '100kb' }), expressMiddleware(apollo, { context: async ({ req }) => context(req.headers.authorization) }));

server.listen(Number(PORT), '127.0.0.1', 4096);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
