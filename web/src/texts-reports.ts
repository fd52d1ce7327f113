// Texts of reports: of the form, and of the moderators' list. Loaded with them, so not a part of texts.ts.
import type { ReportAction, ReportReason } from './gql/graphql';

/** In the order of the form. */
export const reasons: Partial<Record<ReportReason, string>> = {
  SPAM: 'Spam or advertising',
  HARASSMENT: 'Harassment or bullying',
  HATE: 'Hate against a group of people',
  VIOLENCE: 'Violence or threats',
  SEXUAL: 'Sexual content',
  SELF_HARM: 'Somebody may hurt themself',
  IMPERSONATION: 'Poses as somebody else',
  ILLEGAL: 'Against the law',
  OTHER: 'Something else',
};

export const report = {
  message: 'Report this message',
  user: (name: string) => `Report ${name}`,
  conversation: (name: string) => `Report “${name}”`,
  lead: 'The moderators of this server see what you report, as it is now, and who reported it. Nobody else does.',
  reason: 'What is wrong with it?',
  comment: 'More about it (optional)',
  commentOther: 'What is it?',
  submit: 'Send report',
  done: 'Thank you. The moderators will look at it.',
  alsoBlock: (name: string) => `Also block ${name}`,
};

export const reports = {
  title: 'Reports',
  open: 'Open',
  resolved: 'Closed',
  none: { true: 'Nothing is waiting for you.', false: 'No report was closed in the last 90 days.' },
  more: 'Show more reports',
  of: {
    message: (who: string) => `Message by ${who}`,
    user: (who: string) => `Profile of ${who}`,
    conversation: (title: string) => `Group “${title}”`,
    direct: 'A direct conversation',
  },
  inDirect: 'in a direct conversation',
  in: (title: string) => `in “${title}”`,
  sentAt: (when: string) => `Sent ${when}`,
  by: (who: string, when: string) => `Reported by ${who}, ${when}`,
  said: 'Comment',
  note: 'Note for other moderators',
  actions: { DISMISS: 'Dismiss', DELETE_MESSAGE: 'Delete message', SUSPEND_USER: 'Suspend person' } as Record<ReportAction, string>,
  done: { DISMISS: 'Dismissed', DELETE_MESSAGE: 'Message deleted', SUSPEND_USER: 'Person suspended' } as Record<ReportAction, string>,
  closedBy: (what: string, who: string, when: string) => `${what} by ${who}, ${when}`,
  operator: 'whoever runs this server',
  suspendTitle: (who: string) => `Suspend ${who}?`,
  suspendLead: 'They are logged out everywhere, and cannot log in until whoever runs this server lets them.',
  isModerator: 'A moderator cannot be suspended here: only whoever runs this server can do that.',
  deleteTitle: 'Delete this message?',
  deleteLead: 'It is deleted for everyone in its conversation.',
};
