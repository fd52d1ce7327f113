// The messages of a conversation: a virtual list with a row for each seq.
import { ArrowDown } from 'lucide-react';
import { type KeyboardEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { Virtualizer, type VirtualizerHandle } from 'virtua';
import { useSearchParams } from 'wouter';
import { openDialog } from '../app/open-dialog';
import { useFeed, useSession } from '../app/session';
import { useIsPrinting } from '../app/use-printing';
import type { Conversation, ConversationRef, Message, OutgoingMessage } from '../feed';
import { texts } from '../texts';
import { keepFocus } from './keep-focus';
import { continuesBlock, isRecent, startsDay } from './message-block';
import { MessageRow } from './message-row';
import { rememberedPlace } from './remembered-place';
import { EmptyState } from '../ui/empty-state';
import { OutgoingRow, useOutgoing } from './outgoing-row';
import { isAllRead, useReadStates, useUnreadDivider } from './use-read-state';
import { useGestures } from './use-gestures';
import { useScrollPosition } from './use-scroll-position';

const words = texts.conversation;
/** Browsers limit the height of an element. A history with more messages is shown in parts. */
const MAX_ROWS = 200_000;
/** How many messages before and after the view are printed, as far as they are loaded. */
const PRINTED = 200;

interface MessageListProps {
  recipient: ConversationRef;
  name: string;
  otherId: string | undefined;
  conversation: Conversation | undefined;
  onReply(message: Message): void;
  onEdit(message: Message): void;
  onLeave(): void;
  /** Called after the user has come to a message from somewhere else. */
  onArrive(): void;
}

export function MessageList({ recipient, name, otherId, conversation, onReply, onEdit, onLeave, onArrive }: MessageListProps) {
  const { feed } = useSession();
  const { firstSeq, lastSeq } = conversation ?? { firstSeq: 1, lastSeq: 0 };
  const linkedSeq = useLinkedSeq(firstSeq, lastSeq);
  const history = conversation && feed.history(conversation.id);
  const version = useFeed(() => history?.version);
  const outgoing = useOutgoing(recipient, otherId);
  const [wasAllRead] = useState(isAllRead(conversation));
  const [place] = useState(() => {
    const known = wasAllRead && !linkedSeq && conversation ? rememberedPlace(conversation.id) : undefined;
    // It may have been deleted by its age since.
    return known && known.seq >= firstSeq ? known : undefined;
  });
  const { base, hasEarlier, showEarlier, include } = useRowRange(firstSeq, lastSeq, linkedSeq ?? place?.seq);
  const count = lastSeq - base + outgoing.length;

  const isPrinting = useIsPrinting();
  const list = useRef<VirtualizerHandle>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const scroll = useScrollPosition({ scroller, list, conversation, history, base, count, startsAtEnd: wasAllRead && !linkedSeq && !place });
  const scrollToEnd = () => scroll.anchorTo('end');
  useScrollOnSend(outgoing, scrollToEnd);
  const firstNew = useUnreadDivider(conversation, history, scroll.isAtEnd, outgoing.length > 0);
  const readStateOf = useReadStates(conversation);
  const withMessage = (act: (message: Message) => void) => (seq: number) => {
    const message = history?.at(seq);
    if (message) act(message);
  };
  useGestures(scroller, {
    onReply: withMessage(onReply),
    onMenu: withMessage((message) => openDialog({ kind: 'message', menu: { message, onReply, onEdit } })),
  });

  // ---- Jumping to a message: its page is loaded first, as its position depends on the height of its neighbours.
  // The target is highlighted, except for the first unread message, or where the user was, when the conversation is opened.
  const [jumpTarget, setJumpTarget] = useState<{ seq: number; top?: number; highlight?: boolean } | undefined>(() => {
    const seq = linkedSeq ?? (wasAllRead ? undefined : firstNew);
    return seq === undefined ? place : { seq, highlight: seq === linkedSeq };
  });
  const [highlighted, setHighlighted] = useState<number>();
  const jump = useCallback((seq: number) => {
    include(seq);
    setJumpTarget({ seq, highlight: true });
  }, [include]);
  useEffect(() => {
    if (!linkedSeq) return;
    jump(linkedSeq);
    onArrive();
  }, [linkedSeq]);
  useLayoutEffect(() => {
    if (!jumpTarget || !history) return;
    const { seq, top, highlight } = jumpTarget;
    if (seq < firstSeq) return setJumpTarget(undefined);
    scroll.anchorTo(top === undefined ? seq : { seq, top });
    history.ensureLoaded(Math.max(1, seq - 20), Math.min(lastSeq, seq + 20));
    if (!history.at(seq)) return;
    if (highlight) setHighlighted(seq);
    setJumpTarget(undefined);
  }, [jumpTarget, version, base]);
  useEffect(() => {
    if (!highlighted) return;
    const timer = setTimeout(() => setHighlighted(undefined), 2_500);
    return () => clearTimeout(timer);
  }, [highlighted]);

  // ---- Keyboard: one message in view is in the tab order; arrow keys move from there.
  const [active, setActive] = useState<number>();
  const activeSeq = Math.min(active ?? scroll.lastVisible ?? lastSeq, lastSeq);
  // A message far away is loaded first. Until it has the focus, the one that has it stays, as do the keys.
  const [focused, setFocused] = useState<number>();
  const focusNext = useRef(false);
  useLayoutEffect(() => {
    if (!focusNext.current) return;
    const next = scroller.current?.querySelector<HTMLElement>(`[data-seq="${activeSeq}"]`);
    list.current?.scrollToIndex(activeSeq - base - 1, { align: 'nearest' });
    if (!next) return history?.ensureLoaded(Math.max(1, activeSeq - 20), Math.min(lastSeq, activeSeq + 20));
    focusNext.current = false;
    next.focus({ preventScroll: true });
  });
  const onKeyDown = (event: KeyboardEvent) => {
    const message = (event.target as HTMLElement).closest<HTMLElement>('[data-seq]');
    if (!message || event.ctrlKey || event.metaKey || event.altKey) return;
    const seq = Number(message.dataset.seq);
    const next = { ArrowUp: seq - 1, ArrowDown: seq + 1, Home: base + 1, End: lastSeq }[event.key];
    if (next !== undefined) {
      if (next > lastSeq) onLeave();
      else if (next > base) {
        focusNext.current = true;
        setActive(next);
      }
    } else if (event.key === 'Escape') onLeave();
    else {
      const action = message.querySelector<HTMLElement>(`[data-key="${CSS.escape(event.key)}"]`);
      if (!action || event.target !== message) return;
      action.click();
    }
    event.preventDefault();
  };

  const isOwnAndRecent = (message: Message | undefined) => message?.senderId === feed.me.id && isRecent(message);
  const renderRow = (_: unknown, index: number) => {
    const seq = base + index + 1;
    const waiting = outgoing[seq - lastSeq - 1];
    const [message, previous, next] = [history?.at(seq), history?.at(seq - 1), history?.at(seq + 1)];
    if (waiting) return <OutgoingRow key={seq} item={waiting} continues={seq > lastSeq + 1 || isOwnAndRecent(previous)} />;
    const readState = message && readStateOf(message);
    return (
      <MessageRow
        key={seq} seq={seq} lastSeq={lastSeq} message={message} isGroup={!otherId} startsDay={!message || startsDay(previous, message)}
        continues={seq !== firstNew && continuesBlock(previous, message)}
        isContinued={seq === lastSeq ? outgoing.length > 0 && isOwnAndRecent(message) : seq + 1 !== firstNew && continuesBlock(message, next)}
        isFirstNew={seq === firstNew} isActive={seq === activeSeq} isJumpTarget={seq === highlighted}
        readText={readState?.text} readers={readState?.readers} onReply={onReply} onEdit={onEdit} onJump={jump}
      />
    );
  };

  const unread = conversation?.unreadCount ?? 0;
  return (
    <div className="messages">
      <div
        ref={scroller} className="scroller" onKeyDown={onKeyDown}
        {...(count > 0 && { role: 'feed', 'aria-label': words.messages, 'aria-describedby': 'list-keys' })}
        aria-busy={lastSeq >= firstSeq && !history?.at(lastSeq)}
        onClick={({ target }) => {
          // A click into the list takes the focus from the field, unless it was for something in it, or for selecting text.
          const isFor = (target as HTMLElement).closest('a, button, pre, .actions, [data-waiting]');
          if (!isFor && getSelection()?.isCollapsed !== false) onArrive();
        }}
        onFocus={({ target }) => {
          const seq = Number((target as HTMLElement).closest<HTMLElement>('[data-seq]')?.dataset.seq);
          if (!seq) return;
          focusNext.current = false;
          setActive(seq);
          setFocused(seq);
        }}
        onBlur={({ relatedTarget }) => {
          if (scroller.current?.contains(relatedTarget)) return;
          focusNext.current = false;
          setActive(undefined);
          setFocused(undefined);
        }}
      >
        {count > 0 && (
          <>
            <div className="scroller-spacer" />
            <Virtualizer
              key={base} ref={list} scrollRef={scroller} data={{ length: count }} bufferSize={400}
              keepMounted={lastSeq ? [...new Set([activeSeq, focused ?? activeSeq])].map((seq) => seq - base - 1) : []}
              onScroll={scroll.onScroll} onResize={scroll.onResize}
            >
              {renderRow}
            </Virtualizer>
            {isPrinting && (
              <div className="printed">
                {Array.from({ length: count }, (_, index) => index)
                  .slice(Math.max(0, activeSeq - base - PRINTED), activeSeq - base + PRINTED)
                  .map((index) => renderRow(undefined, index))}
              </div>
            )}
          </>
        )}
      </div>
      {count === 0 && <EmptyState title={otherId ? words.first(name) : words.firstGroup} />}
      <p id="list-keys" className="visually-hidden">{words.keys}</p>
      {hasEarlier && scroll.isAtStart && <button className="button earlier" onClick={showEarlier}>{words.earlier}</button>}
      {!scroll.isAtEnd && (
        <button
          className="scroll-to-end" onMouseDown={keepFocus} onClick={() => { scrollToEnd(); onArrive(); }}
          aria-label={unread > 0 ? words.latestNew(unread) : words.latest} title={words.latest}
        >
          <ArrowDown />
          {unread > 0 && <span className="badge" aria-hidden="true">{unread > 999 ? '999+' : unread}</span>}
        </button>
      )}
    </div>
  );
}

/** The seq in the URL (`?at=`). Removed from the URL at once, so that the same link works again. */
function useLinkedSeq(firstSeq: number, lastSeq: number): number | undefined {
  const [address, setAddress] = useSearchParams();
  const parameter = address.get('at');
  useEffect(() => { if (parameter !== null) setAddress({}, { replace: true }); }, [parameter]);
  const linkedSeq = Number(parameter);
  return Number.isInteger(linkedSeq) && linkedSeq >= firstSeq && linkedSeq <= lastSeq ? linkedSeq : undefined;
}

/** Scrolls to the end when the user sends a message. */
function useScrollOnSend(outgoing: readonly OutgoingMessage[], scrollToEnd: () => void) {
  // Ids are UUIDv7s, in the order of writing.
  const newest = outgoing.at(-1)?.id ?? '';
  const known = useRef(newest);
  useEffect(() => {
    if (newest > known.current) scrollToEnd();
    known.current = newest;
  }, [newest]);
}

/** The part of the history that has rows. */
function useRowRange(firstSeq: number, lastSeq: number, initialSeq: number | undefined) {
  const around = (seq: number) => Math.max(firstSeq - 1, Math.min(seq - MAX_ROWS / 2, lastSeq - MAX_ROWS));
  const [chosen, setBase] = useState(() => around(initialSeq ?? lastSeq));
  // What it began with may have been deleted by its age since.
  const base = Math.max(chosen, firstSeq - 1);
  return {
    /** The seq before the first row. */
    base,
    hasEarlier: base >= firstSeq,
    showEarlier: () => setBase(Math.max(firstSeq - 1, base - MAX_ROWS / 2)),
    /** Extends the range to a seq. */
    include: (seq: number) => { if (seq <= base) setBase(around(seq)); },
  };
}
