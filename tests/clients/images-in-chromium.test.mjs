// What the server makes of an image looks as the image does in Chromium, pixel by pixel.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { launch } from './browser.mjs';
import * as files from './image-files.mjs';
import { signUp } from './people.mjs';
import { startServer } from './server.mjs';

/** Levels of 255 by which the worst channel of a pixel may differ, and all on average, where nothing was lost. */
const LOSSLESS = { worst: 2, mean: 2 };
/** Chromium reduces 16 bits to 8 before it converts colours: a step of linear light is then 13 levels in the dark. */
const DEEP = { worst: 13, mean: 0.5 };
/** Where the server has written a JPEG. */
const LOSSY = { worst: 24, mean: 2 };

const stored = (name) => readFileSync(new URL(`images/${name}`, import.meta.url));
const END = Buffer.from([0xff, 0xd9]);

const SEND = `mutation ($to: ID!, $file: Upload) {
  sendMessage(input: { to: { userId: $to }, image: { file: $file } }) { image { url mimeType } }
}`;

describe('images look as in Chromium', { timeout: 600_000 }, () => {
  let server, ada, bob, browser, page;
  before(async () => {
    server = await startServer();
    [ada, bob] = [await signUp(server, 'Ada'), await signUp(server, 'Bob')];
    browser = await launch('--force-color-profile=srgb');
    page = await browser.newPage();
    // An empty page, of an address at which ImageDecoder exists.
    await page.route('http://localhost/', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
    await page.goto('http://localhost/');
    await page.evaluate(inThePage);
  });
  after(async () => {
    await browser?.close();
    await server?.dispose();
  });

  /** Sends an image; resolves to what is served of it, and its type. */
  async function send(file, name = 'image') {
    const form = new FormData();
    form.set('operations', JSON.stringify({ query: SEND, variables: { to: bob.id, file: null } }));
    form.set('map', JSON.stringify({ 0: ['variables.file'] }));
    form.set('0', new Blob([file]), name);
    const headers = { authorization: `Bearer ${ada.token()}`, 'graphql-require-preflight': '1' };
    const { data, errors } = await (await fetch(server.url, { method: 'POST', headers, body: form })).json();
    if (errors) return { code: errors[0].extensions.code };
    const { url, mimeType } = data.sendMessage.image;
    const response = await fetch(url.replace('localhost', '127.0.0.1'));
    return { mimeType, bytes: Buffer.from(await response.arrayBuffer()) };
  }

  const inPage = (name, ...images) =>
    page.evaluate(([name, images]) => globalThis[name](...images), [name, images.map((image) => image.toString('base64'))]);

  /** Compares what is served of a file with what Chromium shows of it, or of `shown`. */
  async function looksTheSame(name, file, { shown = file, within = LOSSLESS } = {}) {
    const { code, mimeType, bytes } = await send(file);
    assert.equal(code, undefined, name);
    const { sizes, worst, mean } = await inPage('compare', shown, bytes);
    assert.deepEqual(sizes[0], sizes[1], name);
    const most = mimeType === 'image/jpeg' ? LOSSY : within;
    assert.ok(worst <= most.worst && mean <= most.mean, `${name}: ${worst} at most, ${mean} on average`);
  }

  test('PNG: gamma, code points and profiles of any size', async () => {
    const { codePoints, colours, declaredSrgb, gamma, packedProfile, primariesOfP3 } = files;
    const [wide, grey] = [packedProfile(files.wideProfile(50_000)), packedProfile(files.greyProfile())];
    for (const kind of ['rgb', 'rgba', 'grey', 'greyAlpha', 'palette']) {
      for (const bits of kind === 'palette' ? [8] : [8, 16]) {
        for (const [name, chunks] of Object.entries({
          nothing: [],
          'linear light': [gamma(1)],
          'a gamma of 2.2': [gamma(1 / 2.2)],
          'a gamma of 1.8': [gamma(1 / 1.8)],
          'a gamma and primaries': [gamma(1 / 1.8), primariesOfP3],
          'primaries alone': [primariesOfP3],
          'a gamma of almost 2.2': [gamma(0.4325)],
          'sRGB and another gamma': [declaredSrgb, gamma(1)],
          'Display P3': [codePoints(12, 13)],
          'BT.709': [codePoints(1, 1)],
          'BT.2020': [codePoints(9, 14)],
          'linear Display P3': [codePoints(12, 8)],
          'unspecified code points': [codePoints(2, 2)],
          'code points and a profile': [codePoints(1, 13), wide],
          'a large profile': [wide],
          'a profile and a gamma': [gamma(1), wide],
          'a profile for grey': [grey],
        })) {
          await looksTheSame(`${name}, ${kind} of ${bits} bits`, colours(kind, chunks, bits), { within: bits === 8 ? LOSSLESS : DEEP });
        }
      }
    }
    for (const name of ['gama_lin.png', 'cicp_p3.png', 'bigicc.png', 'badcrc_anc.png']) await looksTheSame(name, stored(name));
  });

  test('JPEG: profiles, notes on colours, sampling and orientation', async () => {
    const [plain, grey] = [stored('plain.jpg'), stored('grey.jpg')];
    const { adobe, profileSegments, withSegments, withoutJfif } = files;
    for (const [name, file] of Object.entries({
      plain,
      grey,
      'a large profile': withSegments(plain, ...profileSegments(files.wideProfile(150_000))),
      'a profile for grey': withSegments(grey, ...profileSegments(files.greyProfile())),
      'a profile of colours on grey': withSegments(grey, ...profileSegments(files.wideProfile())),
      'a note one byte short': withSegments(plain, adobe(1, 11)),
      'a note of RGB one byte short': withSegments(withoutJfif(plain), adobe(0, 11)),
      'a note of RGB': withSegments(withoutJfif(plain), adobe(0)),
      'a note of RGB on what is not by its kind': Buffer.concat([plain.subarray(0, 20), adobe(0), plain.subarray(20)]),
      'a note of what there is not': withSegments(plain, adobe(9)),
    })) await looksTheSame(name, file);
    for (const name of [
      'ori_two.jpg', 'jpeg_named.heic', 'thirds.jpg', 'vertical_thirds.jpg', 'thirds_progressive.jpg', 'fine_colours.jpg',
      'restarts.jpg', 'progressive.jpg',
    ]) await looksTheSame(name, stored(name));
  });

  test('JPEG: complete without an end marker, and refused by half', async () => {
    for (const name of ['plain.jpg', 'grey.jpg', 'thirds.jpg', 'thirds_progressive.jpg', 'restarts.jpg', 'progressive.jpg']) {
      const file = stored(name);
      // Chromium shows its last lines only with the marker.
      await looksTheSame(`${name} without an end`, file.subarray(0, -2), { shown: file });
      const half = file.subarray(0, Math.ceil(file.length * 0.7));
      assert.equal((await send(half)).code, 'UNSUPPORTED_IMAGE', `a part of ${name}`);
    }
    const file = stored('noeoi.jpg');
    await looksTheSame('noeoi.jpg', file, { shown: Buffer.concat([file, END]) });
    await looksTheSame('noeoi_trailer.jpg', stored('noeoi_trailer.jpg'));
    assert.ok(!(await send(stored('noeoi_trailer.jpg'))).bytes.includes('SEFH'));
    assert.equal((await send(stored('half.jpg'))).code, 'UNSUPPORTED_IMAGE');
  });

  test('JPEG: refused in arithmetic coding', async () => {
    const file = stored('arithmetic.jpg');
    // Start of a frame in sequential arithmetic coding.
    assert.ok(file.includes(Buffer.from([0xff, 0xc9])));
    assert.equal((await send(file)).code, 'UNSUPPORTED_IMAGE');
  });

  test('WebP: profiles', async () => {
    const plain = stored('plain.webp');
    await looksTheSame('plain', plain);
    await looksTheSame('a large profile', files.webpWithProfile(plain, files.wideProfile(150_000)));
  });

  test('GIF: the whole frames, on the canvas of browsers', async () => {
    for (const [name, count] of Object.entries({
      'anim_notrailer.gif': 4, 'anim_trunc.gif': 3, 'anim_over.gif': 4, 'anim_zerocanvas.gif': 4,
    })) {
      const { code, bytes } = await send(stored(name));
      assert.equal(code, undefined, name);
      const { counts, worst } = await inPage('compareFrames', stored(name), bytes);
      assert.deepEqual([counts[1], worst], [count, 0], name);
    }
  });

  test('a JPEG is one whatever its name', async () => {
    const { mimeType } = await send(stored('jpeg_named.heic'), 'IMG_0001.HEIC');
    assert.equal(mimeType, 'image/jpeg');
  });
});

/** Runs in the page: defines what the tests call. */
function inThePage() {
  const decoded = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  /** The pixels of an image on white, in sRGB. */
  const pixels = (image, width, height) => {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d', { colorSpace: 'srgb' });
    context.fillStyle = 'white';
    context.fillRect(0, 0, width, height);
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, width, height).data;
  };
  const difference = (one, other) => {
    let [worst, sum] = [one.length === other.length ? 0 : 255, 0];
    one.forEach((value, at) => {
      const distance = Math.abs(value - other[at]);
      worst = Math.max(worst, distance);
      sum += distance;
    });
    return { worst, mean: sum / one.length };
  };

  globalThis.compare = async (...files) => {
    const images = await Promise.all(files.map(async (file) => {
      const image = new Image();
      image.src = URL.createObjectURL(new Blob([decoded(file)]));
      await image.decode();
      return image;
    }));
    const sizes = images.map((image) => [image.naturalWidth, image.naturalHeight]);
    const [one, other] = images.map((image) => pixels(image, image.naturalWidth, image.naturalHeight));
    return { sizes, ...difference(one, other) };
  };

  /** Compares as many frames as the second file has. */
  globalThis.compareFrames = async (...files) => {
    const decoders = files.map((file) => new ImageDecoder({ data: decoded(file), type: 'image/gif' }));
    await Promise.all(decoders.flatMap(({ completed, tracks }) => [completed, tracks.ready]));
    const counts = decoders.map((decoder) => decoder.tracks.selectedTrack.frameCount);
    let worst = 0;
    for (let frameIndex = 0; frameIndex < counts[1]; frameIndex += 1) {
      const [one, other] = await Promise.all(decoders.map(async (decoder) => {
        const { image } = await decoder.decode({ frameIndex });
        return pixels(image, image.displayWidth, image.displayHeight);
      }));
      worst = Math.max(worst, difference(one, other).worst);
    }
    return { counts, worst };
  };
}
