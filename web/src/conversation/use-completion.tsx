// Completes what is being typed, such as `:name` or `@name`: the list above the field, and the keys that choose from it.
import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useId, useState } from 'react';
import { texts } from '../texts';
import { insertText, replaceTyped } from './insert-text';
import { keepFocus } from './keep-focus';

export interface CompletionEntry {
  key: string;
  label: ReactNode;
  /** Takes the place of what was typed. */
  text: string;
  onTake?(): void;
}

/** What can be completed. */
export interface CompletionSource {
  /** Before the text cursor. The first group is what will be replaced. */
  pattern: RegExp;
  /** Whether what was typed has its end. */
  isWhole?(typed: RegExpExecArray): boolean;
  /** What fits; `whole` if what was typed needs no choice. */
  find(typed: RegExpExecArray): Promise<{ entries: readonly CompletionEntry[]; whole?: CompletionEntry | undefined }>;
}

export interface Completion {
  /** For the field: what it controls, and which entry is chosen. */
  fieldProps: { 'aria-autocomplete': 'list'; 'aria-controls'?: string; 'aria-activedescendant'?: string };
  list: ReactNode;
  /** Call this after the text or the place in it has changed. */
  update(): void;
  /** Whether the key was for the list. */
  onKeyDown(event: KeyboardEvent): boolean;
}

export function useCompletion(field: RefObject<HTMLTextAreaElement | null>, sources: readonly CompletionSource[]): Completion {
  const [found, setFound] = useState<readonly CompletionEntry[]>([]);
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
    if (!at || at.selectionStart !== at.selectionEnd) return undefined;
    const before = at.value.slice(0, at.selectionStart);
    for (const source of sources) {
      const match = source.pattern.exec(before);
      if (match) return { source, match };
    }
    return undefined;
  };
  const take = ({ text, onTake }: CompletionEntry) => {
    const replaced = typed()?.match[1];
    const at = field.current;
    close();
    if (replaced === undefined || !at) return;
    onTake?.();
    insertText(at, text, at.selectionStart - replaced.length, at.selectionStart);
  };
  const update = () => {
    const current = typed();
    if (!current) return close();
    const replaced = current.match[1] ?? '';
    const start = (field.current?.selectionStart ?? 0) - replaced.length;
    // What is whole needs no choice: an Enter after it sends.
    if (current.source.isWhole?.(current.match)) close();
    // Without its list nothing is completed, and nothing is lost.
    current.source.find(current.match).then(({ entries, whole }) => {
      // What needs no choice may have been typed past before it was found.
      if (whole && field.current && replaceTyped(field.current, replaced, start, whole.text)) return close();
      if (typed()?.match[1] !== replaced) return;
      setFound(entries);
      setChosen(0);
    }, close);
  };
  const onKeyDown = (event: KeyboardEvent): boolean => {
    // The list may be about what was replaced meanwhile.
    const current = typed() ? found[chosen] : undefined;
    if (!current || event.nativeEvent.isComposing) return false;
    if (event.key === 'ArrowDown') setChosen((chosen + 1) % found.length);
    else if (event.key === 'ArrowUp') setChosen((chosen - 1 + found.length) % found.length);
    else if ((event.key === 'Enter' && !event.shiftKey) || event.key === 'Tab') take(current);
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
      <ul id={listId} role="listbox" className="completion" aria-label={texts.composer.completion}>
        {found.map((entry, index) => (
          <li
            key={entry.key} id={`${listId}-${index}`} role="option" aria-selected={index === chosen}
            onMouseDown={keepFocus} onMouseMove={() => setChosen(index)} onClick={() => take(entry)}
          >
            {entry.label}
          </li>
        ))}
      </ul>
    ),
  };
}
