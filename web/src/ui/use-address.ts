// Addresses of images are good for a while: who shows one asks for another in time.
import { useEffect, useState } from 'react';

/** Asked for anew when it is good for less than so many milliseconds. */
const NEARLY = 30_000;

/** The server goes by its PUBLIC_URL; the page may stand at another name of it, and its policy takes images from there only. */
function here(url: string): string {
  const { pathname, search } = new URL(url, location.href);
  return pathname + search;
}

/**
 * The address of an image, undefined while it is asked for anew; and what to call when it could not be loaded. An image
 * that is shown already stays, whatever becomes of its address.
 */
export function useAddress(
  image: { url: string; urlExpiresAt: string } | null | undefined,
  renew: () => void,
): [url: string | undefined, onError: () => void] {
  const [broken, setBroken] = useState<string>();
  const [isOld] = useState(() => (image && Date.parse(image.urlExpiresAt) - Date.now() < NEARLY ? image.url : undefined));
  const url = image?.url;
  const isGood = url !== undefined && url !== broken && url !== isOld;
  useEffect(() => {
    if (url !== undefined && !isGood) renew();
  }, [url, isGood]); // eslint-disable-line react-hooks/exhaustive-deps
  return [isGood ? here(url) : undefined, () => setBroken(url)];
}

/** An address for what is not on the server yet. */
export function useLocal(file: Blob | undefined): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!file) return;
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return file && url;
}
