// An image in a message: in a box of its proportions from the start, so that nothing jumps; in full on a click.
import { useMemo, useState } from 'react';
import { thumbHashToDataURL } from 'thumbhash';
import { useFeed, useSession } from '../app/context';
import { moment } from '../app/dates';
import type { Message, OutgoingImage, Picture as Image } from '../feed';
import { texts } from '../texts';
import { Dialog } from '../ui/dialog';
import { useAddress, useLocal } from '../ui/use-address';

const words = texts.image;
/** In CSS pixels: what an image takes at most, and at least of something very narrow. */
const [WIDEST, HIGHEST, LEAST] = [360, 320, 48];

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
  const renew = () => feed.history(message.conversationId).renew(message.seq);
  const [url, onError] = useAddress({ ...image, url: image.thumbnail }, renew);
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
        <Dialog title={words.title(sender, moment(message.createdAt))} open onClose={() => setOpen(false)} isWide>
          <Full image={image} alt={words.of(sender)} background={backgroundImage} renew={renew} />
          {message.text && <p className="picture-caption" dir="auto">{message.text}</p>}
        </Dialog>
      )}
    </>
  );
}

interface FullProps {
  image: Image;
  alt: string;
  background: string | undefined;
  renew(): void;
}

function Full({ image, alt, background, renew }: FullProps) {
  const [url, onError] = useAddress(image, renew);
  return (
    <img
      className="picture-full" src={url} alt={alt} width={image.width} height={image.height} onError={onError}
      style={{ backgroundImage: background }}
    />
  );
}

/** One that is still on its way, with how far it is. */
export function OutgoingPicture({ image, progress }: { image: OutgoingImage; progress: number | undefined }) {
  const url = useLocal(image.file);
  return (
    <div className="picture" style={box(image)} data-waiting>
      {url && <img src={url} alt={words.yours} />}
      {progress !== undefined && <progress value={progress} aria-label={words.progress} />}
    </div>
  );
}
