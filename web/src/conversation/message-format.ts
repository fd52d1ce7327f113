// Splits a message's text into what people mean by the characters that they type: bold, italic, lists, quotes, code and links.
// None of it is ever inserted as HTML.
import { find } from 'linkifyjs';

export type Inline =
  | { kind: 'words' | 'code'; text: string }
  | { kind: 'link'; text: string; href: string }
  | { kind: 'bold' | 'italic' | 'struck'; parts: readonly Inline[] };

export type Block =
  | { kind: 'lines' | 'quote'; parts: readonly Inline[] }
  | { kind: 'code'; text: string }
  /** `first`: the number of the first item; undefined if they have none. */
  | { kind: 'list'; first: number | undefined; items: readonly (readonly Inline[])[] };

/** Blocks between ``` fences. The line break after one is dropped. */
const FENCE_PATTERN = /```(?:[\w+-]*\n)?([\s\S]+?)\n?```\n?/g;

export function parseText(text: string): readonly Block[] {
  const blocks: Block[] = [];
  let end = 0;
  for (const match of text.matchAll(FENCE_PATTERN)) {
    blocks.push(...parseLines(text.slice(end, match.index)), { kind: 'code', text: match[1] ?? '' });
    end = match.index + match[0].length;
  }
  return [...blocks, ...parseLines(text.slice(end))];
}

// ---- Lines: quotes and lists

const QUOTE_PATTERN = /^>\s(.*)$/;
const ITEM_PATTERN = /^\s{0,3}(?:[-*•]|(\d{1,3})[.)])\s+(\S.*)$/;

function kindOf(line: string | undefined): 'lines' | 'quote' | 'bullets' | 'numbers' {
  if (line === undefined) return 'lines';
  if (QUOTE_PATTERN.test(line)) return 'quote';
  const item = ITEM_PATTERN.exec(line);
  return item ? (item[1] === undefined ? 'bullets' : 'numbers') : 'lines';
}

function parseLines(text: string): Block[] {
  if (text === '') return [];
  const blocks: Block[] = [];
  const lines = text.split('\n');
  let plain: string[] = [];
  const endPlain = () => {
    if (plain.length > 0) blocks.push({ kind: 'lines', parts: parseInline(plain.join('\n')) });
    plain = [];
  };
  for (let index = 0; index < lines.length;) {
    const kind = kindOf(lines[index]);
    let next = index + 1;
    while (kind !== 'lines' && next < lines.length && kindOf(lines[next]) === kind) next += 1;
    const run = lines.slice(index, next);
    index = next;
    // A single item is no list: `- 5 degrees` stays as it is.
    if (kind === 'lines' || (kind !== 'quote' && run.length === 1)) plain.push(...run);
    else {
      endPlain();
      blocks.push(kind === 'quote' ? quoteOf(run) : listOf(run));
    }
  }
  endPlain();
  return blocks;
}

const quoteOf = (lines: readonly string[]): Block =>
  ({ kind: 'quote', parts: parseInline(lines.map((line) => QUOTE_PATTERN.exec(line)?.[1] ?? '').join('\n')) });

function listOf(lines: readonly string[]): Block {
  const items = lines.map((line) => ITEM_PATTERN.exec(line));
  const number = items[0]?.[1];
  return { kind: 'list', first: number === undefined ? undefined : Number(number), items: items.map((item) => parseInline(item?.[2] ?? '')) };
}

// ---- Within lines: code and links as they are, and emphasis around words

const CODE_PATTERN = /`([^`\n]+)`/g;

/** Stands for a character of code or of a link, in which nothing is emphasis. Private use: it is no letter. */
const MASK = '\uf8ff';

/** `*bold*` or `**bold**`, `_italic_`, `~struck~` or `~~struck~~`: around words, and never within one. */
const EMPHASIS_PATTERN = /(?<![\p{L}\p{N}*_~])(\*\*|~~|[*_~])(?![\s*_~])((?:(?!\1)[^\n])*?)(?<![\s*_~])\1(?![\p{L}\p{N}*_~])|(?<![\p{L}\p{N}*_~])(\*\*|~~)(?=[*_~][^\s*_~])((?:(?!\3)[^\n])+[*_~])\3(?![\p{L}\p{N}*_~])/gu;

const EMPHASES = { '*': 'bold', _: 'italic', '~': 'struck' } as const;

/** A part of the text that is shown as it is. */
interface Fixed {
  start: number;
  end: number;
  part: Inline;
}

function parseInline(text: string): Inline[] {
  const fixed = [...text.matchAll(CODE_PATTERN)].map((match): Fixed =>
    ({ start: match.index, end: match.index + match[0].length, part: { kind: 'code', text: match[1] ?? '' } }));
  const withoutCode = masked(text, fixed);
  const all = [...fixed, ...findLinks(withoutCode, text)].sort((a, b) => a.start - b.start);
  return emphasize(text, masked(withoutCode, all), all, 0, text.length);
}

function masked(text: string, fixed: readonly Fixed[]): string {
  let result = '';
  let end = 0;
  for (const part of fixed) {
    result += text.slice(end, part.start) + MASK.repeat(part.end - part.start);
    end = part.end;
  }
  return result + text.slice(end);
}

/** The parts of `text` from `start` to `end`. `mask` is the text with all fixed parts masked. */
function emphasize(text: string, mask: string, fixed: readonly Fixed[], start: number, end: number): Inline[] {
  const parts: Inline[] = [];
  let done = start;
  for (const match of mask.slice(start, end).matchAll(EMPHASIS_PATTERN)) {
    const marker = match[1] ?? match[3] ?? '';
    const from = start + match.index;
    const to = from + match[0].length;
    parts.push(...withFixed(text, fixed, done, from));
    parts.push({ kind: EMPHASES[marker[0] as '*'], parts: emphasize(text, mask, fixed, from + marker.length, to - marker.length) });
    done = to;
  }
  parts.push(...withFixed(text, fixed, done, end));
  return parts;
}

function withFixed(text: string, fixed: readonly Fixed[], start: number, end: number): Inline[] {
  const parts: Inline[] = [];
  let done = start;
  for (const { start: from, end: to, part } of fixed) {
    if (from < start || to > end) continue;
    if (from > done) parts.push({ kind: 'words', text: text.slice(done, from) });
    parts.push(part);
    done = to;
  }
  if (done < end) parts.push({ kind: 'words', text: text.slice(done, end) });
  return parts;
}

// ---- Links

/** A file name whose extension is also a top-level domain, optionally with line numbers. With www. it is a domain after all. */
const FILE_NAME_PATTERN = /^(?!www\.)[^/:@?#]+\.(?:md|mk|mov|ps|py|rs|sh|zip)(?::\d+)*$/i;

/** Invisible characters that change the text direction: they could make a URL look like a different one. */
const DIRECTION_MARKS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** An IPv6 address as the host of a URL. */
const IPV6_HOST_PATTERN = /(?<=\bhttps?:\/\/)\[[\da-f:.]+\]/gi;

/** linkify does not know IPv6 addresses: a name of the same length takes their place, so that its rules apply to the rest. */
const withHostNames = (text: string) =>
  text.replaceAll(IPV6_HOST_PATTERN, (host) => (URL.canParse(`http://${host}`) ? 'h'.repeat(host.length) : host));

/** Links in `text`; `original` has the same length, and is what they lead to. */
function findLinks(text: string, original: string): Fixed[] {
  const links: Fixed[] = [];
  const named = withHostNames(text);
  for (const { type, value, href: target, start, end } of find(named, { defaultProtocol: 'https' })) {
    if ((type !== 'url' && type !== 'email') || !/^(https?|mailto):/i.test(target)) continue;
    // The end of an emphasis that began before the link is not a part of it.
    const mark = /[*_~]$/.exec(value)?.[0];
    const extra = mark !== undefined && named.slice(named.lastIndexOf('\n', start) + 1, start).includes(mark) ? 1 : 0;
    const found = extra ? value.slice(0, -1) : value;
    if (type === 'url' && FILE_NAME_PATTERN.test(found)) continue;
    const own = original.slice(start, end - extra);
    const href = own === found ? target.slice(0, target.length - extra) : own;
    links.push({ start, end: end - extra, part: { kind: 'link', text: own.replaceAll(DIRECTION_MARKS, ''), href } });
  }
  return links;
}

// ---- Texts as a whole

/** A text as the server keeps it: without blank lines before it, and white space at its end. Its first line keeps what it begins with. */
export const asSent = (text: string) => text.trimEnd().replace(/^(?:[^\S\n]*\n)+/, '');

/** Whether a text has anything but words and links, so that it is shown differently from how it was typed. */
export const isFormatted = (text: string) => parseText(text).some((block) => block.kind !== 'lines' || block.parts.some(({ kind }) => kind !== 'words' && kind !== 'link'));

const plainInline = (parts: readonly Inline[]): string => parts.map((part) => ('parts' in part ? plainInline(part.parts) : part.text)).join('');

/** The text without what only formats it, for one-line previews. */
export function plainText(text: string): string {
  if (!/[*_~`>]|^\s*[-•\d]/m.test(text)) return text;
  return parseText(text).map((block) => {
    switch (block.kind) {
      case 'code': return block.text;
      case 'list': return block.items.map((item, index) => `${block.first === undefined ? '•' : `${block.first + index}.`} ${plainInline(item)}`).join('\n');
      default: return plainInline(block.parts);
    }
  }).join('\n');
}

/** Matches a visible character. The same rule as the server's `is_visible` in src/printable.rs. */
const VISIBLE_PATTERN = /[^\s\p{Cc}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb\u{16fe4}\u{1d159}]/u;

/** Whether a text contains a visible character. */
export const hasVisibleText = (text: string) => VISIBLE_PATTERN.test(text);

const EMOJI_PATTERN = /^(?:\p{RGI_Emoji}\s*){1,6}$/v;

/** Whether a text is one to six emoji and nothing else, which are shown large. */
export const isOnlyEmoji = (text: string) => EMOJI_PATTERN.test(text);
