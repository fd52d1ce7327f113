// Choosing an image from the device, and whether the server will take it.
import { ImagePlus } from 'lucide-react';
import { useRef } from 'react';
import { useSession } from '../app/session';
import { texts } from '../texts';

const words = texts.image;
/** What the server takes. */
const TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/gif'];

export const isImage = ({ type }: { type: string }) => type.startsWith('image/');

/** What is wrong with a file, for people; undefined when it can be sent. */
export function useImageCheck() {
  const { imageBytes } = useSession().limits;
  return (file: Blob) => {
    if (!TYPES.includes(file.type)) return words.unsupported;
    return file.size > imageBytes ? words.tooLarge(imageBytes) : undefined;
  };
}

/** A button that lets one choose an image from the device; with a label, it is written on it. */
export function ImageChooser({ label, onChoose }: { label?: string; onChoose(file: File): void }) {
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
