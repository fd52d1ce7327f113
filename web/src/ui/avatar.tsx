// A round picture of a person or a group: the profile picture, or initials on a colour made from the id.
import { Users } from 'lucide-react';
import { useSession } from '../app/session';
import type { Person } from '../feed';
import { useImageUrl } from './use-image-url';

const HUES = 10;

/** A hue made from the id, the same on every device. Hashes all of it, as UUIDv7s differ at their end. */
function hue(id: string): number {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) % 65_521;
  return sum % HUES;
}

/** The first graphemes of the first and the last word. */
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
  /** Shows the online dot. */
  online?: boolean | undefined;
  size?: 'small' | 'large';
}

/** Hidden from screen readers, as the name is always beside it. */
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
