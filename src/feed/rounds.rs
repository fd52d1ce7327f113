//! Rounds over inboxes whose edges are to be served: one task for many of them instead of a task each.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::yield_now;

use crate::feed::abort_on_panic;
use crate::feed::event::Event;
use crate::feed::inbox::{Inbox, Served};

/// Inboxes in one round: enough to be worth a task, few enough to occupy several cores.
const ROUND: usize = 512;

/// Inboxes that are served without yielding; each may cost a write to a socket, some microseconds.
const AT_ONCE: usize = 32;

/// Serves inboxes, those of a kind in one round: a kind that waits for its frame delays no other.
pub(super) fn begin(called: Vec<Arc<Inbox>>) {
    let mut by_kind: HashMap<usize, Vec<Arc<Inbox>>> = HashMap::new();
    for inbox in called {
        let Some(edge) = inbox.edge() else { continue };
        let round = by_kind.entry(edge.kind()).or_default();
        round.push(inbox);
        if round.len() == ROUND {
            start(std::mem::take(round));
        }
    }
    by_kind.into_values().filter(|round| !round.is_empty()).for_each(start);
}

/// An inbox is called once until it is served, so there are never more rounds than listeners.
#[expect(clippy::disallowed_methods, reason = "a round is short, and a panic in it ends the process")]
fn start(round: Vec<Arc<Inbox>>) {
    tokio::spawn(abort_on_panic("round", async move {
        for (served, inbox) in round.iter().enumerate() {
            if served > 0 && served % AT_ONCE == 0 {
                yield_now().await;
            }
            serve(inbox).await;
        }
    }));
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
