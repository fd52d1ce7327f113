import type { ReactNode } from 'react';
import { type Block, type Inline, isOnlyEmoji, parseText } from './message-format';

interface MessageTextProps {
  text: string;
  /** Placed at the end of the last line, in the text's direction. */
  children?: ReactNode;
  /** The text of `children`, which reserves the space for it. */
  reserved: string;
}

/** A message's text. Links and code are left-to-right in any text. */
export function MessageText({ text, children, reserved }: MessageTextProps) {
  return (
    <div className="text" dir="auto" data-emoji={isOnlyEmoji(text) || undefined}>
      <span className="words" data-reserved={reserved}>
        {parseText(text).map((block, index) => <BlockOfText key={index} block={block} />)}
      </span>
      {children}
    </div>
  );
}

function BlockOfText({ block }: { block: Block }) {
  switch (block.kind) {
    case 'lines': return inline(block.parts);
    case 'quote': return <blockquote>{inline(block.parts)}</blockquote>;
    case 'code': return <pre dir="ltr" tabIndex={0}><code>{block.text}</code></pre>;
    case 'list': {
      const items = block.items.map((item, index) => <li key={index}>{inline(item)}</li>);
      return block.first === undefined ? <ul>{items}</ul> : <ol start={block.first}>{items}</ol>;
    }
  }
}

const inline = (parts: readonly Inline[]): ReactNode => parts.map((part, index) => {
  switch (part.kind) {
    case 'words': return <span key={index}>{part.text}</span>;
    case 'bold': return <strong key={index}>{inline(part.parts)}</strong>;
    case 'italic': return <em key={index}>{inline(part.parts)}</em>;
    case 'struck': return <s key={index}>{inline(part.parts)}</s>;
    case 'code': return <code key={index} dir="ltr">{part.text}</code>;
    case 'link': return <a key={index} dir="ltr" href={part.href} target="_blank" rel="noopener noreferrer">{part.text}</a>;
  }
});
