// A message in the outbox: waiting to be sent, or failed.
import { Clock3, TriangleAlert, X } from 'lucide-react';
import { type MouseEvent, useEffect, useMemo } from 'react';
import { useFeed, useSession } from '../app/session';
import { announce } from '../app/notifications';
import type { ConversationRef, OutgoingMessage } from '../feed';
import { texts } from '../texts';
import { useOneLine } from './mentions';
import { OutgoingImagePreview } from './message-image';
import { MessageText } from './message-text';

const words = texts.message;

/**
 * The messages of a conversation that are in the outbox. Pass `otherId`, the other user, if a direct conversation is given by its
 * id: the messages may be addressed to the user.
 */
export function useOutgoing({ conversationId, userId }: ConversationRef, otherId?: string) {
  const items = useFeed(({ outbox }) => outbox.items);
  return useMemo(
    () => items.filter(({ to }) =>
      to.conversationId ? to.conversationId === conversationId : to.userId === (otherId ?? userId)),
    [items, conversationId, userId, otherId],
  );
}

/** Discards an unsent message. */
function useDiscardHandler(id: string) {
  const { feed } = useSession();
  return ({ detail, currentTarget }: MouseEvent) => {
    // The row disappears: after a key press the composer gets the focus. On touch screens that would open the keyboard.
    if (detail === 0) currentTarget.closest('.conversation')?.querySelector('textarea')?.focus();
    feed.outbox.discard(id);
  };
}

/** With `continues` it goes on with the block above. */
export function OutgoingRow({ item, continues = false }: { item: OutgoingMessage; continues?: boolean }) {
  const discard = useDiscardHandler(item.id);
  const quoted = useFeed((feed) => item.replyTo && feed.person(item.replyTo.senderId));
  const quotedText = useOneLine(item.replyTo);
  const isPersisted = useFeed((feed) => feed.outbox.isPersisted(item.id));
  const waitingIcon = item.state === 'waiting'
    && <span className="meta"><Clock3 aria-label={isPersisted ? words.waiting : words.waitingHere} /></span>;
  return (
    <div className="message-row" data-mine data-continues={continues || undefined}>
      <article className="message" data-outgoing={item.state} aria-label={words.you}>
        <div className="bubble" data-image={item.image && (item.text ? 'captioned' : 'alone')}>
          {item.replyTo && (
            <div className="quote"><strong><bdi>{quoted?.fullName}</bdi></strong><span dir="auto">{quotedText}</span></div>
          )}
          {item.image && <OutgoingImagePreview image={item.image} progress={item.state === 'waiting' ? item.progress : undefined} />}
          {item.text ? <MessageText text={item.text} reserved={waitingIcon ? '\u2003' : ''}>{waitingIcon}</MessageText> : waitingIcon}
          {item.state === 'failed' && <FailedNote item={item} onDiscard={discard} />}
        </div>
        {item.state === 'waiting' && (
          <button type="button" className="icon-button discard-outgoing" aria-label={words.dontSend} title={words.dontSend} onClick={discard}>
            <X />
          </button>
        )}
      </article>
    </div>
  );
}

interface FailedNoteProps {
  item: OutgoingMessage;
  onDiscard(event: MouseEvent): void;
}

/** Why a message was refused, for what people may meet. */
const REFUSALS: Record<string, string> = { FORBIDDEN: texts.blocks.forbidden, NOT_FOUND: texts.blocks.unreachable };

function FailedNote({ item: { id, reason, code }, onDiscard }: FailedNoteProps) {
  const { feed } = useSession();
  const text = words.failed(REFUSALS[code ?? ''] ?? reason ?? '');
  useEffect(() => announce(text), [text]);
  return (
    <p className="message-note" data-failed>
      <TriangleAlert aria-hidden="true" /> <span>{text}</span>
      <span className="message-note-actions">
        <button type="button" className="link-button" onClick={() => feed.outbox.retry(id)}>{words.retry}</button>
        <button type="button" className="link-button" onClick={onDiscard}>{words.discard}</button>
      </span>
    </p>
  );
}
