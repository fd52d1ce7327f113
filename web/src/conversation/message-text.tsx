import type { ReactNode } from 'react';
import { useFeed, useSession } from '../app/session';
import type { Mentions } from '../feed';
import { namesOf, withMentions } from './mentions';
import { type Block, type Inline, isOnlyEmoji, parseText } from './message-format';

interface MessageTextProps {
  text: string;
  /** Placed at the end of the last line, in the text's direction. */
  children?: ReactNode;
  /** Who is called in it. */
  mentions?: Mentions;
  /** The text of `children`, which reserves the space for it. */
  reserved: string;
}

/** A message's text. Links and code are left-to-right in any text. */
export function MessageText({ text, children, mentions, reserved }: MessageTextProps) {
  const { feed } = useSession();
  const called = mentions && (mentions.mentionsEveryone || mentions.mentions.length > 0) ? mentions : undefined;
  useFeed((feed) => called && namesOf(feed, called.mentions));
  const words = (text: string) => (called ? withMentions(text, called, feed) : text);
  return (
    <div className="text" dir="auto" data-emoji={isOnlyEmoji(text) || undefined}>
      <span className="words" data-reserved={reserved}>
        {parseText(text).map((block, index) => <BlockOfText key={index} block={block} words={words} />)}
      </span>
      {children}
    </div>
  );
}

type Words = (text: string) => ReactNode;

function BlockOfText({ block, words }: { block: Block; words: Words }) {
  switch (block.kind) {
    case 'lines': return inline(block.parts, words);
    case 'quote': return <blockquote>{inline(block.parts, words)}</blockquote>;
    case 'code': return <pre dir="ltr" tabIndex={0}><code>{block.text}</code></pre>;
    case 'list': {
      const items = block.items.map((item, index) => <li key={index}>{inline(item, words)}</li>);
      return block.first === undefined ? <ul>{items}</ul> : <ol start={block.first}>{items}</ol>;
    }
  }
}

const inline = (parts: readonly Inline[], words: Words): ReactNode => parts.map((part, index) => {
  switch (part.kind) {
    case 'words': return <span key={index}>{words(part.text)}</span>;
    case 'bold': return <strong key={index}>{inline(part.parts, words)}</strong>;
    case 'italic': return <em key={index}>{inline(part.parts, words)}</em>;
    case 'struck': return <s key={index}>{inline(part.parts, words)}</s>;
    case 'code': return <code key={index} dir="ltr">{part.text}</code>;
    case 'link': return <a key={index} dir="ltr" href={part.href} target="_blank" rel="noopener noreferrer">{part.text}</a>;
  }
});
