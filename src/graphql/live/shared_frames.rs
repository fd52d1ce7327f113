//! What was made once for everybody of the things that happened. It is kept with them for those who come back, within a
//! bound: what was made first goes first, and is made anew where somebody still asks for it.

use std::collections::hash_map::Entry as Occupancy;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OnceCell;

use crate::clock::Timestamp;
use crate::graphql::Json;
use crate::id::UserId;
use crate::limits;

/// What is kept with something that happened: for each shape the bytes of its frame.
#[derive(Default)]
pub(in crate::graphql) struct SharedFrames(Mutex<Vec<ShapeFrame>>);

/// A shape of subscriptions, as far as it matters here: itself, and no other.
pub(in crate::graphql) type ShapeKey = Arc<ShapeUsage>;

/// See [`ShapeKey`].
#[derive(Default)]
pub(in crate::graphql) struct ShapeUsage {
    /// Who subscribes to it, and with how many subscriptions.
    people: Mutex<HashMap<UserId, usize>>,
    /// How many people that are.
    count: AtomicUsize,
}

/// One subscription of a shape, counted until it is dropped.
pub(in crate::graphql) struct ShapeUse {
    shape: ShapeKey,
    user: UserId,
}

/// A shape, and what came of its execution.
type ShapeFrame = (Weak<ShapeUsage>, Arc<OnceCell<SharedFrame>>);

/// More shapes than this of one event are not kept but made anew: those that the fewest people use.
const SHAPES_KEPT: usize = 64;

/// What came of an execution for everybody.
pub(in crate::graphql) enum SharedFrame {
    /// The frame's payload; `None` where there is nothing to tell.
    Payload(Option<Json>),
    /// The same, for those who come before this time: there is something in it that perishes, such as an image's address.
    Expiring(Option<Json>, Timestamp),
    /// It depends on who looks.
    AsksForViewer,
}

impl SharedFrames {
    /// Where what is made for a shape is kept.
    pub(in crate::graphql) fn cell(&self, shape: &ShapeKey) -> Arc<OnceCell<SharedFrame>> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, cell)) = made.iter().find(|(of, _)| of.as_ptr() == Arc::as_ptr(shape)) {
            return Arc::clone(cell);
        }
        let cell = Arc::new(OnceCell::new());
        if made.len() < SHAPES_KEPT {
            made.push((Arc::downgrade(shape), Arc::clone(&cell)));
        } else if let Some(least) = least_used(&made, shape) {
            made[least] = (Arc::downgrade(shape), Arc::clone(&cell));
        }
        cell
    }

    /// Whether what is made for a shape is kept.
    pub(in crate::graphql) fn keeps(&self, shape: &ShapeKey) -> bool {
        let made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.len() < SHAPES_KEPT
            || made.iter().any(|(of, _)| of.as_ptr() == Arc::as_ptr(shape))
            || least_used(&made, shape).is_some()
    }

    fn forget(&self, shape: &Weak<ShapeUsage>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(of, _)| !of.ptr_eq(shape));
    }
}

/// Which one makes room for a shape: the one that the fewest people use, if those are fewer. So nobody can drive out
/// what many share by shapes of their own.
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
    /// What it takes in memory, with what is around it.
    pub(in crate::graphql) fn bytes(&self) -> usize {
        const AROUND: usize = 256;
        AROUND
            + match self {
                Self::Payload(payload) | Self::Expiring(payload, _) => payload.as_ref().map_or(0, |json| json.len()),
                Self::AsksForViewer => 0,
            }
    }
}

/// Everything that is kept.
#[derive(Default)]
pub(in crate::graphql) struct FrameEviction(Mutex<EvictionQueue>);

#[derive(Default)]
struct EvictionQueue {
    oldest_first: VecDeque<EvictionEntry>,
    bytes: usize,
}

struct EvictionEntry {
    made: Weak<SharedFrames>,
    shape: Weak<ShapeUsage>,
    bytes: usize,
}

impl FrameEviction {
    /// Counts something that was made; what is too much now is forgotten, the oldest first.
    pub(in crate::graphql) fn add(&self, made: &Arc<SharedFrames>, shape: &ShapeKey, bytes: usize) {
        let mut forgotten = Vec::new();
        {
            let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            queue.bytes += bytes;
            queue.oldest_first.push_back(EvictionEntry {
                made: Arc::downgrade(made),
                shape: Arc::downgrade(shape),
                bytes,
            });
            while queue.bytes > limits::SHARED_BYTES
                && let Some(oldest) = queue.oldest_first.pop_front()
            {
                queue.bytes -= oldest.bytes;
                forgotten.push(oldest);
            }
        }
        for EvictionEntry { made, shape, .. } in forgotten {
            if let Some(made) = made.upgrade() {
                made.forget(&shape);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(kept: &FrameEviction, made: &Arc<SharedFrames>, shape: &ShapeKey, bytes: usize) {
        let cell = made.cell(shape);
        assert!(cell.set(SharedFrame::Payload(Some("x".repeat(bytes).into()))).is_ok(), "it was made before");
        kept.add(made, shape, bytes);
    }

    #[test]
    fn what_is_too_much_goes_the_oldest_first() {
        let (kept, shape) = (FrameEviction::default(), ShapeKey::default());
        let events: Vec<Arc<SharedFrames>> = (0..3).map(|_| Arc::default()).collect();

        for event in &events {
            keep(&kept, event, &shape, limits::SHARED_BYTES / 2);
        }

        let is_kept: Vec<bool> = events.iter().map(|made| made.cell(&shape).initialized()).collect();
        assert_eq!(is_kept, [false, true, true]);
    }

    #[test]
    fn what_can_not_be_kept_at_all_is_given_all_the_same() {
        let (kept, shape) = (FrameEviction::default(), ShapeKey::default());
        let made: Arc<SharedFrames> = Arc::default();
        let cell = made.cell(&shape);

        keep(&kept, &made, &shape, limits::SHARED_BYTES + 1);

        assert!(cell.initialized() && !made.cell(&shape).initialized());
    }

    #[test]
    fn what_many_people_share_is_kept_however_many_shapes_one_has() {
        let made = SharedFrames::default();
        let own: Vec<ShapeKey> = (0..SHAPES_KEPT + 10).map(|_| ShapeKey::default()).collect();
        let ada = UserId::new();
        // However many subscriptions she has of each.
        let _hers: Vec<_> = own.iter().chain(&own).map(|shape| ShapeUse::new(shape, ada)).collect();
        let cells: Vec<_> = own.iter().map(|shape| made.cell(shape)).collect();
        let is_kept = |shape: &ShapeKey, cell: &Arc<OnceCell<SharedFrame>>| Arc::ptr_eq(&made.cell(shape), cell);
        assert_eq!(own.iter().zip(&cells).filter(|(shape, cell)| is_kept(shape, cell)).count(), SHAPES_KEPT);

        let shared = ShapeKey::default();
        let users = [ada, UserId::new()].map(|user| ShapeUse::new(&shared, user));
        assert!(made.keeps(&shared));
        let cell = made.cell(&shared);

        assert!(is_kept(&shared, &cell) && !made.keeps(&own[SHAPES_KEPT]));
        assert_eq!(own.iter().zip(&cells).filter(|(shape, cell)| is_kept(shape, cell)).count(), SHAPES_KEPT - 1);
        drop(users);
        assert_eq!(shared.count.load(Ordering::Relaxed), 0);
    }
}
