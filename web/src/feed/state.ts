// What is known: people, conversations, and how the sidebar shows them.
import type { ConversationFragment, MessageFragment, PersonFragment } from '../gql/graphql';
import { activity, type Conversation, type ConversationRef, conversation, type Message, message, type Person, tombstone } from './entities';

const UNKNOWN = (id: string): Person => ({ id, fullName: '…', profilePic: null, deletedAt: null });

/**
 * `starting`: nothing is known yet. `live`: what is shown is true. `behind`: the line is cut or the replay is not over;
 * what is shown was true.
 */
export type Status = 'starting' | 'live' | 'behind';

/** Of values and of pictures. */
const isSame = (a: Person[keyof Person], b: Person[keyof Person]) => a === b || JSON.stringify(a) === JSON.stringify(b);

export class State {
  readonly #people = new Map<string, Person>();
  readonly #conversations = new Map<string, Conversation>();
  #sidebar: readonly Conversation[] | undefined;

  /** Starts anew. People stay known: nobody ceases to be. */
  clear(): void {
    this.#conversations.clear();
    this.#sidebar = undefined;
  }

  person(id: string): Person {
    return this.#people.get(id) ?? UNKNOWN(id);
  }

  conversation(id: string): Conversation | undefined {
    return this.#conversations.get(id);
  }

  /** Conversations, the most recent activity first. The same array until something changes. */
  get sidebar(): readonly Conversation[] {
    this.#sidebar ??= [...this.#conversations.values()].sort((a, b) => (activity(a) < activity(b) ? 1 : -1));
    return this.#sidebar;
  }

  /** One name for where somebody writes to: a direct conversation can be told by its id, and by who the other one is. */
  placeOf({ conversationId, userId }: ConversationRef): string {
    return (conversationId && this.conversation(conversationId)?.otherUserId) ?? conversationId ?? userId ?? '';
  }

  directWith(userId: string): Conversation | undefined {
    return this.sidebar.find((known) => known.otherUserId === userId);
  }

  learnPerson(person: PersonFragment): void {
    const known = this.#people.get(person.id);
    const same = known && (Object.keys(person) as (keyof Person)[]).every((key) => isSame(known[key], person[key]));
    if (!same) this.#people.set(person.id, { ...known, ...person });
  }

  learnMessage(fragment: MessageFragment): Message {
    this.learnPerson(fragment.sender);
    return message(fragment);
  }

  learnConversation(fragment: ConversationFragment): void {
    if (fragment.otherUser) this.learnPerson(fragment.otherUser);
    if (fragment.lastMessage) this.learnPerson(fragment.lastMessage.sender);
    const known = this.#conversations.get(fragment.id);
    const fresh = conversation(fragment);
    // What was heard meanwhile may be newer than what was read. Marks and seqs only ever rise.
    const ahead = known && known.lastSeq > fresh.lastSeq;
    this.#put({
      ...fresh,
      ...(ahead && { lastSeq: known.lastSeq, lastMessage: known.lastMessage }),
      lastReadSeq: Math.max(fresh.lastReadSeq, known?.lastReadSeq ?? 0),
    });
  }

  forget(id: string): void {
    this.#conversations.delete(id);
    this.#sidebar = undefined;
  }

  change(id: string, change: Partial<Conversation>): void {
    const known = this.#conversations.get(id);
    if (known) this.#put({ ...known, ...change });
  }

  /** A message that was added or changed, as the sidebar shows it. */
  tellOf(message: Message, isMine: boolean): void {
    const known = this.#conversations.get(message.conversationId);
    if (!known) return;
    const last = known.lastMessage;
    const newest = !last || message.seq > last.seq || (message.seq === last.seq && message.version > last.version);
    const lastReadSeq = isMine ? Math.max(known.lastReadSeq, message.seq) : known.lastReadSeq;
    if (!newest && lastReadSeq === known.lastReadSeq) return;
    this.#put({
      ...known,
      lastSeq: Math.max(known.lastSeq, message.seq),
      lastMessage: newest ? message : last,
      lastReadSeq,
    });
  }

  /** Moves the own read mark forward. */
  read(id: string, seq: number): void {
    const known = this.#conversations.get(id);
    if (known && seq > known.lastReadSeq) this.#put({ ...known, lastReadSeq: Math.min(seq, known.lastSeq) });
  }

  /** Somebody was erased. */
  erase(userId: string, deletedAt: string): void {
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
