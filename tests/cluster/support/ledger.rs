//! Every send's call and its answer, recorded outside of the nodes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Log, Message};

/// The messages that were tried, and their answers. Clones share it.
#[derive(Clone, Default)]
pub struct Ledger(Arc<Mutex<HashMap<String, Entry>>>);

struct Entry {
    called: Instant,
    answer: Option<Value>,
    took: Duration,
}

impl Ledger {
    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.0.lock().expect("no panic")
    }

    /// A message is sent for the first time.
    pub fn called(&self, message: &Message) {
        let entry = Entry { called: Instant::now(), answer: None, took: Duration::ZERO };
        self.entries().insert(message.id.clone(), entry);
    }

    /// A message was answered.
    pub fn answered(&self, message: &Message, answer: Value) {
        let mut entries = self.entries();
        let entry = entries.get_mut(&message.id).expect("it was called");
        entry.took = entry.called.elapsed();
        entry.answer = Some(answer);
    }

    /// How many were answered so far.
    pub fn count(&self) -> usize {
        self.entries().values().filter(|entry| entry.answer.is_some()).count()
    }

    /// How long the slowest answer took, with all tries.
    pub fn slowest(&self) -> Duration {
        self.entries().values().map(|entry| entry.took).max().unwrap_or_default()
    }

    /// Every answered message is in the database once and as it was answered, and nothing is there that nobody sent.
    /// What was not answered may be there or not.
    pub fn is_kept_by(&self, log: &Log) {
        let entries = self.entries();
        let (mut lost, mut changed) = (Vec::new(), Vec::new());
        for (id, entry) in entries.iter() {
            let Some(answer) = &entry.answer else { continue };
            match log.messages.get(id) {
                None => lost.push(id),
                Some((seq, place)) if answer["seq"] == *seq && answer["conversationId"] == **place => {}
                Some(_) => changed.push(id),
            }
        }
        let unexpected: Vec<&String> = log.messages.keys().filter(|id| !entries.contains_key(*id)).collect();
        let all = (lost.len(), changed.len(), unexpected.len());
        assert_eq!(all, (0, 0, 0), "lost {lost:?}, not as answered {changed:?}, unexpected {unexpected:?}");
    }
}
