//! GIFs keep their frames: each is decoded and encoded again with its own palette. Nothing else of the file is kept.
//!
//! What browsers show is accepted: a file without an end, or with a damaged frame, has the frames before it; the canvas
//! grows to hold the first frame, and later frames are clipped to it; without a palette everything is black.

use std::borrow::Cow;
use std::io::Cursor;
use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, Decoder, Encoder, Frame, MemoryLimit, Repeat};

use super::raster::check_size;
use crate::error::{Error, Result};
use crate::limits;

/// Called between the steps of long work. An error cancels the work, because the caller no longer waits for it.
pub(super) type GoOn<'a> = &'a dyn Fn() -> Result<()>;

const BROKEN: Error = Error::UnsupportedImage("this GIF is damaged or incomplete");

/// Signature, size, flags, background, and aspect ratio.
const HEADER: usize = 13;
const FLAGS: usize = 10;
/// A global palette follows the header.
const HAS_PALETTE: u8 = 0x80;
/// It has 256 colours.
const PALETTE_OF_256: u8 = 0x07;

/// Re-encodes the frames of a GIF without loss; comments, texts and other applications' data are dropped. `go_on` is
/// called before each frame.
pub(super) fn repack(bytes: &[u8], go_on: GoOn<'_>) -> Result<Vec<u8>> {
    let bytes = with_palette(bytes);
    let outline = outline(&bytes)?;
    let mut decoder = open(&bytes, false)?;
    let palette = decoder.global_palette().unwrap_or_default().to_vec();
    let mut encoder = Encoder::new(Vec::new(), outline.width, outline.height, &palette).map_err(|_| BROKEN)?;
    encoder.set_repeat(outline.repeat).map_err(|_| BROKEN)?;
    let mut is_empty = true;
    for _ in 0..outline.frames {
        go_on()?;
        let Ok(Some(frame)) = decoder.next_frame_info() else { break };
        let frame = frame.clone();
        let (width, height) = outline.visible(&frame);
        if width == 0 || height == 0 {
            encoder.write_frame(&invisible(frame.delay)).map_err(|_| BROKEN)?;
            continue;
        }
        let row = usize::from(frame.width);
        let mut pixels = vec![0; row * usize::from(frame.height)];
        if decoder.read_into_buffer(&mut pixels).is_err() {
            break;
        }
        if (width, height) != (frame.width, frame.height) {
            let rows = pixels.chunks_exact(row).take(height.into());
            pixels = rows.flat_map(|row| &row[..usize::from(width)]).copied().collect();
        }
        let frame = Frame { width, height, interlaced: false, buffer: Cow::Owned(pixels), ..frame };
        encoder.write_frame(&frame).map_err(|_| BROKEN)?;
        is_empty = false;
    }
    if is_empty { Err(BROKEN) } else { encoder.into_inner().map_err(|_| BROKEN) }
}

/// Takes the time of a frame that has nothing on the canvas.
fn invisible(delay: u16) -> Frame<'static> {
    let pixels = Cow::Borrowed([0].as_slice());
    Frame {
        width: 1,
        height: 1,
        delay,
        transparent: Some(0),
        palette: Some(vec![0; 3]),
        buffer: pixels,
        ..Frame::default()
    }
}

/// What can be read from a GIF without decoding its frames.
struct Outline {
    width: u16,
    height: u16,
    /// Frames that begin; the last may be incomplete.
    frames: usize,
    repeat: Repeat,
}

impl Outline {
    /// The size of a frame's part on the canvas.
    fn visible(&self, frame: &Frame<'_>) -> (u16, u16) {
        let width = frame.width.min(self.width.saturating_sub(frame.left));
        (width, frame.height.min(self.height.saturating_sub(frame.top)))
    }
}

/// Checks the size of a GIF, the number of its frames and of their pixels, before any is decoded.
fn outline(bytes: &[u8]) -> Result<Outline> {
    let mut decoder = open(bytes, true)?;
    let (mut width, mut height) = (decoder.width(), decoder.height());
    let (mut frames, mut pixels) = (0, 0);
    while let Ok(Some(frame)) = decoder.next_frame_info() {
        if frames == 0 {
            width = width.max(frame.left.saturating_add(frame.width));
            height = height.max(frame.top.saturating_add(frame.height));
            check_size(width.into(), height.into())?;
        }
        check_size(frame.width.max(1).into(), frame.height.max(1).into())?;
        frames += 1;
        pixels += u64::from(frame.width) * u64::from(frame.height);
        if frames > limits::IMAGE_FRAMES || pixels > limits::IMAGE_FRAMES_PIXELS {
            let (frames, megapixels) = (limits::IMAGE_FRAMES, limits::IMAGE_FRAMES_PIXELS / 1_000_000);
            let message =
                format!("an animation has at most {frames} frames, and {megapixels} megapixels in all of them");
            return Err(Error::ImageTooLarge(message.into()));
        }
    }
    Ok(Outline { width, height, frames, repeat: decoder.repeat() })
}

/// Adds a black palette to a GIF without a global one: the decoder rejects frames that have none at all.
fn with_palette(bytes: &[u8]) -> Cow<'_, [u8]> {
    match bytes.split_at_checked(HEADER) {
        Some((header, rest)) if header[FLAGS] & HAS_PALETTE == 0 => {
            let mut whole = [header, &[0; 256 * 3], rest].concat();
            whole[FLAGS] |= HAS_PALETTE | PALETTE_OF_256;
            whole.into()
        }
        Some(_) | None => bytes.into(),
    }
}

fn open(bytes: &[u8], counts_only: bool) -> Result<Decoder<Cursor<&[u8]>>> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.set_memory_limit(NonZeroU64::new(limits::IMAGE_MEMORY).map_or(MemoryLimit::Unlimited, MemoryLimit::Bytes));
    options.skip_frame_decoding(counts_only);
    options.allow_unknown_blocks(true);
    options.read_info(Cursor::new(bytes)).map_err(|_| BROKEN)
}
