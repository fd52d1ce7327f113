// Blocks: messages of one sender that were written soon after each other are shown as one, with one name, avatar and time.
import type { Message } from '../feed';
import { isSameDay } from '../app/dates';

/** In milliseconds. */
const WITHIN = 5 * 60_000;

export const startsDay = (previous: Message | undefined, message: Message) =>
  !previous || !isSameDay(previous.createdAt, message.createdAt);

/** System lines and what was deleted have no ticks, which the message before it would lose. */
const kindOf = ({ system, deletedAt }: Message) => (system ? 'line' : deletedAt ? 'deleted' : 'message');

/** Whether a message goes on with the block of the one before it, if no divider is between them. */
export const continuesBlock = (previous: Message | undefined, message: Message | undefined): boolean =>
  previous !== undefined && message !== undefined && previous.senderId === message.senderId && !startsDay(previous, message)
  && kindOf(previous) === kindOf(message) && kindOf(message) !== 'line'
  && Date.parse(message.createdAt) - Date.parse(previous.createdAt) < WITHIN;

/** Whether a message that is written now would go on with the block. */
export const isRecent = ({ createdAt }: Message) => Math.abs(Date.now() - Date.parse(createdAt)) < WITHIN;
