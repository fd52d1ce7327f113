// The scroll position of the message list: keeps it anchored while rows are added and measured, loads messages near the view,
// and marks visible messages as read.
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { VirtualizerHandle } from 'virtua';
import { isPageFocused } from '../app/page-focus';
import { useSession } from '../app/session';
import type { Conversation, MessageHistory } from '../feed';
import { type Place, rememberPlace } from './remembered-place';

/** How many messages before and after the view are loaded. */
const PRELOAD = 30;
/** In milliseconds. How often the visible range is evaluated while scrolling, or while rows change their size. */
const SETTLE_DELAY = 80;
/** In pixels. Closer to the end than this counts as at the end. */
const END_TOLERANCE = 24;

interface ScrollOptions {
  scroller: RefObject<HTMLElement | null>;
  list: RefObject<VirtualizerHandle | null>;
  conversation: Conversation | undefined;
  history: MessageHistory | undefined;
  base: number;
  /** The number of rows, outgoing messages included. */
  count: number;
  /** Whether the list opens at the end. */
  startsAtEnd: boolean;
}

const isEnd = (view: HTMLElement) => view.scrollHeight - view.clientHeight - view.scrollTop < END_TOLERANCE;

export function useScrollPosition({ scroller, list, conversation, history, base, count, startsAtEnd }: ScrollOptions) {
  const { feed } = useSession();
  const [isAtEnd, setIsAtEnd] = useState(startsAtEnd);
  const [isAtStart, setIsAtStart] = useState(false);
  // The seq of the last message in view.
  const [lastVisible, setLastVisible] = useState<number>();
  // What the view is anchored to: the end, the seq of a message, or a place. Undefined after the user has scrolled.
  const anchor = useRef<'end' | number | Place | undefined>(startsAtEnd ? 'end' : undefined);
  // The scroll offset set for the anchor. A different one means that the user has scrolled.
  const expectedTop = useRef(0);
  const resizedAt = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const lastSeq = conversation?.lastSeq ?? 0;
  const conversationId = conversation?.id;

  /**
   * Scrolls to the anchor. The list's own `scrollToIndex` is not used: it holds its target for a while, and would pull back a
   * user who scrolls meanwhile.
   */
  const applyAnchor = useCallback(() => queueMicrotask(() => {
    const [view, rows] = [scroller.current, list.current];
    if (!view || !rows || anchor.current === undefined) return;
    if (anchor.current === 'end') view.scrollTop = view.scrollHeight;
    else if (typeof anchor.current === 'object') {
      const { seq, top } = anchor.current;
      // Where the row is, once there is one: the list learns of the sizes of rows above it later.
      const row = view.querySelector(`[data-seq="${seq}"]`)?.closest('.message-row');
      if (row) view.scrollTop += row.getBoundingClientRect().top - view.getBoundingClientRect().top - top;
      else view.scrollTop = rows.getItemOffset(seq - base - 1) - top;
    } else {
      const index = anchor.current - base - 1;
      // Centred, or from its top if it is taller than the view.
      const above = Math.max(0, (view.clientHeight - rows.getItemSize(index)) / 2);
      view.scrollTop = rows.getItemOffset(index) - above;
    }
    expectedTop.current = view.scrollTop;
    // Notifies the list at once: it renders rows for the offset that it knows.
    view.dispatchEvent(new Event('scroll'));
  }), [base, list, scroller]);

  const anchorTo = useCallback((to: 'end' | number | Place) => {
    anchor.current = to;
    applyAnchor();
  }, [applyAnchor]);

  /** Loads messages near the view. Returns the seq of the last one in view. */
  const loadVisible = useCallback(() => {
    const view = list.current;
    if (!view || !history || !conversation) return 0;
    const seqAt = (offset: number) => base + 1 + view.findItemIndex(offset);
    const [from, upTo] = [seqAt(view.scrollOffset), Math.min(lastSeq, seqAt(view.scrollOffset + view.viewportSize - 1))];
    setLastVisible(upTo);
    history.ensureLoaded(Math.max(1, from - PRELOAD), Math.min(lastSeq, upTo + PRELOAD));
    return upTo;
  }, [base, conversation, history, lastSeq, list]);

  /** Marks messages in view as read. Call this when rows are measured: before that the visible range is not known. */
  const markVisibleRead = useCallback((upTo: number) => {
    const view = scroller.current;
    if (!view || !conversation || !history?.at(upTo)) return;
    const end = isEnd(view);
    if (end && upTo === lastSeq) anchor.current = 'end';
    setIsAtEnd(end);
    if (isPageFocused()) feed.markRead(conversation.id, upTo);
  }, [conversation, feed, history, lastSeq, scroller]);

  /** Remembers where the user is. Rows that change their size move it, too. */
  const keepPlace = useCallback(() => {
    const [view, rows] = [scroller.current, list.current];
    if (!view || !rows || !conversationId) return;
    // The first message that begins in view: to return there, the sizes of those above it need not be known.
    const [top, bottom] = [view.scrollTop, view.scrollTop + view.clientHeight];
    const cut = rows.findItemIndex(top);
    const first = rows.getItemOffset(cut) < top && rows.getItemOffset(cut + 1) < bottom ? cut + 1 : cut;
    const place = { seq: Math.min(lastSeq, base + 1 + first), top: Math.max(0, rows.getItemOffset(first) - top) };
    rememberPlace(conversationId, anchor.current === 'end' || isEnd(view) ? undefined : place);
  }, [base, conversationId, lastSeq, list, scroller]);

  // The timer below must call the latest versions.
  const latest = useRef({ loadVisible, markVisibleRead, keepPlace });
  useLayoutEffect(() => { latest.current = { loadVisible, markVisibleRead, keepPlace }; });
  const scheduleUpdate = useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      const upTo = latest.current.loadVisible();
      latest.current.keepPlace();
      if (typeof anchor.current === 'object') applyAnchor();
      if (performance.now() - resizedAt.current < SETTLE_DELAY) scheduleUpdate();
      else latest.current.markVisibleRead(upTo);
    }, SETTLE_DELAY);
  }, [applyAnchor]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const onScroll = useCallback((offset: number) => {
    const view = scroller.current;
    if (!view) return;
    const end = isEnd(view);
    if (Math.abs(offset - expectedTop.current) > 1) anchor.current = end ? 'end' : undefined;
    setIsAtEnd(end || anchor.current === 'end');
    setIsAtStart(offset < END_TOLERANCE);
    latest.current.keepPlace();
    scheduleUpdate();
  }, [scroller, scheduleUpdate]);

  const onResize = useCallback(() => {
    resizedAt.current = performance.now();
    applyAnchor();
    scheduleUpdate();
  }, [applyAnchor, scheduleUpdate]);
  useLayoutEffect(applyAnchor, [count, applyAnchor]);

  // When messages arrive, pages are loaded, or the page is focused again.
  const version = history?.version;
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      loadVisible();
      // A view anchored to the end shows the last message.
      if (anchor.current === 'end') markVisibleRead(lastSeq);
    });
    scheduleUpdate();
    addEventListener('focus', scheduleUpdate);
    document.addEventListener('visibilitychange', scheduleUpdate);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('focus', scheduleUpdate);
      document.removeEventListener('visibilitychange', scheduleUpdate);
    };
  }, [markVisibleRead, lastSeq, loadVisible, scheduleUpdate, version]);

  return { isAtEnd, isAtStart, lastVisible, onScroll, onResize, anchorTo };
}
