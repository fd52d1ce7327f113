//! Decodes JPEGs, also those without an end marker, as panoramas of some phones are, and those sampled unusually.

use std::hash::{DefaultHasher, Hasher};

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};
use jpeg_decoder::{CodingProcess, PixelFormat};

use super::animation::GoOn;
use super::raster::{NOT_ONE, Raster, check_size, read, too_large};
use super::shell::{self, StrippedJpeg};
use super::srgb;
use crate::error::Result;
use crate::limits;

const END: &[u8] = &[0xFF, 0xD9];

/// Decodes a JPEG. `go_on` is called if it has to be decoded twice.
pub(super) fn decode(file: &[u8], go_on: GoOn<'_>) -> Result<Raster> {
    let StrippedJpeg { bytes, has_end, is_sampled_unusually } = shell::strip_jpeg(file)?;
    let ended = [&bytes, END].concat();
    if has_end {
        return if is_sampled_unusually { read_strictly(&ended) } else { read(&ended, ImageFormat::Jpeg) };
    }
    // What follows a complete image changes none of its pixels. If some are missing, the decoder makes them of it.
    let with_noise = hash(&read_strictly(&[&bytes, [0x5A; 64].as_slice(), END].concat())?.pixels);
    go_on()?;
    let raster = read_strictly(&ended)?;
    if hash(&raster.pixels) == with_noise { Ok(raster) } else { Err(shell::truncated()) }
}

fn hash(pixels: &DynamicImage) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(pixels.as_bytes());
    hasher.finish()
}

/// Decodes with a decoder that knows all sampling factors, and that fails at damage where the other one goes on with
/// grey. It is slower.
fn read_strictly(jpeg: &[u8]) -> Result<Raster> {
    let mut decoder = jpeg_decoder::Decoder::new(jpeg);
    decoder.set_max_decoding_buffer_size(usize::try_from(limits::IMAGE_MEMORY).unwrap_or(usize::MAX));
    decoder.read_info().map_err(|_| NOT_ONE)?;
    let info = decoder.info().ok_or(NOT_ONE)?;
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    check_size(width, height)?;
    // It holds the coefficients of all scans, of twice the memory of the pixels.
    if info.coding_process == CodingProcess::DctProgressive && width * height > limits::IMAGE_PIXELS / 2 {
        return Err(too_large());
    }
    let samples = decoder.decode().map_err(|_| NOT_ONE)?;
    let pixels = match info.pixel_format {
        PixelFormat::L8 => GrayImage::from_raw(width, height, samples).map(DynamicImage::from),
        PixelFormat::RGB24 => RgbImage::from_raw(width, height, samples).map(DynamicImage::from),
        PixelFormat::L16 | PixelFormat::CMYK32 => None,
    };
    let orientation = decoder.exif_data().and_then(Orientation::from_exif_chunk);
    Ok(Raster {
        pixels: pixels.ok_or(NOT_ONE)?,
        orientation: orientation.unwrap_or(Orientation::NoTransforms),
        profile: decoder.icc_profile().as_deref().and_then(srgb::of_icc),
    })
}
