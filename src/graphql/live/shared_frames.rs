//! The cache of frames that are executed once and shared. A notification's frames are stored with it, for clients who
//! read it later; the oldest frames are evicted beyond [`limits::SHARED_BYTES`] and executed again if needed.
//!
//! ```text
//! notification ── SharedFrames: shape A -> Payload(bytes)
//!                               shape B -> Expiring(bytes, until)
//!                               shape C -> AsksForViewer: not shareable
//!                               at most 64 shapes; one that more users share replaces the least used
//! FrameEviction: (notification, shape, size), oldest first, SHARED_BYTES in all
//! ```

use std::collections::hash_map::Entry as Occupancy;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OnceCell;

use crate::clock::Timestamp;
use crate::graphql::Json;
use crate::id::UserId;
use crate::limits;

/// The frames of one notification, by shape.
#[derive(Default)]
pub(in crate::graphql) struct SharedFrames(Mutex<Vec<ShapeFrame>>);

/// The identity of a shape of subscriptions, compared by address.
pub(in crate::graphql) type ShapeKey = Arc<ShapeUsage>;

/// How many users have subscriptions of a shape.
#[derive(Default)]
pub(in crate::graphql) struct ShapeUsage {
    /// The number of subscriptions of each user.
    people: Mutex<HashMap<UserId, usize>>,
    /// The number of users.
    count: AtomicUsize,
}

/// Counts one subscription of a shape until it is dropped.
pub(in crate::graphql) struct ShapeUse {
    shape: ShapeKey,
    user: UserId,
}

/// The cell for the frame of one shape.
type ShapeFrame = (Weak<ShapeUsage>, Arc<OnceCell<SharedFrame>>);

/// Shapes for which a notification stores frames. Frames of others, with the fewest users, are executed each time.
const SHAPES_PER_NOTIFICATION: usize = 64;

/// The result of an execution without a viewer.
pub(in crate::graphql) enum SharedFrame {
    /// The payload of the frame; `None` if the subscription delivers nothing for it.
    Payload(Option<Json>),
    /// The same, valid until this time, because it contains something that expires, such as an image's URL.
    Expiring(Option<Json>, Timestamp),
    /// It depends on the viewer.
    AsksForViewer,
}

impl SharedFrames {
    /// The cell for the frame of a shape. It is stored unless there are too many shapes with more users.
    pub(in crate::graphql) fn cell(&self, shape: &ShapeKey) -> Arc<OnceCell<SharedFrame>> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, cell)) = made.iter().find(|(of, _)| of.as_ptr() == Arc::as_ptr(shape)) {
            return Arc::clone(cell);
        }
        let cell = Arc::new(OnceCell::new());
        if made.len() < SHAPES_PER_NOTIFICATION {
            made.push((Arc::downgrade(shape), Arc::clone(&cell)));
        } else if let Some(least) = least_used(&made, shape) {
            made[least] = (Arc::downgrade(shape), Arc::clone(&cell));
        }
        cell
    }

    /// Whether the frame of a shape would be stored.
    pub(in crate::graphql) fn keeps(&self, shape: &ShapeKey) -> bool {
        let made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.len() < SHAPES_PER_NOTIFICATION
            || made.iter().any(|(of, _)| of.as_ptr() == Arc::as_ptr(shape))
            || least_used(&made, shape).is_some()
    }

    fn evict(&self, shape: &Weak<ShapeUsage>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(of, _)| !of.ptr_eq(shape));
    }
}

/// The shape to replace by this one: the one with the fewest users, if it has fewer. So one user cannot evict the
/// frames that many share by creating shapes.
fn least_used(made: &[ShapeFrame], shape: &ShapeKey) -> Option<usize> {
    let people = |(shape, _): &ShapeFrame| shape.upgrade().map_or(0, |shape| shape.count.load(Ordering::Relaxed));
    let (least, count) = made.iter().map(people).enumerate().min_by_key(|(_, people)| *people)?;
    (count < shape.count.load(Ordering::Relaxed)).then_some(least)
}

impl ShapeUse {
    pub(in crate::graphql) fn new(shape: &ShapeKey, user: UserId) -> Self {
        let mut people = shape.people.lock().unwrap_or_else(PoisonError::into_inner);
        *people.entry(user).or_default() += 1;
        shape.count.store(people.len(), Ordering::Relaxed);
        Self { shape: Arc::clone(shape), user }
    }
}

impl Drop for ShapeUse {
    fn drop(&mut self) {
        let mut people = self.shape.people.lock().unwrap_or_else(PoisonError::into_inner);
        if let Occupancy::Occupied(mut subscriptions) = people.entry(self.user) {
            *subscriptions.get_mut() -= 1;
            if *subscriptions.get() == 0 {
                subscriptions.remove();
            }
        }
        self.shape.count.store(people.len(), Ordering::Relaxed);
    }
}

impl SharedFrame {
    /// Its approximate size in memory, including the overhead.
    pub(in crate::graphql) fn bytes(&self) -> usize {
        const OVERHEAD: usize = 256;
        OVERHEAD
            + match self {
                Self::Payload(payload) | Self::Expiring(payload, _) => payload.as_ref().map_or(0, |json| json.len()),
                Self::AsksForViewer => 0,
            }
    }
}

/// Bounds the bytes of all cached frames.
#[derive(Default)]
pub(in crate::graphql) struct FrameEviction(Mutex<EvictionQueue>);

#[derive(Default)]
struct EvictionQueue {
    oldest_first: VecDeque<EvictionEntry>,
    bytes: usize,
}

struct EvictionEntry {
    frames: Weak<SharedFrames>,
    shape: Weak<ShapeUsage>,
    bytes: usize,
}

impl FrameEviction {
    /// Counts a new frame, and evicts the oldest frames beyond the bound.
    pub(in crate::graphql) fn add(&self, frames: &Arc<SharedFrames>, shape: &ShapeKey, bytes: usize) {
        let mut evicted = Vec::new();
        {
            let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            queue.bytes += bytes;
            queue.oldest_first.push_back(EvictionEntry {
                frames: Arc::downgrade(frames),
                shape: Arc::downgrade(shape),
                bytes,
            });
            while queue.bytes > limits::SHARED_BYTES
                && let Some(oldest) = queue.oldest_first.pop_front()
            {
                queue.bytes -= oldest.bytes;
                evicted.push(oldest);
            }
        }
        for EvictionEntry { frames, shape, .. } in evicted {
            if let Some(frames) = frames.upgrade() {
                frames.evict(&shape);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(eviction: &FrameEviction, made: &Arc<SharedFrames>, shape: &ShapeKey, bytes: usize) {
        let cell = made.cell(shape);
        assert!(cell.set(SharedFrame::Payload(Some("x".repeat(bytes).into()))).is_ok(), "it was stored before");
        eviction.add(made, shape, bytes);
    }

    #[test]
    fn the_oldest_frames_are_evicted_first() {
        let (eviction, shape) = (FrameEviction::default(), ShapeKey::default());
        let events: Vec<Arc<SharedFrames>> = (0..3).map(|_| Arc::default()).collect();

        for event in &events {
            store(&eviction, event, &shape, limits::SHARED_BYTES / 2);
        }

        let is_kept: Vec<bool> = events.iter().map(|made| made.cell(&shape).initialized()).collect();
        assert_eq!(is_kept, [false, true, true]);
    }

    #[test]
    fn a_frame_beyond_the_bound_is_delivered_but_not_cached() {
        let (eviction, shape) = (FrameEviction::default(), ShapeKey::default());
        let made: Arc<SharedFrames> = Arc::default();
        let cell = made.cell(&shape);

        store(&eviction, &made, &shape, limits::SHARED_BYTES + 1);

        assert!(cell.initialized() && !made.cell(&shape).initialized());
    }

    #[test]
    fn frames_that_many_share_stay_however_many_shapes_one_user_has() {
        let made = SharedFrames::default();
        let own: Vec<ShapeKey> = (0..SHAPES_PER_NOTIFICATION + 10).map(|_| ShapeKey::default()).collect();
        let ada = UserId::new();
        // However many subscriptions she has of each.
        let _hers: Vec<_> = own.iter().chain(&own).map(|shape| ShapeUse::new(shape, ada)).collect();
        let cells: Vec<_> = own.iter().map(|shape| made.cell(shape)).collect();
        let is_kept = |shape: &ShapeKey, cell: &Arc<OnceCell<SharedFrame>>| Arc::ptr_eq(&made.cell(shape), cell);
        assert_eq!(
            own.iter().zip(&cells).filter(|(shape, cell)| is_kept(shape, cell)).count(),
            SHAPES_PER_NOTIFICATION
        );

        let shared = ShapeKey::default();
        let users = [ada, UserId::new()].map(|user| ShapeUse::new(&shared, user));
        assert!(made.keeps(&shared));
        let cell = made.cell(&shared);

        assert!(is_kept(&shared, &cell) && !made.keeps(&own[SHAPES_PER_NOTIFICATION]));
        assert_eq!(
            own.iter().zip(&cells).filter(|(shape, cell)| is_kept(shape, cell)).count(),
            SHAPES_PER_NOTIFICATION - 1
        );
        drop(users);
        assert_eq!(shared.count.load(Ordering::Relaxed), 0);
    }
}
