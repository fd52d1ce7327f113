// All emoji by group, with the names and words by which they are found. Made of emojibase-data (MIT) with GitHub's names.
import list from './emoji.txt?raw';

export interface Emoji {
  emoji: string;
  /** As in `:name:`; the first is the one that is shown. */
  names: readonly string[];
  words: string;
}

export interface EmojiGroup {
  key: string;
  emoji: readonly Emoji[];
}

export const groups: readonly EmojiGroup[] = list.trim().split(/^#/m).filter(Boolean).map((group) => {
  const [key = '', ...lines] = group.trim().split('\n');
  return {
    key,
    emoji: lines.map((line) => {
      const [emoji = '', names = '', words = ''] = line.split('\t');
      return { emoji, names: names.split(','), words };
    }),
  };
});

const all = groups.flatMap(({ emoji }) => emoji);

/** The emoji of a name. */
export const emojiNamed = (name: string) => all.find(({ names }) => names.includes(name))?.emoji;

/** With its names, as far as they are known. */
export const emojiOf = (emoji: string): Emoji => all.find((known) => known.emoji === emoji) ?? { emoji, names: [emoji], words: '' };

/** By names first, then by words; each as a beginning. */
export function searchEmoji(query: string, max: number): readonly Emoji[] {
  const folded = query.trim().toLocaleLowerCase();
  const name = folded.replaceAll(/[\s-]+/g, '_');
  if (!folded) return [];
  const rank = ({ names, words }: Emoji) => {
    if (names.includes(name)) return 0;
    if (names.some((known) => known.startsWith(name))) return 1;
    if (names.some((known) => known.includes(`_${name}`))) return 2;
    return words.split(' ').some((word) => word.startsWith(folded)) ? 3 : 4;
  };
  return all.map((emoji) => ({ emoji, rank: rank(emoji) })).filter((found) => found.rank < 4)
    .sort((a, b) => a.rank - b.rank).slice(0, max).map(({ emoji }) => emoji);
}

// ---- What was taken last, in this browser

const STORAGE_KEY = 'parlour.emoji';
const MAX_RECENT = 16;

export function recentEmoji(): readonly Emoji[] {
  const stored = (localStorage.getItem(STORAGE_KEY) ?? '').split(' ');
  return stored.flatMap((emoji) => all.find((known) => known.emoji === emoji) ?? []);
}

export function rememberEmoji(emoji: string): void {
  const others = recentEmoji().map((known) => known.emoji).filter((known) => known !== emoji);
  localStorage.setItem(STORAGE_KEY, [emoji, ...others].slice(0, MAX_RECENT).join(' '));
}
