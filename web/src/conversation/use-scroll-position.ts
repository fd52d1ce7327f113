// The scroll position of the message list: keeps it anchored while rows are added and measured, loads messages near the view,
// and marks visible messages as read.
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { VirtualizerHandle } from 'virtua';
import { isPageFocused } from '../app/page-focus';
import { useSession } from '../app/session';
import type { Conversation, MessageHistory } from '../feed';
import { type Place, rememberPlace } from './remembered-place';
import { useUserScroll } from './user-scroll';

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

/** The height of the space after the rows, which the stylesheet sets. */
const spaceAfterRows = (view: HTMLElement) => parseFloat(getComputedStyle(view, '::after').height) || 0;

/** Whether all rendered rows are measured. The list hides the others. */
const isMeasured = (view: HTMLElement) =>
  [...view.querySelectorAll('[data-seq]')].every((row) => row.checkVisibility({ visibilityProperty: true }));

export function useScrollPosition({ scroller, list, conversation, history, base, count, startsAtEnd }: ScrollOptions) {
  const { feed } = useSession();
  const [isAtEnd, setIsAtEnd] = useState(startsAtEnd);
  const [isAtStart, setIsAtStart] = useState(false);
  // The seq of the last message in view.
  const [lastVisible, setLastVisible] = useState<number>();
  // What the view is anchored to: the end, the seq of a message, or a place. Undefined after the user has scrolled.
  const anchor = useRef<'end' | number | Place | undefined>(startsAtEnd ? 'end' : undefined);
  // The layout and the scroll offset when the anchor was applied.
  const applied = useRef({ top: 0, content: 0, height: 0 });
  const userScroll = useUserScroll(scroller);
  const resizedAt = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const lastSeq = conversation?.lastSeq ?? 0;
  const conversationId = conversation?.id;

  /**
   * The height of all rows, as the list knows it, and of the space after them. The view's `scrollHeight` has more while a row is
   * not measured, which is higher than its place: the list shows nothing to whoever scrolls there.
   */
  const contentHeight = useCallback(() => {
    const [view, rows] = [scroller.current, list.current];
    if (!view || !rows || count === 0) return 0;
    return rows.getItemOffset(count - 1) + rows.getItemSize(count - 1) + spaceAfterRows(view);
  }, [count, list, scroller]);
  const layoutOf = useCallback(
    ({ scrollTop: top, clientHeight: height }: HTMLElement) => ({ top, content: contentHeight(), height }),
    [contentHeight],
  );
  const isEnd = useCallback(
    (view: HTMLElement) => contentHeight() - view.clientHeight - view.scrollTop < END_TOLERANCE,
    [contentHeight],
  );

  /**
   * Scrolls to the anchor. The list's own `scrollToIndex` is not used: it holds its target for a while, and would pull back a
   * user who scrolls meanwhile.
   */
  const applyAnchor = useCallback(() => queueMicrotask(() => {
    const [view, rows] = [scroller.current, list.current];
    if (!view || !rows || anchor.current === undefined) return;
    if (anchor.current === 'end') view.scrollTop = contentHeight() - view.clientHeight;
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
    applied.current = layoutOf(view);
    // Notifies the list at once: it renders rows for the offset that it knows.
    view.dispatchEvent(new Event('scroll'));
  }), [base, contentHeight, layoutOf, list, scroller]);

  const anchorTo = useCallback((to: 'end' | number | Place) => {
    anchor.current = to;
    applyAnchor();
  }, [applyAnchor]);

  /**
   * Whether a scroll offset other than that of the anchor is the user's doing. Layout moves the view too: rows are measured, the
   * composer grows, and the event of it may arrive when the layout has changed again. Without an input (assistive technology
   * has none) it was the user if the layout is still the same.
   */
  const isMovedByUser = useCallback((view: HTMLElement) => {
    if (anchor.current === undefined) return true;
    if (anchor.current === 'end' ? userScroll.isActiveUp : userScroll.isActive) return true;
    const { content, height } = layoutOf(view);
    return content === applied.current.content && height === applied.current.height;
  }, [layoutOf, userScroll]);

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
    setIsAtEnd(end || anchor.current === 'end');
    if (isPageFocused()) feed.markRead(conversation.id, upTo);
  }, [conversation, feed, history, isEnd, lastSeq, scroller]);

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
    if (Math.abs(offset - applied.current.top) > 1) {
      if (isMovedByUser(view)) anchor.current = end ? 'end' : undefined;
      else applyAnchor();
    }
    setIsAtEnd(end || anchor.current === 'end');
    setIsAtStart(offset < END_TOLERANCE);
    latest.current.keepPlace();
    scheduleUpdate();
  }, [applyAnchor, isEnd, isMovedByUser, scroller, scheduleUpdate]);

  /**
   * Follows new messages from now on if a message is the anchor and everything after it is in view. At once, and not when the list
   * has settled: messages may arrive faster than it settles.
   */
  const followIfAtEnd = useCallback(() => queueMicrotask(() => {
    const [view, from] = [scroller.current, anchor.current];
    if (!view || typeof from !== 'number' || !isEnd(view) || !isMeasured(view)) return;
    for (let seq = from; seq <= lastSeq; seq += 1) if (!history?.at(seq)) return;
    anchor.current = 'end';
  }), [history, isEnd, lastSeq, scroller]);

  const onResize = useCallback(() => {
    resizedAt.current = performance.now();
    applyAnchor();
    followIfAtEnd();
    scheduleUpdate();
  }, [applyAnchor, followIfAtEnd, scheduleUpdate]);
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
