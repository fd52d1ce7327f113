// Names of people who are called, marked in a message's words.
import type { ReactNode } from 'react';
import type { Feed, Message } from '../feed';
import { texts } from '../texts';

export type Mentions = Pick<Message, 'mentions' | 'mentionsEveryone' | 'calledAs'>;

/** How somebody is called now. */
function nameNow(feed: Feed, { id, fullName }: Mentions['mentions'][number]): string {
  const known = feed.person(id);
  return known.fullName === '…' ? fullName : known.fullName;
}

/** The same text as long as nobody who is called is renamed. */
export const namesOf = (feed: Feed, { mentions }: Mentions) => mentions.map((called) => nameNow(feed, called)).join('\n');

/** Splits words at the names of those who are called, and shows how they are called now. */
export function withMentions(text: string, { mentions, mentionsEveryone, calledAs }: Mentions, feed: Feed): ReactNode {
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
  const parts: ReactNode[] = [];
  let end = 0;
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const called = at >= end ? names.find(({ name }) => text.startsWith(name, at)) : undefined;
    if (!called) continue;
    parts.push(text.slice(end, at), <bdi key={at} className="mention" data-me={called.isMe || undefined}>{called.shown}</bdi>);
    end = at + called.name.length;
  }
  return parts.length === 0 ? text : [...parts, text.slice(end)];
}
