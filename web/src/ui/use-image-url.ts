// URLs of images. The server's expire and are renewed in time.
import { useEffect, useRef, useState } from 'react';

/** In milliseconds before the expiry. The device's clock may be wrong, so it decides about nothing but the renewal. */
const RENEW_BEFORE = 30_000;

/** URLs contain the server's PUBLIC_URL. The page may be open at another host name, whose CSP allows images of that host only. */
function onThisOrigin(url: string): string {
  const { pathname, search } = new URL(url, location.href);
  return pathname + search;
}

/**
 * The URL of an image, undefined while it is being renewed after a failure; and a handler for load errors. An image that was
 * loaded stays visible when its URL expires.
 */
export function useImageUrl(
  image: { url: string; urlExpiresAt: string } | null | undefined,
  renew: () => void,
): [url: string | undefined, onError: () => void] {
  const [brokenUrl, setBrokenUrl] = useState<string>();
  const failures = useRef(0);
  const url = image?.url;
  const isUsable = url !== undefined && url !== brokenUrl;
  useEffect(() => {
    if (image && (!isUsable || Date.parse(image.urlExpiresAt) - Date.now() < RENEW_BEFORE)) renew();
    if (isUsable || url === undefined) return;
    // The URL may be valid and the network was at fault, so try it again later.
    const timer = setTimeout(() => setBrokenUrl(undefined), Math.min(60_000, 500 * 2 ** failures.current));
    return () => clearTimeout(timer);
  }, [url, isUsable]); // eslint-disable-line react-hooks/exhaustive-deps
  const onError = () => {
    failures.current += 1;
    setBrokenUrl(url);
  };
  return [isUsable ? onThisOrigin(url) : undefined, onError];
}

/** An object URL for a file that is not uploaded yet. */
export function useObjectUrl(file: Blob | undefined): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!file) return;
    const objectUrl = URL.createObjectURL(file);
    setUrl(objectUrl);
    return () => URL.revokeObjectURL(objectUrl);
  }, [file]);
  return file && url;
}
