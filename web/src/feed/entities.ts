// The types of the feed's state. Objects are replaced and never mutated, so views can compare them by identity.
import type { ConversationFragment, ConversationRef, MemberRole, MessageFragment, PersonFragment, PictureFragment } from '../gql/graphql';

export type { ConversationRef };
export type Person = PersonFragment;
export type Picture = PictureFragment;

/** A message. Look up its sender with `feed.person(senderId)`, which has the current name. */
export type Message = Omit<MessageFragment, 'sender'> & { senderId: string };

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
export function message({ sender, ...rest }: MessageFragment): Message {
  return { ...rest, senderId: sender.id };
}

export function conversation({ otherUser, lastMessage, ...rest }: ConversationFragment): Conversation {
  return {
    ...rest,
    otherUserId: otherUser?.id ?? null,
    lastMessage: lastMessage && message(lastMessage),
  };
}

/** What is left of a message whose sender was erased. */
export const tombstone = (message: Message, deletedAt: string): Message =>
  message.deletedAt ? message : { ...message, text: null, image: null, deletedAt };

/** The time of the latest activity in a conversation, by which the sidebar is sorted. */
export const activity = ({ lastMessage, createdAt }: Conversation) => lastMessage?.createdAt ?? createdAt;
