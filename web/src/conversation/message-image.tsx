// The image of a message. Its box has the right proportions from the start, so nothing moves when it loads; a click opens it.
import { useMemo, useState } from 'react';
import { thumbHashToDataURL } from 'thumbhash';
import { useFeed, useSession } from '../app/session';
import type { Message, OutgoingImage, Picture as Image } from '../feed';
import { texts } from '../texts';
import { onDemand } from '../ui/on-demand';
import { useImageUrl, useObjectUrl } from '../ui/use-image-url';

const words = texts.image;
const FullImage = onDemand(() => import('./full-image').then((module) => module.FullImage));
/** In CSS pixels. Images are scaled down to the maximum; very narrow ones get the minimum. */
const [MAX_WIDTH, MAX_HEIGHT, MIN_SIDE] = [360, 320, 48];

/** The size of an image's box: its own, or scaled down. */
function boxStyle({ width, height }: { width: number; height: number }) {
  const scale = Math.min(1, MAX_WIDTH / width, MAX_HEIGHT / height);
  const [inlineSize, blockSize] = [Math.max(MIN_SIDE, width * scale), Math.max(MIN_SIDE, height * scale)];
  return { inlineSize, aspectRatio: `${inlineSize} / ${blockSize}` };
}

/** The blurred placeholder while the image loads. */
function placeholderImage(placeholder: string | null): string | undefined {
  if (!placeholder) return undefined;
  return `url(${thumbHashToDataURL(Uint8Array.from(atob(placeholder), (letter) => letter.charCodeAt(0)))})`;
}

interface MessageImageProps {
  message: Message;
  image: Image;
  isActive: boolean;
}

export function MessageImage({ message, image, isActive }: MessageImageProps) {
  const { feed } = useSession();
  const sender = useFeed((feed) => feed.person(message.senderId).fullName);
  const [isOpen, setOpen] = useState(false);
  const renewUrl = () => feed.history(message.conversationId).reload(message.seq);
  const [url, onError] = useImageUrl({ ...image, url: image.thumbnail }, renewUrl);
  const backgroundImage = useMemo(() => placeholderImage(image.placeholder), [image.placeholder]);
  return (
    <>
      <button
        type="button" className="picture" style={{ ...boxStyle(image), backgroundImage }} tabIndex={isActive ? 0 : -1}
        data-key="Enter" onClick={() => setOpen(true)}
      >
        {url
          ? <img src={url} width={image.width} height={image.height} alt={words.of(sender)} decoding="async" onError={onError} />
          : <span className="visually-hidden">{words.of(sender)}</span>}
      </button>
      {isOpen && (
        <FullImage open message={message} image={image} sender={sender} background={backgroundImage} renewUrl={renewUrl} onClose={() => setOpen(false)} />
      )}
    </>
  );
}

/** An image that is being uploaded, with its progress. */
export function OutgoingImagePreview({ image, progress }: { image: OutgoingImage; progress: number | undefined }) {
  const url = useObjectUrl(image.file);
  return (
    <div className="picture" style={boxStyle(image)} data-waiting>
      {url && <img src={url} alt={words.yours} />}
      {progress !== undefined && <progress value={progress} aria-label={words.progress} />}
    </div>
  );
}
