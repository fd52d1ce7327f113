// The messages of a conversation: a row for each seq, of which only those in view exist.
import { ArrowDown } from 'lucide-react';
import { type KeyboardEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { Virtualizer, type VirtualizerHandle } from 'virtua';
import { useSearchParams } from 'wouter';
import { useFeed, useSession } from '../app/session';
import type { Conversation, ConversationRef, Message, Outgoing } from '../feed';
import { texts } from '../texts';
import { MessageRow } from './message-row';
import { EmptyState } from '../ui/empty-state';
import { OutgoingRow } from './outgoing-row';
import { useUnreadDivider } from './use-fresh';
import { useOutgoing } from './use-outgoing';
import { useReadReceipt } from './use-read-state';
import { useScrolling } from './use-scrolling';
import { useSpan } from './use-span';

const words = texts.conversation;

interface MessageListProps {
  by: ConversationRef;
  name: string;
  otherId: string | undefined;
  conversation: Conversation | undefined;
  onReply(message: Message): void;
  onEdit(message: Message): void;
  onLeave(): void;
}

export function MessageList({ by, name, otherId, conversation, onReply, onEdit, onLeave }: MessageListProps) {
  const { feed } = useSession();
  const lastSeq = conversation?.lastSeq ?? 0;
  const at = useAt(lastSeq);
  const history = conversation && feed.history(conversation.id);
  const version = useFeed(() => history?.version);
  const outgoing = useOutgoing(by, otherId);
  const { base, hasEarlier, showEarlier, reach } = useSpan(lastSeq, at);
  const count = lastSeq - base + outgoing.length;

  const list = useRef<VirtualizerHandle>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const [wasRead] = useState((conversation?.lastReadSeq ?? 0) === lastSeq);
  const scrolling = useScrolling({ scroller, list, conversation, history, base, count, startsAtEnd: wasRead && !at });
  const toEnd = () => scrolling.keepTo('end');
  useWritten(outgoing, toEnd);
  const fresh = useUnreadDivider(conversation, scrolling.isAtEnd, outgoing.length > 0);
  const readState = useReadReceipt(conversation, history);

  // ---- Jumping to a message: its page is loaded first, as its neighbours' height says where it is.
  // What was looked for is marked; where one has read to is only where one begins.
  const [wanted, setWanted] = useState(() => {
    const seq = at ?? (wasRead ? undefined : fresh);
    return seq === undefined ? undefined : { seq, isFound: seq === at };
  });
  const [found, setFound] = useState<number>();
  const jump = useCallback((seq: number) => {
    reach(seq);
    setWanted({ seq, isFound: true });
  }, [reach]);
  useEffect(() => { if (at) jump(at); }, [at]);
  useLayoutEffect(() => {
    if (!wanted || !history) return;
    const { seq, isFound } = wanted;
    scrolling.keepTo(seq);
    history.ensureLoaded(Math.max(1, seq - 20), Math.min(lastSeq, seq + 20));
    if (!history.at(seq)) return;
    if (isFound) setFound(seq);
    setWanted(undefined);
  }, [wanted, version, base]);
  useEffect(() => {
    if (!found) return;
    const timer = setTimeout(() => setFound(undefined), 2_500);
    return () => clearTimeout(timer);
  }, [found]);

  // ---- The keyboard: one message in view is in the order of tabs; from there the arrows choose.
  const [active, setActive] = useState<number>();
  const activeSeq = Math.min(active ?? scrolling.seen ?? lastSeq, lastSeq);
  const focusNext = useRef(false);
  useLayoutEffect(() => {
    if (!focusNext.current) return;
    focusNext.current = false;
    scroller.current?.querySelector<HTMLElement>(`[data-seq="${activeSeq}"]`)?.focus({ preventScroll: true });
    list.current?.scrollToIndex(activeSeq - base - 1, { align: 'nearest' });
  });
  const press = (event: KeyboardEvent) => {
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

  const row = (_: unknown, index: number) => {
    const seq = base + index + 1;
    const waiting = outgoing[seq - lastSeq - 1];
    if (waiting) return <OutgoingRow key={seq} item={waiting} />;
    return (
      <MessageRow
        key={seq} seq={seq} lastSeq={lastSeq} message={history?.at(seq)} before={history?.at(seq - 1)}
        isGroup={!otherId} isFresh={seq === fresh} isActive={seq === activeSeq} isFound={seq === found}
        state={seq === readState?.seq ? readState.text : undefined} onReply={onReply} onEdit={onEdit} onJump={jump}
      />
    );
  };

  const unread = lastSeq - (conversation?.lastReadSeq ?? 0);
  return (
    <div className="messages">
      <div
        ref={scroller} className="scroller" onKeyDown={press}
        {...(count > 0 && { role: 'feed', 'aria-label': words.messages, 'aria-describedby': 'list-keys' })}
        aria-busy={lastSeq > 0 && !history?.at(lastSeq)}
        onFocus={({ target }) => {
          const seq = Number((target as HTMLElement).closest<HTMLElement>('[data-seq]')?.dataset.seq);
          if (seq) setActive(seq);
        }}
        onBlur={({ relatedTarget }) => { if (!scroller.current?.contains(relatedTarget)) setActive(undefined); }}
      >
        {count > 0 && (
          <>
            <div className="scroller-room" />
            <Virtualizer
              key={base} ref={list} scrollRef={scroller} data={{ length: count }} bufferSize={400}
              keepMounted={lastSeq ? [activeSeq - base - 1] : []}
              onScroll={scrolling.onScroll} onResize={scrolling.onResize}
            >
              {row}
            </Virtualizer>
          </>
        )}
      </div>
      {count === 0 && <EmptyState title={otherId ? words.first(name) : words.firstGroup} />}
      <p id="list-keys" className="unseen">{words.keys}</p>
      {hasEarlier && scrolling.isAtStart && <button className="button earlier" onClick={showEarlier}>{words.earlier}</button>}
      {!scrolling.isAtEnd && (
        <button
          className="to-end" onClick={toEnd}
          aria-label={unread > 0 ? words.latestNew(unread) : words.latest} title={words.latest}
        >
          <ArrowDown />
          {unread > 0 && <span className="badge" aria-hidden="true">{unread > 999 ? '999+' : unread}</span>}
        </button>
      )}
    </div>
  );
}

/** Where the address leads to. It is said once: who chooses the same place again wants to go there again. */
function useAt(lastSeq: number): number | undefined {
  const [address, setAddress] = useSearchParams();
  const given = address.get('at');
  useEffect(() => { if (given !== null) setAddress({}, { replace: true }); }, [given]);
  const at = Number(given);
  return Number.isInteger(at) && at >= 1 && at <= lastSeq ? at : undefined;
}

/** Who writes wants to see what they have written, wherever they were. */
function useWritten(outgoing: readonly Outgoing[], toEnd: () => void) {
  // Their ids are in the order of writing.
  const newest = outgoing.at(-1)?.id ?? '';
  const known = useRef(newest);
  useEffect(() => {
    if (newest > known.current) toEnd();
    known.current = newest;
  }, [newest]);
}
