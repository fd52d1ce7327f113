//! Waiting for the head to move.

use std::pin::pin;

use super::Hub;
use crate::feed::cursor::Position;

impl Hub {
    /// Waits until the head is past a position.
    pub(in crate::feed) async fn is_past(&self, position: Position) {
        loop {
            // Before the head is read: a move in between is noticed.
            let mut moved = pin!(self.moved.notified());
            moved.as_mut().enable();
            if self.head().position > position {
                return;
            }
            moved.await;
        }
    }
}
