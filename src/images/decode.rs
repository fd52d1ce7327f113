//! Decodes uploaded images within bounds. The type is detected from the content; the result is upright and in sRGB.

use image::{DynamicImage, ImageFormat};

use super::animation::{self, GoOn};
use super::raster::{NOT_ONE, Raster, read};
use super::{jpeg, shell, srgb};
use crate::error::Result;

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
