// The types of the feed's state. Objects are replaced and never mutated, so views can compare them by identity.
import type { ConversationFragment, ConversationRef, FullMessageFragment, MemberRole, MessageFragment, PersonFragment, PictureFragment } from '../gql/graphql';

export type { ConversationRef };
export type Person = PersonFragment;
export type Picture = PictureFragment;

export interface Reaction {
  emoji: string;
  count: number;
  /** Whether the user reacted so. Undefined where an event does not say. */
  isMine: boolean | undefined;
}

/** Whom a message calls. */
export type Mentions = Pick<MessageFragment, 'mentions' | 'mentionsEveryone'> & {
  /** The names by which it calls people, by their ids, as they were when it was written: they may be called otherwise by now. */
  calledAs: Readonly<Record<string, string>>;
};

/** What a reply shows of the message to which it replies. */
export type Quote = Omit<NonNullable<MessageFragment['replyTo']>, 'metadata'> & Mentions;

/** The server lists this many of those whom a message calls. */
export const LISTED_MENTIONS = 10;

/** Whether a message calls somebody, who has blocked some; undefined where it calls more people than are listed. */
export function calls(
  { senderId, mentions, mentionsEveryone }: Pick<Message, 'senderId' | 'mentions' | 'mentionsEveryone'>, userId: string, blocked: ReadonlySet<string>,
): boolean | undefined {
  if (senderId === userId || blocked.has(senderId)) return false;
  if (mentionsEveryone || mentions.some(({ id }) => id === userId)) return true;
  return mentions.length < LISTED_MENTIONS ? false : undefined;
}

/** A message. Look up its sender with `feed.person(senderId)`, which has the current name. */
export type Message = Omit<MessageFragment, 'sender' | 'replyTo'> & Pick<FullMessageFragment, 'image'> & Mentions & {
  senderId: string;
  replyTo: Quote | null;
  /** In the order in which each came first. */
  reactions: readonly Reaction[];
};

/** What of a message comes with some selections only. */
interface Details {
  image?: FullMessageFragment['image'];
  reactions?: readonly { emoji: string; count: number; viewerReacted?: boolean }[];
}

const NOBODY: Mentions['calledAs'] = {};

/** What this client has written beside a message. Whatever else writes there is ignored. */
function calledAsOf(metadata: MessageFragment['metadata']): Mentions['calledAs'] {
  const names = metadata?.calledAs;
  if (typeof names !== 'object' || names === null) return NOBODY;
  return Object.fromEntries(Object.entries(names).filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== ''));
}

export interface Conversation extends Omit<ConversationFragment, 'otherUser' | 'lastMessage'> {
  /** The other side of a direct conversation. */
  otherUserId: string | null;
  lastMessage: Message | null;
}

export interface Member {
  userId: string;
  role: MemberRole;
  joinedAt: string;
}

/** Converts a fragment. The sender is stored separately. */
export function message({ sender, replyTo, image = null, reactions = [], metadata, ...rest }: MessageFragment & Details): Message {
  return { ...rest, senderId: sender.id, replyTo: replyTo && quote(replyTo), image, calledAs: calledAsOf(metadata), metadata, reactions: reactions.map(reaction) };
}

const quote = ({ metadata, ...rest }: NonNullable<MessageFragment['replyTo']>): Quote => ({ ...rest, calledAs: calledAsOf(metadata) });

export const reaction = ({ emoji, count, viewerReacted }: NonNullable<Details['reactions']>[number]): Reaction =>
  ({ emoji, count, isMine: viewerReacted });

/** Reactions that an event has brought, with what was known of the user's own ones, and what has changed of them. */
export function withOwnReactions(
  reactions: readonly Reaction[], known: readonly Reaction[], changes: readonly { emoji: string; added: boolean }[] = [],
): readonly Reaction[] {
  return reactions.map(({ emoji, count, isMine }) => ({
    emoji,
    count,
    isMine: isMine ?? changes.findLast((change) => change.emoji === emoji)?.added ?? known.find((other) => other.emoji === emoji)?.isMine ?? false,
  }));
}

/** The reactions after the user has added or taken back one. */
export function withReaction(reactions: readonly Reaction[], emoji: string, added: boolean): readonly Reaction[] {
  const known = reactions.find((other) => other.emoji === emoji);
  if (Boolean(known?.isMine) === added) return reactions;
  if (!known) return [...reactions, { emoji, count: 1, isMine: true }];
  return reactions.map((other) => (other === known ? { emoji, count: known.count + (added ? 1 : -1), isMine: added } : other)).filter(({ count }) => count > 0);
}

/** The read mark. What was deleted by its age before it was read is not unread. */
export const readUpTo = ({ firstSeq, lastReadSeq }: { firstSeq: number; lastReadSeq: number }) => Math.max(lastReadSeq, firstSeq - 1);

/** A message without its quote of one that was deleted by its age. */
export const withoutTrimmedQuote = (message: Message, firstSeq: number): Message =>
  message.replyTo && message.replyTo.seq < firstSeq ? { ...message, replyTo: null } : message;

export function conversation({ otherUser, lastMessage, ...rest }: ConversationFragment): Conversation {
  return {
    ...rest,
    lastReadSeq: readUpTo(rest),
    otherUserId: otherUser?.id ?? null,
    lastMessage: lastMessage && message(lastMessage),
  };
}

/** What is left of a message whose sender was erased. */
export const tombstone = (message: Message, deletedAt: string): Message =>
  message.deletedAt ? message : { ...message, text: null, image: null, reactions: [], mentions: [], mentionsEveryone: false, countsAsUnread: false, deletedAt };

/** The time of the latest activity in a conversation, by which the sidebar is sorted. */
export const activity = ({ lastMessage, createdAt }: Conversation) => lastMessage?.createdAt ?? createdAt;

/** Whether one wants to be notified of nothing in a conversation, or of nothing for now. */
export const isMuted = ({ own }: Conversation) =>
  own !== null && (own.notifications === 'NONE' || (own.mutedUntil !== null && Date.parse(own.mutedUntil) > Date.now()));
