//! A semaphore that is fair between people: it limits the turns at the same time, in all and for each person. In the
//! queue for all places a person has at most their share, so a person with one job does not wait behind another one's
//! thousand.
//!
//! It is two semaphores, both first in, first out. A job first waits for one of its own person's places, then for one of
//! all places. So the queue for all places holds at most a share of each person, and each next job joins its end:
//!
//! ```text
//! ada: a4 a5 a6 … ─▶ a2 a3 ─┐
//! bob:               b1     ├─▶ queued: a2 b1 a3 … ─▶ running: a1 c1 …
//! ```
//!
//! A future that is dropped while it waits leaves the queue, and a dropped turn is released.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Error;

/// The bounds on running and waiting jobs. Beyond them a job is refused with [`LineFull`].
#[derive(Clone, Copy, Debug)]
pub struct TurnBounds {
    /// Running jobs, in all.
    pub at_once: usize,
    /// Running jobs of one person.
    pub at_once_per_person: usize,
    /// Waiting jobs, in all.
    pub waiting: usize,
    /// Waiting jobs of one person.
    pub waiting_per_person: usize,
}

impl TurnBounds {
    /// The same bounds in all, without bounds for each person: for a server without rate limits.
    #[must_use]
    pub fn without_shares(self) -> Self {
        Self { at_once_per_person: self.at_once, waiting_per_person: self.waiting, ..self }
    }
}

/// Too many jobs are waiting: of this person, or in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineFull;

impl From<LineFull> for Error {
    fn from(LineFull: LineFull) -> Self {
        Self::unavailable()
    }
}

/// The semaphore. `K` identifies the person a job belongs to. Clones share it.
pub(crate) struct FairTurns<K>(Arc<TurnsInner<K>>);

struct TurnsInner<K> {
    bounds: TurnBounds,
    all: Arc<Semaphore>,
    jobs: Mutex<Jobs<K>>,
}

struct Jobs<K> {
    /// Waiting and running jobs.
    count: usize,
    /// The people with at least one job.
    by_person: HashMap<K, PersonJobs>,
}

struct PersonJobs {
    count: usize,
    places: Arc<Semaphore>,
}

/// One of a person's own places. Its holder may wait for something before [`begin`](Self::begin): that delays only
/// other jobs of the same person.
pub(crate) struct OwnTurn<K: Hash + Eq> {
    // In the order in which they are given back.
    _own: OwnedSemaphorePermit,
    counted: CountedJob<K>,
}

/// A turn, released when it is dropped.
pub(crate) struct Turn<K: Hash + Eq> {
    // In the order in which they are given back.
    _all: OwnedSemaphorePermit,
    _own: OwnTurn<K>,
}

/// A job that is counted until it is dropped.
struct CountedJob<K: Hash + Eq> {
    inner: Arc<TurnsInner<K>>,
    person: K,
}

impl<K> Clone for FairTurns<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Hash + Eq + Clone> FairTurns<K> {
    /// Turns within these bounds.
    #[must_use]
    pub(crate) fn new(bounds: TurnBounds) -> Self {
        let all = Arc::new(Semaphore::new(bounds.at_once));
        let jobs = Mutex::new(Jobs { count: 0, by_person: HashMap::new() });
        Self(Arc::new(TurnsInner { bounds, all, jobs }))
    }

    /// Waits for a turn of this person.
    pub(crate) async fn enter(&self, person: &K) -> Result<Turn<K>, LineFull> {
        Ok(self.line_up(person).await?.begin().await)
    }

    /// Waits for one of the person's own places.
    pub(crate) async fn line_up(&self, person: &K) -> Result<OwnTurn<K>, LineFull> {
        let (counted, places) = self.count(person)?;
        let own = places.acquire_owned().await.expect(NEVER_CLOSED);
        Ok(OwnTurn { _own: own, counted })
    }

    /// One of the person's own places, if one is free.
    #[must_use]
    pub(crate) fn try_line_up(&self, person: &K) -> Option<OwnTurn<K>> {
        let (counted, places) = self.count(person).ok()?;
        let own = places.try_acquire_owned().ok()?;
        Some(OwnTurn { _own: own, counted })
    }

    fn count(&self, person: &K) -> Result<(CountedJob<K>, Arc<Semaphore>), LineFull> {
        let bounds = &self.0.bounds;
        let mut jobs = self.0.lock();
        if jobs.count >= bounds.at_once.saturating_add(bounds.waiting) {
            return Err(LineFull);
        }
        let most = bounds.at_once_per_person.saturating_add(bounds.waiting_per_person);
        let new = || PersonJobs { count: 0, places: Arc::new(Semaphore::new(bounds.at_once_per_person)) };
        let own = jobs.by_person.entry(person.clone()).or_insert_with(new);
        if own.count >= most {
            return Err(LineFull);
        }
        own.count += 1;
        let places = Arc::clone(&own.places);
        jobs.count += 1;
        drop(jobs);
        Ok((CountedJob { inner: Arc::clone(&self.0), person: person.clone() }, places))
    }
}

const NEVER_CLOSED: &str = "this semaphore is never closed";

impl<K: Hash + Eq> OwnTurn<K> {
    /// Waits for one of all places.
    pub(crate) async fn begin(self) -> Turn<K> {
        let all = Arc::clone(&self.counted.inner.all).acquire_owned().await.expect(NEVER_CLOSED);
        Turn { _all: all, _own: self }
    }
}

impl<K: Hash + Eq> Drop for CountedJob<K> {
    fn drop(&mut self) {
        let mut jobs = self.inner.lock();
        jobs.count -= 1;
        if let Some(own) = jobs.by_person.get_mut(&self.person) {
            own.count -= 1;
            if own.count == 0 {
                jobs.by_person.remove(&self.person);
            }
        }
    }
}

impl<K> TurnsInner<K> {
    fn lock(&self) -> MutexGuard<'_, Jobs<K>> {
        // No change to the jobs can panic halfway.
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
