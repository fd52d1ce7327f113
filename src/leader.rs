//! Which node does what only one has to do: trimming, purging, sweeping, collecting, POSTing to webhooks.

use std::sync::Arc;

use tokio::sync::watch;

/// Whether this node leads. Clones share it. For a moment two nodes can think so, and both do the same work: all of it is
/// idempotent, and goes through the feed's writer, which is one at a time.
#[derive(Clone, Debug)]
pub struct Leader(Arc<watch::Sender<bool>>);

impl Leader {
    /// A node that is alone leads from the start.
    pub fn new(is_alone: bool) -> Self {
        Self(Arc::new(watch::Sender::new(is_alone)))
    }

    /// Sets whether this node leads.
    pub fn set(&self, leads: bool) {
        self.0.send_if_modified(|before| std::mem::replace(before, leads) != leads);
    }

    /// Whether this node leads now.
    pub fn is_here(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until this node does not lead.
    pub async fn is_elsewhere(&self) {
        // The sender lives as long as `self`.
        let _ = self.0.subscribe().wait_for(|leads| !*leads).await;
    }

    /// Waits until this node leads.
    pub async fn comes_here(&self) {
        // The sender lives as long as `self`.
        let _ = self.0.subscribe().wait_for(|leads| *leads).await;
    }
}
