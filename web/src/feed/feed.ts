// One subscription keeps the state true: a snapshot with its place in the feed, and then every event after that place.
import {
  type ConversationFragment, DeleteDocument, EditDocument, EventsDocument, type EventsSubscription, type MessageFragment,
  MoreConversationsDocument, OneConversationDocument, OnePersonDocument, SendDocument, SnapshotDocument, type SnapshotQuery,
} from '../gql/graphql';
import type { ConversationRef, Message, Person } from './entities';
import { History } from './history';
import { isSignedOut, type Line } from './line';
import { Members } from './members';
import { News } from './news';
import { type Draft, inputOf, Outbox, type OutboxStore, type Outgoing } from './outbox';
import { Patience } from './patience';
import { Presence } from './presence';
import { Reading } from './reading';
import { Signal } from './signal';
import { State, type Status } from './state';
import { Typing } from './typing';

type Event = EventsSubscription['events'];
type Me = NonNullable<SnapshotQuery['me']>;

/** As many histories as are kept, those looked at last. */
const HISTORIES = 4;

export interface FeedOptions {
  line: Line;
  outbox: OutboxStore;
  /** The session is over: nothing comes any more. */
  onSignedOut(): void;
  /** A message of somebody else that was not known before: for notices and screen readers. A replay tells of many. */
  onMessage?(message: Message): void;
}

export class Feed {
  status: Status = 'starting';
  me!: Me;
  /** Whether the sidebar has conversations that are not loaded yet. */
  hasMore = false;

  readonly members: Members;
  readonly presence: Presence;
  readonly typing: Typing;
  readonly outbox: Outbox;
  readonly patience = new Patience();
  readonly reading: Reading;
  readonly #signal = new Signal();
  readonly #state = new State();
  readonly #histories = new Map<string, History>();
  /** Conversations that are being fetched, with what is heard of them meanwhile. */
  readonly #fetching = new Map<string, Event[]>();
  readonly #news = new News();
  readonly #stops: (() => void)[] = [];
  #unfollow = () => {};
  #next: string | null = null;
  #stopped = false;
  #era = 0;

  constructor(private readonly options: FeedOptions) {
    const { line } = options;
    const changed = () => this.#signal.changed();
    const learn = (person: Person) => this.#state.learnPerson(person);
    this.members = new Members(line, learn, changed);
    this.presence = new Presence(line, changed);
    this.typing = new Typing(line, learn, changed);
    const [lane, transmit] = [this.#state.placeOf.bind(this.#state), this.#transmit.bind(this)];
    this.outbox = new Outbox(options.outbox, this.patience, lane, transmit, changed, () => this.#end());
    this.reading = new Reading(line);
  }

  // ---- What a view reads

  /** Tells when anything below has changed. Answers with what ends that. */
  readonly listen = this.#signal.listen;

  /** Who is online, by id. Undefined while nobody knows. */
  get online() { return this.presence.online; }
  get sidebar() { return this.#state.sidebar; }
  person(id: string): Person { return this.#state.person(id); }
  conversation(id: string) { return this.#state.conversation(id); }
  directWith(userId: string) { return this.#state.directWith(userId); }

  /** The history of a conversation, to be asked with `need` for what the view shows. */
  history(id: string): History {
    const known = this.#histories.get(id) ?? new History(
      id, this.options.line, this.patience, (node) => this.#learnMessage(node), () => this.#signal.changed(),
    );
    this.#histories.delete(id);
    this.#histories.set(id, known);
    for (const oldest of [...this.#histories.keys()].slice(0, -HISTORIES)) this.#histories.delete(oldest);
    return known;
  }

  // ---- What a view does

  /** Resolves when there is something to show; goes on by itself until `stop`. */
  async start(): Promise<void> {
    const { line } = this.options;
    this.#stops.push(line.onCut(() => this.#become('behind')), line.onHope(() => this.#hope()));
    await this.#begin();
    if (!this.#stopped) this.#hope();
  }

  stop(): void {
    this.#stopped = true;
    this.#era += 1;
    this.outbox.stop();
    this.patience.hope();
    this.presence.stop();
    this.#unfollow();
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** Writes a message; it shows in `outbox` until it is acknowledged. */
  send(draft: Draft): Outgoing {
    this.typing.sent();
    return this.outbox.add(draft);
  }

  async edit(id: string, text: string): Promise<void> {
    this.#heard((await this.options.line.request(EditDocument, { id, text })).editMessage);
  }

  async delete(id: string): Promise<void> {
    this.#heard((await this.options.line.request(DeleteDocument, { id })).deleteMessage);
  }

  /** Everything up to this seq was seen. */
  markRead(conversationId: string, upToSeq: number): void {
    const known = this.conversation(conversationId);
    if (!known || upToSeq <= known.lastReadSeq) return;
    this.#state.read(conversationId, upToSeq);
    this.reading.mark(conversationId, upToSeq);
    this.#signal.changed();
  }

  /** Loads conversations further down the sidebar. */
  async more(): Promise<void> {
    if (!this.#next) return;
    const after = this.#next;
    const { conversations } = await this.options.line.request(MoreConversationsDocument, { after });
    if (this.#next !== after) return;
    this.#learn(conversations.nodes);
    this.#page(conversations.pageInfo);
  }

  /** Makes sure that a conversation is known, as when an address leads to one. False where there is none. */
  async find(by: ConversationRef): Promise<boolean> {
    const { conversation } = await this.options.line.request(OneConversationDocument, { by });
    if (conversation) this.#state.learnConversation(conversation);
    this.#signal.changed();
    return conversation !== null;
  }

  /** Makes sure that a person is known; answers when they were last online. Undefined where there is nobody. */
  async meet(id: string): Promise<{ lastSeenAt: string | null } | undefined> {
    const { user } = await this.options.line.request(OnePersonDocument, { id });
    if (!user) return undefined;
    const { lastSeenAt, ...person } = user;
    this.#state.learnPerson(person);
    this.#signal.changed();
    return { lastSeenAt };
  }

  // ---- Keeping it true

  async #begin(): Promise<void> {
    const era = ++this.#era;
    this.#unfollow();
    const isWanted = () => era === this.#era;
    const look = () => this.options.line.request(SnapshotDocument, {});
    // Only that nobody is signed in is final.
    const snapshot = await this.patience.insist(look, isWanted, isSignedOut).catch(() => undefined);
    if (!isWanted()) return;
    // The cookie may be somebody else's by now: what is here is not for them.
    if (snapshot?.me && snapshot.me.id === (this.me ?? snapshot.me).id) this.#take(snapshot, snapshot.me);
    else this.#end();
  }

  /** A better time: what waits is tried, and what pages of this browser have left that are gone is taken up. */
  #hope(): void {
    this.patience.hope();
    if (this.me) void this.outbox.open();
  }

  #take({ feedCursor, conversations }: SnapshotQuery, me: Me): void {
    this.me = me;
    this.#state.clear();
    this.#fetching.clear();
    this.members.clear();
    const { email: _, ...person } = me;
    this.#state.learnPerson(person);
    this.#learn(conversations.nodes);
    this.#page(conversations.pageInfo);
    for (const history of this.#histories.values()) history.clear();
    const era = this.#era;
    const online = this.presence.follow();
    const events = this.options.line.subscribe(EventsDocument, { after: feedCursor }, {
      next: ({ events }) => this.#hear(events),
      end: (reason) => {
        // Some clients also tell of what was ended from this side.
        if (era !== this.#era) return;
        if (isSignedOut(reason)) return this.#end();
        this.#become('behind');
        void this.patience.waiting()(reason).then(() => { if (era === this.#era) void this.#begin(); });
      },
    });
    const typing = this.typing.follow();
    this.#unfollow = () => { online(); events(); typing(); };
    this.#become('behind'); // There is something to show; whether it is still true, CaughtUp says.
  }

  #hear(event: Event): void {
    const about = event.__typename === 'MessageAdded' || event.__typename === 'MessageChanged'
      ? event.message.conversationId
      : 'conversationId' in event ? event.conversationId : undefined;
    const waiting = about !== undefined && this.#fetching.get(about);
    if (waiting) waiting.push(event);
    else this.#apply(event);
    this.#signal.changed();
  }

  #apply(event: Event): void {
    switch (event.__typename) {
      case 'MessageAdded':
        this.outbox.remove(event.message.id);
        if (!this.conversation(event.message.conversationId)) return this.#fetch(event.message.conversationId, event);
        this.#announce(this.#heard(event.message));
        return;
      case 'MessageChanged':
        this.#heard(event.message);
        return;
      case 'ReadMarkMoved':
        this.members.moveMark(event.conversationId, event.user.id, event.lastReadSeq);
        if (event.user.id === this.me.id) this.#state.read(event.conversationId, event.lastReadSeq);
        return;
      case 'ConversationChanged':
        if (event.change === 'REMOVED') this.#forget(event.conversationId);
        else if (event.change === 'ADDED' || !this.conversation(event.conversationId)) this.#fetch(event.conversationId);
        else {
          this.#state.change(event.conversationId, { ...event.conversation });
          void this.members.refresh(event.conversationId);
        }
        return;
      case 'UserChanged':
        this.#changed(event.user);
        return;
      case 'CaughtUp':
        this.#become('live');
        return;
      case 'FeedReset':
        void this.#begin();
        return;
      default: // A kind of a later version: its cursor was taken, which is all that it asks.
        event satisfies never;
    }
  }

  /** Of one's own it is known now that they have arrived, whatever became of the answer. */
  #learnMessage(fragment: MessageFragment): Message {
    this.outbox.remove(fragment.id);
    return this.#state.learnMessage(fragment);
  }

  /** A message as it is now, by an event or an answer, and perhaps for the second time. */
  #heard(fragment: MessageFragment): Message {
    const message = this.#state.learnMessage(fragment);
    this.#state.tellOf(message, message.senderId === this.me.id);
    this.#histories.get(message.conversationId)?.put(message);
    this.members.moveMark(message.conversationId, message.senderId, message.seq);
    this.#signal.changed();
    return message;
  }

  #announce(message: Message): void {
    if (!this.#news.take(message)) return;
    this.typing.set(message.conversationId, message.senderId, false);
    if (message.senderId !== this.me.id) this.options.onMessage?.(message);
  }

  /** Conversations as they were before anything was heard of them: their messages are no news. */
  #learn(nodes: readonly ConversationFragment[]): void {
    for (const node of nodes) {
      this.#state.learnConversation(node);
      this.#news.known(node.id, node.lastSeq);
    }
  }

  #changed(person: Person): void {
    this.#state.learnPerson(person);
    if (person.id === this.me.id) this.me = { ...this.me, ...person };
    if (!person.deletedAt) return;
    this.#state.erase(person.id, person.deletedAt);
    for (const history of this.#histories.values()) history.erase(person.id, person.deletedAt);
  }

  #fetch(conversationId: string, ...heard: Event[]): void {
    const era = this.#era;
    this.#fetching.set(conversationId, heard);
    void (async () => {
      const isWanted = () => era === this.#era;
      await this.patience.insist(() => this.find({ conversationId }), isWanted, isSignedOut).catch(() => this.#end());
      if (!isWanted()) return;
      const events = this.#fetching.get(conversationId) ?? [];
      this.#fetching.delete(conversationId);
      // Where it is gone again, there is nothing to tell of it.
      if (this.conversation(conversationId)) for (const event of events) this.#apply(event);
      void this.members.refresh(conversationId);
    })();
  }

  #forget(conversationId: string): void {
    this.#state.forget(conversationId);
    this.#histories.delete(conversationId);
  }

  async #transmit(item: Outgoing, signal: AbortSignal): Promise<void> {
    const { id } = item;
    const onProgress = item.image && ((share: number) => this.outbox.progress(id, share));
    const { sendMessage } = await this.options.line.request(SendDocument, { input: inputOf(item) }, onProgress, signal);
    const { conversationId } = sendMessage;
    if (!this.conversation(conversationId) && !this.#fetching.has(conversationId)) await this.find({ conversationId });
    this.outbox.remove(id);
    this.#heard(sendMessage);
  }

  #page({ hasNextPage, endCursor }: { hasNextPage: boolean; endCursor: string | null }): void {
    this.hasMore = hasNextPage;
    this.#next = hasNextPage ? endCursor : null;
    this.#signal.changed();
  }

  #become(status: Status): void {
    if (status === 'live') {
      this.reading.flush();
      this.#hope();
    } else {
      this.typing.clear();
      this.presence.doubt();
    }
    if (status === 'live' || this.me) this.status = status;
    this.#signal.changed();
  }

  #end(): void {
    if (this.#stopped) return;
    this.stop();
    this.options.onSignedOut();
  }
}
