//! Messages that wait to be written to a socket: bounded, and with a timeout for a client that does not read.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};

use tokio::time::Instant;
use tungstenite::{Error, Message, WebSocket};

use crate::clock;
use crate::limits;

/// Messages on their way to one client.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Message>,
    bytes: usize,
    /// Whether the socket has taken something that it has not written yet.
    unwritten: bool,
    /// Whether the socket took nothing more at the last try.
    is_blocked: bool,
    /// Since when the socket takes nothing more.
    stalled: Option<Instant>,
}

impl Outbox {
    /// Adds a message.
    pub(super) fn push(&mut self, message: Message) {
        self.bytes += size(&message);
        self.waiting.push_back(message);
    }

    /// Whether more frames should be produced for this client now.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < limits::OUTBOUND_FRAMES && self.bytes < limits::OUTBOUND_BYTES
    }

    /// When a client that does not read is closed.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.stalled.map(|since| since + limits::WRITE_WAIT)
    }

    /// Writes what the socket takes, everything that waits in one write if possible; `false` when it takes no more.
    /// `has_partial_write` is whether the socket has to finish a write that did not come from this outbox.
    pub(super) fn write(
        &mut self,
        socket: &mut WebSocket<impl Read + Write>,
        has_partial_write: bool,
    ) -> Result<bool, Error> {
        self.unwritten |= has_partial_write;
        while self.unwritten || !self.waiting.is_empty() {
            // The library takes messages while it has written, or has room for, those before.
            while !self.is_blocked
                && let Some(message) = self.waiting.pop_front()
            {
                self.bytes -= size(&message);
                self.unwritten = true;
                self.stalled = None;
                self.is_blocked = is_blocked(socket.write(message))?;
            }
            self.is_blocked = is_blocked(socket.flush())?;
            if self.is_blocked {
                self.stalled.get_or_insert_with(clock::instant);
                return Ok(false);
            }
            self.unwritten = false;
        }
        self.stalled = None;
        Ok(true)
    }
}

/// Whether the socket takes nothing more just now.
fn is_blocked(result: Result<(), Error>) -> Result<bool, Error> {
    match result {
        Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => Ok(true),
        result => result.map(|()| false),
    }
}

fn size(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes.len(),
        Message::Close(_) | Message::Frame(_) => 0,
    }
}
