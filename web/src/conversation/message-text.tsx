import type { ReactNode } from 'react';
import { isEmoji, parts } from './message-format';

interface MessageTextProps {
  text: string;
  /** Stands at the end of the last line, in the text's direction. */
  children?: ReactNode;
  /** As words, so that there is room for it. */
  room: string;
}

/** A message's text, with its links and code: these go from left to right in any text. */
export function MessageText({ text, children, room }: MessageTextProps) {
  return (
    <div className="text" dir="auto" data-emoji={isEmoji(text) || undefined}>
      <span className="words" data-room={room}>
        {parts(text).map((part, index) => {
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
