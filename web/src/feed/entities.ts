// The state's words. Objects are never changed, but replaced: a view may compare them by identity.
import type { ConversationFragment, ConversationRef, MemberRole, MessageFragment, PersonFragment, PictureFragment } from '../gql/graphql';

export type { ConversationRef };
export type Person = PersonFragment;
export type Picture = PictureFragment;

/** A message. Names are looked up in `feed.person(senderId)`, so that they are of today. */
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

/** A message without its sender's person, which the reader keeps apart. */
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

/** When something last happened in a conversation: what the sidebar is sorted by. */
export const activity = ({ lastMessage, createdAt }: Conversation) => lastMessage?.createdAt ?? createdAt;
