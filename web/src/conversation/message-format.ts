// What a message's text is made of: words, links, code. EmptyState of it ever becomes markup.
import { find } from 'linkifyjs';

export type Part =
  | { kind: 'words' | 'code' | 'block'; text: string }
  | { kind: 'link'; text: string; href: string };

/** Blocks between ``` fences, then `code` within a line; the rest is words, with what looks like an address as links. */
const CODE = /```(?:[\w+-]*\n)?([\s\S]+?)\n?```|`([^`\n]+)`/g;

export function parts(text: string): Part[] {
  const found: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(CODE)) {
    found.push(...linked(text.slice(end, match.index)));
    const [whole, block, inline] = match;
    found.push(block !== undefined ? { kind: 'block', text: block } : { kind: 'code', text: inline ?? '' });
    end = match.index + whole.length;
    // The line break around a block is the block's own.
    if (block !== undefined && text[end] === '\n') end += 1;
  }
  found.push(...linked(text.slice(end)));
  return found;
}

/** The name of a file whose ending is a domain's too, with or without a line's number. Who means the domain can begin with www. */
const FILE = /^(?!www\.)[^/:@?#]+\.(?:md|mk|mov|ps|py|rs|sh|zip)(?::\d+)*$/i;

/** What changes the direction of text unseen: with it, an address could look like another one. */
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function linked(text: string): Part[] {
  const found: Part[] = [];
  let end = 0;
  for (const { type, value, href, start, end: stop } of find(text, { defaultProtocol: 'https' })) {
    if ((type !== 'url' && type !== 'email') || !/^(https?|mailto):/i.test(href)) continue;
    if (type === 'url' && FILE.test(value)) continue;
    if (start > end) found.push({ kind: 'words', text: text.slice(end, start) });
    found.push({ kind: 'link', text: value.replaceAll(DIRECTION, ''), href });
    end = stop;
  }
  if (end < text.length) found.push({ kind: 'words', text: text.slice(end) });
  return found;
}

/** A text in one line, without the marks around code. */
export const plain = (text: string) => text.replaceAll(/```(?:[\w+-]*\n)?|`/g, '');

/** What the server takes for nothing to see: its `is_visible`, in src/printable.rs. */
const VISIBLE = /[^\s\p{Cc}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb\u{16fe4}\u{1d159}]/u;

/** Whether there is something to see in a text. */
export const isVisible = (text: string) => VISIBLE.test(text);

const EMOJI = /^(?:\p{RGI_Emoji}\s*){1,6}$/v;

/** Up to six emoji and nothing else: shown large. */
export const isEmoji = (text: string) => EMOJI.test(text);
