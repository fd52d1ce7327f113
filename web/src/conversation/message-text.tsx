import type { ReactNode } from 'react';
import { isOnlyEmoji, parseText } from './message-format';

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
        {parseText(text).map((part, index) => {
          switch (part.kind) {
            case 'words': return <span key={index}>{part.text}</span>;
            case 'code': return <code key={index} dir="ltr">{part.text}</code>;
            case 'block': return <pre key={index} dir="ltr" tabIndex={0}><code>{part.text}</code></pre>;
            case 'link': return <a key={index} dir="ltr" href={part.href} target="_blank" rel="noopener noreferrer">{part.text}</a>;
          }
        })}
      </span>
      {children}
    </div>
  );
}
