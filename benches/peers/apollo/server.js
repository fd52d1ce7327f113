// The stack most teams pick: Apollo Server 5 on Express 5, graphql-ws over ws, graphql-subscriptions,
// DataLoader, better-sqlite3, JWT, Argon2id (19 MiB, 2 passes).
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
import { makeStack, typeDefs } from '../common/stack.js';

const { port, context, ...stack } = makeStack({ Database, DataLoader, argon2: { hash, verify }, jwt });
const pubsub = new PubSub();
pubsub.ee.setMaxListeners(0);

const schema = makeExecutableSchema({
  typeDefs,
  resolvers: makeResolvers({
    ...stack,
    publish: (topic, event) => pubsub.publish(topic, event),
    subscribe: (topic) => pubsub.asyncIterableIterator(topic),
    fail: (code, message) => {
      throw new GraphQLError(message, { extensions: { code } });
    },
  }),
});

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

server.listen(port, '127.0.0.1', 4096);
