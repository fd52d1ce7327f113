// An opened image. A click beside it closes it, as do Escape and Back.
import { ExternalLink } from 'lucide-react';
import { formatFullDateTime } from '../app/dates';
import type { Message, Picture as Image } from '../feed';
import { texts } from '../texts';
import { Dialog } from '../ui/dialog';
import { useImageUrl } from '../ui/use-image-url';

const words = texts.image;
/** With this ratio of its sides an image scrolls when opened. Screenshots of phones are below it. */
const LONG_RATIO = 2.5;

interface FullImageProps {
  open: boolean;
  message: Message;
  image: Image;
  sender: string;
  background: string | undefined;
  renewUrl(): void;
  onClose(): void;
}

/** Fills the window; a click beside the image closes it. A long image scrolls, by the keyboard too. */
export function FullImage({ open, message: { text, createdAt }, image, sender, background, renewUrl, onClose }: FullImageProps) {
  const [url, onError] = useImageUrl(image, renewUrl);
  const long = image.height > LONG_RATIO * image.width ? 'high' : image.width > LONG_RATIO * image.height ? 'wide' : undefined;
  const original = url && (
    <a className="icon-button" href={url} target="_blank" rel="noopener noreferrer" aria-label={words.original} title={words.original}>
      <ExternalLink />
    </a>
  );
  return (
    <Dialog title={words.title(sender, formatFullDateTime(createdAt))} open={open} onClose={onClose} isWide tools={original}>
      <div
        className="picture-viewport" {...(long && { tabIndex: 0, 'data-first': true })}
        onClick={({ target, currentTarget }) => { if (target === currentTarget) onClose(); }}
      >
        <img
          className="picture-full" src={url} alt={words.of(sender)} width={image.width} height={image.height} onError={onError}
          data-long={long} style={{ backgroundImage: background }}
        />
      </div>
      {text && <p className="picture-caption" dir="auto" tabIndex={0}>{text}</p>}
    </Dialog>
  );
}
