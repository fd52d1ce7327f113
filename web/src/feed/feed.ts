// Keeps the state of a client current: loads a snapshot with its cursor in the feed, then applies every later event.
import {
  type ConversationFragment, DeleteDocument, EditDocument, type EditMutationVariables, type EventsSubscription, type MessageFragment,
  SendDocument, type UpdateMembershipInput,
} from '../gql/graphql';
import { Blocks } from './blocks';
import { ChangeNotifier } from './change-notifier';
import { ConversationFetcher } from './conversation-fetcher';
import { calls, type ConversationRef, type Message, type Person } from './entities';
import { Histories } from './histories';
import { MessageHistory } from './history';
import { Loader } from './loader';
import { Members } from './members';
import { inputOf, type MessageDraft, Outbox, type OutboxStore, type OutgoingMessage } from './outbox';
import { Pins } from './pins';
import { PresenceTracker } from './presence';
import { applyReactions, react } from './reactions';
import { ReadMarkSender } from './read-mark-sender';
import { RetryPolicy } from './retry-policy';
import type { Snapshot } from './snapshot';
import { AnnouncedMessages, FeedState, type FeedStatus } from './state';
import { Synchroniser } from './synchroniser';
import { isSignedOut, type ServerError, type Transport } from './transport';
import { TypingTracker } from './typing';

type FeedEvent = EventsSubscription['events'];
type Me = NonNullable<Snapshot['me']>;

export interface FeedOptions {
  transport: Transport;
  outbox: OutboxStore;
  /** Called when the session is over. The feed has stopped. */
  onSignedOut(): void;
  /** Called for each new message by someone else, for notifications and screen readers. A replay calls it many times. */
  onMessage?(message: Message): void;
  /** Called when someone, on another device perhaps the user, has added the user to a conversation. */
  onAdded?(conversationId: string): void;
}

export class Feed {
  status: FeedStatus = 'starting';
  me!: Me;

  readonly blocks: Blocks;
  readonly members: Members;
  readonly presence: PresenceTracker;
  readonly typing: TypingTracker;
  readonly outbox: Outbox;
  readonly pins = new Pins();
  readonly retryPolicy = new RetryPolicy();
  readonly readMarks: ReadMarkSender;
  readonly #notifier = new ChangeNotifier();
  readonly #state = new FeedState();
  readonly #loader: Loader;
  readonly #histories: Histories;
  readonly #fetcher: ConversationFetcher;
  /** Conversations that were changed while they were not open. */
  readonly #outdated = new Set<string>();
  readonly #announced = new AnnouncedMessages();
  readonly #cleanups: (() => void)[] = [];
  readonly #sync: Synchroniser;
  #stopped = false;

  constructor(private readonly options: FeedOptions) {
    const { transport } = options;
    const changed = () => this.#notifier.changed();
    const onPerson = (person: Person) => this.#state.upsertPerson(person);
    this.#loader = new Loader(transport, this.#state, changed, (nodes) => this.#addConversations(nodes));
    this.#histories = new Histories((id) => new MessageHistory(id, transport, this.retryPolicy, (node) => this.#toDeliveredMessage(node), changed));
    this.#fetcher = new ConversationFetcher(
      () => this.#sync.whileCurrent(),
      (id, isCurrent) => this.#loadAgain(id, isCurrent),
      (id, events) => this.#onFetched(id, events),
    );
    this.blocks = new Blocks(transport, onPerson, changed, ({ id }) => this.#fetchDirectWith(id));
    this.members = new Members(transport, onPerson, changed);
    this.presence = new PresenceTracker(transport, changed);
    this.typing = new TypingTracker(transport, onPerson, changed);
    this.outbox = new Outbox(
      options.outbox, this.retryPolicy, (recipient) => this.recipientKey(recipient),
      (item, signal) => this.#sendItem(item, signal), changed, () => this.#signOut(),
    );
    this.readMarks = new ReadMarkSender(transport);
    this.#sync = new Synchroniser({
      transport,
      retryPolicy: this.retryPolicy,
      beside: [this.presence, this.typing],
      onSnapshot: (snapshot) => this.#applySnapshot(snapshot),
      onEvent: (event) => this.#receive(event),
      onBehind: () => this.#setStatus('behind'),
      onSignedOut: () => this.#signOut(),
    });
  }

  // ---- State for views

  /** Calls the listener when anything below has changed. Returns a function that removes it. */
  readonly listen = this.#notifier.listen;

  /** Ids of users who are online. Undefined while unknown. */
  get online() { return this.presence.online; }
  /** Whether there are conversations that are not loaded yet. */
  get hasMoreConversations() { return this.#loader.hasMore; }
  get sidebar() { return this.#state.sidebar; }
  person(id: string): Person { return this.#state.person(id); }
  conversation(id: string) { return this.#state.conversation(id); }
  recipientKey(recipient: ConversationRef) { return this.#state.recipientKey(recipient); }
  directWith(userId: string) { return this.#state.directWith(userId); }
  /** Whether a message calls the user; undefined where it does not list all whom it calls: then {@link isAmongMentions} asks the server. */
  calls(message: Message) { return calls(message, this.me.id, this.blocks.ids); }

  /** The history of a conversation. Call its `ensureLoaded` for the messages in view. */
  history(id: string): MessageHistory {
    const history = this.#histories.open(id);
    history.trim(this.conversation(id)?.firstSeq ?? 1);
    if (this.#outdated.delete(id)) this.fetchConversation(id);
    return history;
  }

  // ---- Actions for views

  /** Resolves when the snapshot is loaded. Runs until `stop`. */
  async start(): Promise<void> {
    const { transport } = this.options;
    this.#cleanups.push(transport.onDisconnect(() => this.#setStatus('behind')), transport.onRetryNow(() => this.#retryNow()));
    await this.#sync.loadSnapshot();
    if (!this.#stopped) this.#retryNow();
  }

  stop(): void {
    this.#stopped = true;
    this.#sync.stop();
    this.outbox.stop();
    this.retryPolicy.retryNow();
    this.presence.stop();
    this.#loader.stop();
    for (const stop of this.#cleanups.splice(0)) stop();
  }

  /** Adds a message to the outbox, where it stays until it is acknowledged. */
  send(draft: MessageDraft): OutgoingMessage {
    this.typing.onMessageSent();
    return this.outbox.add(draft);
  }

  async edit(edit: EditMutationVariables): Promise<void> {
    const { editMessage } = await this.options.transport.request(EditDocument, edit);
    this.#applyMessage(editMessage);
  }

  async delete(id: string): Promise<void> {
    const { deleteMessage } = await this.options.transport.request(DeleteDocument, { id });
    this.#applyMessage(deleteMessage);
  }

  /** Adds a reaction to a message, or takes it back. Shown at once, and undone if the server refuses it. */
  react = (message: Message, emoji: string, added: boolean): Promise<void> =>
    react(this.options.transport, this.history(message.conversationId), message, emoji, added);

  /** Mutes, archives and so on, on all devices of the user. */
  updateOwnSide(id: string, input: UpdateMembershipInput): Promise<void> { return this.#loader.updateOwnSide(id, input); }

  /** Marks messages up to this seq as read. */
  markRead(conversationId: string, upToSeq: number): void {
    const known = this.conversation(conversationId);
    if (!known || upToSeq <= known.lastReadSeq) return;
    this.#state.moveReadMark(conversationId, upToSeq);
    this.readMarks.moveTo(conversationId, upToSeq);
    this.#notifier.changed();
  }

  loadMoreConversations(): Promise<void> { return this.#loader.moreConversations(); }
  /** Loads a conversation, for instance one that the URL names. False if there is none. */
  loadConversation(by: ConversationRef): Promise<boolean> { return this.#loader.conversation(by); }
  /** Asks whether a message is among those that call the user. */
  isAmongMentions(message: Message): Promise<boolean> { return this.#loader.isAmongMentions(message); }
  /** Loads a known conversation again. */
  fetchConversation(id: string): void { this.#fetcher.fetch(id); }
  /** Loads a person, with the time when they were last online. Undefined if there is none. */
  loadPerson(id: string): Promise<{ lastSeenAt: string | null } | undefined> { return this.#loader.person(id); }

  // ---- Synchronisation

  /** Retries everything pending, and adopts the outbox items of pages that were closed. */
  #retryNow(): void {
    this.retryPolicy.retryNow();
    if (this.me) void this.outbox.load();
  }

  #applySnapshot({ me, conversations, blocked }: Snapshot): boolean {
    // The cookie may belong to a different user by now, who must not see this state.
    if (!me || me.id !== (this.me ?? me).id) return false;
    this.me = me;
    this.#state.clear();
    this.#fetcher.clear();
    this.#outdated.clear();
    this.members.clear();
    const { email: _, ...person } = me;
    this.#state.upsertPerson(person);
    this.blocks.set(blocked);
    this.#loader.addPage(conversations);
    this.#histories.clear();
    return true;
  }

  #receive(event: FeedEvent): void {
    if (!this.#fetcher.hold(event)) this.#apply(event);
    this.#notifier.changed();
  }

  #apply(event: FeedEvent): void {
    switch (event.__typename) {
      case 'MessageAdded':
        this.outbox.remove(event.message.id);
        if (!this.conversation(event.message.conversationId)) return this.#fetcher.fetch(event.message.conversationId, event);
        return this.#announce(this.#applyMessage(event.message));
      case 'MessageChanged': return this.#completeMessage(this.#applyMessage(event.message), true);
      case 'ReactionsChanged': return applyReactions(this.#histories.get(event.conversationId), event, this.me.id);
      case 'PinsChanged': return this.pins.apply(event, this.#histories.get(event.conversationId));
      case 'MembershipChanged': return event.own ? this.fetchConversation(event.own.id) : undefined;
      case 'ReadMarkMoved':
        this.members.moveMark(event.conversationId, event.user.id, event.lastReadSeq);
        if (event.user.id !== this.me.id) return;
        this.#state.moveReadMark(event.conversationId, event.lastReadSeq);
        return this.#loader.unreadCounts(event.conversationId);
      case 'ConversationChanged':
        if (event.change === 'ADDED') this.options.onAdded?.(event.conversationId);
        if (event.change === 'REMOVED') {
          this.#state.removeConversation(event.conversationId);
          this.#histories.delete(event.conversationId);
        } else if (event.change === 'ADDED' || !this.conversation(event.conversationId)) this.fetchConversation(event.conversationId);
        else {
          this.#state.updateConversation(event.conversationId, { ...event.conversation });
          // What one may do there, and with whom: now if it is open, or when it is opened.
          if (this.#histories.get(event.conversationId)) return this.fetchConversation(event.conversationId);
          this.#outdated.add(event.conversationId);
        }
        return;
      case 'UserChanged': return this.#applyPerson(event.user);
      case 'HistoryTrimmed': return this.#applyTrim(event.conversationId, event.beforeSeq);
      case 'CaughtUp': return this.#setStatus('live');
      case 'FeedReset': return void this.#sync.loadSnapshot();
      case 'BlockChanged': return this.blocks.apply(event);
      default: // Of a newer server. The transport has recorded its cursor, so ignoring it is safe.
        event satisfies never;
    }
  }

  /** A message from the server was delivered, so it leaves the outbox even if the response to its mutation was lost. */
  #toDeliveredMessage(fragment: MessageFragment): Message {
    this.outbox.remove(fragment.id);
    return this.#state.toMessage(fragment);
  }

  /** Applies a message from an event or a response. Idempotent. */
  #applyMessage(fragment: MessageFragment): Message {
    const message = this.#state.toMessage(fragment);
    this.#state.applyMessage(message, this.me.id, this.calls(message) === true);
    this.#histories.get(message.conversationId)?.put(message);
    if (!message.system) this.members.moveMark(message.conversationId, message.senderId, message.seq);
    this.#notifier.changed();
    return message;
  }

  #completeMessage(message: Message, isChanged: boolean): void {
    this.#loader.completeMessage(message, this.calls(message), isChanged);
  }

  #announce(message: Message): void {
    if (!this.#announced.announce(message)) return;
    this.#completeMessage(message, false);
    this.typing.set(message.conversationId, message.senderId, false);
    if (message.senderId !== this.me.id) this.options.onMessage?.(message);
  }

  /** Adds conversations of a snapshot or page. Their messages are not announced. */
  #addConversations(nodes: readonly ConversationFragment[]): void {
    for (const node of nodes) {
      this.#state.upsertConversation(node);
      this.#announced.skip(node.id, node.lastSeq);
    }
  }

  #applyTrim(conversationId: string, beforeSeq: number): void {
    this.#state.trim(conversationId, beforeSeq);
    this.#histories.get(conversationId)?.trim(beforeSeq);
    this.pins.outdated(conversationId);
    this.#loader.unreadCounts(conversationId);
  }

  #applyPerson(person: Person): void {
    this.#state.upsertPerson(person);
    if (person.id === this.me.id) this.me = { ...this.me, ...person };
    if (!person.deletedAt) return;
    this.#state.eraseMessagesOf(person.id, person.deletedAt);
    this.#histories.erase(person.id, person.deletedAt);
    this.#fetchDirectWith(person.id);
  }

  /** What one may do in the direct conversation with a person has changed. */
  #fetchDirectWith(userId: string): void {
    const direct = this.directWith(userId);
    if (direct) this.fetchConversation(direct.id);
  }

  async #loadAgain(conversationId: string, isCurrent: () => boolean): Promise<void> {
    await this.retryPolicy.run(() => this.loadConversation({ conversationId }), isCurrent, isSignedOut).catch(() => this.#signOut());
  }

  #onFetched(conversationId: string, events: readonly FeedEvent[]): void {
    // It may be gone again.
    if (this.conversation(conversationId)) for (const event of events) this.#apply(event);
    void this.members.refresh(conversationId);
  }

  async #sendItem(item: OutgoingMessage, signal: AbortSignal): Promise<void> {
    const { id } = item;
    const onProgress = item.image && ((fraction: number) => this.outbox.progress(id, fraction));
    const sending = this.options.transport.request(SendDocument, { input: inputOf(item) }, onProgress, signal);
    // Of a block by the other side no event says anything: that one may not write there any more.
    sending.catch(({ code }: ServerError) => { if (code === 'FORBIDDEN') this.loadConversation(item.to).catch(() => {}); });
    const { sendMessage } = await sending;
    const { conversationId } = sendMessage;
    if (!this.conversation(conversationId) && !this.#fetcher.has(conversationId)) await this.loadConversation({ conversationId });
    this.outbox.remove(id);
    this.#applyMessage(sendMessage);
  }

  #setStatus(status: FeedStatus): void {
    if (status === 'live') {
      this.readMarks.retryPending();
      this.#retryNow();
    } else {
      this.typing.clear();
      this.presence.onDisconnect();
    }
    if (status === 'live' || this.me) this.status = status;
    this.#notifier.changed();
  }

  #signOut(): void {
    if (this.#stopped) return;
    this.stop();
    this.options.onSignedOut();
  }
}
