//! Re-encodes uploads. One object holds the image followed by its thumbnails.

use std::io::Write;

use anyhow::anyhow;
use image::DynamicImage;
use image::codecs::jpeg::JpegEncoder;
use png::ColorType;
use serde::{Deserialize, Serialize};

use super::animation::GoOn;
use super::decode::{Decoded, Source, decode};
use super::raster::too_large;
use crate::entity::image::Format;
use crate::error::{Error, Result};
use crate::limits;

/// JPEG quality of images: what phones and cameras use.
const QUALITY: u8 = 88;
/// JPEG quality of thumbnails.
const THUMBNAIL_QUALITY: u8 = 80;
/// The bytes that are written to a PNG between two calls of `go_on`.
const PIECE: usize = 64 * 1024;
/// A ThumbHash is computed from an image of at most this side.
const THUMBHASH_SIDE: u32 = 100;

/// An image to be stored.
pub(super) struct Encoded {
    pub(super) format: Format,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) placeholder: Vec<u8>,
    /// The image followed by its thumbnails.
    pub(super) object: Vec<u8>,
    /// The location of each of them in the object.
    pub(super) parts: Vec<Part>,
}

/// The location of an image or a thumbnail in its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) width: u32,
    pub(super) mime: Mime,
    pub(super) start: u64,
    pub(super) bytes: u64,
}

/// The types that are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Mime {
    #[serde(rename = "image/jpeg")]
    Jpeg,
    #[serde(rename = "image/png")]
    Png,
    #[serde(rename = "image/gif")]
    Gif,
}

impl Mime {
    /// The media type and the file extension.
    pub(super) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Jpeg => ("image/jpeg", "jpg"),
            Self::Png => ("image/png", "png"),
            Self::Gif => ("image/gif", "gif"),
        }
    }
}

impl From<Format> for Mime {
    fn from(format: Format) -> Self {
        match format {
            Format::Jpeg => Self::Jpeg,
            Format::Png => Self::Png,
            Format::Gif => Self::Gif,
        }
    }
}

/// Re-encodes an upload, dropping everything that is not pixels. It takes up to seconds, so it runs on dedicated
/// threads, and `go_on` can cancel it. Decoders can't be interrupted: `go_on` is called between steps, between frames,
/// and while a PNG is written, which takes longest for 32 megapixels of noise.
pub(super) fn encode(bytes: &[u8], go_on: GoOn<'_>) -> Result<Encoded> {
    let Decoded { source, pixels } = decode(bytes, go_on)?;
    go_on()?;
    let has_alpha = pixels.color().has_alpha();
    let (format, image) = match source {
        Source::Gif(frames) => (Format::Gif, frames),
        Source::Png => (Format::Png, png(&pixels, go_on)?),
        // JPEG has no transparency, and the WebP encoder is lossless only: a photo would grow fivefold.
        Source::WebP if has_alpha => (Format::Png, png(&pixels, go_on)?),
        Source::WebP | Source::Jpeg => (Format::Jpeg, jpeg(&pixels, QUALITY)?),
    };
    if image.len() > limits::IMAGE_KEPT_BYTES {
        return Err(too_large());
    }
    let (width, height) = (pixels.width(), pixels.height());
    let mut object = Object::default();
    object.add(width, format.into(), &image);
    drop(image);
    // Each from the next larger one, so that the work shrinks quickly.
    let mut smallest = pixels;
    let mut thumbnails = Vec::new();
    for size in limits::THUMBNAILS.into_iter().rev().filter(|size| *size < width) {
        go_on()?;
        smallest = shrunk(&smallest, size);
        let encoded = if has_alpha { png(&smallest, go_on) } else { jpeg(&smallest, THUMBNAIL_QUALITY) };
        thumbnails.push((size, encoded?));
    }
    let mime = if has_alpha { Mime::Png } else { Mime::Jpeg };
    for (size, thumbnail) in thumbnails.into_iter().rev() {
        object.add(size, mime, &thumbnail);
    }
    let placeholder = placeholder(&smallest);
    Ok(Encoded { format, width, height, placeholder, object: object.bytes, parts: object.parts })
}

/// The part for a requested width: the smallest thumbnail that is at least as wide, or else the image.
pub(super) fn part_for(parts: &[Part], max_width: u32) -> Option<Part> {
    let (image, thumbnails) = parts.split_first()?;
    Some(*thumbnails.iter().find(|part| part.width >= max_width).unwrap_or(image))
}

#[derive(Default)]
struct Object {
    bytes: Vec<u8>,
    parts: Vec<Part>,
}

impl Object {
    fn add(&mut self, width: u32, mime: Mime, bytes: &[u8]) {
        self.parts.push(Part { width, mime, start: self.bytes.len() as u64, bytes: bytes.len() as u64 });
        self.bytes.extend_from_slice(bytes);
    }
}

fn shrunk(pixels: &DynamicImage, width: u32) -> DynamicImage {
    let height = u64::from(pixels.height()) * u64::from(width) / u64::from(pixels.width().max(1));
    pixels.thumbnail_exact(width, u32::try_from(height).unwrap_or(limits::IMAGE_SIDE).max(1))
}

fn jpeg(pixels: &DynamicImage, quality: u8) -> Result<Vec<u8>> {
    let mut encoded = Vec::new();
    let written = pixels.write_with_encoder(JpegEncoder::new_with_quality(&mut encoded, quality));
    written.map(|()| encoded).map_err(internal)
}

fn png(pixels: &DynamicImage, go_on: GoOn<'_>) -> Result<Vec<u8>> {
    let color = match pixels {
        DynamicImage::ImageLuma8(_) => ColorType::Grayscale,
        DynamicImage::ImageLumaA8(_) => ColorType::GrayscaleAlpha,
        DynamicImage::ImageRgb8(_) => ColorType::Rgb,
        DynamicImage::ImageRgba8(_) => ColorType::Rgba,
        other => return Err(internal(anyhow!("{:?} is not a format that the decoder returns", other.color()))),
    };
    let mut encoded = Vec::new();
    let mut encoder = png::Encoder::new(&mut encoded, pixels.width(), pixels.height());
    encoder.set_color(color);
    encoder.set_filter(png::Filter::Adaptive);
    let mut file = encoder.write_header().map_err(internal)?;
    let mut writer = file.stream_writer_with_size(PIECE).map_err(internal)?;
    for piece in pixels.as_bytes().chunks(PIECE) {
        go_on()?;
        writer.write_all(piece).map_err(internal)?;
    }
    writer.finish().map_err(internal)?;
    file.finish().map_err(internal)?;
    Ok(encoded)
}

fn internal(error: impl Into<anyhow::Error>) -> Error {
    Error::Internal(error.into().context("an image could not be encoded"))
}

fn placeholder(pixels: &DynamicImage) -> Vec<u8> {
    let small = pixels.thumbnail(THUMBHASH_SIDE, THUMBHASH_SIDE).to_rgba8();
    thumbhash::rgba_to_thumb_hash(small.width() as usize, small.height() as usize, small.as_raw())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::Cursor;

    use image::{ImageFormat, Rgba, RgbaImage};

    use super::*;

    fn file(format: ImageFormat, alpha: u8) -> Vec<u8> {
        let pixels = DynamicImage::ImageRgba8(RgbaImage::from_pixel(300, 400, Rgba([9, 9, 9, alpha])));
        let pixels = if alpha == u8::MAX { pixels.to_rgb8().into() } else { pixels };
        let mut bytes = Cursor::new(Vec::new());
        pixels.write_to(&mut bytes, format).expect("it can be encoded");
        bytes.into_inner()
    }

    #[test]
    fn cancelled_work_ends_at_the_next_step() {
        for (name, bytes) in [
            ("a PNG", file(ImageFormat::Png, 100)),
            ("a JPEG", file(ImageFormat::Jpeg, u8::MAX)),
            ("a GIF", file(ImageFormat::Gif, u8::MAX)),
            ("a WebP", file(ImageFormat::WebP, 100)),
        ] {
            let asked = Cell::new(0);
            let ask = |most: u32| {
                asked.set(asked.get() + 1);
                if asked.get() <= most { Ok(()) } else { Err(Error::unavailable()) }
            };
            encode(&bytes, &|| ask(u32::MAX)).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            for enough in 0..asked.replace(0) {
                let ended = encode(&bytes, &|| ask(enough));
                assert!(matches!(ended, Err(Error::Unavailable { .. })), "{name} after {enough}");
                assert_eq!(asked.replace(0), enough + 1, "{name}");
            }
        }
    }

    #[test]
    fn writing_a_png_can_be_cancelled_after_each_piece() {
        let asked = Cell::new(0);
        let pixels = DynamicImage::new_rgba8(256, 1_024);
        let ask = || {
            asked.set(asked.get() + 1);
            Ok(())
        };
        png(&pixels, &ask).expect("a PNG");
        assert_eq!(asked.get(), 256 * 1_024 * 4 / PIECE);
    }
}
