// Names of people who are called in a message's words, as they are called now.
import type { ReactNode } from 'react';
import { useFeed, useSession } from '../app/session';
import type { Feed, Mentions } from '../feed';
import { texts } from '../texts';
import { plainText } from './message-format';

/** How somebody is called now. */
function nameNow(feed: Feed, { id, fullName }: Mentions['mentions'][number]): string {
  const known = feed.person(id);
  return known.fullName === '…' ? fullName : known.fullName;
}

/** The same text as long as nobody who is called is renamed. */
export const namesOf = (feed: Feed, mentions: Mentions['mentions']) => mentions.map((called) => nameNow(feed, called)).join('\n');

/** What goes on with a name: a letter or a digit. Scripts without spaces need none after a name. */
const GOES_ON = /^(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}])[\p{L}\p{N}\p{M}]/u;

interface Place<Call> {
  at: number;
  end: number;
  call: Call;
}

/** Where `@` and one of these names stand in a text. Of two names it is the longer one, if one begins with the other. */
export function placesOf<Call extends { name: string }>(text: string, calls: readonly Call[]): Place<Call>[] {
  const longest = [...calls].sort((a, b) => b.name.length - a.name.length);
  const places: Place<Call>[] = [];
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    if (at < (places.at(-1)?.end ?? 0)) continue;
    const call = longest.find(({ name }) => text.startsWith(name, at + 1) && !GOES_ON.test(text.slice(at + 1 + name.length)));
    if (call) places.push({ at, end: at + 1 + call.name.length, call });
  }
  return places;
}

interface Piece {
  text: string;
  /** If it is a name of somebody who is called. */
  called?: { isMe: boolean };
}

/** Splits words at the names of those who are called, which become those of now. */
function pieces(text: string, { mentions, mentionsEveryone, calledAs }: Mentions, feed: Feed): Piece[] {
  const { everyone } = texts.composer;
  const names = [
    ...mentions.flatMap((called) => {
      const [now, isMe] = [nameNow(feed, called), called.id === feed.me.id];
      const known = calledAs[called.id];
      const written = known ? [known] : new Set([called.fullName, now]);
      return [...written].map((name) => ({ name, shown: `@${now}`, isMe }));
    }),
    ...(mentionsEveryone ? [{ name: everyone, shown: `@${everyone}`, isMe: true }] : []),
  ];
  const found: Piece[] = [];
  let end = 0;
  for (const place of placesOf(text, names)) {
    found.push({ text: text.slice(end, place.at) }, { text: place.call.shown, called: place.call });
    end = place.end;
  }
  return [...found, { text: text.slice(end) }];
}

/** Words in which the names of those who are called are marked. */
export const withMentions = (text: string, mentions: Mentions, feed: Feed): ReactNode =>
  pieces(text, mentions, feed).map(({ text, called }, index) =>
    called ? <bdi key={index} className="mention" data-me={called.isMe || undefined}>{text}</bdi> : text);

type Words = { text: string | null } & Partial<Mentions>;

/** A message in one line: its words without formatting, or that it is an image. */
export function oneLine(feed: Feed, { text, mentions = [], mentionsEveryone = false, calledAs = {} }: Words): string {
  if (text === null) return texts.image.name;
  return pieces(plainText(text), { mentions, mentionsEveryone, calledAs }, feed).map(({ text }) => text).join('');
}

/** The same for a view, which follows renames. Empty without a message. */
export function useOneLine(message: Words | undefined): string {
  const { feed } = useSession();
  useFeed((feed) => message?.mentions && namesOf(feed, message.mentions));
  return message ? oneLine(feed, message) : '';
}
