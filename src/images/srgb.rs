//! Conversion to sRGB, the only colours that are stored. Cameras and screens use wider colour spaces, and say so in a
//! profile or, in PNG, also by numbers; browsers convert by the same.

use std::io::Cursor;
use std::sync::Arc;

use image::DynamicImage;
use moxcms::{
    CicpColorPrimaries, CicpProfile, CmsError, ColorPrimaries, ColorProfile, DataColorSpace, Layout,
    MatrixCoefficients, ToneReprCurve, TransferCharacteristics, TransformExecutor, TransformOptions,
};
use png::{CodingIndependentCodePoints, ScaledFloat, SourceChromaticities};

/// Memory for reading the colours of a PNG, whose profile is compressed: a gigabyte of zeros fits into 1 MB. The largest
/// profiles in use, those of printers, have about 2 MB.
const PNG_COLOURS_MEMORY: usize = 4 * 1024 * 1024;

/// Twice the area that primaries must span: colours can't be made of points on a line. That of sRGB is 0.22.
const SMALLEST_TRIANGLE: f32 = 0.001;

/// An ICC profile, as JPEG and WebP have it. An invalid one is ignored.
pub(super) fn of_icc(profile: &[u8]) -> Option<ColorProfile> {
    ColorProfile::new_from_slice(profile).ok()
}

/// The colours of a PNG, by the order of its specification: code points, a profile, sRGB, and last gamma with its
/// primaries. What is invalid is ignored.
pub(super) fn of_png(file: &[u8]) -> Option<ColorProfile> {
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(file), png::Limits { bytes: PNG_COLOURS_MEMORY });
    decoder.set_ignore_text_chunk(true);
    let reader = decoder.read_info().ok()?;
    let info = reader.info();
    let by_code_points = info.coding_independent_code_points.and_then(of_code_points);
    let by_profile = || info.icc_profile.as_deref().and_then(of_icc);
    by_code_points.or_else(by_profile).or_else(|| match (info.srgb, info.gama_chunk) {
        (None, Some(gamma)) => of_gamma(gamma, info.chrm_chunk),
        (Some(_), _) | (None, None) => None,
    })
}

/// High dynamic range is not among them: what is brighter than white has no place in sRGB. Neither is a narrow range of
/// values, which browsers ignore.
fn of_code_points(points: CodingIndependentCodePoints) -> Option<ColorProfile> {
    let transfer_characteristics = TransferCharacteristics::try_from(points.transfer_function).ok()?;
    let is_hdr = matches!(transfer_characteristics, TransferCharacteristics::Smpte2084 | TransferCharacteristics::Hlg);
    if is_hdr || !points.is_video_full_range_image {
        return None;
    }
    let mut profile = ColorProfile::new_from_cicp(CicpProfile {
        color_primaries: CicpColorPrimaries::try_from(points.color_primaries).ok()?,
        transfer_characteristics,
        matrix_coefficients: MatrixCoefficients::Identity,
        full_range: true,
    });
    if profile.red_trc.is_some()
        && matches!(
            transfer_characteristics,
            TransferCharacteristics::Bt709
                | TransferCharacteristics::Bt601
                | TransferCharacteristics::Bt202010bit
                | TransferCharacteristics::Bt202012bit
        )
    {
        // The curve of screens for television (BT.1886), and not the one of cameras.
        set_gamma(&mut profile, 2.4);
    }
    // It stays empty for code points that name no colours.
    profile.red_trc.is_some().then_some(profile)
}

fn of_gamma(gamma: ScaledFloat, primaries: Option<SourceChromaticities>) -> Option<ColorProfile> {
    let exponent = 1.0 / gamma.into_value();
    // Alone, a gamma of about 2.2 stands for sRGB: browsers take what is within 5 % of it for the curve of sRGB.
    let is_of_srgb = primaries.is_none() && (2.2 / exponent - 1.0).abs() < 0.05;
    if is_of_srgb || !exponent.is_finite() {
        return None;
    }
    let mut profile = ColorProfile::new_srgb();
    if let Some(primaries) = primaries {
        let point = |(x, y): (ScaledFloat, ScaledFloat)| moxcms::Chromaticity::new(x.into_value(), y.into_value());
        let [red, green, blue] = [primaries.red, primaries.green, primaries.blue].map(point);
        let triangle = (green.x - red.x) * (blue.y - red.y) - (blue.x - red.x) * (green.y - red.y);
        if triangle.abs() < SMALLEST_TRIANGLE {
            return None;
        }
        profile.update_rgb_colorimetry(point(primaries.white).to_xyyb(), ColorPrimaries { red, green, blue });
    }
    let colorants = [profile.red_colorant, profile.green_colorant, profile.blue_colorant];
    if !colorants.iter().all(|colorant| [colorant.x, colorant.y, colorant.z].iter().all(|part| part.is_finite())) {
        return None;
    }
    set_gamma(&mut profile, exponent);
    Some(profile)
}

fn set_gamma(profile: &mut ColorProfile, exponent: f32) {
    // Code points would be preferred to the curves.
    profile.cicp = None;
    let curve = ToneReprCurve::Parametric(vec![exponent]);
    profile.red_trc = Some(curve.clone());
    profile.green_trc = Some(curve.clone());
    profile.blue_trc = Some(curve);
}

/// Converts pixels of a profile's colours to sRGB. Profiles of printers' inks are ignored, as the decoders have already
/// made screen colours of them.
pub(super) fn convert(pixels: DynamicImage, profile: &ColorProfile) -> DynamicImage {
    let is_grey = !pixels.color().has_color();
    match profile.color_space {
        DataColorSpace::Gray if is_grey => transform(pixels, profile, &grey_of_srgb()),
        DataColorSpace::Rgb if is_grey => grey(transform(coloured(pixels), profile, &ColorProfile::new_srgb())),
        DataColorSpace::Rgb => transform(pixels, profile, &ColorProfile::new_srgb()),
        _ => pixels,
    }
}

fn grey_of_srgb() -> ColorProfile {
    let mut grey = ColorProfile::new_gray_with_gamma(1.0);
    grey.gray_trc = ColorProfile::new_srgb().red_trc;
    grey
}

fn coloured(pixels: DynamicImage) -> DynamicImage {
    match pixels {
        DynamicImage::ImageLuma8(_) => pixels.to_rgb8().into(),
        DynamicImage::ImageLumaA8(_) => pixels.to_rgba8().into(),
        DynamicImage::ImageLuma16(_) => pixels.to_rgb16().into(),
        DynamicImage::ImageLumaA16(_) => pixels.to_rgba16().into(),
        other => other,
    }
}

fn grey(pixels: DynamicImage) -> DynamicImage {
    match pixels {
        DynamicImage::ImageRgb8(_) => pixels.to_luma8().into(),
        DynamicImage::ImageRgba8(_) => pixels.to_luma_alpha8().into(),
        DynamicImage::ImageRgb16(_) => pixels.to_luma16().into(),
        DynamicImage::ImageRgba16(_) => pixels.to_luma_alpha16().into(),
        other => other,
    }
}

fn transform(mut pixels: DynamicImage, from: &ColorProfile, to: &ColorProfile) -> DynamicImage {
    let options = TransformOptions::default();
    let of_8_bits = |layout| from.create_transform_8bit(layout, to, layout, options);
    let of_16_bits = |layout| from.create_transform_16bit(layout, to, layout, options);
    let row = pixels.width() as usize * usize::from(pixels.color().channel_count());
    match &mut pixels {
        DynamicImage::ImageLuma8(image) => transform_rows(image, row, of_8_bits(Layout::Gray)),
        DynamicImage::ImageLumaA8(image) => transform_rows(image, row, of_8_bits(Layout::GrayAlpha)),
        DynamicImage::ImageRgb8(image) => transform_rows(image, row, of_8_bits(Layout::Rgb)),
        DynamicImage::ImageRgba8(image) => transform_rows(image, row, of_8_bits(Layout::Rgba)),
        DynamicImage::ImageLuma16(image) => transform_rows(image, row, of_16_bits(Layout::Gray)),
        DynamicImage::ImageLumaA16(image) => transform_rows(image, row, of_16_bits(Layout::GrayAlpha)),
        DynamicImage::ImageRgb16(image) => transform_rows(image, row, of_16_bits(Layout::Rgb)),
        DynamicImage::ImageRgba16(image) => transform_rows(image, row, of_16_bits(Layout::Rgba)),
        _ => {}
    }
    pixels
}

fn transform_rows<T: Copy + Default>(
    samples: &mut [T],
    row: usize,
    transform: Result<Arc<dyn TransformExecutor<T> + Send + Sync>, CmsError>,
) {
    let Ok(transform) = transform else { return };
    let mut converted = vec![T::default(); row];
    for samples in samples.chunks_exact_mut(row) {
        if transform.transform(samples, &mut converted).is_ok() {
            samples.copy_from_slice(&converted);
        }
    }
}
