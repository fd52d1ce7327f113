//! Recognises the commits of a node's writer on their way to PostgreSQL, and decides what becomes of the next one.
//!
//! This is how a test stops a node with the lock on the feed's head in hand, or loses the answer to a commit: from
//! outside, so that the program that is tested is the one that is shipped.

use std::sync::Mutex;

use tokio::sync::Notify;

/// What becomes of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtCommit {
    /// It never arrives, and the line is cut: nothing was committed.
    LoseIt,
    /// It is executed, and the line is cut instead of the answer.
    LoseTheAnswer,
    /// It is executed, and no answer ever comes.
    AnswerNever,
    /// It waits on the way, while the node holds the lock.
    HoldIt,
}

/// How a writer's transaction begins, and no other one. Sent once by each connection, which then uses its name.
const BEGINNING: &[u8] = b"FROM feed_head WHERE id = 1 FOR UPDATE";
const END: &[u8] = b"COMMIT\0";

/// What is armed for the next commit.
#[derive(Default)]
pub struct Commits {
    next: Mutex<Option<AtCommit>>,
    met: Notify,
}

impl Commits {
    pub fn arm(&self, fate: AtCommit) {
        *self.next.lock().expect("no panic") = Some(fate);
    }

    pub async fn met(&self) {
        self.met.notified().await;
    }

    /// What becomes of these bytes; `is_writer` belongs to their connection. Both statements are far smaller than a
    /// segment and are each sent in one piece.
    pub fn meets(&self, bytes: &[u8], is_writer: &mut bool) -> Option<AtCommit> {
        *is_writer = *is_writer || contains(bytes, BEGINNING);
        if !*is_writer || !contains(bytes, END) {
            return None;
        }
        let fate = self.next.lock().expect("no panic").take()?;
        self.met.notify_one();
        Some(fate)
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
