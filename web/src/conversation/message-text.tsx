import { memo } from 'react';
import { isEmoji, parts } from './parts';

/** A message's text, with its links and code. */
export const MessageText = memo(function MessageText({ text }: { text: string }) {
  return (
    <div className="text" dir="auto" data-emoji={isEmoji(text) || undefined}>
      {parts(text).map((part, index) => {
        switch (part.kind) {
          case 'words': return <span key={index}>{part.text}</span>;
          case 'code': return <code key={index}>{part.text}</code>;
          case 'block': return <pre key={index} dir="ltr" tabIndex={0}><code>{part.text}</code></pre>;
          case 'link': return <a key={index} href={part.href} target="_blank" rel="noopener noreferrer">{part.text}</a>;
        }
      })}
    </div>
  );
});
