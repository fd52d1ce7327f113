// What the composer completes: emoji by their names, and people of the conversation.
import { fold } from '../app/fold';
import type { Conversation, Feed } from '../feed';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import type { Call } from './calls';
import type { CompletionEntry, CompletionSource } from './use-completion';

const MAX = 7;
/** In groups up to this size everybody may call everybody. */
const SMALL_GROUP = 20;

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

/** The people of a conversation, and everybody where that is offered. */
export function mentionSource(feed: Feed, conversation: Conversation | undefined, offersEveryone: boolean, onCall: (call: Call) => void): CompletionSource {
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
      const mayCallAll = offersEveryone && !otherUserId && (memberCount <= SMALL_GROUP || members.some(({ userId, role }) => userId === feed.me.id && role !== 'MEMBER'));
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
