// Addresses of images are good for a while: who shows one asks for another in time.
import { useEffect, useRef, useState } from 'react';

/** Asked for anew when it is good for less than so many milliseconds. The device's clock may be wrong: it decides no more. */
const NEARLY = 30_000;

/** The server goes by its PUBLIC_URL; the page may stand at another name of it, and its policy takes images from there only. */
function here(url: string): string {
  const { pathname, search } = new URL(url, location.href);
  return pathname + search;
}

/**
 * The address of an image, undefined while it is asked for anew after a failure; and what to call when it could not be
 * loaded. An image that is shown already stays, whatever becomes of its address.
 */
export function useImageUrl(
  image: { url: string; urlExpiresAt: string } | null | undefined,
  renew: () => void,
): [url: string | undefined, onError: () => void] {
  const [broken, setBroken] = useState<string>();
  const tries = useRef(0);
  const url = image?.url;
  const isGood = url !== undefined && url !== broken;
  useEffect(() => {
    if (image && (!isGood || Date.parse(image.urlExpiresAt) - Date.now() < NEARLY)) renew();
    if (isGood || url === undefined) return;
    // Or the address is good, and the line was not.
    const timer = setTimeout(() => setBroken(undefined), Math.min(60_000, 500 * 2 ** tries.current));
    return () => clearTimeout(timer);
  }, [url, isGood]); // eslint-disable-line react-hooks/exhaustive-deps
  const onError = () => {
    tries.current += 1;
    setBroken(url);
  };
  return [isGood ? here(url) : undefined, onError];
}

/** An address for what is not on the server yet. */
export function useObjectUrl(file: Blob | undefined): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!file) return;
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return file && url;
}
