// The keys that work anywhere on the page. The list that people see: shortcuts-dialog.tsx.
import { useEffect } from 'react';
import { openDialog } from './open-dialog';

/** On a Mac the command key takes the place of Ctrl. */
export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

const isEditable = (target: EventTarget | null) => target instanceof Element && target.matches('input, textarea, select, [contenteditable]');
const isDialogOpen = () => document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]') !== null;

/** Opens the conversation above or below the open one in the list. */
function openNeighbour(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLAnchorElement>('.rows a.row')];
  const open = rows.findIndex((row) => row.getAttribute('aria-current') === 'page');
  const next = rows[open < 0 ? (step > 0 ? 0 : rows.length - 1) : open + step];
  next?.click();
  next?.scrollIntoView({ block: 'nearest' });
}

export function useShortcuts(): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.isComposing || event.defaultPrevented) return;
      const isCommand = (isMac ? event.metaKey : event.ctrlKey) && !event.altKey && !event.shiftKey;
      const key = event.key.toLowerCase();
      const isOnlyAlt = event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
      if (isCommand && key === 'k') openDialog({ kind: 'switcher' });
      else if (isDialogOpen()) return;
      // Where text can be written, a question mark is one.
      else if ((isCommand && key === '/') || (key === '?' && !isEditable(event.target) && !document.querySelector('.composer'))) openDialog({ kind: 'shortcuts' });
      else if (isOnlyAlt && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) openNeighbour(event.key === 'ArrowUp' ? -1 : 1);
      else if ((isMac ? event.metaKey : event.ctrlKey) && event.shiftKey && key === 'f') document.querySelector<HTMLElement>('[data-search-here]')?.click();
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', onKeyDown, { capture: true });
    return () => document.removeEventListener('keydown', onKeyDown, { capture: true });
  }, []);
}
