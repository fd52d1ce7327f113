// What the GraphQL peers have in common around their resolvers: settings, store, tokens (JWT), passwords (Argon2id, 19 MiB,
// 2 passes), and the context of a request. The libraries are passed in, as each peer has its own.
import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { openStore, uuidv7 } from './store.js';

export const typeDefs = readFileSync(new URL('./schema.graphql', import.meta.url), 'utf8');

export function makeStack({ Database, DataLoader, argon2, jwt }) {
  const { PORT = 4000, DB_FILE = 'chat.db', SQLITE_SYNCHRONOUS = 'NORMAL', JWT_SECRET = 'only for the bench' } = process.env;
  // As a key object: jsonwebtoken tries to read a string as a public key first, which costs more than the request.
  const secret = createSecretKey(Buffer.from(JWT_SECRET));
  const store = openStore(Database, { file: DB_FILE, synchronous: SQLITE_SYNCHRONOUS });

  function context(authorization) {
    let viewerId = null;
    if (authorization?.startsWith('Bearer ')) {
      try {
        viewerId = jwt.verify(authorization.slice(7), secret, { algorithms: ['HS256'] }).userId;
      } catch {}
    }
    return { viewerId, users: new DataLoader(async (ids) => store.usersByIds(ids)) };
  }

  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
  return {
    port: Number(PORT),
    context,
    store,
    tokens: { newId: uuidv7, sign: (userId, days) => jwt.sign({ userId }, secret, { expiresIn: `${days}d` }) },
    passwords: { hash: (p) => argon2.hash(p, { memoryCost: 19456, timeCost: 2, parallelism: 1 }), verify: argon2.verify },
  };
}
