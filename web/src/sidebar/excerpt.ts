// Of a message that was found: what is around the first of the words one looks for, which are marked.

export interface Piece {
  text: string;
  isHit: boolean;
}

/** So much is shown before the first hit. */
const BEFORE = 40;

/** Scripts that do not part words by spaces: a word may begin anywhere. */
const UNPARTED = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Emoji_Presentation}]/u;

export function excerpt(text: string, query: string): Piece[] {
  // Letters, digits and emoji: nothing that a pattern would take for more.
  const words = query.match(/[\p{L}\p{N}\p{M}\p{Emoji_Presentation}]+/gu) ?? [];
  if (words.length === 0) return [{ text, isHit: false }];
  const begins = (word: string) => (UNPARTED.test(word) ? word : `(?<![\\p{L}\\p{N}])${word}`);
  const hits = [...text.matchAll(new RegExp(words.map(begins).join('|'), 'giu'))];

  const pieces: Piece[] = [];
  let end = 0;
  const first = hits[0]?.index ?? 0;
  if (first > 2 * BEFORE) {
    // From the beginning of a word, where there is one in sight.
    end = Math.min(first, text.indexOf(' ', first - BEFORE) + 1 || first);
    pieces.push({ text: '… ', isHit: false });
  }
  for (const hit of hits) {
    pieces.push({ text: text.slice(end, hit.index), isHit: false }, { text: hit[0], isHit: true });
    end = hit.index + hit[0].length;
  }
  return [...pieces, { text: text.slice(end), isHit: false }];
}
