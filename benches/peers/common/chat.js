// Resolvers of the GraphQL peers. What they stand on is passed in: the store, the token and password
// functions, and `subscribe`/`publish` of the stack's own in-process PubSub.

const iso = (ms) => new Date(ms).toISOString();
const PAGE = 500;

export function makeResolvers({ store, tokens, passwords, publish, subscribe, fail }) {
  const need = (ctx) => ctx.viewerId ?? fail('UNAUTHENTICATED', 'Sign in first');
  const enter = (user) => {
    const days = 7;
    return { user, token: tokens.sign(user.id, days), expiresAt: iso(Date.now() + days * 86_400_000) };
  };

  return {
    Query: {
      me: (_, _a, ctx) => (ctx.viewerId ? store.user(ctx.viewerId) : null),
      users: (_, { first }, ctx) => ({ nodes: store.users(need(ctx), Math.min(first, 200)) }),
      conversation: (_, { by: ref }, ctx) => store.conversation(ref, need(ctx)) ?? null,
      conversations: (_, { first }, ctx) => ({ nodes: store.conversations(need(ctx), Math.min(first, 100)) }),
      messages(_, { conversation: ref, ...page }, ctx) {
        const c = store.conversation(ref, need(ctx)) ?? fail('NOT_FOUND', 'No such conversation');
        const { nodes, hasNextPage, hasPreviousPage } = store.page(c.id, page);
        const cursor = (m) => (m ? String(m.pos) : null);
        return { nodes, pageInfo: { hasNextPage, hasPreviousPage, startCursor: cursor(nodes[0]), endCursor: cursor(nodes.at(-1)) } };
      },
    },
    Mutation: {
      async signup(_, { input: { fullName, email, password } }) {
        if (password.length < 8) fail('BAD_USER_INPUT', 'The password is too short');
        const passwordHash = await passwords.hash(password);
        if (store.userByEmail(email)) fail('EMAIL_TAKEN', 'This e-mail has an account');
        return enter(store.addUser({ id: tokens.newId(), fullName, email, passwordHash, createdAt: Date.now() }));
      },
      async login(_, { input: { email, password } }) {
        const user = store.userByEmail(email);
        if (!user || !(await passwords.verify(user.passwordHash, password))) fail('INVALID_CREDENTIALS', 'Wrong e-mail or password');
        return enter(user);
      },
      sendMessage(_, { input: { to, text } }, ctx) {
        const viewerId = need(ctx);
        if (!text || text.length > 4000) fail('BAD_USER_INPUT', 'The text must have 1 to 4000 characters');
        const message = store.addMessage(to, viewerId, text) ?? fail('NOT_FOUND', 'No such conversation');
        // The sender goes along, so that no subscriber has to look them up.
        const event = { messageAdded: { ...message, sender: store.user(viewerId) } };
        publish(`conversation:${message.conversationId}`, event);
        for (const id of store.memberIds(message.conversationId)) publish(`user:${id}`, event);
        return message;
      },
      createConversation: (_, { input: { title, memberIds } }, ctx) => store.addGroup(title, new Set([need(ctx), ...memberIds])),
    },
    Subscription: {
      messageAdded: {
        async subscribe(_, { conversation: ref, after }, ctx) {
          const viewerId = need(ctx);
          const c = ref && (store.conversation(ref, viewerId) ?? fail('NOT_FOUND', 'No such conversation'));
          const live = await subscribe(c ? `conversation:${c.id}` : `user:${viewerId}`, ctx);
          return after == null ? live : resume(live, Number(after), (pos) => store.feed(viewerId, c?.id, pos, PAGE));
        },
      },
    },
    Conversation: {
      members: (c) => store.members(c.id),
      // The other side's columns come with the list, and the last message is found by its key without leaving the process:
      // neither needs a loader.
      otherUser: (c, _, ctx) => c.otherUser ?? (c.kind === 'DIRECT' ? store.otherUser(c.id, need(ctx)) : null),
      lastMessage: (c) => (c.lastSeq > 0 ? store.message(c.id, c.lastSeq) : null),
      unreadCount: (c, _, ctx) => c.unreadCount ?? store.unread(c.id, need(ctx)),
      createdAt: (c) => iso(c.createdAt),
    },
    Message: {
      sender: (m, _, ctx) => m.sender ?? ctx.users.load(m.senderId),
      feedCursor: (m) => String(m.pos),
      createdAt: (m) => iso(m.createdAt),
    },
    User: { email: (u, _, ctx) => (u.id === ctx.viewerId ? u.email : null), createdAt: (u) => iso(u.createdAt) },
  };
}

/** First what the store holds behind `pos`, then what `live` brings, each message once. */
function resume(live, pos, read) {
  const events = live[Symbol.asyncIterator]();
  let pending = events.next(); // subscribes now, so that nothing falls between
  let page = null;
  let replaying = true;
  return {
    async next() {
      if (replaying) {
        if (!page?.length) {
          page = read(pos);
          if (page.length === 0) replaying = false;
        }
        if (replaying) {
          const m = page.shift();
          pos = m.pos;
          return { done: false, value: { messageAdded: m } };
        }
      }
      for (;;) {
        const event = await pending;
        if (event.done) return event;
        pending = events.next();
        const m = event.value.messageAdded;
        if (m.pos > pos) {
          pos = m.pos;
          return event;
        }
      }
    },
    return: () => events.return(),
    throw: (e) => events.throw(e),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
