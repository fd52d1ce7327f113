//! Checks the container of image files before a decoder reads them: that they are complete and ask for no more work
//! than an image needs. Strips what the decoder should not see.

use crate::error::{Error, Result};

/// Scans of a progressive JPEG. Encoders write about ten; each costs a pass over the whole image.
const SCANS: usize = 32;
/// EXIF in a PNG, which holds the orientation.
const EXIF_BYTES: usize = 64 * 1024;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The error for an image whose end is missing.
pub(super) fn truncated() -> Error {
    Error::UnsupportedImage("the end of this image is missing")
}

/// A JPEG of only what its picture needs, without its end marker.
#[derive(Debug)]
pub(crate) struct StrippedJpeg {
    pub(crate) bytes: Vec<u8>,
    /// Without an end marker the file may still be complete, which only decoding it shows.
    pub(crate) has_end: bool,
    /// Whether a sampling factor is 3, or a colour is sampled more finely than brightness.
    pub(crate) is_sampled_unusually: bool,
}

/// Strips segments that are not the image from a JPEG: other metadata than the first EXIF, notes of applications, and
/// anything after its end. The file must have a scan, and not too many.
pub(crate) fn strip_jpeg(file: &[u8]) -> Result<StrippedJpeg> {
    let mut jpeg = StrippedJpeg { bytes: vec![0xFF, 0xD8], has_end: false, is_sampled_unusually: false };
    let (mut at, mut scans, mut in_scan, mut seen) = (2, 0, false, SeenSegments::default());
    // Where the image ends if there is no end marker: before the first thing that can't be behind a scan. And where its
    // last segment ends.
    let (mut end, mut segment_end) = (None, jpeg.bytes.len());
    loop {
        let found = marker(file, at);
        if in_scan {
            let data = file.get(at..found.map_or(file.len(), |found| found - 1));
            jpeg.bytes.extend_from_slice(data.unwrap_or_default());
        }
        let Some(found) = found else { break };
        let kind = file[found];
        if kind == END_OF_IMAGE && scans > 0 {
            jpeg.has_end = true;
            return Ok(jpeg);
        }
        // Another image begins.
        if kind == START_OF_IMAGE && scans > 0 {
            break;
        }
        if scans > 0 && !matches!(kind, START_OF_SCAN | 0xC4 | 0xCC | 0xDB..=0xDD | 0xE0..=0xEF | 0xFE) {
            end = end.or(Some(jpeg.bytes.len()));
        }
        // These markers have no length.
        if matches!(kind, END_OF_IMAGE | START_OF_IMAGE | 0x01) {
            if in_scan {
                jpeg.bytes.extend_from_slice(&[0xFF, kind]);
            }
            at = found + 1;
            continue;
        }
        let Some(segment) = segment(file, found) else { break };
        at = found + 1 + segment.len();
        in_scan = kind == START_OF_SCAN;
        scans += usize::from(in_scan);
        if scans > SCANS {
            return Err(Error::UnsupportedImage("this JPEG has more scans than an image needs"));
        }
        if seen.needs(kind, &segment[2..]) {
            jpeg.bytes.extend_from_slice(&[0xFF, kind]);
            jpeg.bytes.extend_from_slice(segment);
        }
        if end.is_none() {
            segment_end = jpeg.bytes.len();
        }
        jpeg.is_sampled_unusually |= matches!(kind, 0xC0..=0xC2) && is_sampled_unusually(&segment[2..]);
    }
    if scans == 0 {
        return Err(truncated());
    }
    jpeg.bytes.truncate(end.unwrap_or(jpeg.bytes.len()));
    // The first half of an end marker, or what fills the space before one. The content of a segment is neither.
    while jpeg.bytes.len() > segment_end && jpeg.bytes.last() == Some(&0xFF) {
        jpeg.bytes.pop();
    }
    Ok(jpeg)
}

const START_OF_IMAGE: u8 = 0xD8;
const END_OF_IMAGE: u8 = 0xD9;
const START_OF_SCAN: u8 = 0xDA;

/// The index of the next marker's second byte. Within a scan 0xFF is followed by a zero or by a restart marker.
fn marker(bytes: &[u8], from: usize) -> Option<usize> {
    let data = bytes.get(from..)?;
    let found = data.windows(2).position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xFF | 0xD0..=0xD7))?;
    Some(from + found + 1)
}

/// The length of the segment behind a marker, and its content.
fn segment(file: &[u8], marker: usize) -> Option<&[u8]> {
    let rest = file.get(marker + 1..)?;
    let length = usize::from(u16::from_be_bytes(*rest.first_chunk()?));
    if length < 2 { None } else { rest.get(..length) }
}

/// Segments that decide about later ones.
#[derive(Default)]
struct SeenSegments {
    jfif: bool,
    exif: bool,
}

impl SeenSegments {
    /// Whether the picture needs a segment, by its kind and content.
    fn needs(&mut self, kind: u8, content: &[u8]) -> bool {
        match kind {
            0xE0 => {
                self.jfif |= content.starts_with(b"JFIF\0");
                true
            }
            // For browsers the first has the orientation, for the decoder the last.
            0xE1 => content.starts_with(b"Exif\0\0") && !std::mem::replace(&mut self.exif, true),
            0xE2 => content.starts_with(b"ICC_PROFILE\0"),
            // The encoding of the colours, in its twelfth byte. Browsers ignore it if it is missing or unknown, and if it
            // is 0, for RGB, in a JFIF file.
            0xEE if content.starts_with(b"Adobe") => match content.get(11) {
                Some(0) => !self.jfif,
                Some(1 | 2) => true,
                Some(_) | None => false,
            },
            0xE3..=0xEF | 0xFE => false,
            _ => true,
        }
    }
}

fn is_sampled_unusually(frame: &[u8]) -> bool {
    let components = frame.get(6..).unwrap_or_default().chunks_exact(3);
    let mut factors = components.map(|component| (component[1] >> 4, component[1] & 0x0F));
    let Some(first) = factors.clone().next() else { return false };
    factors.any(|(across, down)| across == 3 || down == 3 || across > first.0 || down > first.1)
}

/// Strips chunks that are not the image from a PNG: texts, times, animations, colours, and anything after its end.
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

#[cfg(test)]
mod tests {
    use super::strip_jpeg;

    /// Found by fuzzing.
    #[test]
    fn a_segment_behind_the_last_scan_is_kept_whole() {
        let head = [0xFF, 0xD8, 0xFF, 0xDA, 0, 3, 1, 0x12, 0x34];
        // A table whose last byte looks like the first half of a marker.
        let table = [0xFF, 0xC4, 0, 4, 1, 0xFF];
        let stripped = strip_jpeg(&[&head[..], &table].concat()).expect("a JPEG without an end marker");
        assert_eq!(stripped.bytes, [&head[..], &table].concat());
        // The first half of an end marker is not a part of the picture.
        let stripped = strip_jpeg(&[&head[..], &table, &head[2..], &[0xFF]].concat()).expect("a JPEG");
        assert_eq!(stripped.bytes, [&head[..], &table, &head[2..]].concat());
    }
}
