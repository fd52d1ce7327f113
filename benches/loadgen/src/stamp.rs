//! What the load generator writes into a message's text, and finds in what a server delivers.

use memchr::memmem;

use crate::latency::now_ns;

/// The number of the probe that is sent when everything else is: whoever has received it receives nothing more.
pub const LAST_PROBE: u32 = u32::MAX;

/// The stamp of a message: `m<room>.<number>.<nanoseconds>.xxx…`, with `p` in place of `m` for a probe.
pub struct Stamp {
    /// Sent to see whether subscriptions stand: not a part of the measurement.
    pub probe: bool,
    pub room: usize,
    /// The sender's own count in this room.
    pub n: u32,
    pub sent_ns: u64,
    /// The server's number of the message, if it gives one.
    pub seq: Option<u64>,
}

/// A text that was sent now, padded to a size in bytes.
pub fn stamp_text(probe: bool, room: usize, n: u32, size: usize) -> String {
    let stamp = format!("{}{room}.{n}.{}.", if probe { 'p' } else { 'm' }, now_ns());
    format!("{stamp}{:x<1$}", "", size.saturating_sub(stamp.len()))
}

/// The stamp of a delivered message; `None` if it has none.
pub fn read_stamp(delivered: &[u8]) -> Option<Stamp> {
    let text = &delivered[memmem::find(delivered, b"\"text\":\"")? + 8..];
    let probe = match text.first()? {
        b'm' => false,
        b'p' => true,
        _ => return None,
    };
    let mut numbers = text[1..].splitn(4, |b| *b == b'.').map(digits);
    let (room, n, sent_ns) = (numbers.next()?? as usize, numbers.next()?? as u32, numbers.next()??);
    let seq = memmem::find(delivered, b"\"seq\":").and_then(|at| digits(&delivered[at + 6..]));
    Some(Stamp { probe, room, n, sent_ns, seq })
}

/// The cursor to resume after a delivered message.
pub fn read_cursor(delivered: &[u8]) -> Option<String> {
    let rest = &delivered[memmem::find(delivered, b"\"feedCursor\":\"")? + 14..];
    Some(String::from_utf8_lossy(&rest[..memchr::memchr(b'"', rest)?]).into_owned())
}

fn digits(text: &[u8]) -> Option<u64> {
    let mut number = None;
    for digit in text.iter().take_while(|digit| digit.is_ascii_digit()) {
        number = Some(number.unwrap_or(0) * 10 + u64::from(digit - b'0'));
    }
    number
}
