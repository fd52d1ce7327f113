//! GIFs keep their frames: each is decoded and encoded again with its own palette. Nothing else of the file is kept.

use std::borrow::Cow;
use std::io::Cursor;
use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, Decoder, Encoder, Frame, MemoryLimit, Repeat};

use crate::error::{Error, Result};
use crate::limits;

/// Called between the steps of long work. An error cancels the work, because the caller no longer waits for it.
pub(super) type GoOn<'a> = &'a dyn Fn() -> Result<()>;

const BROKEN: Error = Error::UnsupportedImage("this GIF is damaged or incomplete");

/// Re-encodes the frames of a GIF without loss; comments, texts and other applications' data are dropped. `go_on` is
/// called before each frame.
pub(super) fn repack(bytes: &[u8], go_on: GoOn<'_>) -> Result<Vec<u8>> {
    let repeat = count(bytes)?;
    let mut decoder = open(bytes, false)?;
    let palette = decoder.global_palette().unwrap_or_default().to_vec();
    let (width, height) = (decoder.width(), decoder.height());
    let mut encoder = Encoder::new(Vec::new(), width, height, &palette).map_err(|_| BROKEN)?;
    encoder.set_repeat(repeat).map_err(|_| BROKEN)?;
    while let Some(frame) = decoder.read_next_frame().map_err(|_| BROKEN)? {
        go_on()?;
        let frame =
            Frame { interlaced: false, buffer: Cow::Borrowed(&frame.buffer), palette: frame.palette.clone(), ..*frame };
        encoder.write_frame(&frame).map_err(|_| BROKEN)?;
    }
    encoder.into_inner().map_err(|_| BROKEN)
}

/// Checks the number of frames and of their pixels without decoding any. Returns how often the animation repeats.
pub(super) fn count(bytes: &[u8]) -> Result<Repeat> {
    let mut decoder = open(bytes, true)?;
    let (mut frames, mut pixels) = (0, 0);
    while let Some(frame) = decoder.next_frame_info().map_err(|_| BROKEN)? {
        frames += 1;
        pixels += u64::from(frame.width) * u64::from(frame.height);
        if frames > limits::IMAGE_FRAMES || pixels > limits::IMAGE_FRAMES_PIXELS {
            let (frames, megapixels) = (limits::IMAGE_FRAMES, limits::IMAGE_FRAMES_PIXELS / 1_000_000);
            let message =
                format!("an animation has at most {frames} frames, and {megapixels} megapixels in all of them");
            return Err(Error::ImageTooLarge(message.into()));
        }
    }
    Ok(decoder.repeat())
}

fn open(bytes: &[u8], counts_only: bool) -> Result<Decoder<Cursor<&[u8]>>> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.set_memory_limit(NonZeroU64::new(limits::IMAGE_MEMORY).map_or(MemoryLimit::Unlimited, MemoryLimit::Bytes));
    options.check_frame_consistency(true);
    options.skip_frame_decoding(counts_only);
    options.allow_unknown_blocks(true);
    options.read_info(Cursor::new(bytes)).map_err(|_| BROKEN)
}
