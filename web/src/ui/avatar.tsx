// A picture of a person, round, or of a group, less so: the profile picture, or initials on a colour made from the id.
import { useSession } from '../app/session';
import type { Person } from '../feed';
import { hueOf } from './hue';
import { useImageUrl } from './use-image-url';

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

/** Hidden from screen readers, as the name is always beside it. The initials are no text, which would be a part of a button's name. */
export function Avatar({ id, name, picture, isGroup = false, online = false, size }: AvatarProps) {
  const { feed } = useSession();
  const [url, onError] = useImageUrl(picture, () => void (isGroup ? feed.loadConversation({ conversationId: id }) : feed.loadPerson(id)).catch(() => {}));
  return (
    <span className="avatar" data-hue={hueOf(id)} data-size={size} data-group={isGroup || undefined} aria-hidden="true">
      {url ? <img src={url} alt="" onError={onError} /> : <span data-initials={initials(name)} />}
      {online && <span className="avatar-dot" />}
    </span>
  );
}
