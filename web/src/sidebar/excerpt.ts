// The excerpt of a search result: the text around the first hit, with all hits marked.

export interface Piece {
  text: string;
  isHit: boolean;
}

/** In characters. How much is shown before the first hit. */
const CONTEXT = 40;

/** Scripts that are written without spaces: a word may begin anywhere. */
const UNSPACED_SCRIPT = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Emoji_Presentation}]/u;

export function excerpt(text: string, query: string): Piece[] {
  // Letters, digits and emoji only, so nothing needs escaping in the pattern.
  const words = query.match(/[\p{L}\p{N}\p{M}\p{Emoji_Presentation}]+/gu) ?? [];
  if (words.length === 0) return [{ text, isHit: false }];
  const begins = (word: string) => (UNSPACED_SCRIPT.test(word) ? word : `(?<![\\p{L}\\p{N}])${word}`);
  const hits = [...text.matchAll(new RegExp(words.map(begins).join('|'), 'giu'))];

  const pieces: Piece[] = [];
  let end = 0;
  const first = hits[0]?.index ?? 0;
  if (first > 2 * CONTEXT) {
    // Begin at a word boundary if there is one nearby.
    end = Math.min(first, text.indexOf(' ', first - CONTEXT) + 1 || first);
    pieces.push({ text: '… ', isHit: false });
  }
  for (const hit of hits) {
    pieces.push({ text: text.slice(end, hit.index), isHit: false }, { text: hit[0], isHit: true });
    end = hit.index + hit[0].length;
  }
  return [...pieces, { text: text.slice(end), isHit: false }];
}
