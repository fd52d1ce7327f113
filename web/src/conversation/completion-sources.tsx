// What the composer completes: emoji by their names, and people of the conversation.
import type { Feed } from '../feed';
import type { Conversation } from '../feed';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import type { CompletionEntry, CompletionSource } from './use-completion';

const MAX = 7;
/** In groups up to this size everybody may call everybody. */
const SMALL_GROUP = 20;
/** Of so many who are called the names are kept. */
const MAX_NAMES = 10;

/** At the beginning of a word, so that times and addresses are left alone. */
export const emojiSource: CompletionSource = {
  pattern: /(?:^|[\s(])(:([a-z0-9_+-]{2,32})(:?))$/i,
  isWhole: ([, , , end]) => end !== '',
  async find([, , name = '', end]) {
    const { emojiNamed, searchEmoji } = await import('../emoji/emoji');
    const entryOf = (emoji: string, name: string): CompletionEntry =>
      ({ key: emoji, text: emoji, label: <><span aria-hidden="true">{emoji}</span> :{name}:</> });
    const whole = end ? emojiNamed(name.toLowerCase()) : undefined;
    return {
      entries: end ? [] : searchEmoji(name, MAX).map(({ emoji, names }) => entryOf(emoji, names[0] ?? '')),
      whole: whole === undefined ? undefined : entryOf(whole, name),
    };
  },
};

/** A person who is called, or everybody. */
export interface Call {
  /** Undefined for everybody. */
  id: string | undefined;
  /** As it stands in the text, without the `@`. */
  name: string;
}

const fold = (text: string) => text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLocaleLowerCase();

export function mentionSource(feed: Feed, conversation: Conversation | undefined, onCall: (call: Call) => void): CompletionSource {
  return {
    // Two words at most, as most names have.
    pattern: /(?:^|[\s(])(@([\p{L}\p{N}\p{M}'’.-]{0,30}(?: [\p{L}\p{N}\p{M}'’.-]{1,30})?))$/u,
    async find([, , typed = '']) {
      if (!conversation) return { entries: [] };
      const { id, otherUserId, memberCount } = conversation;
      await feed.members.load(id);
      const { complete, members: known } = feed.members.of(id);
      // Somebody has just come or gone.
      if (complete && known.length !== memberCount) await feed.members.refresh(id);
      const { members } = feed.members.of(id);
      const query = fold(typed);
      const begins = (name: string) => fold(name).startsWith(query) || fold(name).split(/\s+/).some((word) => word.startsWith(query));
      const people = members.filter(({ userId }) => userId !== feed.me.id).map(({ userId }) => feed.person(userId)).filter(({ fullName, deletedAt }) => !deletedAt && begins(fullName));
      const mayCallAll = !otherUserId && (memberCount <= SMALL_GROUP || members.some(({ userId, role }) => userId === feed.me.id && role !== 'MEMBER'));
      const entries = people.slice(0, MAX).map((person): CompletionEntry => ({
        key: person.id,
        text: `@${person.fullName} `,
        onTake: () => onCall({ id: person.id, name: person.fullName }),
        label: <><Avatar id={person.id} name={person.fullName} picture={person.profilePic} size="small" /> <bdi>{person.fullName}</bdi></>,
      }));
      const { everyone, everyoneLead } = texts.composer;
      if (mayCallAll && everyone.startsWith(query)) {
        entries.push({ key: 'everyone', text: `@${everyone} `, onTake: () => onCall({ id: undefined, name: everyone }), label: <><strong>@{everyone}</strong> {everyoneLead}</> });
      }
      return { entries };
    },
  };
}

/** Whom a text calls: those who were chosen, and whose names still stand in it. */
export function callsIn(text: string, calls: readonly Call[]): { mentionIds?: string[]; mentionEveryone?: true; calledAs?: Record<string, string> } {
  const left = calls.filter(({ name }) => text.includes(`@${name}`));
  const ids = [...new Set(left.flatMap(({ id }) => id ?? []))];
  // The server shows no more of them, and keeps no more than 4 KiB beside a message.
  const names = Object.fromEntries(left.flatMap(({ id, name }) => (id ? [[id, name] as const] : [])).slice(0, MAX_NAMES));
  return { ...(ids.length > 0 && { mentionIds: ids, calledAs: names }), ...(left.some(({ id }) => id === undefined) && { mentionEveryone: true as const }) };
}
