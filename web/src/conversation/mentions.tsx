// Names of people who are called, marked in a message's words.
import type { ReactNode } from 'react';
import type { Message } from '../feed';
import { texts } from '../texts';

export type Mentions = Pick<Message, 'mentions' | 'mentionsEveryone'>;

/** Splits words at the names of those who are called; `me` is the user's own id. */
export function withMentions(text: string, { mentions, mentionsEveryone }: Mentions, me: string): ReactNode {
  const names = [
    ...mentions.map(({ id, fullName }) => ({ name: `@${fullName}`, isMe: id === me })),
    ...(mentionsEveryone ? [{ name: `@${texts.composer.everyone}`, isMe: true }] : []),
  // Of two names the longer one, if one begins with the other.
  ].sort((a, b) => b.name.length - a.name.length);
  const parts: ReactNode[] = [];
  let end = 0;
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const called = at >= end ? names.find(({ name }) => text.startsWith(name, at)) : undefined;
    if (!called) continue;
    parts.push(text.slice(end, at), <bdi key={at} className="mention" data-me={called.isMe || undefined}>{called.name}</bdi>);
    end = at + called.name.length;
  }
  return parts.length === 0 ? text : [...parts, text.slice(end)];
}
