// The image that goes with what one writes: chosen, pasted or dropped, and looked at before it is sent.
import { X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useSession } from '../app/session';
import type { Feed, OutgoingImage } from '../feed';
import { texts } from '../texts';
import { useImageCheck } from '../ui/image-chooser';
import { useShowError } from '../ui/toasts';
import { useObjectUrl } from '../ui/use-image-url';

const words = texts.image;

/** What was chosen and not sent yet: of a session (each has a feed of its own), by conversation. */
const drafts = new WeakMap<Feed, Map<string, OutgoingImage>>();

function draftsOf(feed: Feed): Map<string, OutgoingImage> {
  const known = drafts.get(feed) ?? new Map<string, OutgoingImage>();
  drafts.set(feed, known);
  return known;
}

export function useAttachment(where: string) {
  const { feed, limits: { imagePixels } } = useSession();
  const kept = draftsOf(feed);
  const [image, setImage] = useState(() => kept.get(where));
  const fault = useImageCheck();
  const complain = useShowError();
  // Decoding takes a while: only what was asked for last counts.
  const latest = useRef<Blob>(undefined);
  useEffect(() => setImage(kept.get(where)), [kept, where]);

  const set = (next: OutgoingImage | undefined) => {
    if (next) kept.set(where, next);
    else kept.delete(where);
    latest.current = next?.file;
    setImage(next);
  };
  const refuse = (why: string) => {
    complain(why);
    return false;
  };
  /** Answers whether it is taken. */
  const attach = async (file: Blob): Promise<boolean> => {
    const wrong = fault(file);
    if (wrong) return refuse(wrong);
    latest.current = file;
    try {
      const { width, height } = await sizeOf(file);
      if (latest.current !== file) return false;
      if (width * height > imagePixels) return refuse(words.tooManyPixels(imagePixels));
      set({ file, width, height });
      return true;
    } catch {
      return refuse(words.unsupported);
    }
  };
  return { image, attach, remove: () => set(undefined) };
}

/** As the browser shows it, turned upright. */
async function sizeOf(file: Blob) {
  const bitmap = await createImageBitmap(file);
  const { width, height } = bitmap;
  bitmap.close();
  return { width, height };
}

export function AttachmentPreview({ image, onRemove }: { image: OutgoingImage; onRemove(): void }) {
  const url = useObjectUrl(image.file);
  const name = image.file instanceof File ? image.file.name : words.name;
  return (
    <div className="composer-bar" role="group" aria-label={words.attached}>
      {url && <img className="attached" src={url} alt="" />}
      <span className="attached-name"><bdi>{name}</bdi> <span className="quiet">{words.size(image.file.size)}</span></span>
      <button type="button" className="icon-button" aria-label={words.remove} onClick={onRemove}><X /></button>
    </div>
  );
}
