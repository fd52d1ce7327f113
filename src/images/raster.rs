//! Reads the pixels of a file of a known format, if its header is within the bounds.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use moxcms::ColorProfile;

use super::srgb;
use crate::error::{Error, Result};
use crate::limits;

/// The pixels of a file as they are in it.
pub(super) struct Raster {
    pub(super) pixels: DynamicImage,
    pub(super) orientation: Orientation,
    /// `None` for sRGB.
    pub(super) profile: Option<ColorProfile>,
}

pub(super) const NOT_ONE: Error =
    Error::UnsupportedImage("this is not a readable image: send a JPEG, PNG, WebP or GIF");

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
