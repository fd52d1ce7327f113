//! Decodes uploaded images within bounds. The type is detected from the content; the result is upright and in sRGB.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use moxcms::ColorProfile;

use super::animation::{self, GoOn};
use super::{jpeg, shell, srgb};
use crate::error::{Error, Result};
use crate::limits;

/// What an upload is, and what is kept of it beside the pixels.
pub(super) enum Source {
    Jpeg,
    Png,
    WebP,
    /// All of its frames, encoded again.
    Gif(Vec<u8>),
}

/// An image with 8 bits per channel; of an animation, its first frame.
pub(super) struct Decoded {
    pub(super) source: Source,
    pub(super) pixels: DynamicImage,
}

/// The pixels of a file as they are in it.
pub(super) struct Raster {
    pub(super) pixels: DynamicImage,
    pub(super) orientation: Orientation,
    /// `None` for sRGB.
    pub(super) profile: Option<ColorProfile>,
}

pub(super) const NOT_ONE: Error =
    Error::UnsupportedImage("this is not a readable image: send a JPEG, PNG, WebP or GIF");

/// Decodes an image. Its header must be within the bounds before any pixels are decoded. `go_on` is called between
/// steps.
pub(super) fn decode(bytes: &[u8], go_on: GoOn<'_>) -> Result<Decoded> {
    let (source, raster) = match image::guess_format(bytes) {
        Ok(ImageFormat::Jpeg) => (Source::Jpeg, jpeg::decode(bytes, go_on)?),
        Ok(ImageFormat::Png) => {
            let raster = read(&shell::strip_png(bytes)?, ImageFormat::Png)?;
            (Source::Png, Raster { profile: srgb::of_png(bytes), ..raster })
        }
        Ok(ImageFormat::WebP) => {
            shell::check_webp(bytes)?;
            (Source::WebP, read(bytes, ImageFormat::WebP)?)
        }
        Ok(ImageFormat::Gif) => {
            let frames = animation::repack(bytes, go_on)?;
            let raster = read(&frames, ImageFormat::Gif)?;
            (Source::Gif(frames), raster)
        }
        Ok(_) | Err(_) => return Err(NOT_ONE),
    };
    let pixels = match &raster.profile {
        Some(profile) => srgb::convert(raster.pixels, profile),
        None => raster.pixels,
    };
    let mut pixels = plain(pixels);
    pixels.apply_orientation(raster.orientation);
    Ok(Decoded { source, pixels: opaque(pixels) })
}

/// Decodes the pixels of a file of this format, if its header is within the bounds.
pub(super) fn read(bytes: &[u8], format: ImageFormat) -> Result<Raster> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(bounds());
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    if decoder.total_bytes() > limits::IMAGE_MEMORY {
        return Err(too_large());
    }
    // Unreadable metadata is ignored.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten().as_deref().and_then(srgb::of_icc);
    let pixels = DynamicImage::from_decoder(decoder).map_err(refused)?;
    Ok(Raster { pixels, orientation, profile })
}

/// Checks the size that a file declares.
pub(super) fn check_size(width: u32, height: u32) -> Result<()> {
    if width == 0 || height == 0 {
        return Err(NOT_ONE);
    }
    let pixels = u64::from(width) * u64::from(height);
    if pixels > limits::IMAGE_PIXELS.into() || width.max(height) > limits::IMAGE_SIDE {
        return Err(too_large());
    }
    Ok(())
}

fn bounds() -> Limits {
    let mut bounds = Limits::default();
    bounds.max_image_width = Some(limits::IMAGE_SIDE);
    bounds.max_image_height = Some(limits::IMAGE_SIDE);
    bounds.max_alloc = Some(limits::IMAGE_MEMORY);
    bounds
}

/// The decoders' errors describe the file's internals, which do not help the person who sent a photo.
fn refused(error: ImageError) -> Error {
    match error {
        ImageError::Limits(_) => too_large(),
        _ => NOT_ONE,
    }
}

pub(super) fn too_large() -> Error {
    let (megapixels, side) = (limits::IMAGE_PIXELS / 1_000_000, limits::IMAGE_SIDE);
    Error::ImageTooLarge(format!("an image has at most {megapixels} megapixels, and {side} pixels per side").into())
}

/// Reduces the image to 8 bits per channel, which is all that is stored.
fn plain(pixels: DynamicImage) -> DynamicImage {
    use DynamicImage::{ImageLuma8, ImageLumaA8, ImageRgb8, ImageRgba8};
    match pixels {
        ImageLuma8(_) | ImageLumaA8(_) | ImageRgb8(_) | ImageRgba8(_) => pixels,
        DynamicImage::ImageLuma16(_) => ImageLuma8(pixels.to_luma8()),
        DynamicImage::ImageLumaA16(_) => ImageLumaA8(pixels.to_luma_alpha8()),
        other if other.color().has_alpha() => ImageRgba8(other.to_rgba8()),
        other => ImageRgb8(other.to_rgb8()),
    }
}

/// Drops the alpha channel if every pixel is opaque: that is smaller, and allows JPEG.
fn opaque(pixels: DynamicImage) -> DynamicImage {
    let is_opaque = match &pixels {
        DynamicImage::ImageRgba8(rgba) => rgba.pixels().all(|pixel| pixel.0[3] == u8::MAX),
        DynamicImage::ImageLumaA8(grey) => grey.pixels().all(|pixel| pixel.0[1] == u8::MAX),
        _ => return pixels,
    };
    match pixels {
        DynamicImage::ImageRgba8(_) if is_opaque => DynamicImage::ImageRgb8(pixels.to_rgb8()),
        DynamicImage::ImageLumaA8(_) if is_opaque => DynamicImage::ImageLuma8(pixels.to_luma8()),
        other => other,
    }
}
