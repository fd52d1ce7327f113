// An image in a message: in a box of its proportions from the start, so that nothing jumps; in full on a click.
import { ExternalLink } from 'lucide-react';
import { useMemo, useState } from 'react';
import { thumbHashToDataURL } from 'thumbhash';
import { useFeed, useSession } from '../app/session';
import { moment } from '../app/dates';
import type { Message, OutgoingImage, Picture as Image } from '../feed';
import { texts } from '../texts';
import { Dialog } from '../ui/dialog';
import { useImageUrl, useObjectUrl } from '../ui/use-image-url';

const words = texts.image;
/** In CSS pixels: what an image takes at most, and at least of something very narrow. */
const [WIDEST, HIGHEST, LEAST] = [360, 320, 48];
/** An image is long where one side is so many times the other: more than the screenshot of a phone. */
const LONG = 2.5;

/** The box for an image: as large as it is, or scaled down. */
function box({ width, height }: { width: number; height: number }) {
  const scale = Math.min(1, WIDEST / width, HIGHEST / height);
  const [inlineSize, high] = [Math.max(LEAST, width * scale), Math.max(LEAST, height * scale)];
  return { inlineSize, aspectRatio: `${inlineSize} / ${high}` };
}

/** A few coloured clouds in place of what has not come yet. */
function clouds(placeholder: string | null): string | undefined {
  if (!placeholder) return undefined;
  return `url(${thumbHashToDataURL(Uint8Array.from(atob(placeholder), (letter) => letter.charCodeAt(0)))})`;
}

interface PictureProps {
  message: Message;
  image: Image;
  isActive: boolean;
}

export function Picture({ message, image, isActive }: PictureProps) {
  const { feed } = useSession();
  const sender = useFeed((feed) => feed.person(message.senderId).fullName);
  const [isOpen, setOpen] = useState(false);
  const renew = () => feed.history(message.conversationId).reload(message.seq);
  const [url, onError] = useImageUrl({ ...image, url: image.thumbnail }, renew);
  const backgroundImage = useMemo(() => clouds(image.placeholder), [image.placeholder]);
  return (
    <>
      <button
        type="button" className="picture" style={{ ...box(image), backgroundImage }} tabIndex={isActive ? 0 : -1}
        data-key="Enter" onClick={() => setOpen(true)}
      >
        {url
          ? <img src={url} width={image.width} height={image.height} alt={words.of(sender)} decoding="async" onError={onError} />
          : <span className="unseen">{words.of(sender)}</span>}
      </button>
      {isOpen && (
        <Full message={message} image={image} sender={sender} background={backgroundImage} renew={renew} onClose={() => setOpen(false)} />
      )}
    </>
  );
}

interface FullProps {
  message: Message;
  image: Image;
  sender: string;
  background: string | undefined;
  renew(): void;
  onClose(): void;
}

/** In the whole window; a click beside the image closes it. What is too long scrolls, by the keyboard too. */
function Full({ message: { text, createdAt }, image, sender, background, renew, onClose }: FullProps) {
  const [url, onError] = useImageUrl(image, renew);
  const long = image.height > LONG * image.width ? 'high' : image.width > LONG * image.height ? 'wide' : undefined;
  const original = url && (
    <a className="icon-button" href={url} target="_blank" rel="noopener noreferrer" aria-label={words.original} title={words.original}>
      <ExternalLink />
    </a>
  );
  return (
    <Dialog title={words.title(sender, moment(createdAt))} open onClose={onClose} isWide tools={original}>
      <div
        className="picture-room" {...(long && { tabIndex: 0, 'data-first': true })}
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

/** One that is still on its way, with how far it is. */
export function OutgoingPicture({ image, progress }: { image: OutgoingImage; progress: number | undefined }) {
  const url = useObjectUrl(image.file);
  return (
    <div className="picture" style={box(image)} data-waiting>
      {url && <img src={url} alt={words.yours} />}
      {progress !== undefined && <progress value={progress} aria-label={words.progress} />}
    </div>
  );
}
