// Where the list of messages is, and what follows from that: it keeps to where one wants to be while rows come and get their
// size, loads what comes near the view, and what was seen is read.
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { VirtualizerHandle } from 'virtua';
import { isPageFocused } from '../app/page-focus';
import { useSession } from '../app/session';
import type { Conversation, History } from '../feed';

/** So many messages before and behind the view are loaded. */
const AHEAD = 30;
/** While one scrolls fast or rows change their size, so often it is seen what follows from that, in milliseconds. */
const PACE = 80;
/** Nearer to the end than this many pixels is at the end. */
const NEAR = 24;

interface Scrolled {
  scroller: RefObject<HTMLElement | null>;
  list: RefObject<VirtualizerHandle | null>;
  conversation: Conversation | undefined;
  history: History | undefined;
  base: number;
  /** Rows, those that wait to be sent included. */
  count: number;
  /** Whether to begin at the end. */
  startsAtEnd: boolean;
}

const isEnd = (view: HTMLElement) => view.scrollHeight - view.clientHeight - view.scrollTop < NEAR;

export function useScrolling({ scroller, list, conversation, history, base, count, startsAtEnd }: Scrolled) {
  const { feed } = useSession();
  const [isAtEnd, setAtEnd] = useState(startsAtEnd);
  const [isAtStart, setAtStart] = useState(false);
  // The last message in view.
  const [seen, setSeen] = useState<number>();
  // What the view keeps to: the end, or a message, by its seq. EmptyState where one has scrolled oneself.
  const anchor = useRef<'end' | number | undefined>(startsAtEnd ? 'end' : undefined);
  // Where that has put it: found elsewhere, somebody has scrolled.
  const put = useRef(0);
  const resizedAt = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const lastSeq = conversation?.lastSeq ?? 0;

  /**
   * Puts the view where it is to be. Not by the list's own means: these hold on for a while to where they were sent, and who
   * scrolls just then is pulled back.
   */
  const place = useCallback(() => queueMicrotask(() => {
    const [view, rows] = [scroller.current, list.current];
    if (!view || !rows || anchor.current === undefined) return;
    if (anchor.current === 'end') view.scrollTop = view.scrollHeight;
    else {
      const index = anchor.current - base - 1;
      // In the middle, and from its beginning where it is higher than the view.
      const above = Math.max(0, (view.clientHeight - rows.getItemSize(index)) / 2);
      view.scrollTop = rows.getItemOffset(index) - above;
    }
    put.current = view.scrollTop;
    // The list is to know at once: it corrects what it shows from where it believes to be.
    view.dispatchEvent(new Event('scroll'));
  }), [base, list, scroller]);

  const keepTo = useCallback((to: 'end' | number) => {
    anchor.current = to;
    place();
  }, [place]);

  /** Loads what is near the view. Answers with the seq of the last message in it. */
  const look = useCallback(() => {
    const view = list.current;
    if (!view || !history || !conversation) return 0;
    const seqAt = (offset: number) => base + 1 + view.findItemIndex(offset);
    const [from, upTo] = [seqAt(view.scrollOffset), Math.min(lastSeq, seqAt(view.scrollOffset + view.viewportSize - 1))];
    setSeen(upTo);
    history.ensureLoaded(Math.max(1, from - AHEAD), Math.min(lastSeq, upTo + AHEAD));
    return upTo;
  }, [base, conversation, history, lastSeq, list]);

  /** Only when rows have their sizes it is known what is in view, and whether that is the end. */
  const conclude = useCallback((upTo: number) => {
    const view = scroller.current;
    if (!view || !conversation || !history?.at(upTo)) return;
    const end = isEnd(view);
    if (end && upTo === lastSeq) anchor.current = 'end';
    setAtEnd(end);
    if (isPageFocused()) feed.markRead(conversation.id, upTo);
  }, [conversation, feed, history, lastSeq, scroller]);

  // What is called later is to know what is known then.
  const now = useRef({ look, conclude });
  useLayoutEffect(() => { now.current = { look, conclude }; });
  const settle = useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      const upTo = now.current.look();
      if (performance.now() - resizedAt.current < PACE) settle();
      else now.current.conclude(upTo);
    }, PACE);
  }, []);
  useEffect(() => () => clearTimeout(timer.current), []);

  const onScroll = useCallback((offset: number) => {
    const view = scroller.current;
    if (!view) return;
    const end = isEnd(view);
    if (Math.abs(offset - put.current) > 1) anchor.current = end ? 'end' : undefined;
    setAtEnd(end || anchor.current === 'end');
    setAtStart(offset < NEAR);
    settle();
  }, [scroller, settle]);

  const onResize = useCallback(() => {
    resizedAt.current = performance.now();
    place();
    settle();
  }, [place, settle]);
  useLayoutEffect(place, [count, place]);

  // When messages come, when pages are loaded, and when somebody looks again.
  const version = history?.version;
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      look();
      // Who keeps to the end sees it.
      if (anchor.current === 'end') conclude(lastSeq);
    });
    settle();
    addEventListener('focus', settle);
    document.addEventListener('visibilitychange', settle);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('focus', settle);
      document.removeEventListener('visibilitychange', settle);
    };
  }, [conclude, lastSeq, look, settle, version]);

  return { isAtEnd, isAtStart, seen, onScroll, onResize, keepTo };
}
