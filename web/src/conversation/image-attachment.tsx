// The image attached to the message in the composer: chosen, pasted or dropped, and checked before it is sent.
import { X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useSession } from '../app/session';
import type { Feed, OutgoingImage } from '../feed';
import { texts } from '../texts';
import { ImageRejected, prepareImage } from '../ui/prepare-image';
import { useShowError } from '../ui/toasts';
import { useObjectUrl } from '../ui/use-image-url';

const words = texts.image;

/** Attached images by session (each has its own feed) and draft key. */
const attachedImages = new WeakMap<Feed, Map<string, OutgoingImage>>();

function attachedImagesOf(feed: Feed): Map<string, OutgoingImage> {
  const known = attachedImages.get(feed) ?? new Map<string, OutgoingImage>();
  attachedImages.set(feed, known);
  return known;
}

export function useImageAttachment(draftKey: string) {
  const { feed, limits } = useSession();
  const byDraftKey = attachedImagesOf(feed);
  const [image, setImage] = useState(() => byDraftKey.get(draftKey));
  const showError = useShowError();
  // Decoding takes a while: only the last chosen file counts.
  const latest = useRef<Blob>(undefined);
  useEffect(() => setImage(byDraftKey.get(draftKey)), [byDraftKey, draftKey]);

  const set = (next: OutgoingImage | undefined) => {
    if (next) byDraftKey.set(draftKey, next);
    else byDraftKey.delete(draftKey);
    latest.current = next?.file;
    setImage(next);
  };
  /** Resolves to whether the image was attached. */
  const attach = async (file: Blob): Promise<boolean> => {
    latest.current = file;
    try {
      const prepared = await prepareImage(file, limits);
      if (latest.current !== file) return false;
      set(prepared);
      return true;
    } catch (reason) {
      showError(reason instanceof ImageRejected ? reason.message : words.unsupported);
      return false;
    }
  };
  return { image, attach, remove: () => set(undefined) };
}

export function AttachmentPreview({ image, onRemove }: { image: OutgoingImage; onRemove(): void }) {
  const url = useObjectUrl(image.file);
  const name = image.file instanceof File ? image.file.name : words.name;
  return (
    <div className="composer-bar" role="group" aria-label={words.attached}>
      {url && <img className="attached" src={url} alt="" />}
      <span className="attached-name"><bdi>{name}</bdi> <span className="secondary">{words.size(image.file.size)}</span></span>
      <button type="button" className="icon-button" aria-label={words.remove} onClick={onRemove}><X /></button>
    </div>
  );
}
