//! Decodes uploaded images within bounds. The type is detected from the content; the result is upright and in sRGB.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use super::{animation, shell};
use crate::error::{Error, Result};
use crate::limits;

/// The format of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SourceFormat {
    Jpeg,
    Png,
    WebP,
    Gif,
}

/// An image with 8 bits per channel; of an animation, its first frame.
pub(super) struct Decoded {
    pub(super) kind: SourceFormat,
    pub(super) pixels: DynamicImage,
}

const NOT_ONE: Error = Error::UnsupportedImage("this is not a readable image: send a JPEG, PNG, WebP or GIF");

/// Decodes an image. Its header must be within the bounds before any pixels are decoded.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded> {
    let (kind, format) = match image::guess_format(bytes) {
        Ok(format @ ImageFormat::Jpeg) => (SourceFormat::Jpeg, format),
        Ok(format @ ImageFormat::Png) => (SourceFormat::Png, format),
        Ok(format @ ImageFormat::WebP) => (SourceFormat::WebP, format),
        Ok(format @ ImageFormat::Gif) => (SourceFormat::Gif, format),
        Ok(_) | Err(_) => return Err(NOT_ONE),
    };
    let stripped;
    let bytes = match kind {
        SourceFormat::Jpeg => shell::check_jpeg(bytes).map(|()| bytes)?,
        SourceFormat::Png => {
            stripped = shell::strip_png(bytes)?;
            &stripped
        }
        SourceFormat::WebP => shell::check_webp(bytes).map(|()| bytes)?,
        // Before the first frame is decoded.
        SourceFormat::Gif => animation::count(bytes).map(|_| bytes)?,
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(bounds());
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(NOT_ONE);
    }
    if u64::from(width) * u64::from(height) > u64::from(limits::IMAGE_PIXELS) {
        return Err(too_large());
    }
    if decoder.total_bytes() > limits::IMAGE_MEMORY {
        return Err(too_large());
    }
    // Unreadable metadata is ignored.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten();
    let mut pixels = plain(DynamicImage::from_decoder(decoder).map_err(refused)?);
    if let Some(profile) = profile {
        to_srgb(&mut pixels, &profile);
    }
    pixels.apply_orientation(orientation);
    Ok(Decoded { kind, pixels: opaque(pixels) })
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

/// Converts to sRGB. Phones use a wider colour space and declare it in a profile, which is not kept. An invalid profile
/// is ignored.
fn to_srgb(pixels: &mut DynamicImage, profile: &[u8]) {
    let Ok(profile) = ColorProfile::new_from_slice(profile) else { return };
    let layout = match pixels {
        DynamicImage::ImageRgb8(_) => Layout::Rgb,
        DynamicImage::ImageRgba8(_) => Layout::Rgba,
        _ => return,
    };
    if profile.color_space != DataColorSpace::Rgb {
        return;
    }
    let (srgb, options) = (ColorProfile::new_srgb(), TransformOptions::default());
    let Ok(transform) = profile.create_transform_8bit(layout, &srgb, layout, options) else { return };
    let width = pixels.width() as usize * usize::from(pixels.color().channel_count());
    let samples = match pixels {
        DynamicImage::ImageRgb8(rgb) => rgb.as_mut(),
        DynamicImage::ImageRgba8(rgba) => rgba.as_mut(),
        _ => return,
    };
    let mut row = vec![0; width];
    for samples in samples.chunks_exact_mut(width) {
        if transform.transform(samples, &mut row).is_ok() {
            samples.copy_from_slice(&row);
        }
    }
}
