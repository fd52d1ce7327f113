// A person or a group as a round picture: their own, or their initials on a colour that is always theirs.
import { Users } from 'lucide-react';
import { useSession } from '../app/session';
import type { Person } from '../feed';
import { useImageUrl } from './use-image-url';

const HUES = 10;

/** The same of everybody, everywhere: made of the id. UUIDv7s differ at their end. */
function hue(id: string): number {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) % 65_521;
  return sum % HUES;
}

/** The first letters of the first and the last word; letters as people see them, in any script. */
function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letters = new Intl.Segmenter();
  const first = (word: string | undefined) => (word ? [...letters.segment(word)][0]?.segment ?? '' : '');
  const last = words.length > 1 ? first(words.at(-1)) : '';
  return `${first(words[0])}${last}`.toLocaleUpperCase();
}

export interface AvatarProps {
  id: string;
  name: string;
  picture?: Person['profilePic'] | undefined;
  isGroup?: boolean;
  /** Shows the dot of who is online. */
  online?: boolean | undefined;
  size?: 'small' | 'large';
}

/** Decoration: the name is always written beside it. */
export function Avatar({ id, name, picture, isGroup = false, online = false, size }: AvatarProps) {
  const { feed } = useSession();
  const [url, onError] = useImageUrl(picture, () => void feed.loadPerson(id).catch(() => {}));
  return (
    <span className="avatar" data-hue={hue(id)} data-size={size} aria-hidden="true">
      {isGroup ? <Users /> : url ? <img src={url} alt="" onError={onError} /> : <span dir="auto">{initials(name)}</span>}
      {online && <span className="avatar-dot" />}
    </span>
  );
}
