// Loads what a view asks for: more conversations, one that the address names, a person, and how much is unread.
import {
  type ConversationFragment, MoreConversationsDocument, NewestMentionsDocument, type NewestMentionsQuery, OneConversationDocument,
  OnePersonDocument, UnreadCountsDocument, UpdateMembershipDocument, type UpdateMembershipInput,
} from '../gql/graphql';
import type { ConversationRef, Message } from './entities';
import type { FeedState } from './state';
import type { Transport } from './transport';

/** In milliseconds: a read mark that moves step by step is asked for once. */
const UNREAD_DELAY = 400;

/** In milliseconds, per member and at most: over so long the pages of all members spread what they ask after the same message. */
const [SPREAD_PER_MEMBER, MAX_SPREAD] = [20, 10_000];

export class Loader {
  /** Whether there are conversations that are not loaded yet. */
  hasMore = false;
  #nextCursor: string | null = null;
  readonly #asking = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(
    private readonly transport: Transport,
    private readonly state: FeedState,
    private readonly changed: () => void,
    private readonly onConversations: (nodes: readonly ConversationFragment[]) => void,
  ) {}

  /** Adds a page of conversations, and remembers where the next one begins. */
  addPage({ nodes, pageInfo: { hasNextPage, endCursor } }: { nodes: readonly ConversationFragment[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } }): void {
    this.onConversations(nodes);
    this.hasMore = hasNextPage;
    this.#nextCursor = hasNextPage ? endCursor : null;
    this.changed();
  }

  async moreConversations(): Promise<void> {
    if (!this.#nextCursor) return;
    const after = this.#nextCursor;
    const { conversations } = await this.transport.request(MoreConversationsDocument, { after });
    if (this.#nextCursor === after) this.addPage(conversations);
  }

  /** False if there is none. */
  async conversation(by: ConversationRef): Promise<boolean> {
    const { conversation } = await this.transport.request(OneConversationDocument, { by });
    if (conversation) this.state.upsertConversation(conversation);
    this.changed();
    return conversation !== null;
  }

  async person(id: string): Promise<{ lastSeenAt: string | null } | undefined> {
    const { user } = await this.transport.request(OnePersonDocument, { id });
    if (!user) return undefined;
    const { lastSeenAt, ...person } = user;
    this.state.upsertPerson(person);
    this.changed();
    return { lastSeenAt };
  }

  /** Whether a message is among those that call the user, of which the server has the newest first. */
  async isAmongMentions({ id, createdAt }: Message): Promise<boolean> {
    let after: string | null = null;
    for (;;) {
      const { mentions: { nodes, pageInfo } }: NewestMentionsQuery = await this.transport.request(NewestMentionsDocument, { after });
      if (nodes.some((node) => node.id === id)) return true;
      const last = nodes.at(-1);
      // What follows is older than the message.
      if (!last || last.createdAt < createdAt || !pageInfo.hasNextPage) return false;
      after = pageInfo.endCursor;
    }
  }

  async updateOwnSide(conversationId: string, input: UpdateMembershipInput): Promise<void> {
    const { updateMembership } = await this.transport.request(UpdateMembershipDocument, { conversation: { conversationId }, input });
    this.state.upsertConversation(updateMembership);
    this.changed();
  }

  /** Asks for what does not follow from a message: how much is unread, and whether its conversation is back from the archive. */
  completeMessage(message: Message, callsMe: boolean | undefined, isChanged: boolean): void {
    const known = this.state.conversation(message.conversationId);
    if (!known || (callsMe === false && !isChanged)) return;
    // A new one that calls the user for certain has brought it back.
    if (known.own?.archived && callsMe !== false) void this.conversation({ conversationId: known.id }).catch(() => {});
    // An edit may call the user, or no longer.
    else if (callsMe === undefined || (isChanged && (callsMe || message.deletedAt || known.unreadMentionCount > 0))) {
      this.unreadCounts(known.id, Math.min(known.memberCount * SPREAD_PER_MEMBER, MAX_SPREAD));
    }
  }

  /** Asks how much of a conversation is unread, after something from which it does not follow. Up to `spread` later if others ask, too. */
  unreadCounts(id: string, spread = 0): void {
    const { lastReadSeq = 0, lastSeq = 0 } = this.state.conversation(id) ?? {};
    if (lastReadSeq >= lastSeq) return;
    // What is about to be asked will count this, too.
    if (spread > 0 && this.#asking.has(id)) return;
    clearTimeout(this.#asking.get(id));
    this.#asking.set(id, setTimeout(() => {
      this.#asking.delete(id);
      this.transport.request(UnreadCountsDocument, { id }).then(({ conversation }) => {
        const known = this.state.conversation(id);
        // Counted at another moment: what has come since is not in it.
        if (!conversation || known?.lastSeq !== conversation.lastSeq || known.lastReadSeq !== Math.max(conversation.lastReadSeq, known.firstSeq - 1)) return;
        const { unreadCount, unreadMentionCount } = conversation;
        this.state.updateConversation(id, { unreadCount, unreadMentionCount });
        this.changed();
      }, () => {});
    }, UNREAD_DELAY + Math.random() * spread));
  }

  stop(): void {
    for (const timer of this.#asking.values()) clearTimeout(timer);
  }
}
