// Splits a message's text into words, links and code. None of it is ever inserted as HTML.
import { find } from 'linkifyjs';

export type TextPart =
  | { kind: 'words' | 'code' | 'block'; text: string }
  | { kind: 'link'; text: string; href: string };

/** Blocks between ``` fences, and `code` within a line. */
const CODE_PATTERN = /```(?:[\w+-]*\n)?([\s\S]+?)\n?```|`([^`\n]+)`/g;

export function parseText(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(CODE_PATTERN)) {
    parts.push(...parseLinks(text.slice(end, match.index)));
    const [whole, block, inline] = match;
    parts.push(block !== undefined ? { kind: 'block', text: block } : { kind: 'code', text: inline ?? '' });
    end = match.index + whole.length;
    // Drop the line break after a block.
    if (block !== undefined && text[end] === '\n') end += 1;
  }
  parts.push(...parseLinks(text.slice(end)));
  return parts;
}

/** A file name whose extension is also a top-level domain, optionally with line numbers. With www. it is a domain after all. */
const FILE_NAME_PATTERN = /^(?!www\.)[^/:@?#]+\.(?:md|mk|mov|ps|py|rs|sh|zip)(?::\d+)*$/i;

/** Invisible characters that change the text direction: they could make a URL look like a different one. */
const DIRECTION_MARKS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** An IPv6 address as the host of a URL. */
const IPV6_HOST_PATTERN = /(?<=\bhttps?:\/\/)\[[\da-f:.]+\]/gi;

/** linkify does not know IPv6 addresses: a name of the same length takes their place, so that its rules apply to the rest. */
const withHostNames = (text: string) =>
  text.replaceAll(IPV6_HOST_PATTERN, (host) => (URL.canParse(`http://${host}`) ? 'h'.repeat(host.length) : host));

function parseLinks(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  const named = withHostNames(text);
  for (const { type, value: found, href: target, start, end: stop } of find(named, { defaultProtocol: 'https' })) {
    if ((type !== 'url' && type !== 'email') || !/^(https?|mailto):/i.test(target)) continue;
    if (type === 'url' && FILE_NAME_PATTERN.test(found)) continue;
    const value = text.slice(start, stop);
    const href = value === found ? target : value;
    if (start > end) parts.push({ kind: 'words', text: text.slice(end, start) });
    parts.push({ kind: 'link', text: value.replaceAll(DIRECTION_MARKS, ''), href });
    end = stop;
  }
  if (end < text.length) parts.push({ kind: 'words', text: text.slice(end) });
  return parts;
}

/** The text without code fences and backticks, for one-line previews. */
export const plainText = (text: string) => text.replaceAll(/```(?:[\w+-]*\n)?|`/g, '');

/** Matches a visible character. The same rule as the server's `is_visible` in src/printable.rs. */
const VISIBLE_PATTERN = /[^\s\p{Cc}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb\u{16fe4}\u{1d159}]/u;

/** Whether a text contains a visible character. */
export const hasVisibleText = (text: string) => VISIBLE_PATTERN.test(text);

const EMOJI_PATTERN = /^(?:\p{RGI_Emoji}\s*){1,6}$/v;

/** Whether a text is one to six emoji and nothing else, which are shown large. */
export const isOnlyEmoji = (text: string) => EMOJI_PATTERN.test(text);
