//! The claims of this node: which of its subscriptions holds a consumer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{ConsumerKey, ConsumerName};
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::limits;

/// When a subscription was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// The claims of this node, one for a consumer.
#[derive(Default)]
pub(super) struct Claims {
    tickets: AtomicU64,
    held: Mutex<HashMap<ConsumerKey, HeldClaim>>,
}

struct HeldClaim {
    ticket: Ticket,
    handle: ClaimHandle,
}

/// The right to follow a consumer, until it is taken by a later subscription. Void when it is dropped.
pub struct Claim {
    claims: Arc<Claims>,
    handle: ClaimHandle,
}

/// What identifies a claim, for writing it.
#[derive(Clone, Debug)]
pub struct ClaimHandle {
    key: ConsumerKey,
    /// As the row names it.
    pub(super) id: Uuid,
    /// Cancelled when somebody else has the consumer, or the subscription has gone.
    void: CancellationToken,
    written: Arc<AtomicBool>,
}

impl Claims {
    pub(super) fn ticket(&self) -> Ticket {
        Ticket(self.tickets.fetch_add(1, Ordering::Relaxed))
    }

    /// Claims a consumer; the earlier claim ends. `None` if the one that is there is the later one.
    pub(super) fn enter(self: &Arc<Self>, key: ConsumerKey, ticket: Ticket) -> Option<Claim> {
        let mut held = self.lock();
        if held.get(&key).is_some_and(|held| held.ticket > ticket) {
            return None;
        }
        let (id, void, written) = (Uuid::now_v7(), CancellationToken::new(), Arc::default());
        let handle = ClaimHandle { key: key.clone(), id, void, written };
        if let Some(earlier) = held.insert(key, HeldClaim { ticket, handle: handle.clone() }) {
            earlier.handle.void.cancel();
        }
        Some(Claim { claims: Arc::clone(self), handle })
    }

    /// The claims that are written, of one person or of everybody.
    pub(super) fn written(&self, of: Option<UserId>) -> Vec<ClaimHandle> {
        let held = self.lock();
        let written = held.values().map(|held| &held.handle).filter(|handle| handle.written.load(Ordering::Acquire));
        written.filter(|handle| of.is_none_or(|user| handle.key.0 == user)).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ConsumerKey, HeldClaim>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim {
    /// What identifies it.
    pub fn handle(&self) -> ClaimHandle {
        self.handle.clone()
    }

    /// Waits until a later subscription takes the consumer.
    pub async fn taken(&self) {
        self.handle.void.cancelled().await;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.handle.void.cancel();
        let mut held = self.claims.lock();
        if held.get(&self.handle.key).is_some_and(|held| held.handle.id == self.handle.id) {
            held.remove(&self.handle.key);
        }
    }
}

impl ClaimHandle {
    /// The name of the consumer.
    pub fn name(&self) -> &ConsumerName {
        &self.key.1
    }

    pub(super) fn key(&self) -> &ConsumerKey {
        &self.key
    }

    /// `ConsumerTaken` if the claim in the row is of a later subscription, whose node wrote it first. A claim's id has the time
    /// of its node's clock. Of claims further apart than [`limits::CONSUMER_CLAIM_SKEW`], the one that is written later
    /// wins, so that a node whose clock is ahead does not keep a consumer for itself.
    pub(super) fn ensure_latest(&self, written: Option<Uuid>) -> Result<()> {
        let time = |id: Uuid| id.get_timestamp().map(|time| time.to_unix()).map(|(s, ns)| Duration::new(s, ns));
        let ahead = written.filter(|written| *written > self.id).and_then(|id| time(id)?.checked_sub(time(self.id)?));
        match ahead {
            Some(ahead) if ahead <= limits::CONSUMER_CLAIM_SKEW => Err(Error::ConsumerTaken),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether nobody follows by it any more: writing it would take the consumer from somebody who does.
    pub(super) fn is_void(&self) -> bool {
        self.void.is_cancelled()
    }

    /// The row names it from now on, until somebody else writes theirs.
    pub(super) fn is_written(&self) {
        self.written.store(true, Ordering::Release);
    }

    /// Somebody else has the consumer.
    pub(super) fn end(&self) {
        self.void.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ConsumerKey {
        (UserId::new(), ConsumerName::parse("name", "phone").expect("a name"))
    }

    #[test]
    fn the_later_ticket_wins_whoever_claims_first() {
        let (claims, key) = (Arc::<Claims>::default(), key());
        let (first, second) = (claims.ticket(), claims.ticket());
        let later = claims.enter(key.clone(), second).expect("nobody has it");
        assert!(claims.enter(key.clone(), first).is_none());
        assert!(!later.handle.is_void());

        let latest = claims.enter(key, claims.ticket()).expect("it is later");

        assert!(later.handle.is_void() && !latest.handle.is_void());
    }

    #[test]
    fn a_claim_that_is_gone_is_void_and_leaves_a_later_one_alone() {
        let (claims, key) = (Arc::<Claims>::default(), key());
        let earlier = claims.enter(key.clone(), claims.ticket()).expect("nobody has it");
        let later = claims.enter(key.clone(), claims.ticket()).expect("it is later");
        drop(earlier);
        later.handle().is_written();
        assert_eq!(claims.written(Some(key.0)).len(), 1);
        assert_eq!(claims.written(Some(UserId::new())).len(), 0);

        let handle = later.handle();
        drop(later);

        assert!(handle.is_void() && claims.written(None).is_empty());
    }
    #[test]
    fn of_claims_of_two_nodes_the_later_one_stays_whoever_writes_first() {
        let claims = Arc::<Claims>::default();
        let own = claims.enter(key(), claims.ticket()).expect("nobody has it").handle();
        let (seconds, _) = own.id.get_timestamp().expect("it has a time").to_unix();
        let of = |seconds| Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, 0));

        assert!(own.ensure_latest(None).is_ok() && own.ensure_latest(Some(own.id)).is_ok());
        assert!(own.ensure_latest(Some(of(seconds - 1))).is_ok());
        assert!(matches!(own.ensure_latest(Some(of(seconds + 1))), Err(Error::ConsumerTaken)));
        assert!(own.ensure_latest(Some(of(seconds + 60))).is_ok(), "that node's clock is wrong");
    }
}
