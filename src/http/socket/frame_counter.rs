//! Counts the frames in what a client sends. The WebSocket library shows whole messages only: a client could send
//! fragments of one message for ever without a message ever arriving.

use std::io::Cursor;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// The longest header of a frame, in bytes (RFC 6455, 5.2).
const HEADER_BYTES: usize = 14;

/// Follows the frames through the bytes of a connection, however they are cut into reads.
#[derive(Default)]
pub(crate) struct FrameCounter {
    /// The beginning of a header that has not arrived whole.
    header: [u8; HEADER_BYTES],
    header_len: usize,
    /// Bytes of the current frame's payload that have not arrived.
    payload_left: u64,
    frames: u32,
    has_empty_fragment: bool,
    has_close: bool,
    /// The bytes are not frames: the library reports it.
    is_lost: bool,
}

impl FrameCounter {
    /// Looks at the bytes that arrived next.
    pub(crate) fn observe(&mut self, mut bytes: &[u8]) {
        while !self.is_lost {
            let payload = usize::try_from(self.payload_left).map_or(bytes.len(), |left| left.min(bytes.len()));
            self.payload_left -= payload as u64;
            bytes = &bytes[payload..];
            if bytes.is_empty() {
                return;
            }
            let known = self.header_len;
            let added = bytes.len().min(HEADER_BYTES - known);
            self.header[known..known + added].copy_from_slice(&bytes[..added]);
            let mut cursor = Cursor::new(&self.header[..known + added]);
            match FrameHeader::parse(&mut cursor) {
                Ok(Some((header, payload))) => {
                    // What was known before was no whole header, so the header ends within what was added.
                    let end = usize::try_from(cursor.position()).map_or(0, |end| end.saturating_sub(known));
                    bytes = &bytes[end..];
                    self.header_len = 0;
                    self.payload_left = payload;
                    self.count(&header, payload);
                }
                Ok(None) => {
                    self.header_len += added;
                    return;
                }
                Err(_) => self.is_lost = true,
            }
        }
    }

    fn count(&mut self, header: &FrameHeader, payload: u64) {
        self.frames = self.frames.saturating_add(1);
        match header.opcode {
            OpCode::Data(Data::Continue) => self.has_empty_fragment |= payload == 0 && !header.is_final,
            OpCode::Control(Control::Close) => self.has_close = true,
            OpCode::Data(_) | OpCode::Control(_) => {}
        }
    }

    /// How many frames have begun since the last call.
    pub(crate) fn take(&mut self) -> u32 {
        std::mem::take(&mut self.frames)
    }

    /// Whether a frame continued a message with nothing and did not end it. RFC 6455 allows it (5.4), and only an
    /// attacker sends it: it makes a message of any number of frames within the limit of its bytes.
    pub(crate) fn has_empty_fragment(&self) -> bool {
        self.has_empty_fragment
    }

    /// Whether the client has sent a close frame.
    pub(crate) fn has_close(&self) -> bool {
        self.has_close
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tungstenite::Message;
    use tungstenite::protocol::frame::Frame;

    use super::*;

    fn frame(opcode: OpCode, payload: usize, is_final: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut frame = match opcode {
            OpCode::Control(_) => Frame::ping(vec![7; payload]),
            OpCode::Data(_) => Frame::message(vec![7; payload], opcode, is_final),
        };
        frame.header_mut().opcode = opcode;
        frame.header_mut().mask = Some([1, 2, 3, 4]);
        frame.format(&mut bytes).expect("a frame");
        bytes
    }

    const TEXT: OpCode = OpCode::Data(Data::Text);
    const CONTINUE: OpCode = OpCode::Data(Data::Continue);

    #[test]
    fn every_frame_counts_also_within_a_message() {
        let mut counter = FrameCounter::default();
        counter.observe(&frame(TEXT, 3, false));
        counter.observe(&frame(CONTINUE, 3, false));
        counter.observe(&frame(OpCode::Control(Control::Ping), 0, true));
        counter.observe(&frame(CONTINUE, 0, true));
        assert_eq!(counter.take(), 4);
        assert_eq!(counter.take(), 0);
        assert!(!counter.has_empty_fragment() && !counter.has_close());
    }

    #[test]
    fn an_empty_fragment_and_a_close_are_seen() {
        let mut counter = FrameCounter::default();
        counter.observe(&[0x01, 0x80, 0, 0, 0, 0]);
        assert!(!counter.has_empty_fragment(), "a message may begin with nothing");
        counter.observe(&[0x00, 0x80, 0, 0, 0, 0]);
        assert!(counter.has_empty_fragment());
        counter.observe(&frame(OpCode::Control(Control::Close), 2, true));
        assert!(counter.has_close());
    }

    #[test]
    fn invalid_frames_are_left_to_the_library() {
        let mut counter = FrameCounter::default();
        // A length of 2^63 or more, which RFC 6455 (5.2) rules out, or an unknown opcode: never a panic.
        counter.observe(&[0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4]);
        counter.observe(&[0x8f; 100]);
    }

    proptest! {
        #[test]
        fn reads_may_be_cut_anywhere(
            payloads in proptest::collection::vec(0_usize..70_000, 1..6),
            cuts in proptest::collection::vec(1_usize..200, 1..20),
        ) {
            let whole: Vec<u8> = payloads.iter().flat_map(|payload| frame(TEXT, *payload, true)).collect();
            let mut counter = FrameCounter::default();
            let (mut rest, mut cuts) = (&whole[..], cuts.iter().cycle());
            while !rest.is_empty() {
                // Long payloads in one piece, or the test would take long.
                let at = cuts.next().map_or(1, |cut| if cut % 7 == 0 { cut * 500 } else { *cut }).min(rest.len());
                counter.observe(&rest[..at]);
                rest = &rest[at..];
            }
            prop_assert_eq!(counter.take() as usize, payloads.len());
            prop_assert_eq!(counter.payload_left, 0);
        }

        #[test]
        fn no_bytes_cause_a_panic(bytes: Vec<u8>) {
            FrameCounter::default().observe(&bytes);
        }
    }

    #[test]
    fn the_library_agrees_on_a_message() {
        let Message::Text(text) = Message::text("x") else { unreachable!() };
        assert_eq!(frame(TEXT, text.len(), true).len(), 2 + 4 + 1);
    }
}
