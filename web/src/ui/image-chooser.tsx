// Chooses an image file.
import { ImagePlus } from 'lucide-react';
import { useRef } from 'react';
import { texts } from '../texts';

const words = texts.image;
/** The types that the server accepts. */
const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/gif'];

/** Whether a file may be an image, by its type. Some systems know no type for `.HEIC`, which is how some phones call JPEGs. */
export const isImage = ({ type }: { type: string }) => type.startsWith('image/') || type === '';

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
