// Creates PNG images.
import { crc32, deflateSync } from 'node:zlib';

/** A chunk of a PNG. */
export function chunk(kind, content) {
  const body = Buffer.concat([Buffer.from(kind), content]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/**
 * A PNG: grey, or with the colours that `pixel(x, y)` returns as [red, green, blue], each from 0 to 255. `ballast` is the size of
 * an ancillary chunk, in bytes, which decoders ignore.
 */
export function png(width, height, pixel = () => [128, 128, 128], ballast = 0) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2], 8); // 8 bits a channel, red, green and blue
  const lines = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) lines.set(pixel(x, y), y * (width * 3 + 1) + 1 + x * 3);
  }
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head), ...(ballast ? [chunk('baLt', Buffer.alloc(ballast))] : []), chunk('IDAT', deflateSync(lines)), chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A picture of an evening over hills. */
export const evening = (width, height) => png(width, height, (x, y) => {
  const [across, down] = [x / width, y / height];
  const sun = Math.hypot(x - width * 0.68, y - height * 0.46) < height * 0.11;
  const hill = (base, swing, turns, shift) => down > base + swing * Math.sin(across * turns + shift);
  if (hill(0.82, 0.05, 5, 2)) return [34, 25, 58];
  if (hill(0.68, 0.06, 7, 0.5)) return [72, 45, 98];
  if (hill(0.56, 0.05, 4, 4)) return [122, 70, 128];
  if (sun) return [255, 226, 150];
  return [90 + 165 * down, 80 + 80 * down, 170 - 40 * down].map((value) => Math.min(255, Math.round(value)));
});
