// The focus of a conversation: it is in the composer, and what else is clicked or typed does not take it away.
import { type MouseEvent, type RefObject, useEffect } from 'react';

/** For buttons, as `onMouseDown`: a click leaves the focus, and with it a phone's keyboard, where it is. */
export const keepFocus = (event: MouseEvent) => event.preventDefault();

/** Whether focusing a field would open an on-screen keyboard. */
export const opensKeyboard = () => !matchMedia('(hover: hover)').matches;

const isEditable = (element: Element) => element.matches('input, textarea, select, [contenteditable]');

/** Whether a key press writes a character, or begins to compose one, or pastes. */
function isTyping({ key, ctrlKey, metaKey, altKey, isComposing }: KeyboardEvent): boolean {
  if (isComposing || ((ctrlKey || metaKey) && !altKey)) return key.toLowerCase() === 'v' && !isComposing;
  // AltGr is Ctrl and Alt on some systems.
  return [...key].length === 1 || key === 'Dead' || key === 'Process';
}

/** Whatever is typed on the page, but not in another field, a menu or a dialog, goes to this field. */
export function useTypingFocus(field: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const target = event.target as Element;
      if (event.defaultPrevented || !isTyping(event) || isEditable(target)) return;
      // A space presses a button, or scrolls the messages.
      if (event.key === ' ' && target !== document.body) return;
      // Dialogs and menus are outside of the root.
      if (target !== document.body && !document.getElementById('root')?.contains(target)) return;
      if (document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]')) return;
      field.current?.focus();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [field]);
}
