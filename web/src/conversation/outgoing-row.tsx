// A message that was written and is not acknowledged yet: it waits, or the server refused it.
import { Clock3, TriangleAlert, X } from 'lucide-react';
import { type MouseEvent, useEffect } from 'react';
import { useFeed, useSession } from '../app/session';
import { announce } from '../app/notifications';
import type { Outgoing } from '../feed';
import { texts } from '../texts';
import { MessageText } from './message-text';
import { OutgoingPicture } from './message-image';

const words = texts.message;

/** Takes a message back that was not sent. */
function useDiscard(id: string) {
  const { feed } = useSession();
  return ({ detail, currentTarget }: MouseEvent) => {
    // Who came by the keyboard goes on where they write, as the row is gone; a finger would get its own keyboard in the way.
    if (detail === 0) currentTarget.closest('.conversation')?.querySelector('textarea')?.focus();
    feed.outbox.discard(id);
  };
}

export function OutgoingRow({ item }: { item: Outgoing }) {
  const discard = useDiscard(item.id);
  const quoted = useFeed((feed) => item.replyTo && feed.person(item.replyTo.senderId));
  const isKept = useFeed((feed) => feed.outbox.isPersisted(item.id));
  const clock = item.state === 'waiting'
    && <span className="meta"><Clock3 aria-label={isKept ? words.waiting : words.waitingHere} /></span>;
  return (
    <div className="message-row" data-mine>
      <article className="message" data-outgoing={item.state} aria-label={words.you}>
        <div className="bubble" data-image={item.image && (item.text ? 'captioned' : 'alone')}>
          {item.replyTo && (
            <div className="quote"><strong><bdi>{quoted?.fullName}</bdi></strong><span dir="auto">{item.replyTo.text ?? texts.image.name}</span></div>
          )}
          {item.image && <OutgoingPicture image={item.image} progress={item.state === 'waiting' ? item.progress : undefined} />}
          {item.text ? <MessageText text={item.text} room={clock ? '\u2003' : ''}>{clock}</MessageText> : clock}
          {item.state === 'failed' && <Failed item={item} onDiscard={discard} />}
        </div>
        {item.state === 'waiting' && (
          <button type="button" className="icon-button take-back" aria-label={words.dontSend} title={words.dontSend} onClick={discard}>
            <X />
          </button>
        )}
      </article>
    </div>
  );
}

interface FailedProps {
  item: Outgoing;
  onDiscard(event: MouseEvent): void;
}

function Failed({ item: { id, reason }, onDiscard }: FailedProps) {
  const { feed } = useSession();
  const text = words.failed(reason ?? '');
  useEffect(() => announce(text), [text]);
  return (
    <p className="state" data-failed>
      <TriangleAlert aria-hidden="true" /> <span>{text}</span>
      <button type="button" className="link-button" onClick={() => feed.outbox.retry(id)}>{words.retry}</button>
      <button type="button" className="link-button" onClick={onDiscard}>{words.discard}</button>
    </p>
  );
}
