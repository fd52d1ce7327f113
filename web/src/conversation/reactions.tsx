// The reactions to a message: each with how many people reacted so. A click adds one's own where one may react, or takes it back.
import { SmilePlus } from 'lucide-react';
import { useRef, useState } from 'react';
import { useFeed, useSession } from '../app/session';
import type { Message } from '../feed';
import { texts } from '../texts';
import { onDemand } from '../ui/on-demand';
import { useAttempt } from '../ui/toasts';
import { keepFocus } from './keep-focus';

const words = texts.reactions;
const EmojiPicker = onDemand(() => import('../emoji/emoji-picker').then((module) => module.EmojiPicker), { isLarge: true });

export function useReact(message: Message) {
  const { feed } = useSession();
  const attempt = useAttempt();
  return (emoji: string, added: boolean) => void attempt(() => feed.react(message, emoji, added));
}

/** Whether one may add reactions. To take one's own back is always allowed. */
export const useMayReact = ({ conversationId }: Message) => useFeed((feed) => feed.conversation(conversationId)?.viewerCan.includes('REACT') === true);

export function Reactions({ message, isActive }: { message: Message; isActive: boolean }) {
  const react = useReact(message);
  const mayReact = useMayReact(message);
  if (message.reactions.length === 0) return null;
  return (
    <ul className="reactions" aria-label={words.title}>
      {message.reactions.map(({ emoji, count, isMine = false }) => (
        <li key={emoji}>
          <button
            type="button" className="reaction" tabIndex={isActive ? 0 : -1} aria-pressed={isMine} aria-label={words.count(emoji, count)}
            aria-disabled={(!mayReact && !isMine) || undefined} onMouseDown={keepFocus} onClick={() => { if (mayReact || isMine) react(emoji, !isMine); }}
          >
            <span aria-hidden="true">{emoji}</span> {count > 1 && <span aria-hidden="true">{count.toLocaleString()}</span>}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Opens the picker for a reaction. */
export function ReactButton({ message, isActive }: { message: Message; isActive: boolean }) {
  const react = useReact(message);
  const button = useRef<HTMLButtonElement>(null);
  const [isPicking, setPicking] = useState(false);
  return (
    <>
      <button
        ref={button} type="button" className="icon-button" aria-label={words.add} title={words.add} aria-expanded={isPicking}
        tabIndex={isActive ? 0 : -1} data-key="+" aria-keyshortcuts="+" onMouseDown={keepFocus} onClick={() => setPicking(true)}
      >
        <SmilePlus />
      </button>
      {isPicking && <EmojiPicker open anchor={button} quick={QUICK_REACTIONS} onPick={(emoji) => react(emoji, true)} onClose={() => { setPicking(false); button.current?.focus(); }} />}
    </>
  );
}

/** What most people react with. */
export const QUICK_REACTIONS: readonly string[] = ['👍', '❤️', '😂', '😮', '😢', '🙏'];
