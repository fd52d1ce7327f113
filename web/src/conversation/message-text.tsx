import type { ReactNode } from 'react';
import { isEmoji, parts } from './parts';

/** A message's text, with its links and code; `children` stand at the end of its last line, in the text's direction. */
export function MessageText({ text, children }: { text: string; children?: ReactNode }) {
  return (
    <div className="text" dir="auto" data-emoji={isEmoji(text) || undefined}>
      <span className="words">
        {parts(text).map((part, index) => {
          switch (part.kind) {
            case 'words': return <span key={index}>{part.text}</span>;
            case 'code': return <code key={index}>{part.text}</code>;
            case 'block': return <pre key={index} dir="ltr" tabIndex={0}><code>{part.text}</code></pre>;
            case 'link': return <a key={index} href={part.href} target="_blank" rel="noopener noreferrer">{part.text}</a>;
          }
        })}
      </span>
      {children}
    </div>
  );
}
