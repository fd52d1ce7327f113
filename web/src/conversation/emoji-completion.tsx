// Completes `:name` to an emoji while it is typed: the list above the field, and the keys that choose from it.
import { type KeyboardEvent, type RefObject, useEffect, useId, useState } from 'react';
import type { Emoji } from '../emoji/emoji';
import { texts } from '../texts';
import { insertText, replaceTyped } from './insert-text';
import { keepFocus } from './keep-focus';

const MAX = 7;
/** At the beginning of a word, so that times and addresses are left alone. */
const NAME_PATTERN = /(?:^|[\s(])(:([a-z0-9_+-]{2,32})(:?))$/i;

export interface Completion {
  /** For the field: what it controls, and which entry is chosen. */
  fieldProps: { 'aria-autocomplete': 'list'; 'aria-controls'?: string; 'aria-activedescendant'?: string };
  list: React.ReactNode;
  /** Call this after the text or the place in it has changed. */
  update(): void;
  /** Whether the key was for the list. */
  onKeyDown(event: KeyboardEvent): boolean;
}

export function useEmojiCompletion(field: RefObject<HTMLTextAreaElement | null>): Completion {
  const [found, setFound] = useState<readonly Emoji[]>([]);
  const [chosen, setChosen] = useState(0);
  const listId = useId();
  const close = () => setFound([]);
  useEffect(() => {
    // The list is about what stands before the text cursor.
    addEventListener('click', close);
    return () => removeEventListener('click', close);
  }, []);

  const typed = () => {
    const at = field.current;
    return at && at.selectionStart === at.selectionEnd ? NAME_PATTERN.exec(at.value.slice(0, at.selectionStart)) : null;
  };
  const take = (emoji: string) => {
    const match = typed();
    const at = field.current;
    close();
    if (match && at) insertText(at, emoji, at.selectionStart - match[1]!.length, at.selectionStart);
  };
  const update = () => {
    const match = typed();
    if (!match) return close();
    const [, whole = '', name = '', end] = match;
    const start = (field.current?.selectionStart ?? 0) - whole.length;
    // A whole name needs no choice: an Enter after it sends.
    if (end) close();
    // Without its list nothing is completed, and nothing is lost.
    void import('../emoji/emoji').then(({ emojiNamed, searchEmoji }) => {
      // A whole name may have been typed past before its emoji was found.
      const emoji = end ? emojiNamed(name.toLowerCase()) : undefined;
      if (emoji !== undefined && field.current && replaceTyped(field.current, whole, start, emoji)) return close();
      if (typed()?.[1] !== whole) return;
      setFound(end ? [] : searchEmoji(name, MAX));
      setChosen(0);
    }, close);
  };
  const onKeyDown = (event: KeyboardEvent): boolean => {
    // The list may be about what was replaced meanwhile.
    const current = typed() ? found[chosen] : undefined;
    if (!current || event.nativeEvent.isComposing) return false;
    if (event.key === 'ArrowDown') setChosen((chosen + 1) % found.length);
    else if (event.key === 'ArrowUp') setChosen((chosen - 1 + found.length) % found.length);
    else if ((event.key === 'Enter' && !event.shiftKey) || event.key === 'Tab') take(current.emoji);
    else if (event.key === 'Escape') close();
    else return false;
    event.preventDefault();
    return true;
  };
  const isOpen = found.length > 0;
  return {
    fieldProps: { 'aria-autocomplete': 'list', ...(isOpen && { 'aria-controls': listId, 'aria-activedescendant': `${listId}-${chosen}` }) },
    update,
    onKeyDown,
    list: isOpen && (
      <ul id={listId} role="listbox" className="completion" aria-label={texts.emoji.completion}>
        {found.map(({ emoji, names }, index) => (
          <li
            key={emoji} id={`${listId}-${index}`} role="option" aria-selected={index === chosen}
            onMouseDown={keepFocus} onMouseMove={() => setChosen(index)} onClick={() => take(emoji)}
          >
            <span aria-hidden="true">{emoji}</span> :{names[0]}:
          </li>
        ))}
      </ul>
    ),
  };
}
