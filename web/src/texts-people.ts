// Texts about groups, what happens in conversations, and one's own side of them. A part of texts.ts.
import { count } from './texts-count';

export const system = {
  You: 'You',
  you: 'you',
  others: (n: number) => `${n.toLocaleString()} more`,
  created: (who: string, title: string) => `${who} created the group${title && ` “${title}”`}`,
  added: (who: string, whom: string) => `${who} added ${whom}`,
  left: (who: string) => `${who} left`,
  removed: (who: string, whom: string) => `${who} removed ${whom}`,
  renamed: (who: string, title: string) => `${who} named the group “${title}”`,
  renamedSomehow: (who: string) => `${who} renamed the group`,
  picture: (who: string) => `${who} changed the group’s picture`,
  role: (who: string, whom: string, role: string) => (role ? `${who} made ${whom} ${role}` : `${who} changed the role of ${whom}`),
  pinned: (who: string, text: string) => `${who} pinned ${text ? `“${text}”` : 'a message'}`,
  other: (who: string) => `${who} changed something here`,
};

export const own = {
  title: 'Options of this conversation',
  mute: 'Mute',
  muteHours: (hours: number) => `Mute for ${hours} ${hours === 1 ? 'hour' : 'hours'}`,
  unmute: 'Unmute',
  muted: 'muted',
  favorite: 'Add to favourites',
  unfavorite: 'Remove from favourites',
  isFavorite: 'favourite',
  archive: 'Archive',
  unarchive: 'Take out of the archive',
  archived: (n: number) => `Archived (${n.toLocaleString()})`,
  markUnread: 'Mark as unread',
  markRead: 'Mark as read',
  markedUnread: 'Marked as unread',
};

export const pins = {
  pin: 'Pin',
  unpin: 'Unpin',
  pinned: 'Pinned',
  onlyAdmins: 'Only admins write here.',
};

/** As in “made Ada admin”. */
export const roles: Record<string, string> = { OWNER: 'owner', ADMIN: 'admin', MEMBER: 'member' };

export const group = {
  create: 'New group',
  title: 'Title',
  titleHint: 'Up to 100 characters.',
  people: 'People',
  find: 'Find people by name',
  selected: (n: number) => count(n, 'person selected', 'people selected'),
  allMembers: 'Everyone is already in the group.',
  submit: 'Create group',
  moreMembers: 'Show more members',
  roles,
  makeAdmin: 'Make admin',
  makeMember: 'Make member',
  makeOwner: 'Make owner',
  transferTitle: (name: string) => `Make ${name} the owner?`,
  transferLead: 'A group has one owner: you become an admin, and only they can change that.',
  memberOptions: (name: string) => `Options for ${name}`,
  picture: 'Picture of the group',
  posting: 'Who may write',
  postingBy: { EVERYONE: 'Everyone', ADMINS: 'Only admins' },
  retention: 'Delete messages after this many days',
  retentionHint: 'For everybody, and for good. Empty: as this server does.',
  saveRetention: 'Save for how long',
  retentionSaved: 'Saved',
  remove: 'Remove',
  removeTitle: (name: string) => `Remove ${name}?`,
  removeLead: 'They will no longer see the group unless a member adds them again.',
  add: 'Add people',
  submitAdd: 'Add',
  leave: 'Leave group',
  leaveLead: 'You can rejoin only if a member adds you again.',
};
