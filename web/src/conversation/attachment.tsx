// The image that goes with what one writes: chosen, pasted or dropped, and looked at before it is sent.
import { ImagePlus, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useSession } from '../app/context';
import type { OutgoingImage } from '../feed';
import { texts } from '../texts';
import { useTrouble } from '../ui/toasts';
import { useLocal } from '../ui/use-address';

const words = texts.image;
/** What the server takes. */
export const TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/gif'];

export const isImage = ({ type }: { type: string }) => type.startsWith('image/');

/** What was chosen and not sent yet, by conversation, as long as the page lives. */
const kept = new Map<string, OutgoingImage>();

/** What is wrong with a file, for people; undefined when it can be sent. */
export function useFault() {
  const { imageBytes } = useSession().limits;
  return (file: Blob) => {
    if (!TYPES.includes(file.type)) return words.unsupported;
    return file.size > imageBytes ? words.tooLarge(imageBytes) : undefined;
  };
}

export function useAttachment(where: string) {
  const { imagePixels } = useSession().limits;
  const [image, setImage] = useState(() => kept.get(where));
  const fault = useFault();
  const complain = useTrouble();
  // Decoding takes a while: only what was asked for last counts.
  const latest = useRef<Blob>(undefined);
  useEffect(() => setImage(kept.get(where)), [where]);

  const set = (next: OutgoingImage | undefined) => {
    if (next) kept.set(where, next);
    else kept.delete(where);
    latest.current = next?.file;
    setImage(next);
  };
  const attach = async (file: Blob) => {
    const wrong = fault(file);
    if (wrong) return complain(wrong);
    latest.current = file;
    try {
      const { width, height, close } = await sizeOf(file);
      close();
      if (latest.current !== file) return;
      if (width * height > imagePixels) return complain(words.tooManyPixels(imagePixels));
      set({ file, width, height });
    } catch {
      complain(words.unsupported);
    }
  };
  return { image, attach, remove: () => set(undefined) };
}

/** As the browser shows it, turned upright. */
async function sizeOf(file: Blob) {
  const bitmap = await createImageBitmap(file);
  return { width: bitmap.width, height: bitmap.height, close: () => bitmap.close() };
}

/** A button that lets one choose an image from the device; with a label, it is written on it. */
export function Choose({ label, onChoose }: { label?: string; onChoose(file: File): void }) {
  const input = useRef<HTMLInputElement>(null);
  const choose = () => input.current?.click();
  return (
    <>
      {label
        ? <button type="button" className="button" onClick={choose}>{label}</button>
        : <button type="button" className="icon-button" aria-label={words.add} title={words.add} onClick={choose}><ImagePlus /></button>}
      <input
        ref={input} type="file" hidden accept={TYPES.join()} aria-label={label ?? words.add}
        onChange={({ target }) => {
          const [file] = target.files ?? [];
          if (file) onChoose(file);
          target.value = ''; // So that the same can be chosen again.
        }}
      />
    </>
  );
}

export function Attached({ image, onRemove }: { image: OutgoingImage; onRemove(): void }) {
  const url = useLocal(image.file);
  const name = image.file instanceof File ? image.file.name : words.name;
  return (
    <div className="composer-bar" role="group" aria-label={words.attached}>
      {url && <img className="attached" src={url} alt="" />}
      <span className="attached-name"><bdi>{name}</bdi> <span className="quiet">{words.size(image.file.size)}</span></span>
      <button type="button" className="icon-button" aria-label={words.remove} onClick={onRemove}><X /></button>
    </div>
  );
}
