//! Read marks: how far each member has read. They only move forward, and each is published once a second at most.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use moka::sync::Cache;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use crate::app::App;
use crate::audit::AuditAction;
use crate::clock;
use crate::conversations::{self, Membership, Reference};
use crate::db::{self, Tx};
use crate::entity::{conversation, membership};
use crate::error::{Error, Result};
use crate::feed::{self, Audience, Change, EventKind, NewEvent, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{ConversationId, UserId};
use crate::limits;

/// Moves read marks, each once a second at most.
#[derive(Clone)]
pub struct ReadMarks {
    app: App,
    debounces: Cache<(UserId, ConversationId), Arc<MarkDebounce>>,
}

/// The debounce of one person's mark in one conversation.
struct MarkDebounce {
    /// The highest seq requested and not yet written.
    wanted: AtomicI32,
    /// When the mark may move again. Locked by the request that moves it.
    next: Mutex<Instant>,
}

impl ReadMarks {
    /// Creates the read marks service.
    pub fn new(app: App) -> Self {
        // Longer than any request waits. Evicting an entry only lets an event be published early.
        let debounces = Cache::builder().time_to_idle(10 * limits::READ_MARK_PACE).max_capacity(100_000).build();
        Self { app, debounces }
    }

    /// Moves a member's read mark forward to a seq, or to the newest message if that is less. Moves within the same
    /// second wait for its end and become one event.
    pub async fn mark(&self, member: &Membership, up_to: i32) -> Result<conversation::Model> {
        let (user, conversation) = (member.viewer().user(), member.conversation().id);
        if has_read(member, up_to) {
            return Ok(member.conversation().clone());
        }
        let new = || Arc::new(MarkDebounce { wanted: AtomicI32::new(0), next: Mutex::new(clock::instant()) });
        let debounce = self.debounces.get_with((user, conversation), new);
        debounce.wanted.fetch_max(up_to, Ordering::Relaxed);
        let mut next = debounce.next.lock().await;
        // The previous holder of the lock may have moved the mark for everyone who waited.
        let member = conversations::membership(&self.app, member.viewer(), Reference::Id(conversation)).await?;
        if has_read(&member, up_to) {
            return Ok(member.conversation().clone());
        }
        sleep_until(*next).await;
        *next = clock::instant() + limits::READ_MARK_PACE;
        let up_to = std::cmp::max(debounce.wanted.swap(0, Ordering::Relaxed), up_to);
        let record = member.viewer().record(AuditAction::ReadMarkMoved, conversation);
        self.app.feed.append_recorded(MarkRead { user, conversation, up_to }, record).await
    }
}

/// Whether a member's mark has reached the seq or the newest message, and they have not marked it as unread since.
fn has_read(member: &Membership, up_to: i32) -> bool {
    !member.is_marked_unread() && member.last_read_seq() >= std::cmp::min(up_to, member.conversation().last_seq)
}

pub(super) struct MarkRead {
    pub(super) user: UserId,
    pub(super) conversation: ConversationId,
    pub(super) up_to: i32,
}

/// A read mark to write.
pub(super) struct Mark {
    row: membership::Model,
    conversation: conversation::Model,
    is_published_to_all: bool,
    has_moved: bool,
    /// Whether they had marked it as unread, which goes.
    was_unread: bool,
}

impl Change for MarkRead {
    type Answer = conversation::Model;
    type Write = Mark;
    const RANK: Rank = Rank::ReadMarks;

    fn is_hot(&self) -> bool {
        true
    }

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let mut farthest: HashMap<(ConversationId, UserId), i32> = HashMap::new();
        for change in changes {
            let mark = farthest.entry((change.conversation, change.user)).or_insert(change.up_to);
            *mark = std::cmp::max(change.up_to, *mark);
        }
        let conversation_ids: HashSet<_> = farthest.keys().map(|(conversation, _)| *conversation).collect();
        let mut rows = db::own_memberships(tx, farthest.keys().copied()).await?;
        let known = db::conversations(tx, conversation_ids).await?;
        let known: HashMap<_, _> = known.into_iter().map(|row| (row.id, row)).collect();
        let counts = db::member_counts(tx, known.keys().copied()).await?;
        let mut plan = |change: &Self| {
            let key = (change.conversation, change.user);
            let row = rows.get_mut(&key).ok_or(Error::NotFound)?;
            let conversation = known.get(&change.conversation).ok_or(Error::NotFound)?.clone();
            let wanted = farthest.get(&key).copied().unwrap_or(change.up_to);
            let up_to = std::cmp::min(wanted, conversation.last_seq);
            let (has_moved, was_unread) = (up_to > row.last_read_seq, row.is_marked_unread);
            if !has_moved && !was_unread {
                return Ok(Plan::Done(conversation));
            }
            row.last_read_seq = std::cmp::max(up_to, row.last_read_seq);
            row.is_marked_unread = false;
            let members = counts.get(&change.conversation).copied().unwrap_or(0);
            let is_published_to_all = members <= limits::READ_MARKS_MEMBERS;
            let write = Mark { row: row.clone(), conversation, is_published_to_all, has_moved, was_unread };
            Ok(Plan::Write { write, events: usize::from(has_moved) + usize::from(was_unread) })
        };
        Ok(changes.iter().map(&mut plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Mark>>) -> Writes<Self> {
        let mut advanced = HashMap::new();
        let mut rows = HashMap::with_capacity(writes.len());
        let mut written = Vec::with_capacity(writes.len());
        for Placed { write, first } in writes {
            let Mark { row, conversation, is_published_to_all, has_moved, was_unread } = write;
            let audience = match is_published_to_all {
                true => Audience::Conversation(conversation.id),
                false => Audience::Person(row.user_id),
            };
            let event = NewEvent {
                conversation: Some(conversation.id),
                user: Some(row.user_id),
                ..NewEvent::new(EventKind::ReadMarkMoved, audience)
            };
            let unread = was_unread.then(|| conversations::membership_event(conversation.id, row.user_id));
            let events: Vec<NewEvent> = has_moved.then_some(event).into_iter().chain(unread).collect();
            let last_position = first.position + feed::positions(events.len()) - 1;
            advanced.insert(conversation.id, conversation::Model { last_position, ..conversation.clone() });
            written.push(Written { answer: conversation, events });
            rows.insert((row.conversation_id, row.user_id), row);
        }
        tx.move_read_marks(rows.into_values().collect()).await?;
        tx.set_last_positions(advanced.into_values().collect()).await?;
        Ok(written)
    }
}
