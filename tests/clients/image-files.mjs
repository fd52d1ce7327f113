// Makes image files with unusual colours, and profiles for them.
import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { chunk } from './png.mjs';

const [WIDTH, HEIGHT] = [33, 17];
const KINDS = {
  grey: { type: 0, pixel: (red) => [red] },
  rgb: { type: 2, pixel: (red, green, blue) => [red, green, blue] },
  palette: { type: 3, pixel: (red) => [red] },
  greyAlpha: { type: 4, pixel: (red, green, blue, alpha) => [red, alpha] },
  rgba: { type: 6, pixel: (red, green, blue, alpha) => [red, green, blue, alpha] },
};

/** A PNG that runs through the colours of its kind, with 8 or 16 bits, and these chunks at its beginning. */
export function colours(kind, chunks, bits = 8) {
  const { type, pixel } = KINDS[kind];
  const head = Buffer.alloc(13);
  head.writeUInt32BE(WIDTH, 0);
  head.writeUInt32BE(HEIGHT, 4);
  head.set([bits, type], 8);
  const lines = [];
  for (let y = 0; y < HEIGHT; y += 1) {
    lines.push(0);
    for (let x = 0; x < WIDTH; x += 1) {
      const samples = pixel((x * 255) / (WIDTH - 1), (y * 255) / (HEIGHT - 1), (x * y * 5) % 256, x < 20 ? 255 : 128);
      for (const sample of samples) {
        if (bits === 8) lines.push(Math.floor(sample));
        else lines.push(Math.floor(sample), (x * 50) % 256);
      }
    }
  }
  const palette = Buffer.from(Array.from({ length: 256 }, (_, i) => [i, 255 - i, (i * 3) % 256]).flat());
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), ...chunks,
    ...(kind === 'palette' ? [chunk('PLTE', palette)] : []),
    chunk('IDAT', deflateSync(Buffer.from(lines))), chunk('IEND', Buffer.alloc(0)),
  ]);
}

const numbers = (...values) => Buffer.from(values.flatMap((value) => [value >>> 24, value >>> 16, value >>> 8, value].map((byte) => byte & 255)));

/** The chunks of a PNG that say what its colours mean. */
export const gamma = (exponent) => chunk('gAMA', numbers(Math.round(exponent * 100_000)));
export const primariesOfP3 = chunk('cHRM', numbers(31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000));
export const declaredSrgb = chunk('sRGB', Buffer.from([0]));
export const codePoints = (primaries, transfer) => chunk('cICP', Buffer.from([primaries, transfer, 0, 1]));
export const packedProfile = (profile) => chunk('iCCP', Buffer.concat([Buffer.from('x\0\0'), deflateSync(profile)]));

const fixed = (value) => Math.round(value * 65_536);
const xyz = (...values) => Buffer.concat([Buffer.from('XYZ \0\0\0\0'), numbers(...values.map(fixed))]);
const curve = (exponent) => Buffer.concat([Buffer.from('curv\0\0\0\0'), numbers(1), Buffer.from([Math.floor(exponent), (exponent * 256) & 255, 0, 0])]);
const text = (value) => Buffer.concat([Buffer.from('desc\0\0\0\0'), numbers(value.length + 1), Buffer.from(`${value}\0`), Buffer.alloc(78)]);

function profile(space, tags) {
  const all = [['desc', text('test')], ['wtpt', xyz(0.9642, 1, 0.8249)], ['cprt', Buffer.from('text\0\0\0\0none\0')], ...tags];
  const padded = all.map(([name, content]) => [name, Buffer.concat([content, Buffer.alloc((4 - (content.length % 4)) % 4)])]);
  let offset = 128 + 4 + 12 * padded.length;
  const table = padded.map(([name, content]) => {
    const entry = Buffer.concat([Buffer.from(name), numbers(offset, content.length)]);
    offset += content.length;
    return entry;
  });
  const head = Buffer.alloc(128);
  head.writeUInt32BE(offset, 0);
  head.set(numbers(0x02100000), 8);
  head.write(`mntr${space}XYZ `, 12, 'latin1');
  head.write('acsp', 36, 'latin1');
  head.set(numbers(fixed(0.9642), fixed(1), fixed(0.8249)), 68);
  return Buffer.concat([head, numbers(padded.length), ...table, ...padded.map(([, content]) => content)]);
}

/** A profile with the primaries of Display P3 and a gamma of 1.8, of more than `bytes` bytes that can't be packed. */
export const wideProfile = (bytes = 0) => profile('RGB ', [
  ['rXYZ', xyz(0.51512, 0.24119, -0.00105)], ['gXYZ', xyz(0.29198, 0.69225, 0.04189)], ['bXYZ', xyz(0.1571, 0.06657, 0.78407)],
  ['rTRC', curve(1.8)], ['gTRC', curve(1.8)], ['bTRC', curve(1.8)],
  ...(bytes ? [['priv', Buffer.concat([Buffer.from('priv\0\0\0\0'), randomBytes(bytes)])]] : []),
]);
/** A profile for grey, whose numbers are light. */
export const greyProfile = () => profile('GRAY', [['kTRC', curve(1)]]);

const segment = (kind, content) => Buffer.concat([Buffer.from([0xff, kind, (content.length + 2) >> 8, (content.length + 2) & 255]), content]);

/** A JPEG with these segments at its beginning. */
export const withSegments = (jpeg, ...segments) => Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)]);
export const withoutJfif = (jpeg) => Buffer.concat([jpeg.subarray(0, 2), jpeg.subarray(20)]);
export const adobe = (transform, length = 12) => segment(0xee, Buffer.from(['A', 'd', 'o', 'b', 'e'].map((letter) => letter.charCodeAt(0)).concat([0, 100, 0, 0, 0, 0, transform])).subarray(0, length));
/** A profile in as many segments as it takes. */
export function profileSegments(content) {
  const size = 60_000;
  const count = Math.ceil(content.length / size);
  return Array.from({ length: count }, (_, i) =>
    segment(0xe2, Buffer.concat([Buffer.from('ICC_PROFILE\0'), Buffer.from([i + 1, count]), content.subarray(i * size, (i + 1) * size)])));
}

/** A lossless WebP of 61 × 45 with a profile. */
export function webpWithProfile(webp, content) {
  const block = (kind, body) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(body.length);
    return Buffer.concat([Buffer.from(kind), length, body, Buffer.alloc(body.length % 2)]);
  };
  const extended = Buffer.from([0x20, 0, 0, 0, 60, 0, 0, 44, 0, 0]);
  const body = Buffer.concat([Buffer.from('WEBP'), block('VP8X', extended), block('ICCP', content), webp.subarray(12)]);
  return block('RIFF', body);
}
