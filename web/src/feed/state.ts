// People and conversations that are loaded, their order in the sidebar, and which messages were announced.
import type { ConversationFragment, MessageFragment, PersonFragment } from '../gql/graphql';
import { activity, type Conversation, type ConversationRef, conversation, type Message, message, type Person, tombstone, withoutTrimmedQuote } from './entities';

const unknownPerson = (id: string): Person => ({ id, fullName: '…', profilePic: null, deletedAt: null });

/**
 * `starting`: nothing is loaded yet. `live`: the state is current. `behind`: disconnected or replaying; the state may be
 * outdated.
 */
export type FeedStatus = 'starting' | 'live' | 'behind';

const NOTHING_UNREAD = { unreadCount: 0, unreadMentionCount: 0 };

/** Compares plain values and pictures. */
const isSame = (a: Person[keyof Person], b: Person[keyof Person]) => a === b || JSON.stringify(a) === JSON.stringify(b);

export class FeedState {
  readonly #people = new Map<string, Person>();
  readonly #conversations = new Map<string, Conversation>();
  #sidebar: readonly Conversation[] | undefined;

  /** Removes all conversations. People stay loaded. */
  clear(): void {
    this.#conversations.clear();
    this.#sidebar = undefined;
  }

  person(id: string): Person {
    return this.#people.get(id) ?? unknownPerson(id);
  }

  conversation(id: string): Conversation | undefined {
    return this.#conversations.get(id);
  }

  /** Conversations by latest activity. The same array until something changes. */
  get sidebar(): readonly Conversation[] {
    this.#sidebar ??= [...this.#conversations.values()].sort((a, b) => (activity(a) < activity(b) ? 1 : -1));
    return this.#sidebar;
  }

  /** The same key for all references to a conversation: a direct one can be referenced by its id or by the other user. */
  recipientKey({ conversationId, userId }: ConversationRef): string {
    return (conversationId && this.conversation(conversationId)?.otherUserId) ?? conversationId ?? userId ?? '';
  }

  directWith(userId: string): Conversation | undefined {
    return this.sidebar.find((known) => known.otherUserId === userId);
  }

  upsertPerson(person: PersonFragment): void {
    const known = this.#people.get(person.id);
    const same = known && (Object.keys(person) as (keyof Person)[]).every((key) => isSame(known[key], person[key]));
    if (!same) this.#people.set(person.id, { ...known, ...person });
  }

  toMessage(fragment: MessageFragment): Message {
    this.upsertPerson(fragment.sender);
    return message(fragment);
  }

  upsertConversation(fragment: ConversationFragment): void {
    if (fragment.otherUser) this.upsertPerson(fragment.otherUser);
    if (fragment.lastMessage) this.upsertPerson(fragment.lastMessage.sender);
    const known = this.#conversations.get(fragment.id);
    const fresh = conversation(fragment);
    // Events may have arrived while the request was in flight. Read marks and seqs never decrease.
    const ahead = known && known.lastSeq > fresh.lastSeq;
    const cameBack = ahead && fresh.own && known.own?.archived === false;
    const isEdited = known?.lastMessage && known.lastMessage.seq === fresh.lastMessage?.seq && known.lastMessage.version > fresh.lastMessage.version;
    this.#put({
      ...fresh,
      ...(isEdited && { lastMessage: known.lastMessage }),
      firstSeq: Math.max(fresh.firstSeq, known?.firstSeq ?? 1),
      ...(ahead && { lastSeq: known.lastSeq, lastMessage: known.lastMessage, unreadCount: known.unreadCount, unreadMentionCount: known.unreadMentionCount }),
      ...(cameBack && { own: { ...fresh.own!, archived: false } }),
      ...((known?.lastReadSeq ?? 0) >= fresh.lastSeq && !ahead && NOTHING_UNREAD),
      lastReadSeq: Math.max(fresh.lastReadSeq, known?.lastReadSeq ?? 0),
    });
  }

  removeConversation(id: string): void {
    this.#conversations.delete(id);
    this.#sidebar = undefined;
  }

  updateConversation(id: string, update: Partial<Conversation>): void {
    const known = this.#conversations.get(id);
    if (known) this.#put({ ...known, ...update });
  }

  /** Updates the sidebar for a message that was added or changed. `me` is the user's id, whom it calls or not. */
  applyMessage(message: Message, me: string, callsMe: boolean): void {
    const known = this.#conversations.get(message.conversationId);
    if (!known || message.seq < known.firstSeq) return;
    const last = known.lastMessage;
    // A system line has a sender, and moves nobody's mark.
    const isMine = message.senderId === me && !message.system;
    const newest = !last || message.seq > last.seq || (message.seq === last.seq && message.version > last.version);
    const lastReadSeq = isMine ? Math.max(known.lastReadSeq, message.seq) : known.lastReadSeq;
    if (!newest && lastReadSeq === known.lastReadSeq) return;
    const lastSeq = Math.max(known.lastSeq, message.seq);
    const isAdded = message.seq > known.lastSeq && message.countsAsUnread;
    // As the server has it: no event of its own says that a conversation has come back from the archive.
    const comesBack = known.own?.archived && message.seq > known.lastSeq && (known.otherUserId !== null || callsMe);
    this.#put({
      ...known,
      ...(comesBack && { own: { ...known.own!, archived: false } }),
      ...(isAdded && { unreadCount: known.unreadCount + 1, unreadMentionCount: known.unreadMentionCount + (callsMe ? 1 : 0) }),
      ...(lastReadSeq === lastSeq && NOTHING_UNREAD),
      lastSeq,
      lastMessage: newest ? message : last,
      lastReadSeq,
    });
  }

  /** Moves the user's own mark forward. How much is unread after it is at most what follows. */
  moveReadMark(id: string, seq: number): void {
    const known = this.#conversations.get(id);
    if (!known || seq <= known.lastReadSeq) return;
    const lastReadSeq = Math.min(seq, known.lastSeq);
    const most = known.lastSeq - lastReadSeq;
    const [unreadCount, unreadMentionCount] = [Math.min(known.unreadCount, most), Math.min(known.unreadMentionCount, most)];
    this.#put({ ...known, lastReadSeq, unreadCount, unreadMentionCount });
  }

  /** Forgets what was deleted by its age: messages before a seq. */
  trim(id: string, firstSeq: number): void {
    const known = this.#conversations.get(id);
    if (!known || firstSeq <= known.firstSeq) return;
    const last = known.lastMessage;
    const lastMessage = last && last.seq >= firstSeq ? withoutTrimmedQuote(last, firstSeq) : null;
    this.#put({ ...known, firstSeq, lastMessage });
    this.moveReadMark(id, firstSeq - 1);
  }

  /** Turns last messages of an erased user into tombstones. */
  eraseMessagesOf(userId: string, deletedAt: string): void {
    for (const known of this.#conversations.values()) {
      const last = known.lastMessage;
      if (last?.senderId === userId) this.#put({ ...known, lastMessage: tombstone(last, deletedAt) });
    }
  }

  #put(conversation: Conversation): void {
    this.#conversations.set(conversation.id, conversation);
    this.#sidebar = undefined;
  }
}

/** Ensures that each new message is announced once, and none that was there before the snapshot. */
export class AnnouncedMessages {
  /** conversationId → the seq of the last message that must not be announced again. */
  readonly #lastSeqs = new Map<string, number>();

  /** Messages up to this seq are not to be announced. */
  skip(conversationId: string, seq: number): void {
    this.#lastSeqs.set(conversationId, seq);
  }

  /** Whether a message should be announced: true once for each new message. */
  announce({ conversationId, seq }: { conversationId: string; seq: number }): boolean {
    if (seq <= (this.#lastSeqs.get(conversationId) ?? 0)) return false;
    this.#lastSeqs.set(conversationId, seq);
    return true;
  }
}
