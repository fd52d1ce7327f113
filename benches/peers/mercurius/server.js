// The fastest of the well-known Node GraphQL servers: Fastify 5, mercurius with its JIT and its own
// subscriptions (mqemitter), better-sqlite3, JWT, Argon2id (19 MiB, 2 passes).
import { hash, verify } from '@node-rs/argon2';
import Database from 'better-sqlite3';
import DataLoader from 'dataloader';
import Fastify from 'fastify';
import jwt from 'jsonwebtoken';
import mercurius from 'mercurius';
import { makeResolvers } from '../common/chat.js';
import { makeStack, typeDefs } from '../common/stack.js';

const { port, context, ...stack } = makeStack({ Database, DataLoader, argon2: { hash, verify }, jwt });
const app = Fastify({ logger: false, bodyLimit: 100 * 1024, keepAliveTimeout: 65_000 });

await app.register(mercurius, {
  schema: typeDefs,
  resolvers: makeResolvers({
    ...stack,
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

await app.listen({ port, host: '127.0.0.1', backlog: 4096 });
