// Texts about blocking, reports and one's mentions. A part of texts.ts, but for what is loaded with its dialog.

export const blocks = {
  block: 'Block',
  unblock: 'Unblock',
  unblockName: (name: string) => `Unblock ${name}`,
  title: (name: string) => `Block ${name}?`,
  lead: 'Neither of you can then write to the other, or see whether the other is online. In groups their messages are hidden from you. They are not told.',
  done: (name: string) => `${name} is blocked.`,
  undone: (name: string) => `${name} is no longer blocked.`,
  closed: (name: string) => `You have blocked ${name}.`,
  hidden: 'A message from somebody whom you have blocked.',
  hiddenShort: 'Hidden message',
  show: 'Show',
  report: 'Report',
  forbidden: 'you cannot write here any more.',
  unreachable: 'this person or conversation is not there for you.',
};

export const mentions = {
  title: 'Mentions',
  none: 'Nobody has mentioned you yet. Messages with your name after an @ appear here.',
  onlyMentions: 'Only mentions',
  allMessages: 'All messages',
  quiet: 'only mentions',
};

export const moderation = 'Reports to moderators';
