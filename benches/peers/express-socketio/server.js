// The tutorial's stack and design: Express 4, Socket.IO 4, JWT in a cookie, bcryptjs, direct messages
// only. Its evident faults are mended: a sent message is emitted to the receiver, a user may
// have several sockets, a socket is known by its cookie instead of by what the client claims,
// history can be limited, and a list of conversations brings last messages and unread counts. SQLite stands in for MongoDB.
import { createSecretKey } from 'node:crypto';
import http from 'node:http';
import bcrypt from 'bcryptjs';
import Database from 'better-sqlite3';
import { parse as parseCookie } from 'cookie';
import cookieParser from 'cookie-parser';
import cors from 'cors';
import express from 'express';
import jwt from 'jsonwebtoken';
import { Server } from 'socket.io';
import { openStore } from './store.js';

const {
  PORT = 4000,
  DB_FILE = 'chat.db',
  SQLITE_SYNCHRONOUS = 'NORMAL',
  JWT_SECRET = 'only for the bench',
  ORIGIN = 'http://localhost:5173',
} = process.env;
const WEEK = 7 * 24 * 60 * 60 * 1000;

// As a key object: jsonwebtoken tries to read a string as a public key first, which costs more than the request.
const secret = createSecretKey(Buffer.from(JWT_SECRET));
const store = openStore(Database, { file: DB_FILE, synchronous: SQLITE_SYNCHRONOUS });
const app = express();
app.disable('x-powered-by');
const server = http.createServer(app);
server.keepAliveTimeout = 65_000;
const io = new Server(server, { cors: { origin: [ORIGIN], credentials: true } });

// ---- who is there ------------------------------------------------------------------------

const userOf = (token) => {
  try {
    return store.user(jwt.verify(token, secret, { algorithms: ['HS256'] }).userId);
  } catch {
    return undefined;
  }
};

/** userId → how many sockets. */
const online = new Map();
let announced = null;
function announce() {
  // Changes of one moment go out together.
  announced ??= setTimeout(() => {
    announced = null;
    io.emit('getOnlineUsers', [...online.keys()]);
  }, 100);
}

io.use((socket, next) => {
  const user = userOf(parseCookie(socket.handshake.headers.cookie ?? '').jwt);
  if (!user) return next(new Error('Unauthorized'));
  socket.data.userId = user._id;
  next();
});
io.on('connection', (socket) => {
  const { userId } = socket.data;
  socket.join(userId);
  const sockets = online.get(userId) ?? 0;
  online.set(userId, sockets + 1);
  if (sockets === 0) announce();
  else socket.emit('getOnlineUsers', [...online.keys()]);
  socket.on('disconnect', () => {
    const left = online.get(userId) - 1;
    if (left > 0) return online.set(userId, left);
    online.delete(userId);
    announce();
  });
});

const emitNew = (message) => io.to(message.receiverId).emit('newMessage', message);

// ---- routes ------------------------------------------------------------------------------

app.use(express.json({ limit: '5mb' }));
app.use(cookieParser());
app.use(cors({ origin: ORIGIN, credentials: true }));

const shown = ({ _id, fullName, email, profilePic }) => ({ _id, fullName, email, profilePic });
const signIn = (res, user) =>
  res.cookie('jwt', jwt.sign({ userId: user._id }, secret, { expiresIn: '7d' }), {
    maxAge: WEEK,
    httpOnly: true,
    sameSite: 'strict',
    secure: process.env.NODE_ENV !== 'development',
  });
const protect = (req, res, next) => {
  req.user = userOf(req.cookies.jwt);
  if (!req.user) return res.status(401).json({ message: 'Unauthorized' });
  next();
};
const safely = (f) => (req, res, next) => f(req, res).catch(next);

const auth = express.Router();
auth.post('/signup', safely(async (req, res) => {
  const { fullName, email, password } = req.body;
  if (!fullName || !email || !password) return res.status(400).json({ message: 'All fields are required' });
  if (password.length < 6) return res.status(400).json({ message: 'The password must have 6 characters or more' });
  const hash = await bcrypt.hash(password, 10);
  if (store.userByEmail(email)) return res.status(400).json({ message: 'User already exists' });
  const user = store.addUser(fullName, email, hash);
  signIn(res, user).status(201).json(shown(user));
}));
auth.post('/login', safely(async (req, res) => {
  const user = store.userByEmail(req.body.email ?? '');
  if (!user || !(await bcrypt.compare(req.body.password ?? '', user.password))) {
    return res.status(400).json({ message: 'Invalid credentials' });
  }
  signIn(res, user).json(shown(user));
}));
auth.post('/logout', (req, res) => res.clearCookie('jwt').json({ message: 'Logged out' }));
auth.get('/check', protect, (req, res) => res.json(shown(req.user)));
app.use('/api/auth', auth);

const messages = express.Router();
messages.use(protect);
messages.get('/users', (req, res) => res.json(store.others(req.user._id).map(shown)));
messages.get('/conversations', (req, res) => res.json(store.conversations(req.user._id, Number(req.query.limit) || 50)));
messages.get('/:id', (req, res) => {
  const limit = Number(req.query.limit);
  res.json(store.between(req.user._id, req.params.id, limit > 0 ? limit : -1));
});
messages.post('/send/:id', (req, res) => {
  const { text } = req.body;
  if (!text) return res.status(400).json({ message: 'A message needs a text' });
  if (!store.user(req.params.id)) return res.status(404).json({ message: 'No such user' });
  const message = store.addMessage(req.user._id, req.params.id, text);
  emitNew(message);
  res.status(201).json(message);
});
app.use('/api/messages', messages);

app.use((err, req, res, _next) => {
  console.error(err);
  res.status(500).json({ message: 'Internal server error' });
});

server.listen(Number(PORT), '127.0.0.1', 4096);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
