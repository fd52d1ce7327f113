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

interface Piece {
  text: string;
  /** If it is a name of somebody who is called. */
  called?: { isMe: boolean };
}

/** Splits words at the names of those who are called, which become those of now. */
function pieces(text: string, { mentions, mentionsEveryone, calledAs }: Mentions, feed: Feed): Piece[] {
  const everyone = `@${texts.composer.everyone}`;
  const names = [
    ...mentions.flatMap((called) => {
      const [now, isMe] = [nameNow(feed, called), called.id === feed.me.id];
      const known = calledAs[called.id];
      const written = known ? [known] : new Set([called.fullName, now]);
      return [...written].map((name) => ({ name: `@${name}`, shown: `@${now}`, isMe }));
    }),
    ...(mentionsEveryone ? [{ name: everyone, shown: everyone, isMe: true }] : []),
  // Of two names the longer one, if one begins with the other.
  ].sort((a, b) => b.name.length - a.name.length);
  const found: Piece[] = [];
  let end = 0;
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const called = at >= end ? names.find(({ name }) => text.startsWith(name, at)) : undefined;
    if (!called) continue;
    found.push({ text: text.slice(end, at) }, { text: called.shown, called });
    end = at + called.name.length;
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
