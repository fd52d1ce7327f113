import { ago } from '../app/dates';
import { texts } from '../texts';

const words = texts.conversation;

/** Whether somebody is there, or else when they last were. */
export function presence(online: boolean | undefined, lastSeenAt: string | null): string {
  if (online) return words.online;
  return lastSeenAt ? words.lastSeen(ago(lastSeenAt)) : words.offline;
}
