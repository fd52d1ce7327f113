// Whether the user is scrolling an element now: by wheel, touch, keys, or a pressed mouse button (scroll bar, selection).
import { type RefObject, useEffect, useState } from 'react';

/**
 * In milliseconds. A change of the scroll position this soon after an input counts as its effect: browsers scroll smoothly, and
 * a busy page gets the event late.
 */
const EFFECT_WITHIN = 1_000;
const SCROLL_KEYS = ['ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End', ' ', 'Tab'];

class UserScroll {
  #lastInput = -Infinity;
  #lastInputUp = -Infinity;
  #isPressed = false;

  /** Whether the user scrolls, or has done so just now. */
  get isActive() { return this.#isRecent(this.#lastInput); }
  /** The same, but a wheel that turns towards the end does not count. */
  get isActiveUp() { return this.#isRecent(this.#lastInputUp); }

  #isRecent(input: number) { return this.#isPressed || performance.now() - input < EFFECT_WITHIN; }

  /** Returns a function that stops listening. */
  listen(view: HTMLElement): () => void {
    const listening = new AbortController();
    const options = { passive: true, capture: true, signal: listening.signal };
    const onInput = () => { this.#lastInput = this.#lastInputUp = performance.now(); };
    const onPress = () => { this.#isPressed = true; };
    const onRelease = () => {
      if (this.#isPressed) onInput();
      this.#isPressed = false;
    };
    view.addEventListener('wheel', ({ deltaY }) => {
      if (deltaY < 0) onInput();
      else this.#lastInput = performance.now();
    }, options);
    for (const touch of ['touchmove', 'touchend']) view.addEventListener(touch, onInput, options);
    view.addEventListener('keydown', ({ key }) => { if (SCROLL_KEYS.includes(key)) onInput(); }, options);
    view.addEventListener('mousedown', onPress, options);
    // The button may be released anywhere.
    for (const release of ['mouseup', 'blur', 'dragend']) addEventListener(release, onRelease, options);
    return () => listening.abort();
  }
}

export function useUserScroll(scroller: RefObject<HTMLElement | null>): UserScroll {
  const [userScroll] = useState(() => new UserScroll());
  useEffect(() => (scroller.current ? userScroll.listen(scroller.current) : undefined), [scroller, userScroll]);
  return userScroll;
}
