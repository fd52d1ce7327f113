// The chat's tables in SQLite, for the GraphQL peers. Rows carry the names of the GraphQL fields.
// The driver is passed in, so that this folder needs no packages of its own.
import { randomBytes } from 'node:crypto';

export function uuidv7() {
  const b = randomBytes(16);
  b.writeUIntBE(Date.now(), 0, 6);
  b[6] = (b[6] & 0x0f) | 0x70;
  b[8] = (b[8] & 0x3f) | 0x80;
  const h = b.toString('hex');
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
}

export function openStore(Database, { file, synchronous = 'NORMAL' }) {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma(`synchronous = ${synchronous}`);
  db.exec(`
    CREATE TABLE IF NOT EXISTS users (
      id TEXT PRIMARY KEY, fullName TEXT NOT NULL, email TEXT NOT NULL UNIQUE, passwordHash TEXT NOT NULL, createdAt INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS conversations (
      id TEXT PRIMARY KEY, kind TEXT NOT NULL, title TEXT, directKey TEXT UNIQUE, lastSeq INTEGER NOT NULL DEFAULT 0,
      activeAt INTEGER NOT NULL DEFAULT 0, createdAt INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS members (
      conversationId TEXT NOT NULL, userId TEXT NOT NULL, lastReadSeq INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (conversationId, userId)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS membersByUser ON members (userId);
    CREATE TABLE IF NOT EXISTS messages (
      pos INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, conversationId TEXT NOT NULL, seq INTEGER NOT NULL,
      senderId TEXT NOT NULL, text TEXT, createdAt INTEGER NOT NULL, UNIQUE (conversationId, seq));
  `);
  const q = (sql) => db.prepare(sql);
  const s = {
    addUser: q('INSERT INTO users VALUES (@id, @fullName, @email, @passwordHash, @createdAt)'),
    userById: q('SELECT * FROM users WHERE id = ?'),
    usersByIds: q('SELECT * FROM users WHERE id IN (SELECT value FROM json_each(?))'),
    userByEmail: q('SELECT * FROM users WHERE email = ?'),
    users: q('SELECT * FROM users WHERE id <> ? ORDER BY fullName LIMIT ?'),
    addConversation: q('INSERT INTO conversations (id, kind, title, directKey, createdAt) VALUES (@id, @kind, @title, @directKey, @createdAt)'),
    conversation: q('SELECT * FROM conversations WHERE id = ?'),
    direct: q('SELECT * FROM conversations WHERE directKey = ?'),
    addMember: q('INSERT OR IGNORE INTO members (conversationId, userId) VALUES (?, ?)'),
    isMember: q('SELECT 1 FROM members WHERE conversationId = ? AND userId = ?').pluck(),
    memberIds: q('SELECT userId FROM members WHERE conversationId = ?').pluck(),
    members: q('SELECT u.* FROM members m JOIN users u ON u.id = m.userId WHERE m.conversationId = ?'),
    otherUser: q('SELECT u.* FROM members m JOIN users u ON u.id = m.userId WHERE m.conversationId = ? AND m.userId <> ?'),
    unread: q('SELECT c.lastSeq - m.lastReadSeq FROM conversations c JOIN members m ON m.conversationId = c.id WHERE c.id = ? AND m.userId = ?').pluck(),
    // One statement for the whole list: the conversation, the reader's mark, and the other side of a direct conversation.
    conversations: q(`
      SELECT c.*, c.lastSeq - m.lastReadSeq AS unreadCount, u.id AS otherId, u.fullName AS otherName, u.createdAt AS otherCreatedAt
      FROM members m JOIN conversations c ON c.id = m.conversationId
      LEFT JOIN members o ON c.kind = 'DIRECT' AND o.conversationId = c.id AND o.userId <> m.userId
      LEFT JOIN users u ON u.id = o.userId
      WHERE m.userId = ? ORDER BY c.activeAt DESC, c.id DESC LIMIT ?`),
    nextSeq: q('UPDATE conversations SET lastSeq = lastSeq + 1, activeAt = ? WHERE id = ? RETURNING lastSeq').pluck(),
    // Who writes has read.
    hasRead: q('UPDATE members SET lastReadSeq = ? WHERE conversationId = ? AND userId = ?'),
    message: q('SELECT * FROM messages WHERE conversationId = ? AND seq = ?'),
    addMessage: q('INSERT INTO messages (id, conversationId, seq, senderId, text, createdAt) VALUES (@id, @conversationId, @seq, @senderId, @text, @createdAt)'),
    last: q('SELECT * FROM messages WHERE conversationId = ? AND seq < ? ORDER BY seq DESC LIMIT ?'),
    first: q('SELECT * FROM messages WHERE conversationId = ? AND seq > ? ORDER BY seq LIMIT ?'),
    seqOfPos: q('SELECT seq FROM messages WHERE pos = ?').pluck(),
    feed: q('SELECT * FROM messages WHERE pos > ? AND conversationId IN (SELECT conversationId FROM members WHERE userId = ?) ORDER BY pos LIMIT ?'),
    feedOf: q('SELECT * FROM messages WHERE pos > ? AND conversationId = ? ORDER BY pos LIMIT ?'),
  };

  const addConversation = (kind, title, directKey, ids) => {
    const c = { id: uuidv7(), kind, title, directKey, createdAt: Date.now() };
    s.addConversation.run(c);
    for (const id of ids) s.addMember.run(c.id, id);
    return { ...c, lastSeq: 0 };
  };
  const directKey = (a, b) => (a < b ? `${a}:${b}` : `${b}:${a}`);

  return {
    addUser: (u) => { s.addUser.run(u); return u; },
    user: (id) => s.userById.get(id),
    userByEmail: (email) => s.userByEmail.get(email),
    users: (viewerId, first) => s.users.all(viewerId, first),
    usersByIds(ids) {
      const found = new Map(s.usersByIds.all(JSON.stringify(ids)).map((u) => [u.id, u]));
      return ids.map((id) => found.get(id));
    },
    members: (conversationId) => s.members.all(conversationId),
    memberIds: (conversationId) => s.memberIds.all(conversationId),
    /** The conversation that `ref` names, when `viewerId` is in it. */
    conversation(ref, viewerId) {
      const c = ref.userId ? s.direct.get(directKey(ref.userId, viewerId)) : s.conversation.get(ref.conversationId);
      return c && s.isMember.get(c.id, viewerId) ? c : undefined;
    },
    addGroup: db.transaction((title, ids) => addConversation('GROUP', title, null, ids)),
    /** Stores a message; null when the sender may not write there. */
    addMessage: db.transaction(function (ref, senderId, text) {
      let c = this.conversation(ref, senderId);
      if (!c && ref.userId && s.userById.get(ref.userId)) {
        c = addConversation('DIRECT', null, directKey(ref.userId, senderId), [ref.userId, senderId]);
      }
      if (!c) return null;
      const createdAt = Date.now();
      const m = { id: uuidv7(), conversationId: c.id, seq: s.nextSeq.get(createdAt, c.id), senderId, text, createdAt };
      s.hasRead.run(m.seq, c.id, senderId);
      m.pos = Number(s.addMessage.run(m).lastInsertRowid);
      return m;
    }),
    message: (conversationId, seq) => s.message.get(conversationId, seq),
    otherUser: (conversationId, userId) => s.otherUser.get(conversationId, userId),
    unread: (conversationId, userId) => s.unread.get(conversationId, userId),
    /** A user's conversations, the most recently active first. */
    conversations: (userId, first) =>
      s.conversations.all(userId, first).map(({ otherId, otherName, otherCreatedAt, ...c }) => ({
        ...c, otherUser: otherId ? { id: otherId, fullName: otherName, createdAt: otherCreatedAt } : null,
      })),
    /** One page, oldest to newest. */
    page(conversationId, { first, after, last, before }) {
      const forward = first != null;
      const size = Math.min(first ?? last ?? 50, 200);
      const rows = forward
        ? s.first.all(conversationId, after ? s.seqOfPos.get(Number(after)) ?? 0 : 0, size + 1)
        : s.last.all(conversationId, before ? s.seqOfPos.get(Number(before)) ?? 0 : Number.MAX_SAFE_INTEGER, size + 1);
      const more = rows.length > size;
      if (more) rows.pop();
      if (!forward) rows.reverse();
      return { nodes: rows, hasNextPage: forward ? more : before != null, hasPreviousPage: forward ? after != null : more };
    },
    /** What came after a place in the feed: of one conversation, or of all of the viewer's. */
    feed: (viewerId, conversationId, pos, limit) =>
      conversationId ? s.feedOf.all(pos, conversationId, limit) : s.feed.all(pos, viewerId, limit),
    close: () => db.close(),
  };
}
