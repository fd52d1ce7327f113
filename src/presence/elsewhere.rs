//! Follows who is online on other nodes.

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use super::{PresenceTracker, last_seen};
use crate::bus::Signal;
use crate::nodes::Elsewhere;

impl PresenceTracker {
    pub(super) async fn follow_nodes(&self, mut moved: mpsc::Receiver<Vec<Elsewhere>>) {
        let mut signals = self.app.bus.subscribe();
        loop {
            tokio::select! {
                Some(moved) = moved.recv() => self.take_in(moved),
                signal = signals.recv() => match signal {
                    Ok(Signal::Erased(user)) => self.go_offline(user.into()),
                    Ok(Signal::Blocked { one, other }) => self.block_changed(one.into(), other.into()).await,
                    // Their sockets close with their sessions in any case.
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                },
            }
        }
    }

    /// Takes in who came to other nodes and who is gone from all of them.
    fn take_in(&self, moved: Vec<Elsewhere>) {
        let mut state = self.lock();
        for (user, is_elsewhere) in moved {
            match is_elsewhere {
                true => state.elsewhere.insert(user),
                false => state.elsewhere.remove(&user),
            };
            if !state.is_here(user) {
                let at = self.publish(&mut state, user, is_elsewhere);
                // The other node has written it, unless it died: one node does then.
                if !is_elsewhere && self.app.leader.is_here() {
                    self.app.feed.append_or_drop(last_seen::Seen { user, at });
                }
            }
        }
    }
}
