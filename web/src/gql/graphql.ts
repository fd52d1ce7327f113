/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** How a conversation changed. More values may be added: clients must tolerate unknown values. */
export type ConversationChange =
  /** You are a member from here on. */
  | 'ADDED'
  /** You are no longer a member. */
  | 'REMOVED'
  /** The group, or its members, changed. */
  | 'UPDATED'
  | '%future added value';

/** The kind of a conversation. More kinds may be added: clients must tolerate unknown values. */
export type ConversationKind =
  /** A conversation between two users. Each pair has at most one; its first message creates it. */
  | 'DIRECT'
  /** A group with a title. `serverInfo.limits.groupMembers` says how many members it may have. */
  | 'GROUP'
  | '%future added value';

/**
 * A conversation by its id, or the direct conversation with a user. A direct conversation is created by its first
 * message; before that it can be read, as an empty one, and subscribed to.
 */
export type ConversationRef =
  {   /** The id of a conversation. */
  conversationId: string; externalId?: never; externalUserId?: never; userId?: never; }
  |  { conversationId?: never;   /** The id that the app's own backend gave a group. One that you are not in is treated as one that does not exist. */
  externalId: string; externalUserId?: never; userId?: never; }
  |  { conversationId?: never; externalId?: never;   /**
   * The id of a user in the app's own backend: your direct conversation with them. Where EXTERNAL_IDS is public, else
   * FORBIDDEN.
   */
  externalUserId: string; userId?: never; }
  |  { conversationId?: never; externalId?: never; externalUserId?: never;   /** The id of a user: your direct conversation with them. */
  userId: string; };

/** A new group. */
export type CreateConversationInput = {
  /**
   * With a key of scope `conversations` only, else FORBIDDEN: an id of the app's, of an order or a document, unique on
   * the server, 1 to 128 characters. Again returns the group that it made.
   */
  externalId?: string | null | undefined;
  /**
   * A UUIDv7 of your own: again with the same id returns the group that it made, as it is now, or NOT_FOUND if you
   * have left it. An id that anything else has gives BAD_USER_INPUT.
   */
  id?: string | null | undefined;
  /**
   * The ids of the other members, up to 999. Duplicates and your own id are ignored; one unknown id rejects the
   * request.
   */
  memberIds: Array<string>;
  /** The app's own data. */
  metadata?: Record<string, unknown> | null | undefined;
  /** The id of the user who owns it: with a key that does not act as somebody, and required there, else FORBIDDEN. */
  ownerId?: string | null | undefined;
  /** The title, 1 to 100 characters. */
  title: string;
};

/** An image: a file of this request, or one that was uploaded before it. */
export type ImageInput =
  {   /**
   * A file of this multipart request: a JPEG, PNG, WebP or GIF of up to `imageBytes` bytes and `imagePixels` pixels
   * (serverInfo.limits).
   */
  file: Blob; uploadId?: never; }
  |  { file?: never;   /**
   * The `id` of an upload that you created with createImageUpload, after its bytes were PUT. It can be used for one
   * image.
   */
  uploadId: string; };

/** The e-mail address and password of an account. */
export type LoginInput = {
  /** The account's e-mail address. */
  email: string;
  /** The account's password. */
  password: string;
};

/** The role of a member. More roles may be added: clients must tolerate unknown values. */
export type MemberRole =
  /**
   * May do what the owner may, but for roles, and for removing the owner or other admins: change the group, remove
   * members, pin messages, delete others' messages, and write where only admins may.
   */
  | 'ADMIN'
  /** May send messages and add members. */
  | 'MEMBER'
  /** May change roles, remove everybody, and do what an admin may. */
  | 'OWNER'
  | '%future added value';

/** Which messages you want to be notified of. More values may be added: clients must tolerate unknown values. */
export type NotificationLevel =
  /** All. */
  | 'ALL'
  /** Those that call you. */
  | 'MENTIONS'
  /** None. */
  | 'NONE'
  | '%future added value';

/** What you may do in a conversation. More values may be added: clients must tolerate unknown values. */
export type Permission =
  /** Add members. */
  | 'ADD_MEMBERS'
  /** Delete messages of others. */
  | 'DELETE_OTHERS_MESSAGES'
  /** Call everybody. */
  | 'MENTION_EVERYONE'
  /** Pin and unpin messages. */
  | 'PIN'
  /** React to messages. You may always take a reaction back. */
  | 'REACT'
  /** Remove members; an admin not the owner or other admins. */
  | 'REMOVE_MEMBERS'
  /** Send messages, and edit your own. */
  | 'SEND'
  /** Change the roles of members. */
  | 'SET_ROLES'
  /** Change title, picture, metadata and posting. */
  | 'UPDATE'
  | '%future added value';

/** Who may write in a conversation. */
export type Posting =
  /** The owner and the admins. */
  | 'ADMINS'
  /** All members. */
  | 'EVERYONE'
  | '%future added value';

/** What a moderator does about a report. */
export type ReportAction =
  /** Deletes the message, as its sender could. */
  | 'DELETE_MESSAGE'
  /** Nothing. */
  | 'DISMISS'
  /** Disables the user's account and ends their sessions, until the operator enables it. */
  | 'SUSPEND_USER'
  | '%future added value';

/** A report. */
export type ReportInput = {
  /** More about it, up to 1,000 characters. */
  comment?: string | null | undefined;
  /** Why. */
  reason: ReportReason;
  /** What it is about. */
  target: ReportTarget;
};

/** Why something is reported. */
export type ReportReason =
  /** It is meant to hurt somebody. */
  | 'HARASSMENT'
  /** It is against a group of people. */
  | 'HATE'
  /** It is against the law. */
  | 'ILLEGAL'
  /** Somebody poses as another. */
  | 'IMPERSONATION'
  /** Something else: say it in `comment`. */
  | 'OTHER'
  /** Somebody may hurt themself. */
  | 'SELF_HARM'
  /** It is sexual. */
  | 'SEXUAL'
  /** Unwanted advertising, or the same again and again. */
  | 'SPAM'
  /** It threatens with violence, or shows it. */
  | 'VIOLENCE'
  | '%future added value';

/** What is reported: exactly one of these. */
export type ReportTarget =
  {   /** A conversation that you are in. */
  conversationId: string; messageId?: never; userId?: never; }
  |  { conversationId?: never;   /** A message. */
  messageId: string; userId?: never; }
  |  { conversationId?: never; messageId?: never;   /** A user. */
  userId: string; };

/** A message to send. */
export type SendMessageInput = {
  /**
   * The message's id, a UUIDv7 chosen by the client; the server chooses one if left out. Sending is idempotent: a
   * retry with the same id to the same conversation returns the first message as it is now and sends nothing,
   * without a time limit. So an optimistic message and the real one are the same cache entry. The id is looked up
   * before the rest of the input is checked. The id of somebody else's message, one used in another conversation, or
   * one that anything else has, gives BAD_USER_INPUT; in a conversation that you have left, NOT_FOUND.
   */
  id?: string | null | undefined;
  /** The image. A retry with the same id need not send it again. */
  image?: ImageInput | null | undefined;
  /**
   * Whether it calls everybody in the conversation. In groups of over 20 members only admins and the owner may, else
   * FORBIDDEN. Nobody is called who is in a block with you at that moment.
   */
  mentionEveryone?: boolean | null | undefined;
  /**
   * Whom it calls: the ids of up to 50 members of the conversation, else BAD_USER_INPUT. They are never read out of
   * the text.
   */
  mentionIds?: Array<string> | null | undefined;
  /** The app's own data. */
  metadata?: Record<string, unknown> | null | undefined;
  /** The id of the message to which it replies. It must be in the same conversation, else NOT_FOUND. */
  replyToId?: string | null | undefined;
  /** The text, 1 to 4,000 characters after trimming. A message has a text, an image or both. */
  text?: string | null | undefined;
  /** The conversation. Your own user id gives BAD_USER_INPUT, that of an erased user NOT_FOUND. */
  to: ConversationRef;
  /** What the app says this message is, as `order_card`: 1 to 64 of a-z, 0-9, `_`, `.`, `-`. */
  type?: string | null | undefined;
};

/** What somebody is on this server beside a user. More values may be added: clients must tolerate unknown values. */
export type ServerRole =
  /** May do what moderators may. */
  | 'ADMIN'
  /** Reads reports and acts on them. */
  | 'MODERATOR'
  | '%future added value';

/** A new account. */
export type SignupInput = {
  /** The e-mail address, which no other account may have. Case is ignored. */
  email: string;
  /** 1 to 80 characters, in any script. */
  fullName: string;
  /** 6 to 128 characters, unless the server requires more. The 3,000 most common passwords are rejected. */
  password: string;
};

/** What happened in a conversation. More values may be added: clients must tolerate unknown values. */
export type SystemKind =
  /** The group was created, with these users beside its owner, and with this title. */
  | 'GROUP_CREATED'
  /** These users were added. */
  | 'MEMBERS_ADDED'
  /** These users were removed. */
  | 'MEMBERS_REMOVED'
  /** This user, who is the sender, left or was erased. */
  | 'MEMBER_LEFT'
  /** A message was pinned: `replyTo` of the line. */
  | 'MESSAGE_PINNED'
  /** The group has a new picture, or none any more. */
  | 'PICTURE_CHANGED'
  /** This user has a new role. */
  | 'ROLE_CHANGED'
  /** The group has a new title. */
  | 'TITLE_CHANGED'
  | '%future added value';

/** The changes of your own side of a conversation. Fields that are left out do not change. */
export type UpdateMembershipInput = {
  /** Whether it is in your archive. */
  archived?: boolean | null | undefined;
  /** Whether it is one of your favourites. */
  favorite?: boolean | null | undefined;
  /** Whether it is marked as unread, until the next markRead. */
  markedUnread?: boolean | null | undefined;
  /** Until when you want to be notified of nothing; null for no such time. */
  mutedUntil?: string | null | undefined;
  /** Which messages you want to be notified of. */
  notifications?: NotificationLevel | null | undefined;
};

export type SignUpMutationVariables = Exact<{
  input: SignupInput;
}>;


export type SignUpMutation = { signup: { user: { id: string } } };

export type LogInMutationVariables = Exact<{
  input: LoginInput;
}>;


export type LogInMutation = { login: { user: { id: string } } };

export type LogInWithTokenMutationVariables = Exact<{
  token: string;
}>;


export type LogInWithTokenMutation = { loginWithToken: { user: { id: string } } };

export type MeQueryVariables = Exact<{ [key: string]: never; }>;


export type MeQuery = { me: { id: string } | null };

export type LogOutMutationVariables = Exact<{ [key: string]: never; }>;


export type LogOutMutation = { logout: boolean };

export type LogOutEverywhereMutationVariables = Exact<{ [key: string]: never; }>;


export type LogOutEverywhereMutation = { revokeOtherSessions: number, logout: boolean };

export type RenameMutationVariables = Exact<{
  fullName: string;
}>;


export type RenameMutation = { updateProfile: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } };

export type SetPictureMutationVariables = Exact<{
  file: Blob;
}>;


export type SetPictureMutation = { updateProfile: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } };

export type RemovePictureMutationVariables = Exact<{ [key: string]: never; }>;


export type RemovePictureMutation = { updateProfile: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } };

export type LimitsQueryVariables = Exact<{ [key: string]: never; }>;


export type LimitsQuery = { serverInfo: { version: string, name: string, logoUrl: string | null, features: Array<string>, signInUrl: string | null, limits: { messageLength: number, groupMembers: number, imageBytes: number, imagePixels: number, imageSide: number, passwordLength: number } } };

export type DevicesQueryVariables = Exact<{ [key: string]: never; }>;


export type DevicesQuery = { sessions: Array<{ id: string, current: boolean, userAgent: string | null, lastUsedAt: string }> };

export type EndSessionMutationVariables = Exact<{
  id: string;
}>;


export type EndSessionMutation = { revokeSession: boolean };

export type EndOtherSessionsMutationVariables = Exact<{ [key: string]: never; }>;


export type EndOtherSessionsMutation = { revokeOtherSessions: number };

export type ChangePasswordMutationVariables = Exact<{
  now: string;
  next: string;
}>;


export type ChangePasswordMutation = { changePassword: { expiresAt: string } };

export type DeleteAccountMutationVariables = Exact<{
  password: string;
}>;


export type DeleteAccountMutation = { deleteAccount: boolean };

export type PersonFragment = { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null };

export type PictureFragment = { url: string, urlExpiresAt: string, width: number, height: number, placeholder: string | null, thumbnail: string };

export type MessageFragment = { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null };

export type FullMessageFragment = { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, image: { url: string, urlExpiresAt: string, width: number, height: number, placeholder: string | null, thumbnail: string } | null, reactions: Array<{ emoji: string, count: number }>, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null };

export type OwnMessageFragment = { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, image: { url: string, urlExpiresAt: string, width: number, height: number, placeholder: string | null, thumbnail: string } | null, reactions: Array<{ emoji: string, count: number, viewerReacted: boolean }>, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null };

export type GroupPictureFragment = { url: string, urlExpiresAt: string };

export type ConversationFragment = { id: string, kind: ConversationKind, title: string | null, memberCount: number, firstSeq: number, lastSeq: number, lastReadSeq: number, unreadCount: number, unreadMentionCount: number, posting: Posting, viewerCan: Array<Permission>, createdAt: string, updatedAt: string, picture: { url: string, urlExpiresAt: string } | null, otherUser: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } | null, lastMessage: { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null } | null, own: { role: MemberRole, notifications: NotificationLevel, mutedUntil: string | null, archived: boolean, favorite: boolean, markedUnread: boolean } | null };

export type SnapshotQueryVariables = Exact<{ [key: string]: never; }>;


export type SnapshotQuery = { feedCursor: string, me: { email: string | null, id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } | null, blockedUsers: { nodes: Array<{ id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } }, conversations: { nodes: Array<{ id: string, kind: ConversationKind, title: string | null, memberCount: number, firstSeq: number, lastSeq: number, lastReadSeq: number, unreadCount: number, unreadMentionCount: number, posting: Posting, viewerCan: Array<Permission>, createdAt: string, updatedAt: string, picture: { url: string, urlExpiresAt: string } | null, otherUser: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } | null, lastMessage: { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null } | null, own: { role: MemberRole, notifications: NotificationLevel, mutedUntil: string | null, archived: boolean, favorite: boolean, markedUnread: boolean } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type MoreConversationsQueryVariables = Exact<{
  after: string;
}>;


export type MoreConversationsQuery = { conversations: { nodes: Array<{ id: string, kind: ConversationKind, title: string | null, memberCount: number, firstSeq: number, lastSeq: number, lastReadSeq: number, unreadCount: number, unreadMentionCount: number, posting: Posting, viewerCan: Array<Permission>, createdAt: string, updatedAt: string, picture: { url: string, urlExpiresAt: string } | null, otherUser: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } | null, lastMessage: { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null } | null, own: { role: MemberRole, notifications: NotificationLevel, mutedUntil: string | null, archived: boolean, favorite: boolean, markedUnread: boolean } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type OneConversationQueryVariables = Exact<{
  by: ConversationRef;
}>;


export type OneConversationQuery = { conversation: { id: string, kind: ConversationKind, title: string | null, memberCount: number, firstSeq: number, lastSeq: number, lastReadSeq: number, unreadCount: number, unreadMentionCount: number, posting: Posting, viewerCan: Array<Permission>, createdAt: string, updatedAt: string, picture: { url: string, urlExpiresAt: string } | null, otherUser: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } | null, lastMessage: { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null } | null, own: { role: MemberRole, notifications: NotificationLevel, mutedUntil: string | null, archived: boolean, favorite: boolean, markedUnread: boolean } | null } | null };

export type OnePersonQueryVariables = Exact<{
  id: string;
}>;


export type OnePersonQuery = { user: { lastSeenAt: string | null, id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } | null };

export type BlockedUsersQueryVariables = Exact<{
  after: string;
}>;


export type BlockedUsersQuery = { blockedUsers: { nodes: Array<{ id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type BlockMutationVariables = Exact<{
  userId: string;
}>;


export type BlockMutation = { blockUser: { id: string } };

export type UnblockMutationVariables = Exact<{
  userId: string;
}>;


export type UnblockMutation = { unblockUser: { id: string } };

export type MembersQueryVariables = Exact<{
  id: string;
  after?: string | null | undefined;
}>;


export type MembersQuery = { conversation: { members: { nodes: Array<{ role: MemberRole, joinedAt: string, lastReadSeq: number, user: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null };

export type HistoryPageQueryVariables = Exact<{
  conversation: ConversationRef;
  around: number;
  size: number;
}>;


export type HistoryPageQuery = { messages: { nodes: Array<{ id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, image: { url: string, urlExpiresAt: string, width: number, height: number, placeholder: string | null, thumbnail: string } | null, reactions: Array<{ emoji: string, count: number, viewerReacted: boolean }>, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null }> } };

type Event_BlockChanged_Fragment = { __typename: 'BlockChanged', blocked: boolean, cursor: string, user: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } };

type Event_CaughtUp_Fragment = { __typename: 'CaughtUp', cursor: string };

type Event_ConversationChanged_Fragment = { __typename: 'ConversationChanged', change: ConversationChange, conversationId: string, cursor: string, conversation: { title: string | null, memberCount: number, posting: Posting, updatedAt: string, picture: { url: string, urlExpiresAt: string } | null } | null };

type Event_FeedReset_Fragment = { __typename: 'FeedReset', cursor: string };

type Event_HistoryTrimmed_Fragment = { __typename: 'HistoryTrimmed', conversationId: string, beforeSeq: number, cursor: string };

type Event_MembershipChanged_Fragment = { __typename: 'MembershipChanged', cursor: string, own: { id: string } };

type Event_MessageAdded_Fragment = { __typename: 'MessageAdded', cursor: string, message: { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, image: { url: string, urlExpiresAt: string, width: number, height: number, placeholder: string | null, thumbnail: string } | null, reactions: Array<{ emoji: string, count: number }>, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null } };

type Event_MessageChanged_Fragment = { __typename: 'MessageChanged', cursor: string, message: { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, image: { url: string, urlExpiresAt: string, width: number, height: number, placeholder: string | null, thumbnail: string } | null, reactions: Array<{ emoji: string, count: number }>, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null } };

type Event_PinsChanged_Fragment = { __typename: 'PinsChanged', conversationId: string, cursor: string, message: { id: string, seq: number, pinnedAt: string | null } };

type Event_ReactionsChanged_Fragment = { __typename: 'ReactionsChanged', conversationId: string, cursor: string, message: { id: string, seq: number, reactions: Array<{ emoji: string, count: number }> }, changes: Array<{ emoji: string, added: boolean, user: { id: string } }> };

type Event_ReadMarkMoved_Fragment = { __typename: 'ReadMarkMoved', conversationId: string, lastReadSeq: number, cursor: string, user: { id: string } };

type Event_UserChanged_Fragment = { __typename: 'UserChanged', cursor: string, user: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } };

export type EventFragment =
  | Event_BlockChanged_Fragment
  | Event_CaughtUp_Fragment
  | Event_ConversationChanged_Fragment
  | Event_FeedReset_Fragment
  | Event_HistoryTrimmed_Fragment
  | Event_MembershipChanged_Fragment
  | Event_MessageAdded_Fragment
  | Event_MessageChanged_Fragment
  | Event_PinsChanged_Fragment
  | Event_ReactionsChanged_Fragment
  | Event_ReadMarkMoved_Fragment
  | Event_UserChanged_Fragment
;

export type EventsSubscriptionVariables = Exact<{
  after: string;
}>;


export type EventsSubscription = { events:
    | { __typename: 'BlockChanged', blocked: boolean, cursor: string, user: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } }
    | { __typename: 'CaughtUp', cursor: string }
    | { __typename: 'ConversationChanged', change: ConversationChange, conversationId: string, cursor: string, conversation: { title: string | null, memberCount: number, posting: Posting, updatedAt: string, picture: { url: string, urlExpiresAt: string } | null } | null }
    | { __typename: 'FeedReset', cursor: string }
    | { __typename: 'HistoryTrimmed', conversationId: string, beforeSeq: number, cursor: string }
    | { __typename: 'MembershipChanged', cursor: string, own: { id: string } }
    | { __typename: 'MessageAdded', cursor: string, message: { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, image: { url: string, urlExpiresAt: string, width: number, height: number, placeholder: string | null, thumbnail: string } | null, reactions: Array<{ emoji: string, count: number }>, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null } }
    | { __typename: 'MessageChanged', cursor: string, message: { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, image: { url: string, urlExpiresAt: string, width: number, height: number, placeholder: string | null, thumbnail: string } | null, reactions: Array<{ emoji: string, count: number }>, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null } }
    | { __typename: 'PinsChanged', conversationId: string, cursor: string, message: { id: string, seq: number, pinnedAt: string | null } }
    | { __typename: 'ReactionsChanged', conversationId: string, cursor: string, message: { id: string, seq: number, reactions: Array<{ emoji: string, count: number }> }, changes: Array<{ emoji: string, added: boolean, user: { id: string } }> }
    | { __typename: 'ReadMarkMoved', conversationId: string, lastReadSeq: number, cursor: string, user: { id: string } }
    | { __typename: 'UserChanged', cursor: string, user: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } }
   };

export type OnlineSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type OnlineSubscription = { onlineUsers: Array<{ id: string }> };

export type TypingSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type TypingSubscription = { typingChanged: { conversationId: string, typing: boolean, user: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } } };

export type SetTypingMutationVariables = Exact<{
  conversation: ConversationRef;
  typing: boolean;
}>;


export type SetTypingMutation = { setTyping: boolean };

export type SendMutationVariables = Exact<{
  input: SendMessageInput;
}>;


export type SendMutation = { sendMessage: { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, image: { url: string, urlExpiresAt: string, width: number, height: number, placeholder: string | null, thumbnail: string } | null, reactions: Array<{ emoji: string, count: number, viewerReacted: boolean }>, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null } };

export type EditMutationVariables = Exact<{
  id: string;
  text: string;
  mentionIds?: Array<string> | string | null | undefined;
  metadata?: Record<string, unknown> | null | undefined;
}>;


export type EditMutation = { editMessage: { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, image: { url: string, urlExpiresAt: string, width: number, height: number, placeholder: string | null, thumbnail: string } | null, reactions: Array<{ emoji: string, count: number, viewerReacted: boolean }>, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null } };

export type DeleteMutationVariables = Exact<{
  id: string;
}>;


export type DeleteMutation = { deleteMessage: { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, image: { url: string, urlExpiresAt: string, width: number, height: number, placeholder: string | null, thumbnail: string } | null, reactions: Array<{ emoji: string, count: number, viewerReacted: boolean }>, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null } };

export type MarkReadMutationVariables = Exact<{
  conversation: ConversationRef;
  upToSeq: number;
}>;


export type MarkReadMutation = { markRead: { id: string, lastReadSeq: number } };

export type EventsPageQueryVariables = Exact<{
  after: string;
}>;


export type EventsPageQuery = { events: { cursor: string, hasMore: boolean, events: Array<
      | { __typename: 'BlockChanged', blocked: boolean, cursor: string, user: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } }
      | { __typename: 'CaughtUp', cursor: string }
      | { __typename: 'ConversationChanged', change: ConversationChange, conversationId: string, cursor: string, conversation: { title: string | null, memberCount: number, posting: Posting, updatedAt: string, picture: { url: string, urlExpiresAt: string } | null } | null }
      | { __typename: 'FeedReset', cursor: string }
      | { __typename: 'HistoryTrimmed', conversationId: string, beforeSeq: number, cursor: string }
      | { __typename: 'MembershipChanged', cursor: string, own: { id: string } }
      | { __typename: 'MessageAdded', cursor: string, message: { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, image: { url: string, urlExpiresAt: string, width: number, height: number, placeholder: string | null, thumbnail: string } | null, reactions: Array<{ emoji: string, count: number }>, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null } }
      | { __typename: 'MessageChanged', cursor: string, message: { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, image: { url: string, urlExpiresAt: string, width: number, height: number, placeholder: string | null, thumbnail: string } | null, reactions: Array<{ emoji: string, count: number }>, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null } }
      | { __typename: 'PinsChanged', conversationId: string, cursor: string, message: { id: string, seq: number, pinnedAt: string | null } }
      | { __typename: 'ReactionsChanged', conversationId: string, cursor: string, message: { id: string, seq: number, reactions: Array<{ emoji: string, count: number }> }, changes: Array<{ emoji: string, added: boolean, user: { id: string } }> }
      | { __typename: 'ReadMarkMoved', conversationId: string, lastReadSeq: number, cursor: string, user: { id: string } }
      | { __typename: 'UserChanged', cursor: string, user: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } }
    > } };

export type AddReactionMutationVariables = Exact<{
  messageId: string;
  emoji: string;
}>;


export type AddReactionMutation = { addReaction: { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, image: { url: string, urlExpiresAt: string, width: number, height: number, placeholder: string | null, thumbnail: string } | null, reactions: Array<{ emoji: string, count: number, viewerReacted: boolean }>, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null } };

export type RemoveReactionMutationVariables = Exact<{
  messageId: string;
  emoji: string;
}>;


export type RemoveReactionMutation = { removeReaction: { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, image: { url: string, urlExpiresAt: string, width: number, height: number, placeholder: string | null, thumbnail: string } | null, reactions: Array<{ emoji: string, count: number, viewerReacted: boolean }>, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null } };

export type NewestMentionsQueryVariables = Exact<{
  after?: string | null | undefined;
}>;


export type NewestMentionsQuery = { mentions: { nodes: Array<{ id: string, createdAt: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type UnreadCountsQueryVariables = Exact<{
  id: string;
}>;


export type UnreadCountsQuery = { conversation: { id: string, lastSeq: number, lastReadSeq: number, unreadCount: number, unreadMentionCount: number } | null };

export type ReactorsQueryVariables = Exact<{
  id: string;
}>;


export type ReactorsQuery = { message: { reactions: Array<{ emoji: string, count: number, users: { nodes: Array<{ id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }> } }> } | null };

export type UpdateMembershipMutationVariables = Exact<{
  conversation: ConversationRef;
  input: UpdateMembershipInput;
}>;


export type UpdateMembershipMutation = { updateMembership: { id: string, kind: ConversationKind, title: string | null, memberCount: number, firstSeq: number, lastSeq: number, lastReadSeq: number, unreadCount: number, unreadMentionCount: number, posting: Posting, viewerCan: Array<Permission>, createdAt: string, updatedAt: string, picture: { url: string, urlExpiresAt: string } | null, otherUser: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } | null, lastMessage: { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null } | null, own: { role: MemberRole, notifications: NotificationLevel, mutedUntil: string | null, archived: boolean, favorite: boolean, markedUnread: boolean } | null } };

export type PinMutationVariables = Exact<{
  messageId: string;
}>;


export type PinMutation = { pinMessage: { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, image: { url: string, urlExpiresAt: string, width: number, height: number, placeholder: string | null, thumbnail: string } | null, reactions: Array<{ emoji: string, count: number, viewerReacted: boolean }>, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null } };

export type UnpinMutationVariables = Exact<{
  messageId: string;
}>;


export type UnpinMutation = { unpinMessage: { id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, image: { url: string, urlExpiresAt: string, width: number, height: number, placeholder: string | null, thumbnail: string } | null, reactions: Array<{ emoji: string, count: number, viewerReacted: boolean }>, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null } };

export type PinnedMessagesQueryVariables = Exact<{
  id: string;
}>;


export type PinnedMessagesQuery = { conversation: { pinnedMessages: { nodes: Array<{ id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null }> } } | null };

export type ReportFragment = { id: string, reason: ReportReason, comment: string | null, text: string | null, sentAt: string | null, messageId: string | null, conversationId: string | null, conversationTitle: string | null, createdAt: string, resolvedAt: string | null, action: ReportAction | null, note: string | null, reporter: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, user: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } | null, image: { url: string, urlExpiresAt: string, width: number, height: number, placeholder: string | null, thumbnail: string } | null, resolvedBy: { id: string, fullName: string } | null };

export type ReportsQueryVariables = Exact<{
  open: boolean;
  after?: string | null | undefined;
}>;


export type ReportsQuery = { reports: { nodes: Array<{ id: string, reason: ReportReason, comment: string | null, text: string | null, sentAt: string | null, messageId: string | null, conversationId: string | null, conversationTitle: string | null, createdAt: string, resolvedAt: string | null, action: ReportAction | null, note: string | null, reporter: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, user: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } | null, image: { url: string, urlExpiresAt: string, width: number, height: number, placeholder: string | null, thumbnail: string } | null, resolvedBy: { id: string, fullName: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type ResolveReportMutationVariables = Exact<{
  id: string;
  action: ReportAction;
  note?: string | null | undefined;
}>;


export type ResolveReportMutation = { resolveReport: { id: string, reason: ReportReason, comment: string | null, text: string | null, sentAt: string | null, messageId: string | null, conversationId: string | null, conversationTitle: string | null, createdAt: string, resolvedAt: string | null, action: ReportAction | null, note: string | null, reporter: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, user: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null } | null, image: { url: string, urlExpiresAt: string, width: number, height: number, placeholder: string | null, thumbnail: string } | null, resolvedBy: { id: string, fullName: string } | null } };

export type FindPeopleQueryVariables = Exact<{
  search?: string | null | undefined;
  after?: string | null | undefined;
}>;


export type FindPeopleQuery = { users: { nodes: Array<{ nameKey: string, createdAt: string, id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type CreateGroupMutationVariables = Exact<{
  input: CreateConversationInput;
}>;


export type CreateGroupMutation = { createConversation: { id: string } };

export type RenameGroupMutationVariables = Exact<{
  id: string;
  title: string;
}>;


export type RenameGroupMutation = { updateConversation: { id: string } };

export type SetPostingMutationVariables = Exact<{
  id: string;
  posting: Posting;
}>;


export type SetPostingMutation = { updateConversation: { id: string } };

export type RetentionQueryVariables = Exact<{
  id: string;
}>;


export type RetentionQuery = { conversation: { retentionDays: number | null } | null };

export type SetRetentionMutationVariables = Exact<{
  id: string;
  days?: number | null | undefined;
}>;


export type SetRetentionMutation = { updateConversation: { id: string } };

export type SetGroupPictureMutationVariables = Exact<{
  id: string;
  file: Blob;
}>;


export type SetGroupPictureMutation = { updateConversation: { id: string } };

export type RemoveGroupPictureMutationVariables = Exact<{
  id: string;
}>;


export type RemoveGroupPictureMutation = { updateConversation: { id: string } };

export type AddMembersMutationVariables = Exact<{
  id: string;
  userIds: Array<string> | string;
}>;


export type AddMembersMutation = { addMembers: { id: string } };

export type RemoveMemberMutationVariables = Exact<{
  id: string;
  userId: string;
}>;


export type RemoveMemberMutation = { removeMember: { id: string } | null };

export type FindMessagesQueryVariables = Exact<{
  query: string;
  conversation?: ConversationRef | null | undefined;
  senderId?: string | null | undefined;
  since?: string | null | undefined;
  before?: string | null | undefined;
  hasImage?: boolean | null | undefined;
  after?: string | null | undefined;
}>;


export type FindMessagesQuery = { searchMessages: { nodes: Array<{ id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type SetMemberRoleMutationVariables = Exact<{
  id: string;
  userId: string;
  role: MemberRole;
}>;


export type SetMemberRoleMutation = { setMemberRole: { id: string } };

export type MentionsQueryVariables = Exact<{
  after?: string | null | undefined;
}>;


export type MentionsQuery = { mentions: { nodes: Array<{ id: string, conversationId: string, seq: number, text: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, version: number, createdAt: string, editedAt: string | null, deletedAt: string | null, countsAsUnread: boolean, pinnedAt: string | null, sender: { id: string, fullName: string, deletedAt: string | null, profilePic: { url: string, urlExpiresAt: string } | null }, mentions: Array<{ id: string, fullName: string }>, replyTo: { id: string, seq: number, text: string | null, deletedAt: string | null, mentionsEveryone: boolean, metadata: Record<string, unknown> | null, sender: { id: string }, mentions: Array<{ id: string, fullName: string }> } | null, system: { kind: SystemKind, userCount: number, title: string | null, role: MemberRole | null, users: Array<{ id: string, fullName: string }> } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type ReportMutationVariables = Exact<{
  input: ReportInput;
}>;


export type ReportMutation = { report: boolean };

export type ServerRolesQueryVariables = Exact<{ [key: string]: never; }>;


export type ServerRolesQuery = { serverRoles: Array<ServerRole> };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const PersonFragmentDoc = new TypedDocumentString(`
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
    `, {"fragmentName":"Person"}) as unknown as TypedDocumentString<PersonFragment, unknown>;
export const MessageFragmentDoc = new TypedDocumentString(`
    fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}`, {"fragmentName":"Message"}) as unknown as TypedDocumentString<MessageFragment, unknown>;
export const PictureFragmentDoc = new TypedDocumentString(`
    fragment Picture on Image {
  url
  thumbnail: url(maxWidth: 960)
  urlExpiresAt
  width
  height
  placeholder
}
    `, {"fragmentName":"Picture"}) as unknown as TypedDocumentString<PictureFragment, unknown>;
export const OwnMessageFragmentDoc = new TypedDocumentString(`
    fragment OwnMessage on Message {
  ...Message
  image {
    ...Picture
  }
  reactions {
    emoji
    count
    viewerReacted
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Picture on Image {
  url
  thumbnail: url(maxWidth: 960)
  urlExpiresAt
  width
  height
  placeholder
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}`, {"fragmentName":"OwnMessage"}) as unknown as TypedDocumentString<OwnMessageFragment, unknown>;
export const GroupPictureFragmentDoc = new TypedDocumentString(`
    fragment GroupPicture on Image {
  url(maxWidth: 240)
  urlExpiresAt
}
    `, {"fragmentName":"GroupPicture"}) as unknown as TypedDocumentString<GroupPictureFragment, unknown>;
export const ConversationFragmentDoc = new TypedDocumentString(`
    fragment Conversation on Conversation {
  id
  kind
  title
  picture {
    ...GroupPicture
  }
  otherUser {
    ...Person
  }
  memberCount
  lastMessage {
    ...Message
  }
  firstSeq
  lastSeq
  lastReadSeq
  unreadCount
  unreadMentionCount
  posting
  viewerCan
  own {
    role
    notifications
    mutedUntil
    archived
    favorite
    markedUnread
  }
  createdAt
  updatedAt
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}
fragment GroupPicture on Image {
  url(maxWidth: 240)
  urlExpiresAt
}`, {"fragmentName":"Conversation"}) as unknown as TypedDocumentString<ConversationFragment, unknown>;
export const FullMessageFragmentDoc = new TypedDocumentString(`
    fragment FullMessage on Message {
  ...Message
  image {
    ...Picture
  }
  reactions {
    emoji
    count
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Picture on Image {
  url
  thumbnail: url(maxWidth: 960)
  urlExpiresAt
  width
  height
  placeholder
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}`, {"fragmentName":"FullMessage"}) as unknown as TypedDocumentString<FullMessageFragment, unknown>;
export const EventFragmentDoc = new TypedDocumentString(`
    fragment Event on FeedEvent {
  __typename
  cursor
  ... on MessageAdded {
    message {
      ...FullMessage
    }
  }
  ... on MessageChanged {
    message {
      ...FullMessage
    }
  }
  ... on ReactionsChanged {
    conversationId
    message {
      id
      seq
      reactions {
        emoji
        count
      }
    }
    changes {
      user {
        id
      }
      emoji
      added
    }
  }
  ... on PinsChanged {
    conversationId
    message {
      id
      seq
      pinnedAt
    }
  }
  ... on MembershipChanged {
    own: conversation {
      id
    }
  }
  ... on ReadMarkMoved {
    conversationId
    user {
      id
    }
    lastReadSeq
  }
  ... on ConversationChanged {
    change
    conversationId
    conversation {
      title
      memberCount
      posting
      picture {
        ...GroupPicture
      }
      updatedAt
    }
  }
  ... on BlockChanged {
    user {
      ...Person
    }
    blocked
  }
  ... on UserChanged {
    user {
      ...Person
    }
  }
  ... on HistoryTrimmed {
    conversationId
    beforeSeq
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Picture on Image {
  url
  thumbnail: url(maxWidth: 960)
  urlExpiresAt
  width
  height
  placeholder
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}
fragment FullMessage on Message {
  ...Message
  image {
    ...Picture
  }
  reactions {
    emoji
    count
  }
}
fragment GroupPicture on Image {
  url(maxWidth: 240)
  urlExpiresAt
}`, {"fragmentName":"Event"}) as unknown as TypedDocumentString<EventFragment, unknown>;
export const ReportFragmentDoc = new TypedDocumentString(`
    fragment Report on Report {
  id
  reporter {
    ...Person
  }
  reason
  comment
  user {
    ...Person
  }
  text
  image {
    ...Picture
  }
  sentAt
  messageId
  conversationId
  conversationTitle
  createdAt
  resolvedAt
  resolvedBy {
    id
    fullName
  }
  action
  note
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Picture on Image {
  url
  thumbnail: url(maxWidth: 960)
  urlExpiresAt
  width
  height
  placeholder
}`, {"fragmentName":"Report"}) as unknown as TypedDocumentString<ReportFragment, unknown>;
export const SignUpDocument = new TypedDocumentString(`
    mutation SignUp($input: SignupInput!) {
  signup(input: $input) {
    user {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<SignUpMutation, SignUpMutationVariables>;
export const LogInDocument = new TypedDocumentString(`
    mutation LogIn($input: LoginInput!) {
  login(input: $input) {
    user {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<LogInMutation, LogInMutationVariables>;
export const LogInWithTokenDocument = new TypedDocumentString(`
    mutation LogInWithToken($token: String!) {
  loginWithToken(token: $token) {
    user {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<LogInWithTokenMutation, LogInWithTokenMutationVariables>;
export const MeDocument = new TypedDocumentString(`
    query Me {
  me {
    id
  }
}
    `) as unknown as TypedDocumentString<MeQuery, MeQueryVariables>;
export const LogOutDocument = new TypedDocumentString(`
    mutation LogOut {
  logout
}
    `) as unknown as TypedDocumentString<LogOutMutation, LogOutMutationVariables>;
export const LogOutEverywhereDocument = new TypedDocumentString(`
    mutation LogOutEverywhere {
  revokeOtherSessions
  logout
}
    `) as unknown as TypedDocumentString<LogOutEverywhereMutation, LogOutEverywhereMutationVariables>;
export const RenameDocument = new TypedDocumentString(`
    mutation Rename($fullName: String!) {
  updateProfile(input: {fullName: $fullName}) {
    ...Person
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}`) as unknown as TypedDocumentString<RenameMutation, RenameMutationVariables>;
export const SetPictureDocument = new TypedDocumentString(`
    mutation SetPicture($file: Upload!) {
  updateProfile(input: {profilePic: {file: $file}}) {
    ...Person
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}`) as unknown as TypedDocumentString<SetPictureMutation, SetPictureMutationVariables>;
export const RemovePictureDocument = new TypedDocumentString(`
    mutation RemovePicture {
  updateProfile(input: {profilePic: null}) {
    ...Person
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}`) as unknown as TypedDocumentString<RemovePictureMutation, RemovePictureMutationVariables>;
export const LimitsDocument = new TypedDocumentString(`
    query Limits {
  serverInfo {
    version
    name
    logoUrl
    features
    signInUrl
    limits {
      messageLength
      groupMembers
      imageBytes
      imagePixels
      imageSide
      passwordLength
    }
  }
}
    `) as unknown as TypedDocumentString<LimitsQuery, LimitsQueryVariables>;
export const DevicesDocument = new TypedDocumentString(`
    query Devices {
  sessions {
    id
    current
    userAgent
    lastUsedAt
  }
}
    `) as unknown as TypedDocumentString<DevicesQuery, DevicesQueryVariables>;
export const EndSessionDocument = new TypedDocumentString(`
    mutation EndSession($id: ID!) {
  revokeSession(id: $id)
}
    `) as unknown as TypedDocumentString<EndSessionMutation, EndSessionMutationVariables>;
export const EndOtherSessionsDocument = new TypedDocumentString(`
    mutation EndOtherSessions {
  revokeOtherSessions
}
    `) as unknown as TypedDocumentString<EndOtherSessionsMutation, EndOtherSessionsMutationVariables>;
export const ChangePasswordDocument = new TypedDocumentString(`
    mutation ChangePassword($now: String!, $next: String!) {
  changePassword(currentPassword: $now, newPassword: $next) {
    expiresAt
  }
}
    `) as unknown as TypedDocumentString<ChangePasswordMutation, ChangePasswordMutationVariables>;
export const DeleteAccountDocument = new TypedDocumentString(`
    mutation DeleteAccount($password: String!) {
  deleteAccount(password: $password)
}
    `) as unknown as TypedDocumentString<DeleteAccountMutation, DeleteAccountMutationVariables>;
export const SnapshotDocument = new TypedDocumentString(`
    query Snapshot {
  feedCursor
  me {
    ...Person
    email
  }
  blockedUsers(first: 95) {
    nodes {
      ...Person
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
  conversations(first: 100) {
    nodes {
      ...Conversation
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}
fragment GroupPicture on Image {
  url(maxWidth: 240)
  urlExpiresAt
}
fragment Conversation on Conversation {
  id
  kind
  title
  picture {
    ...GroupPicture
  }
  otherUser {
    ...Person
  }
  memberCount
  lastMessage {
    ...Message
  }
  firstSeq
  lastSeq
  lastReadSeq
  unreadCount
  unreadMentionCount
  posting
  viewerCan
  own {
    role
    notifications
    mutedUntil
    archived
    favorite
    markedUnread
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<SnapshotQuery, SnapshotQueryVariables>;
export const MoreConversationsDocument = new TypedDocumentString(`
    query MoreConversations($after: String!) {
  conversations(first: 100, after: $after) {
    nodes {
      ...Conversation
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}
fragment GroupPicture on Image {
  url(maxWidth: 240)
  urlExpiresAt
}
fragment Conversation on Conversation {
  id
  kind
  title
  picture {
    ...GroupPicture
  }
  otherUser {
    ...Person
  }
  memberCount
  lastMessage {
    ...Message
  }
  firstSeq
  lastSeq
  lastReadSeq
  unreadCount
  unreadMentionCount
  posting
  viewerCan
  own {
    role
    notifications
    mutedUntil
    archived
    favorite
    markedUnread
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<MoreConversationsQuery, MoreConversationsQueryVariables>;
export const OneConversationDocument = new TypedDocumentString(`
    query OneConversation($by: ConversationRef!) {
  conversation(by: $by) {
    ...Conversation
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}
fragment GroupPicture on Image {
  url(maxWidth: 240)
  urlExpiresAt
}
fragment Conversation on Conversation {
  id
  kind
  title
  picture {
    ...GroupPicture
  }
  otherUser {
    ...Person
  }
  memberCount
  lastMessage {
    ...Message
  }
  firstSeq
  lastSeq
  lastReadSeq
  unreadCount
  unreadMentionCount
  posting
  viewerCan
  own {
    role
    notifications
    mutedUntil
    archived
    favorite
    markedUnread
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<OneConversationQuery, OneConversationQueryVariables>;
export const OnePersonDocument = new TypedDocumentString(`
    query OnePerson($id: ID!) {
  user(id: $id) {
    ...Person
    lastSeenAt
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}`) as unknown as TypedDocumentString<OnePersonQuery, OnePersonQueryVariables>;
export const BlockedUsersDocument = new TypedDocumentString(`
    query BlockedUsers($after: String!) {
  blockedUsers(first: 100, after: $after) {
    nodes {
      ...Person
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}`) as unknown as TypedDocumentString<BlockedUsersQuery, BlockedUsersQueryVariables>;
export const BlockDocument = new TypedDocumentString(`
    mutation Block($userId: ID!) {
  blockUser(userId: $userId) {
    id
  }
}
    `) as unknown as TypedDocumentString<BlockMutation, BlockMutationVariables>;
export const UnblockDocument = new TypedDocumentString(`
    mutation Unblock($userId: ID!) {
  unblockUser(userId: $userId) {
    id
  }
}
    `) as unknown as TypedDocumentString<UnblockMutation, UnblockMutationVariables>;
export const MembersDocument = new TypedDocumentString(`
    query Members($id: ID!, $after: String) {
  conversation(by: {conversationId: $id}) {
    members(first: 100, after: $after) {
      nodes {
        user {
          ...Person
        }
        role
        joinedAt
        lastReadSeq
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}`) as unknown as TypedDocumentString<MembersQuery, MembersQueryVariables>;
export const HistoryPageDocument = new TypedDocumentString(`
    query HistoryPage($conversation: ConversationRef!, $around: Int!, $size: Int!) {
  messages(conversation: $conversation, aroundSeq: $around, first: $size) {
    nodes {
      ...OwnMessage
    }
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Picture on Image {
  url
  thumbnail: url(maxWidth: 960)
  urlExpiresAt
  width
  height
  placeholder
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}
fragment OwnMessage on Message {
  ...Message
  image {
    ...Picture
  }
  reactions {
    emoji
    count
    viewerReacted
  }
}`) as unknown as TypedDocumentString<HistoryPageQuery, HistoryPageQueryVariables>;
export const EventsDocument = new TypedDocumentString(`
    subscription Events($after: String!) {
  events(after: $after) {
    ...Event
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Picture on Image {
  url
  thumbnail: url(maxWidth: 960)
  urlExpiresAt
  width
  height
  placeholder
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}
fragment FullMessage on Message {
  ...Message
  image {
    ...Picture
  }
  reactions {
    emoji
    count
  }
}
fragment GroupPicture on Image {
  url(maxWidth: 240)
  urlExpiresAt
}
fragment Event on FeedEvent {
  __typename
  cursor
  ... on MessageAdded {
    message {
      ...FullMessage
    }
  }
  ... on MessageChanged {
    message {
      ...FullMessage
    }
  }
  ... on ReactionsChanged {
    conversationId
    message {
      id
      seq
      reactions {
        emoji
        count
      }
    }
    changes {
      user {
        id
      }
      emoji
      added
    }
  }
  ... on PinsChanged {
    conversationId
    message {
      id
      seq
      pinnedAt
    }
  }
  ... on MembershipChanged {
    own: conversation {
      id
    }
  }
  ... on ReadMarkMoved {
    conversationId
    user {
      id
    }
    lastReadSeq
  }
  ... on ConversationChanged {
    change
    conversationId
    conversation {
      title
      memberCount
      posting
      picture {
        ...GroupPicture
      }
      updatedAt
    }
  }
  ... on BlockChanged {
    user {
      ...Person
    }
    blocked
  }
  ... on UserChanged {
    user {
      ...Person
    }
  }
  ... on HistoryTrimmed {
    conversationId
    beforeSeq
  }
}`) as unknown as TypedDocumentString<EventsSubscription, EventsSubscriptionVariables>;
export const OnlineDocument = new TypedDocumentString(`
    subscription Online {
  onlineUsers {
    id
  }
}
    `) as unknown as TypedDocumentString<OnlineSubscription, OnlineSubscriptionVariables>;
export const TypingDocument = new TypedDocumentString(`
    subscription Typing {
  typingChanged {
    conversationId
    user {
      ...Person
    }
    typing
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}`) as unknown as TypedDocumentString<TypingSubscription, TypingSubscriptionVariables>;
export const SetTypingDocument = new TypedDocumentString(`
    mutation SetTyping($conversation: ConversationRef!, $typing: Boolean!) {
  setTyping(conversation: $conversation, typing: $typing)
}
    `) as unknown as TypedDocumentString<SetTypingMutation, SetTypingMutationVariables>;
export const SendDocument = new TypedDocumentString(`
    mutation Send($input: SendMessageInput!) {
  sendMessage(input: $input) {
    ...OwnMessage
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Picture on Image {
  url
  thumbnail: url(maxWidth: 960)
  urlExpiresAt
  width
  height
  placeholder
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}
fragment OwnMessage on Message {
  ...Message
  image {
    ...Picture
  }
  reactions {
    emoji
    count
    viewerReacted
  }
}`) as unknown as TypedDocumentString<SendMutation, SendMutationVariables>;
export const EditDocument = new TypedDocumentString(`
    mutation Edit($id: ID!, $text: String!, $mentionIds: [ID!], $metadata: JSON) {
  editMessage(id: $id, text: $text, mentionIds: $mentionIds, metadata: $metadata) {
    ...OwnMessage
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Picture on Image {
  url
  thumbnail: url(maxWidth: 960)
  urlExpiresAt
  width
  height
  placeholder
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}
fragment OwnMessage on Message {
  ...Message
  image {
    ...Picture
  }
  reactions {
    emoji
    count
    viewerReacted
  }
}`) as unknown as TypedDocumentString<EditMutation, EditMutationVariables>;
export const DeleteDocument = new TypedDocumentString(`
    mutation Delete($id: ID!) {
  deleteMessage(id: $id) {
    ...OwnMessage
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Picture on Image {
  url
  thumbnail: url(maxWidth: 960)
  urlExpiresAt
  width
  height
  placeholder
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}
fragment OwnMessage on Message {
  ...Message
  image {
    ...Picture
  }
  reactions {
    emoji
    count
    viewerReacted
  }
}`) as unknown as TypedDocumentString<DeleteMutation, DeleteMutationVariables>;
export const MarkReadDocument = new TypedDocumentString(`
    mutation MarkRead($conversation: ConversationRef!, $upToSeq: Int!) {
  markRead(conversation: $conversation, upToSeq: $upToSeq) {
    id
    lastReadSeq
  }
}
    `) as unknown as TypedDocumentString<MarkReadMutation, MarkReadMutationVariables>;
export const EventsPageDocument = new TypedDocumentString(`
    query EventsPage($after: String!) {
  events(after: $after, first: 100) {
    events {
      ...Event
    }
    cursor
    hasMore
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Picture on Image {
  url
  thumbnail: url(maxWidth: 960)
  urlExpiresAt
  width
  height
  placeholder
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}
fragment FullMessage on Message {
  ...Message
  image {
    ...Picture
  }
  reactions {
    emoji
    count
  }
}
fragment GroupPicture on Image {
  url(maxWidth: 240)
  urlExpiresAt
}
fragment Event on FeedEvent {
  __typename
  cursor
  ... on MessageAdded {
    message {
      ...FullMessage
    }
  }
  ... on MessageChanged {
    message {
      ...FullMessage
    }
  }
  ... on ReactionsChanged {
    conversationId
    message {
      id
      seq
      reactions {
        emoji
        count
      }
    }
    changes {
      user {
        id
      }
      emoji
      added
    }
  }
  ... on PinsChanged {
    conversationId
    message {
      id
      seq
      pinnedAt
    }
  }
  ... on MembershipChanged {
    own: conversation {
      id
    }
  }
  ... on ReadMarkMoved {
    conversationId
    user {
      id
    }
    lastReadSeq
  }
  ... on ConversationChanged {
    change
    conversationId
    conversation {
      title
      memberCount
      posting
      picture {
        ...GroupPicture
      }
      updatedAt
    }
  }
  ... on BlockChanged {
    user {
      ...Person
    }
    blocked
  }
  ... on UserChanged {
    user {
      ...Person
    }
  }
  ... on HistoryTrimmed {
    conversationId
    beforeSeq
  }
}`) as unknown as TypedDocumentString<EventsPageQuery, EventsPageQueryVariables>;
export const AddReactionDocument = new TypedDocumentString(`
    mutation AddReaction($messageId: ID!, $emoji: String!) {
  addReaction(messageId: $messageId, emoji: $emoji) {
    ...OwnMessage
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Picture on Image {
  url
  thumbnail: url(maxWidth: 960)
  urlExpiresAt
  width
  height
  placeholder
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}
fragment OwnMessage on Message {
  ...Message
  image {
    ...Picture
  }
  reactions {
    emoji
    count
    viewerReacted
  }
}`) as unknown as TypedDocumentString<AddReactionMutation, AddReactionMutationVariables>;
export const RemoveReactionDocument = new TypedDocumentString(`
    mutation RemoveReaction($messageId: ID!, $emoji: String!) {
  removeReaction(messageId: $messageId, emoji: $emoji) {
    ...OwnMessage
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Picture on Image {
  url
  thumbnail: url(maxWidth: 960)
  urlExpiresAt
  width
  height
  placeholder
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}
fragment OwnMessage on Message {
  ...Message
  image {
    ...Picture
  }
  reactions {
    emoji
    count
    viewerReacted
  }
}`) as unknown as TypedDocumentString<RemoveReactionMutation, RemoveReactionMutationVariables>;
export const NewestMentionsDocument = new TypedDocumentString(`
    query NewestMentions($after: String) {
  mentions(first: 20, after: $after) {
    nodes {
      id
      createdAt
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<NewestMentionsQuery, NewestMentionsQueryVariables>;
export const UnreadCountsDocument = new TypedDocumentString(`
    query UnreadCounts($id: ID!) {
  conversation(by: {conversationId: $id}) {
    id
    lastSeq
    lastReadSeq
    unreadCount
    unreadMentionCount
  }
}
    `) as unknown as TypedDocumentString<UnreadCountsQuery, UnreadCountsQueryVariables>;
export const ReactorsDocument = new TypedDocumentString(`
    query Reactors($id: ID!) {
  message(id: $id) {
    reactions {
      emoji
      count
      users(first: 20) {
        nodes {
          ...Person
        }
      }
    }
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}`) as unknown as TypedDocumentString<ReactorsQuery, ReactorsQueryVariables>;
export const UpdateMembershipDocument = new TypedDocumentString(`
    mutation UpdateMembership($conversation: ConversationRef!, $input: UpdateMembershipInput!) {
  updateMembership(conversation: $conversation, input: $input) {
    ...Conversation
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}
fragment GroupPicture on Image {
  url(maxWidth: 240)
  urlExpiresAt
}
fragment Conversation on Conversation {
  id
  kind
  title
  picture {
    ...GroupPicture
  }
  otherUser {
    ...Person
  }
  memberCount
  lastMessage {
    ...Message
  }
  firstSeq
  lastSeq
  lastReadSeq
  unreadCount
  unreadMentionCount
  posting
  viewerCan
  own {
    role
    notifications
    mutedUntil
    archived
    favorite
    markedUnread
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<UpdateMembershipMutation, UpdateMembershipMutationVariables>;
export const PinDocument = new TypedDocumentString(`
    mutation Pin($messageId: ID!) {
  pinMessage(messageId: $messageId) {
    ...OwnMessage
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Picture on Image {
  url
  thumbnail: url(maxWidth: 960)
  urlExpiresAt
  width
  height
  placeholder
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}
fragment OwnMessage on Message {
  ...Message
  image {
    ...Picture
  }
  reactions {
    emoji
    count
    viewerReacted
  }
}`) as unknown as TypedDocumentString<PinMutation, PinMutationVariables>;
export const UnpinDocument = new TypedDocumentString(`
    mutation Unpin($messageId: ID!) {
  unpinMessage(messageId: $messageId) {
    ...OwnMessage
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Picture on Image {
  url
  thumbnail: url(maxWidth: 960)
  urlExpiresAt
  width
  height
  placeholder
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}
fragment OwnMessage on Message {
  ...Message
  image {
    ...Picture
  }
  reactions {
    emoji
    count
    viewerReacted
  }
}`) as unknown as TypedDocumentString<UnpinMutation, UnpinMutationVariables>;
export const PinnedMessagesDocument = new TypedDocumentString(`
    query PinnedMessages($id: ID!) {
  conversation(by: {conversationId: $id}) {
    pinnedMessages(first: 50) {
      nodes {
        ...Message
      }
    }
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}`) as unknown as TypedDocumentString<PinnedMessagesQuery, PinnedMessagesQueryVariables>;
export const ReportsDocument = new TypedDocumentString(`
    query Reports($open: Boolean!, $after: String) {
  reports(open: $open, first: 20, after: $after) {
    nodes {
      ...Report
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Picture on Image {
  url
  thumbnail: url(maxWidth: 960)
  urlExpiresAt
  width
  height
  placeholder
}
fragment Report on Report {
  id
  reporter {
    ...Person
  }
  reason
  comment
  user {
    ...Person
  }
  text
  image {
    ...Picture
  }
  sentAt
  messageId
  conversationId
  conversationTitle
  createdAt
  resolvedAt
  resolvedBy {
    id
    fullName
  }
  action
  note
}`) as unknown as TypedDocumentString<ReportsQuery, ReportsQueryVariables>;
export const ResolveReportDocument = new TypedDocumentString(`
    mutation ResolveReport($id: ID!, $action: ReportAction!, $note: String) {
  resolveReport(id: $id, action: $action, note: $note) {
    ...Report
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Picture on Image {
  url
  thumbnail: url(maxWidth: 960)
  urlExpiresAt
  width
  height
  placeholder
}
fragment Report on Report {
  id
  reporter {
    ...Person
  }
  reason
  comment
  user {
    ...Person
  }
  text
  image {
    ...Picture
  }
  sentAt
  messageId
  conversationId
  conversationTitle
  createdAt
  resolvedAt
  resolvedBy {
    id
    fullName
  }
  action
  note
}`) as unknown as TypedDocumentString<ResolveReportMutation, ResolveReportMutationVariables>;
export const FindPeopleDocument = new TypedDocumentString(`
    query FindPeople($search: String, $after: String) {
  users(search: $search, first: 30, after: $after) {
    nodes {
      ...Person
      nameKey
      createdAt
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}`) as unknown as TypedDocumentString<FindPeopleQuery, FindPeopleQueryVariables>;
export const CreateGroupDocument = new TypedDocumentString(`
    mutation CreateGroup($input: CreateConversationInput!) {
  createConversation(input: $input) {
    id
  }
}
    `) as unknown as TypedDocumentString<CreateGroupMutation, CreateGroupMutationVariables>;
export const RenameGroupDocument = new TypedDocumentString(`
    mutation RenameGroup($id: ID!, $title: String!) {
  updateConversation(id: $id, title: $title) {
    id
  }
}
    `) as unknown as TypedDocumentString<RenameGroupMutation, RenameGroupMutationVariables>;
export const SetPostingDocument = new TypedDocumentString(`
    mutation SetPosting($id: ID!, $posting: Posting!) {
  updateConversation(id: $id, posting: $posting) {
    id
  }
}
    `) as unknown as TypedDocumentString<SetPostingMutation, SetPostingMutationVariables>;
export const RetentionDocument = new TypedDocumentString(`
    query Retention($id: ID!) {
  conversation(by: {conversationId: $id}) {
    retentionDays
  }
}
    `) as unknown as TypedDocumentString<RetentionQuery, RetentionQueryVariables>;
export const SetRetentionDocument = new TypedDocumentString(`
    mutation SetRetention($id: ID!, $days: Int) {
  updateConversation(id: $id, retentionDays: $days) {
    id
  }
}
    `) as unknown as TypedDocumentString<SetRetentionMutation, SetRetentionMutationVariables>;
export const SetGroupPictureDocument = new TypedDocumentString(`
    mutation SetGroupPicture($id: ID!, $file: Upload!) {
  updateConversation(id: $id, picture: {file: $file}) {
    id
  }
}
    `) as unknown as TypedDocumentString<SetGroupPictureMutation, SetGroupPictureMutationVariables>;
export const RemoveGroupPictureDocument = new TypedDocumentString(`
    mutation RemoveGroupPicture($id: ID!) {
  updateConversation(id: $id, picture: null) {
    id
  }
}
    `) as unknown as TypedDocumentString<RemoveGroupPictureMutation, RemoveGroupPictureMutationVariables>;
export const AddMembersDocument = new TypedDocumentString(`
    mutation AddMembers($id: ID!, $userIds: [ID!]!) {
  addMembers(conversationId: $id, userIds: $userIds) {
    id
  }
}
    `) as unknown as TypedDocumentString<AddMembersMutation, AddMembersMutationVariables>;
export const RemoveMemberDocument = new TypedDocumentString(`
    mutation RemoveMember($id: ID!, $userId: ID!) {
  removeMember(conversationId: $id, userId: $userId) {
    id
  }
}
    `) as unknown as TypedDocumentString<RemoveMemberMutation, RemoveMemberMutationVariables>;
export const FindMessagesDocument = new TypedDocumentString(`
    query FindMessages($query: String!, $conversation: ConversationRef, $senderId: ID, $since: DateTime, $before: DateTime, $hasImage: Boolean, $after: String) {
  searchMessages(
    query: $query
    conversation: $conversation
    senderId: $senderId
    since: $since
    before: $before
    hasImage: $hasImage
    first: 20
    after: $after
  ) {
    nodes {
      ...Message
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}`) as unknown as TypedDocumentString<FindMessagesQuery, FindMessagesQueryVariables>;
export const SetMemberRoleDocument = new TypedDocumentString(`
    mutation SetMemberRole($id: ID!, $userId: ID!, $role: MemberRole!) {
  setMemberRole(conversationId: $id, userId: $userId, role: $role) {
    id
  }
}
    `) as unknown as TypedDocumentString<SetMemberRoleMutation, SetMemberRoleMutationVariables>;
export const MentionsDocument = new TypedDocumentString(`
    query Mentions($after: String) {
  mentions(first: 20, after: $after) {
    nodes {
      ...Message
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment Person on User {
  id
  fullName
  profilePic {
    url(maxWidth: 240)
    urlExpiresAt
  }
  deletedAt
}
fragment Message on Message {
  id
  conversationId
  seq
  sender {
    ...Person
  }
  text
  mentions {
    id
    fullName
  }
  mentionsEveryone
  metadata
  replyTo {
    id
    seq
    text
    deletedAt
    sender {
      id
    }
    mentions {
      id
      fullName
    }
    mentionsEveryone
    metadata
  }
  version
  createdAt
  editedAt
  deletedAt
  countsAsUnread
  pinnedAt
  system {
    kind
    users {
      id
      fullName
    }
    userCount
    title
    role
  }
}`) as unknown as TypedDocumentString<MentionsQuery, MentionsQueryVariables>;
export const ReportDocument = new TypedDocumentString(`
    mutation Report($input: ReportInput!) {
  report(input: $input)
}
    `) as unknown as TypedDocumentString<ReportMutation, ReportMutationVariables>;
export const ServerRolesDocument = new TypedDocumentString(`
    query ServerRoles {
  serverRoles
}
    `) as unknown as TypedDocumentString<ServerRolesQuery, ServerRolesQueryVariables>;