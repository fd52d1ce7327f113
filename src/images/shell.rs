//! Checks the container of image files before a decoder reads them: that they are complete and ask for no more work
//! than an image needs. Strips what the decoder should not see.

use crate::error::{Error, Result};

/// Scans of a progressive JPEG. Encoders write about ten; each costs a pass over the whole image.
const SCANS: usize = 32;
/// A compressed colour profile in a PNG. That of sRGB has 2.6 kB; a gigabyte of zeros fits into 1 MB.
const PROFILE_BYTES: usize = 16 * 1024;
/// EXIF in a PNG, which holds the orientation.
const EXIF_BYTES: usize = 64 * 1024;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

fn truncated() -> Error {
    Error::UnsupportedImage("the end of this image is missing")
}

/// Checks that a JPEG has an end and not too many scans. The decoder would fill a missing part with grey.
pub(crate) fn check_jpeg(bytes: &[u8]) -> Result<()> {
    let mut scans = 0;
    let mut at = 2;
    loop {
        at = marker(bytes, at).ok_or_else(truncated)?;
        match bytes[at] {
            END_OF_IMAGE if scans > 0 => return Ok(()),
            // These markers have no length.
            END_OF_IMAGE | 0x01 | 0xD0..=0xD8 => at += 1,
            kind => {
                let length = bytes.get(at + 1..at + 3).ok_or_else(truncated)?;
                at += 1 + usize::from(u16::from_be_bytes([length[0], length[1]]));
                if kind == START_OF_SCAN {
                    scans += 1;
                }
            }
        }
        if scans > SCANS {
            return Err(Error::UnsupportedImage("this JPEG has more scans than an image needs"));
        }
    }
}

const END_OF_IMAGE: u8 = 0xD9;
const START_OF_SCAN: u8 = 0xDA;

/// The index of the next marker's second byte. Within a scan 0xFF is followed by a zero or by a restart marker.
fn marker(bytes: &[u8], from: usize) -> Option<usize> {
    let data = bytes.get(from..)?;
    let found = data.windows(2).position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xFF | 0xD0..=0xD7))?;
    Some(from + found + 1)
}

/// Strips chunks that are not the image from a PNG: texts, times, animations, and anything after its end.
pub(crate) fn strip_png(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut rest = bytes.strip_prefix(PNG).ok_or_else(truncated)?;
    let mut stripped = Vec::with_capacity(bytes.len());
    stripped.extend_from_slice(PNG);
    loop {
        let head = rest.first_chunk::<8>().ok_or_else(truncated)?;
        let [length @ .., _, _, _, _] = *head;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        let kind = &head[4..];
        // Length, type, content, checksum.
        let chunk = length.checked_add(12).and_then(|whole| rest.get(..whole)).ok_or_else(truncated)?;
        let is_wanted = match kind {
            b"tRNS" => true,
            b"iCCP" => length <= PROFILE_BYTES,
            b"eXIf" => length <= EXIF_BYTES,
            // Upper case marks a critical chunk.
            _ => kind[0].is_ascii_uppercase(),
        };
        if is_wanted {
            stripped.extend_from_slice(chunk);
        }
        if kind == b"IEND" {
            return Ok(stripped);
        }
        rest = &rest[chunk.len()..];
    }
}

/// Checks that a WebP is at least as long as its header declares.
pub(crate) fn check_webp(bytes: &[u8]) -> Result<()> {
    let length = bytes.get(4..8).and_then(|length| length.try_into().ok()).map(u32::from_le_bytes);
    let whole = length.and_then(|length| usize::try_from(length).ok()?.checked_add(8));
    match whole {
        Some(whole) if whole <= bytes.len() => Ok(()),
        Some(_) | None => Err(truncated()),
    }
}
