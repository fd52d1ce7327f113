// A message that was written and is not acknowledged yet: it waits, or the server refused it.
import { Clock3, TriangleAlert } from 'lucide-react';
import { useFeed, useSession } from '../app/context';
import type { Outgoing } from '../feed';
import { texts } from '../texts';
import { MessageText } from './message-text';

const words = texts.message;

export function OutgoingRow({ item }: { item: Outgoing }) {
  const { feed } = useSession();
  const quoted = useFeed((feed) => item.replyTo && feed.person(item.replyTo.senderId));
  return (
    <div className="message-row" data-mine>
      <article className="message" data-outgoing={item.state} aria-label={words.you}>
        <div className="bubble">
          {item.replyTo && (
            <div className="quote"><strong><bdi>{quoted?.fullName}</bdi></strong><span dir="auto">{item.replyTo.text}</span></div>
          )}
          <MessageText text={item.text} />
          {item.state === 'waiting' && <span className="meta"><Clock3 aria-label={words.waiting} /></span>}
        </div>
      </article>
      {item.state === 'failed' && (
        <p className="state" data-failed>
          <TriangleAlert aria-hidden="true" /> <span role="alert">{words.failed(item.reason ?? '')}</span>
          <button type="button" className="link-button" onClick={() => feed.outbox.retry(item.id)}>{words.retry}</button>
          <button type="button" className="link-button" onClick={() => feed.outbox.remove(item.id)}>{words.discard}</button>
        </p>
      )}
    </div>
  );
}
