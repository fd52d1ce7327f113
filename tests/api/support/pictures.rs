//! Images for the tests.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

/// A picture with a colour in each quarter, which shows its orientation: red and green above blue and white.
pub fn quarters(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| match (x * 2 < width, y * 2 < height) {
        (true, true) => Rgb([230, 20, 20]),
        (false, true) => Rgb([20, 200, 20]),
        (true, false) => Rgb([20, 20, 230]),
        (false, false) => Rgb([250, 250, 250]),
    })
}

/// The same with a transparent hole in the middle.
pub fn with_a_hole(width: u32, height: u32) -> RgbaImage {
    let quarters = quarters(width, height);
    RgbaImage::from_fn(width, height, |x, y| {
        let [red, green, blue] = quarters.get_pixel(x, y).0;
        let is_hole = x.abs_diff(width / 2) * 4 < width && y.abs_diff(height / 2) * 4 < height;
        Rgba([red, green, blue, if is_hole { 0 } else { 255 }])
    })
}

/// A picture as a file.
pub fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).expect("it can be encoded");
    bytes.into_inner()
}

pub fn png(width: u32, height: u32) -> Vec<u8> {
    encoded(quarters(width, height), ImageFormat::Png)
}

pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 95).encode_image(&quarters(width, height)).expect("it can be encoded");
    bytes
}

/// A JPEG with these segments after its first marker, where cameras put their metadata.
pub fn jpeg_with(width: u32, height: u32, segments: &[u8]) -> Vec<u8> {
    let plain = jpeg(width, height);
    [&plain[..2], segments, &plain[2..]].concat()
}

/// A segment of a JPEG.
pub fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).expect("a segment is short").to_be_bytes();
    [&[0xFF, marker], length.as_slice(), content].concat()
}

/// EXIF with only an orientation, 1 to 8.
pub fn orientation(value: u8) -> Vec<u8> {
    let exif = [b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(), &[value, 0, 0, 0, 0, 0, 0]];
    segment(0xE1, &exif.concat())
}

/// A chunk of a PNG.
pub fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("a chunk is short").to_be_bytes();
    let checksum = crc32([kind.as_slice(), content].concat().as_slice()).to_be_bytes();
    [length.as_slice(), kind, content, &checksum].concat()
}

/// A PNG with these chunks after its header.
pub fn png_with(width: u32, height: u32, chunks: &[u8]) -> Vec<u8> {
    const HEAD: usize = 8 + 25;
    let plain = png(width, height);
    [&plain[..HEAD], chunks, &plain[HEAD..]].concat()
}

/// The CRC of ISO 3309, as PNG uses it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 })
    })
}

/// A GIF of this many frames, each of its own colour.
pub fn gif(width: u16, height: u16, frames: usize) -> Vec<u8> {
    let palette: Vec<u8> = (0..=255).flat_map(|shade| [shade, 255 - shade, 128]).collect();
    let mut bytes = Vec::new();
    let mut encoder = gif::Encoder::new(&mut bytes, width, height, &palette).expect("it can be encoded");
    encoder.set_repeat(gif::Repeat::Infinite).expect("it can be encoded");
    for number in 0..frames {
        let shade = u8::try_from(number % 256).expect("a byte");
        let pixels = vec![shade; usize::from(width) * usize::from(height)];
        let mut frame = gif::Frame::from_indexed_pixels(width, height, pixels, None);
        frame.delay = 7;
        encoder.write_frame(&frame).expect("it can be encoded");
    }
    drop(encoder);
    bytes
}

/// This many zeros, compressed by zlib's best rate: 13 bits for 258 of them (RFC 1951, the fixed codes).
pub fn zeros(count: usize) -> Vec<u8> {
    let (mut bytes, mut bits, mut held) = (vec![0x78, 0x01], 0_u64, 0);
    let mut put = |value: u64, count: u32| {
        bits |= value << held;
        held += count;
        while held >= 8 {
            bytes.push((bits & 0xFF) as u8);
            bits >>= 8;
            held -= 8;
        }
    };
    // The only block, with fixed codes, each written from its first bit.
    put(0b011, 3);
    const ZERO: u64 = 0b0000_1100;
    const RUN_OF_258: u64 = 0b1010_0011;
    put(ZERO, 8);
    let runs = (count - 1) / 258;
    for _ in 0..runs {
        // The distance, one, is code 0 of five bits.
        put(RUN_OF_258, 13);
    }
    for _ in 0..(count - 1) % 258 {
        put(ZERO, 8);
    }
    put(0, 7 + 7);
    let checksum = u32::try_from(count % 65_521).expect("small") << 16 | 1;
    bytes.extend(checksum.to_be_bytes());
    bytes
}

/// A PNG of zeros with this colour type, bits and bytes per pixel: small until it is decompressed.
pub fn empty_png(width: u32, height: u32, (color, bits, bytes): (u8, u8, usize)) -> Vec<u8> {
    let head = [width.to_be_bytes().as_slice(), &height.to_be_bytes(), &[bits, color, 0, 0, 0]].concat();
    let pixels = zeros((width as usize * bytes + 1) * height as usize);
    let chunks = [chunk(b"IHDR", &head), chunk(b"IDAT", &pixels), chunk(b"IEND", b"")].concat();
    [b"\x89PNG\r\n\x1a\n".as_slice(), &chunks].concat()
}

/// A JPEG whose header declares this size.
pub fn boasting_jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = jpeg(16, 16);
    let frame = bytes.windows(2).position(|pair| pair == [0xFF, 0xC0]).expect("a frame");
    bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    bytes
}

/// A JPEG with this many scans.
pub fn jpeg_of_scans(scans: usize) -> Vec<u8> {
    let bytes = jpeg(16, 16);
    let scan = bytes.windows(2).position(|pair| pair == [0xFF, 0xDA]).expect("a scan");
    let end = bytes.len() - 2;
    [&bytes[..scan], &bytes[scan..end].repeat(scans), &bytes[end..]].concat()
}

/// A lossless WebP of 34 bytes that declares the largest size.
pub fn boasting_webp() -> Vec<u8> {
    let content = [0x2F, 0xFE, 0xBF, 0xFF, 0x0F, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let size = u32::try_from(content.len()).expect("small");
    [b"RIFF".as_slice(), &(size + 12).to_le_bytes(), b"WEBPVP8L", &size.to_le_bytes(), &content].concat()
}

/// A GIF that repeats one frame this many times.
pub fn long_gif(width: u16, height: u16, frames: usize) -> Vec<u8> {
    let (none, one) = (gif(width, height, 0), gif(width, height, 1));
    let head = none.len() - 1;
    let frame = &one[head..one.len() - 1];
    [&one[..head], &frame.repeat(frames), &one[one.len() - 1..]].concat()
}
