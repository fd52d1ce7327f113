// Chooses an emoji: a search, the ones that were taken last, and all by group. The arrow keys move through them.
import { Popover } from '@base-ui/react/popover';
import { type KeyboardEvent, type RefObject, useRef, useState } from 'react';
import { texts } from '../texts';
import { useCloseOnBack } from '../ui/dialog-history';
import { type Emoji, emojiOf, groups, recentEmoji, rememberEmoji, searchEmoji } from './emoji';

const words = texts.emoji;
const MAX_FOUND = 64;

export interface EmojiPickerProps {
  open: boolean;
  onClose(): void;
  /** The button that opened it. */
  anchor: RefObject<HTMLElement | null>;
  /** Shown first, at the top. */
  quick?: readonly string[];
  onPick(emoji: string): void;
}

export function EmojiPicker({ open, onClose, anchor, quick = [], onPick }: EmojiPickerProps) {
  useCloseOnBack(open, onClose);
  const field = useRef<HTMLInputElement>(null);
  const popup = useRef<HTMLDivElement>(null);
  // On a touch screen the focus would open the keyboard, which covers the emoji.
  const isTouch = matchMedia('(hover: none)').matches;
  return (
    <Popover.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Popover.Portal>
        <Popover.Positioner className="emoji-container" anchor={anchor} side="top" align="start" sideOffset={10} collisionPadding={8}>
          <Popover.Popup ref={popup} className="emoji-picker" aria-label={words.title} initialFocus={isTouch ? popup : field} finalFocus={false}>
            <Picker field={field} quick={quick} onPick={(emoji) => { rememberEmoji(emoji); onClose(); onPick(emoji); }} />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

interface PickerProps {
  field: RefObject<HTMLInputElement | null>;
  quick: readonly string[];
  onPick(emoji: string): void;
}

function Picker({ field, quick, onPick }: PickerProps) {
  const [query, setQuery] = useState('');
  const [recent] = useState(recentEmoji);
  const found = query.trim() ? searchEmoji(query, MAX_FOUND) : undefined;
  const first = found?.[0];
  return (
    <div onKeyDown={(event) => moveFocus(event, field.current)}>
      <input
        ref={field} type="search" className="input" aria-label={words.search} placeholder={words.search} maxLength={40} value={query}
        onChange={({ target }) => setQuery(target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
          event.preventDefault();
          if (first) onPick(first.emoji);
        }}
      />
      <div className="emoji-list">
        {found
          ? <Group title={words.found} emoji={found} onPick={onPick} />
          : (
            <>
              {quick.length > 0 && <Group title={words.quick} emoji={quick.map(emojiOf)} onPick={onPick} />}
              {recent.length > 0 && <Group title={words.recent} emoji={recent} onPick={onPick} />}
              {groups.map(({ key, emoji }) => <Group key={key} title={words.groups[key] ?? key} emoji={emoji} onPick={onPick} />)}
            </>
          )}
        {found?.length === 0 && <p className="hint" role="status">{words.none}</p>}
      </div>
    </div>
  );
}

function Group({ title, emoji, onPick }: { title: string; emoji: readonly Emoji[]; onPick(emoji: string): void }) {
  return (
    <section className="emoji-group" aria-label={title}>
      <h3 aria-hidden="true">{title}</h3>
      <div className="emoji-grid">
        {emoji.map(({ emoji, names }, index) => (
          <button
            key={emoji} type="button" tabIndex={index === 0 ? 0 : -1} aria-label={names[0]?.replaceAll('_', ' ')} title={`:${names[0]}:`}
            onClick={() => onPick(emoji)}
          >
            {emoji}
          </button>
        ))}
      </div>
    </section>
  );
}

/** To the emoji beside, above or below the one that has the focus; from the search down to the first one. */
function moveFocus(event: KeyboardEvent<HTMLElement>, field: HTMLElement | null): void {
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('.emoji-grid button')];
  const current = all.indexOf(event.target as HTMLElement);
  const isInField = current < 0;
  if (isInField && event.key !== 'ArrowDown') return;
  const isRtl = getComputedStyle(event.currentTarget).direction === 'rtl';
  const step = { ArrowRight: isRtl ? -1 : 1, ArrowLeft: isRtl ? 1 : -1 }[event.key];
  let next: HTMLElement | null | undefined;
  if (isInField) [next] = all;
  else if (step !== undefined) next = all[current + step];
  else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    const direction = event.key === 'ArrowDown' ? 1 : -1;
    const { left, top } = all[current]!.getBoundingClientRect();
    // The first one on another line that is not farther to the left.
    for (let index = current + direction; all[index]; index += direction) {
      const box = all[index]!.getBoundingClientRect();
      if (direction * (box.top - top) > 1 && Math.abs(box.left - left) < box.width / 2) { next = all[index]; break; }
    }
    if (!next && direction < 0) next = field;
  } else return;
  event.preventDefault();
  next?.focus();
}
