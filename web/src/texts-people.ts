// Texts about what happens in conversations, and one's own side of them. A part of texts.ts.

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
