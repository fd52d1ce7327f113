import { randomBytes } from 'node:crypto';

/** Like an ObjectId: 4 bytes of time, 8 random. */
const newId = () => {
  const b = randomBytes(12);
  b.writeUInt32BE(Math.floor(Date.now() / 1000));
  return b.toString('hex');
};

export function openStore(Database, { file, synchronous }) {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma(`synchronous = ${synchronous}`);
  db.exec(`
    CREATE TABLE IF NOT EXISTS users (
      _id TEXT PRIMARY KEY, fullName TEXT NOT NULL, email TEXT NOT NULL UNIQUE, password TEXT NOT NULL,
      profilePic TEXT NOT NULL DEFAULT '', createdAt TEXT NOT NULL, updatedAt TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS messages (
      pos INTEGER PRIMARY KEY, _id TEXT NOT NULL UNIQUE, senderId TEXT NOT NULL, receiverId TEXT NOT NULL,
      text TEXT, image TEXT, createdAt TEXT NOT NULL, updatedAt TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS messagesByPair ON messages (senderId, receiverId, pos);
    CREATE TABLE IF NOT EXISTS conversations (
      userId TEXT NOT NULL, otherId TEXT NOT NULL, lastPos INTEGER NOT NULL, unreadCount INTEGER NOT NULL,
      PRIMARY KEY (userId, otherId)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS conversationsByTime ON conversations (userId, lastPos);
  `);
  const columns = '_id, senderId, receiverId, text, image, createdAt, updatedAt';
  const s = {
    addUser: db.prepare('INSERT INTO users (_id, fullName, email, password, createdAt, updatedAt) VALUES (?, ?, ?, ?, ?, ?)'),
    user: db.prepare('SELECT * FROM users WHERE _id = ?'),
    byEmail: db.prepare('SELECT * FROM users WHERE email = ?'),
    others: db.prepare('SELECT * FROM users WHERE _id <> ?'),
    addMessage: db.prepare(`INSERT INTO messages (${columns}) VALUES (@_id, @senderId, @receiverId, @text, @image, @createdAt, @updatedAt)`),
    note: db.prepare(`
      INSERT INTO conversations VALUES (@userId, @otherId, @pos, @unread)
      ON CONFLICT DO UPDATE SET lastPos = @pos, unreadCount = (unreadCount + 1) * @unread`),
    conversations: db.prepare(`
      SELECT c.unreadCount, u._id AS otherId, u.fullName, u.profilePic, m._id, m.senderId, m.text, m.createdAt
      FROM conversations c JOIN users u ON u._id = c.otherId JOIN messages m ON m.pos = c.lastPos
      WHERE c.userId = ? ORDER BY c.lastPos DESC LIMIT ?`),
    between: db.prepare(`
      SELECT ${columns} FROM (
        SELECT * FROM (SELECT * FROM messages WHERE senderId = @a AND receiverId = @b ORDER BY pos DESC LIMIT @limit)
        UNION ALL
        SELECT * FROM (SELECT * FROM messages WHERE senderId = @b AND receiverId = @a AND @a <> @b ORDER BY pos DESC LIMIT @limit)
        ORDER BY pos DESC LIMIT @limit)
      ORDER BY pos`),
  };
  return {
    user: (id) => s.user.get(id),
    userByEmail: (email) => s.byEmail.get(email),
    others: (id) => s.others.all(id),
    addUser(fullName, email, password) {
      const now = new Date().toISOString();
      const _id = newId();
      s.addUser.run(_id, fullName, email, password, now, now);
      return s.user.get(_id);
    },
    addMessage: db.transaction((senderId, receiverId, text) => {
      const now = new Date().toISOString();
      const m = { _id: newId(), senderId, receiverId, text, image: null, createdAt: now, updatedAt: now };
      const pos = s.addMessage.run(m).lastInsertRowid;
      // Who writes has read.
      s.note.run({ userId: senderId, otherId: receiverId, pos, unread: 0 });
      if (senderId !== receiverId) s.note.run({ userId: receiverId, otherId: senderId, pos, unread: 1 });
      return m;
    }),
    /** The newest conversations of a user: the other side, the last message, how many are unread. */
    conversations: (id, limit) =>
      s.conversations.all(id, limit).map(({ otherId, fullName, profilePic, unreadCount, ...lastMessage }) => ({
        otherUser: { _id: otherId, fullName, profilePic }, lastMessage, unreadCount,
      })),
    /** The newest `limit` messages of two users, oldest first; all of them for -1. */
    between: (a, b, limit) => s.between.all({ a, b, limit }),
  };
}
