// Prepares a chosen file to be sent as an image: recognises it by its content, as the server does, and shrinks what is over the
// server's limits.
import type { ServerSettings } from '../app/session';
import { texts } from '../texts';

const words = texts.image;
/** An image that has to be shrunk gets at most this many pixels: Safari has no larger canvas. */
const SHRUNK_PIXELS = 16_000_000;
/** Of JPEG and WebP. */
const QUALITY = 0.9;
/** How often a side is reduced, by the factor, until the file is small enough. */
const [ATTEMPTS, FACTOR] = [5, 0.7];

export interface PreparedImage {
  file: File;
  /** After applying the EXIF orientation. */
  width: number;
  height: number;
}

type ImageLimits = Pick<ServerSettings['limits'], 'imageBytes' | 'imagePixels' | 'imageSide'>;
type ImageType = 'image/jpeg' | 'image/png' | 'image/webp' | 'image/gif';

/** Why a file cannot be sent. The message is for the user. */
export class ImageRejected extends Error {}

/** Rejects with an {@link ImageRejected} if the file cannot be sent. */
export async function prepareImage(blob: Blob, limits: ImageLimits): Promise<PreparedImage> {
  const head = await firstBytes(blob);
  const type = typeOf(head);
  if (!type) throw new ImageRejected(blob.size > limits.imageBytes ? words.tooLarge(limits.imageBytes) : words.unsupported);
  const name = blob instanceof File ? blob.name : words.name;
  const file = blob instanceof File && blob.type === type ? blob : new File([blob], name, { type });
  const image = await load(file);
  const { naturalWidth: width, naturalHeight: height } = image;
  const excess = excessOf(file, image, limits);
  if (!excess) {
    await assertDecodes(file);
    return { file, width, height };
  }
  // Shrinking keeps the first frame only.
  if (isAnimated(type, head)) throw new ImageRejected(excess);
  return shrink(file, image, limits);
}

const firstBytes = async (blob: Blob) => String.fromCharCode(...new Uint8Array(await blob.slice(0, 64).arrayBuffer()));

/** The type by the first bytes. Names and types of files are wrong at times: phones call JPEGs HEIC. */
function typeOf(head: string): ImageType | undefined {
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (/^GIF8[79]a/.test(head)) return 'image/gif';
  return /^RIFF[^]{4}WEBP/.test(head) ? 'image/webp' : undefined;
}

/** A WebP says so in its first chunk, by the second bit of its flags. */
const isAnimated = (type: ImageType, head: string) =>
  type === 'image/gif' || (type === 'image/webp' && head.slice(12, 16) === 'VP8X' && (head.charCodeAt(20) & 2) !== 0);

/** What is over a limit, in words. */
function excessOf({ size }: File, { naturalWidth: width, naturalHeight: height }: HTMLImageElement, limits: ImageLimits) {
  if (size > limits.imageBytes) return words.tooLarge(limits.imageBytes);
  if (width * height > limits.imagePixels) return words.tooManyPixels(limits.imagePixels);
  return Math.max(width, height) > limits.imageSide ? words.tooLong(limits.imageSide) : undefined;
}

/** Reads the size, and little more. */
async function load(file: File): Promise<HTMLImageElement> {
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    await new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = reject;
      image.src = url;
    });
    return image;
  } catch {
    throw new ImageRejected(words.unsupported);
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function assertDecodes(file: File): Promise<void> {
  const bitmap = await createImageBitmap(file).catch(() => { throw new ImageRejected(words.unsupported); });
  bitmap.close();
}

async function shrink(file: File, image: HTMLImageElement, { imageBytes, imagePixels, imageSide }: ImageLimits): Promise<PreparedImage> {
  const { naturalWidth, naturalHeight } = image;
  const pixels = Math.min(SHRUNK_PIXELS, imagePixels);
  let scale = Math.min(1, imageSide / naturalWidth, imageSide / naturalHeight, Math.sqrt(pixels / (naturalWidth * naturalHeight)));
  // WebP keeps transparency. Browsers that cannot write it write PNG, which may be too large.
  const types = file.type === 'image/jpeg' ? ['image/jpeg'] : ['image/webp', 'image/jpeg'];
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1, scale *= FACTOR) {
    const [width, height] = [naturalWidth, naturalHeight].map((side) => Math.max(1, Math.floor(side * scale))) as [number, number];
    for (const type of types) {
      const blob = await draw(image, width, height, type);
      if (blob && blob.size <= imageBytes) return { file: new File([blob], file.name, { type: blob.type }), width, height };
    }
  }
  throw new ImageRejected(words.tooLarge(imageBytes));
}

/** Null if the browser cannot: it has too little memory, or the image is damaged. */
async function draw(image: HTMLImageElement, width: number, height: number, type: string): Promise<Blob | null> {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d');
  if (!context) return null;
  if (type === 'image/jpeg') {
    context.fillStyle = 'white';
    context.fillRect(0, 0, width, height);
  }
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, 0, 0, width, height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type, QUALITY));
  canvas.width = canvas.height = 0; // Frees its memory at once.
  return blob;
}
