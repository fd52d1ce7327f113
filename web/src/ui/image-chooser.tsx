// Chooses an image file, and checks whether the server accepts it.
import { ImagePlus } from 'lucide-react';
import { useRef } from 'react';
import { useSession } from '../app/session';
import { texts } from '../texts';

const words = texts.image;
/** The types that the server accepts. */
const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/gif'];

export const isImage = ({ type }: { type: string }) => type.startsWith('image/');

/** Returns a check: an error text for a file, or undefined if it can be sent. */
export function useImageCheck() {
  const { imageBytes } = useSession().limits;
  return (file: Blob) => {
    if (!IMAGE_TYPES.includes(file.type)) return words.unsupported;
    return file.size > imageBytes ? words.tooLarge(imageBytes) : undefined;
  };
}

/** A button that opens the file picker: with a label, or with an icon. */
export function ImageChooser({ label, onChoose }: { label?: string; onChoose(file: File): void }) {
  const input = useRef<HTMLInputElement>(null);
  const openFilePicker = () => input.current?.click();
  return (
    <>
      {label
        ? <button type="button" className="button" onClick={openFilePicker}>{label}</button>
        : <button type="button" className="icon-button" aria-label={words.add} title={words.add} onClick={openFilePicker}><ImagePlus /></button>}
      <input
        ref={input} type="file" hidden accept={IMAGE_TYPES.join()} aria-label={label ?? words.add}
        onChange={({ target }) => {
          const [file] = target.files ?? [];
          if (file) onChoose(file);
          target.value = ''; // So that choosing the same file again fires a change event.
        }}
      />
    </>
  );
}
