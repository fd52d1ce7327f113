// What fingers do to messages: a swipe towards the end of the line replies, a long press opens the sheet.
import { type RefObject, useEffect, useRef } from 'react';

/** In pixels: the way that replies, the longest one, and the one after which it is a swipe and no tap. */
const [ENOUGH, FARTHEST, SLOP] = [56, 76, 10];
/** In pixels from the edge of the screen, where a swipe is the device's Back. */
const EDGE = 24;
/** In milliseconds. */
const LONG_PRESS = 450;

/** The finger is still down: where it is lifted it presses nothing, above all not the backdrop of the sheet. */
function ignoreLift(): void {
  const controller = new AbortController();
  const ignore = (event: Event) => {
    event.stopPropagation();
    if (event.cancelable) event.preventDefault();
    // The last of them.
    if (event.type === 'touchend' || event.type === 'touchcancel') controller.abort();
  };
  for (const type of ['pointerup', 'touchend', 'touchcancel']) addEventListener(type, ignore, { capture: true, passive: false, signal: controller.signal });
}

interface Gestures {
  onReply(seq: number): void;
  onMenu(seq: number): void;
}

export function useGestures(list: RefObject<HTMLElement | null>, gestures: Gestures): void {
  const latest = useRef(gestures);
  latest.current = gestures;
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    let touched: { message: HTMLElement; seq: number; x: number; y: number; timer: ReturnType<typeof setTimeout>; isSwipe: boolean; way: number } | undefined;
    const end = () => {
      if (!touched) return;
      clearTimeout(touched.timer);
      touched.message.style.translate = '';
      touched.message.removeAttribute('data-swiped');
      touched = undefined;
    };
    const onDown = (event: PointerEvent) => {
      end();
      const target = event.target as Element;
      const message = target.closest<HTMLElement>('[data-seq]');
      if (event.pointerType !== 'touch' || !event.isPrimary || !message || target.closest('pre, .actions')) return;
      if (event.clientX < EDGE || event.clientX > innerWidth - EDGE) return;
      const seq = Number(message.dataset.seq);
      // Deleted messages have no actions.
      if (!message.querySelector('.actions')) return;
      const timer = setTimeout(() => {
        end();
        navigator.vibrate?.(10);
        ignoreLift();
        latest.current.onMenu(seq);
      }, LONG_PRESS);
      touched = { message, seq, x: event.clientX, y: event.clientY, timer, isSwipe: false, way: 0 };
    };
    const onMove = (event: PointerEvent) => {
      if (!touched || event.pointerType !== 'touch') return;
      const isRtl = getComputedStyle(element).direction === 'rtl';
      const way = (event.clientX - touched.x) * (isRtl ? -1 : 1);
      if (!touched.isSwipe) {
        if (Math.hypot(event.clientX - touched.x, event.clientY - touched.y) < SLOP) return;
        if (way < Math.abs(event.clientY - touched.y) * 1.5) return end();
        clearTimeout(touched.timer);
        touched.isSwipe = true;
        touched.message.setAttribute('data-swiped', '');
      }
      touched.way = Math.max(0, Math.min(FARTHEST, way));
      touched.message.style.translate = `${touched.way * (isRtl ? -1 : 1)}px 0`;
      touched.message.toggleAttribute('data-enough', touched.way >= ENOUGH);
    };
    const onUp = () => {
      const done = touched;
      end();
      done?.message.removeAttribute('data-enough');
      if (done?.isSwipe && done.way >= ENOUGH) latest.current.onReply(done.seq);
    };
    // A long press would select a word, or offer to save a picture.
    const onContextMenu = (event: Event) => { if ((event as PointerEvent).pointerType === 'touch') event.preventDefault(); };
    element.addEventListener('pointerdown', onDown);
    element.addEventListener('pointermove', onMove);
    element.addEventListener('pointerup', onUp);
    element.addEventListener('pointercancel', end);
    element.addEventListener('scroll', end, { passive: true });
    element.addEventListener('contextmenu', onContextMenu);
    return () => {
      end();
      element.removeEventListener('pointerdown', onDown);
      element.removeEventListener('pointermove', onMove);
      element.removeEventListener('pointerup', onUp);
      element.removeEventListener('pointercancel', end);
      element.removeEventListener('scroll', end);
      element.removeEventListener('contextmenu', onContextMenu);
    };
  }, [list]);
}
