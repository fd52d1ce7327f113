// Where the list of messages is, and what follows from that: it sticks to the end while one is there, loads what comes near
// the view, and what was seen is read.
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { VirtualizerHandle } from 'virtua';
import { isAttentive } from '../app/attention';
import { useSession } from '../app/context';
import type { Conversation, History } from '../feed';

/** So many messages before and behind the view are loaded. */
const AHEAD = 30;
/** While one scrolls fast or rows change their size, so often it is seen what follows from that, in milliseconds. */
const PACE = 80;
/** Nearer to the end than this many pixels is at the end. */
const NEAR = 24;

interface Scrolled {
  list: RefObject<VirtualizerHandle | null>;
  conversation: Conversation | undefined;
  history: History | undefined;
  base: number;
  /** Rows, those that wait to be sent included. */
  count: number;
  /** Whether to begin at the end. */
  startsAtEnd: boolean;
}

export function useScrolling({ list, conversation, history, base, count, startsAtEnd }: Scrolled) {
  const { feed } = useSession();
  const [isAtEnd, setAtEnd] = useState(startsAtEnd);
  const [isAtStart, setAtStart] = useState(false);
  // The last message in view.
  const [seen, setSeen] = useState<number>();
  const sticks = useRef(startsAtEnd);
  const before = useRef({ offset: 0, size: 0 });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const lastSeq = conversation?.lastSeq ?? 0;

  const toEnd = useCallback(() => {
    sticks.current = true;
    list.current?.scrollToIndex(count - 1, { align: 'end' });
  }, [count, list]);

  /** Loads what is near the view, and notes what was seen. */
  const look = useCallback(() => {
    const view = list.current;
    if (!view || !history || !conversation) return;
    const seqAt = (offset: number) => base + 1 + view.findItemIndex(offset);
    const [from, upTo] = [seqAt(view.scrollOffset), Math.min(lastSeq, seqAt(view.scrollOffset + view.viewportSize - 1))];
    setSeen(upTo);
    history.need(Math.max(1, from - AHEAD), Math.min(lastSeq, upTo + AHEAD));
    if (isAttentive() && history.at(upTo)) feed.markRead(conversation.id, upTo);
  }, [base, conversation, feed, history, lastSeq, list]);

  /** When rows have been measured. Where all fits into the view nothing scrolls: one is at the end all the same. */
  const settle = useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      look();
      const view = list.current;
      if (!view?.viewportSize || view.scrollSize > view.viewportSize || !history?.at(lastSeq)) return;
      sticks.current = true;
      setAtEnd(true);
    }, PACE);
  }, [history, lastSeq, list, look]);

  const onScroll = useCallback((offset: number) => {
    const view = list.current;
    if (!view) return;
    const end = view.scrollSize - view.viewportSize - offset < NEAR;
    // Rows that are measured move the view too; only who goes up themselves wants to leave the end.
    const wentUp = offset < before.current.offset - 1 && view.scrollSize >= before.current.size;
    before.current = { offset, size: view.scrollSize };
    if (end) sticks.current = true;
    else if (wentUp) sticks.current = false;
    setAtEnd(end || sticks.current);
    setAtStart(offset < NEAR);
    settle();
  }, [list, settle]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const onResize = useCallback(() => {
    if (sticks.current) toEnd();
    else settle();
  }, [settle, toEnd]);
  useLayoutEffect(() => { if (sticks.current) toEnd(); }, [toEnd]);
  // When messages come, when pages are loaded, and when somebody looks again.
  const version = history?.version;
  useEffect(() => {
    const frame = requestAnimationFrame(look);
    addEventListener('focus', look);
    document.addEventListener('visibilitychange', look);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('focus', look);
      document.removeEventListener('visibilitychange', look);
    };
  }, [look, version]);

  return { isAtEnd, isAtStart, seen, onScroll, onResize, toEnd, leaveEnd: () => { sticks.current = false; } };
}
