// The shop's own side: customers with passwords, and their orders, in its own database. It knows nothing of a chat but an
// outbox: what is to be done there is written in the transaction that it belongs to.
import { randomBytes, randomUUID, scryptSync, timingSafeEqual } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';

const TABLES = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS customer (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, salt BLOB NOT NULL, password BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS login (token TEXT PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customer (id));
  CREATE TABLE IF NOT EXISTS purchase (
    id INTEGER PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customer (id), item TEXT NOT NULL, state TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY, task TEXT NOT NULL);
`;

/** The shop on a database file. `messageId` makes ids for messages. */
export function openShop(file, messageId) {
  const db = new DatabaseSync(file);
  db.exec(TABLES);
  const hash = (password, salt) => scryptSync(password, salt, 32);
  const add = (task) => db.prepare('INSERT INTO outbox (task) VALUES (?)').run(JSON.stringify(task));
  // The id is chosen before the first try and kept: however often it is sent again, it is one message.
  const say = (order, text) => add({ kind: 'say', order, id: messageId(), text });
  const transaction = (work) => {
    db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      db.exec('COMMIT');
      return result;
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    }
  };
  const logIn = (customerId) => {
    const token = randomUUID();
    db.prepare('INSERT INTO login (token, customer_id) VALUES (?, ?)').run(token, customerId);
    return token;
  };

  return {
    /** The token of a new customer's first login; `undefined` if the name is taken. */
    signUp: (name, password) => transaction(() => {
      if (db.prepare('SELECT 1 FROM customer WHERE name = ?').get(name)) return undefined;
      const [id, salt] = [randomUUID(), randomBytes(16)];
      db.prepare('INSERT INTO customer (id, name, salt, password) VALUES (?, ?, ?, ?)').run(id, name, salt, hash(password, salt));
      add({ kind: 'customer', id, name });
      return logIn(id);
    }),
    /** The token of a login; `undefined` if name or password are wrong. */
    logIn(name, password) {
      const customer = db.prepare('SELECT id, salt, password FROM customer WHERE name = ?').get(name);
      const isRight = customer && timingSafeEqual(hash(password, customer.salt), customer.password);
      return isRight ? logIn(customer.id) : undefined;
    },
    customer: (token) =>
      db.prepare('SELECT id, name FROM customer JOIN login ON customer_id = customer.id WHERE token = ?').get(token),
    orders: (customer) => db.prepare('SELECT id, item, state FROM purchase WHERE customer_id = ? ORDER BY id').all(customer.id),
    /** The state of an order; `undefined` if there is none. */
    stateOf: (order) => db.prepare('SELECT state FROM purchase WHERE id = ?').get(order)?.state,
    order: (customer, item) => transaction(() => {
      const { lastInsertRowid: order } = db.prepare("INSERT INTO purchase (customer_id, item, state) VALUES (?, ?, 'being packed')")
        .run(customer.id, item);
      add({ kind: 'order', order, customer: customer.id, item });
      say(order, `Thank you! We are packing: ${item}.`);
      return order;
    }),
    say,
    /** The oldest task, which is done before any other. */
    nextTask() {
      const row = db.prepare('SELECT id, task FROM outbox ORDER BY id LIMIT 1').get();
      return row && { ...JSON.parse(row.task), done: () => db.prepare('DELETE FROM outbox WHERE id = ?').run(row.id) };
    },
    close: () => db.close(),
  };
}
