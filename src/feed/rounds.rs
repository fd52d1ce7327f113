//! Rounds over inboxes whose edges are to be served: a few tasks for many inboxes instead of a task each.
//!
//! The inboxes of a kind are served in the order in which they were called, that is, of their oldest event. One that was
//! served and is called again joins the end, however many events it has got meanwhile:
//!
//! ```text
//! event 7 calls a b c d                       line: a b c d
//! a and b were served when event 8 comes      line: c d a b   c and d have 7 and 8, a and b have 8
//! ```
//!
//! So a delivery waits for one round at most, also while events come faster than rounds end.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::task::yield_now;

use crate::feed::abort_on_panic;
use crate::feed::event::Event;
use crate::feed::inbox::{Inbox, Served};

/// Waiting inboxes for which another core is worth a task.
const SHARE: usize = 512;

/// Inboxes that are served without yielding; each may cost a write to a socket, some microseconds.
const AT_ONCE: usize = 32;

/// The inboxes that wait to be served, by the kind of their edges: a kind that waits for its frame delays no other. Each
/// is in here once, so there are never more than listeners. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Rounds(Arc<Mutex<HashMap<usize, ServingLine>>>);

/// Of one kind, in the order in which they were called.
#[derive(Default)]
struct ServingLine {
    called: VecDeque<Arc<Inbox>>,
    /// The tasks that serve them.
    tasks: usize,
}

impl Rounds {
    /// Serves inboxes, after those that were called before.
    pub(super) fn begin(&self, called: Vec<Arc<Inbox>>) {
        let cores = Handle::current().metrics().num_workers();
        let mut lines = self.lock();
        for inbox in called {
            let Some(kind) = inbox.edge().map(|edge| edge.kind()) else { continue };
            let line = lines.entry(kind).or_default();
            line.called.push_back(inbox);
            if line.tasks < line.called.len().div_ceil(SHARE).min(cores) {
                line.tasks += 1;
                self.start(kind);
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a round is short, and a panic in it ends the process")]
    fn start(&self, kind: usize) {
        let rounds = self.clone();
        tokio::spawn(abort_on_panic("round", async move {
            while let Some(next) = rounds.next(kind) {
                for inbox in next {
                    serve(&inbox).await;
                }
                yield_now().await;
            }
        }));
    }

    /// The next ones of a kind; `None` ends a task.
    fn next(&self, kind: usize) -> Option<Vec<Arc<Inbox>>> {
        let mut lines = self.lock();
        let Entry::Occupied(mut line) = lines.entry(kind) else { return None };
        let called = &mut line.get_mut().called;
        if !called.is_empty() {
            return Some(called.drain(..called.len().min(AT_ONCE)).collect());
        }
        line.get_mut().tasks -= 1;
        if line.get().tasks == 0 {
            line.remove();
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<usize, ServingLine>> {
        // A panic with this lock held ends the process (see `Feed::start`), so a poisoned state is never used.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves one inbox until it is empty, or wakes its follower.
async fn serve(inbox: &Inbox) {
    let mut made: Option<Arc<Event>> = None;
    while let Some(edge) = inbox.edge() {
        match inbox.serve() {
            Served::All => return,
            // A frame that was made and is missing again was too large to be kept.
            Served::NeedsFrame(event) if made.as_ref().is_none_or(|made| !Arc::ptr_eq(made, &event)) => {
                if !edge.make(&event).await {
                    break;
                }
                made = Some(event);
            }
            Served::NeedsFrame(_) | Served::NeedsFollower => break,
        }
    }
    inbox.wake();
}
