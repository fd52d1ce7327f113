//! Events: facts that are committed, each at a position of the feed.

use std::sync::{Arc, Once};

pub use crate::entity::feed_event::EventKind;
use crate::entity::feed_event::{LoggedKind, Model};
use crate::entity::message;
use crate::feed::cursor::{Cursor, Position};
use crate::id::{ConversationId, MessageId, UserId};
use crate::shared_cell::SharedCell;

/// The people an event is delivered to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Those who are in the conversation at the event's position.
    Conversation(ConversationId),
    /// One person, on all devices.
    Person(UserId),
    /// Those who are in one of the conversations, and the person themself.
    Contacts {
        /// The person.
        person: UserId,
        /// What they are in.
        conversations: Arc<[ConversationId]>,
    },
}

/// An event before it has a position.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// What happened.
    pub kind: EventKind,
    /// The people it is delivered to.
    pub audience: Audience,
    /// The conversation it happened in.
    pub conversation: Option<ConversationId>,
    /// The person it is about; for a conversation's events, the one whose doing it is.
    pub user: Option<UserId>,
    /// The message it is about.
    pub message: Option<MessageId>,
    /// The message as it was committed, so that it need not be read again on this node.
    pub row: Option<Arc<message::Model>>,
    /// What cannot be read elsewhere later: see [`Model::detail`].
    pub detail: Option<Arc<str>>,
    /// Whether the person it is about has left for good, with all that earlier events may show of them.
    pub erases: bool,
}

impl NewEvent {
    /// An event about a conversation; add to it what else it is about.
    pub fn new(kind: EventKind, audience: Audience) -> Self {
        let conversation = match audience {
            Audience::Conversation(id) => Some(id),
            Audience::Person(_) | Audience::Contacts { .. } => None,
        };
        Self { kind, audience, conversation, user: None, message: None, row: None, detail: None, erases: false }
    }

    /// Whether a replay has only the newest event of its kind about its conversation and person, as the log's statement
    /// has it.
    pub(super) fn is_replaced_by_newer(&self) -> bool {
        matches!(self.kind, EventKind::ReadMarkMoved | EventKind::HistoryTrimmed)
    }

    /// The seq before which the messages of its conversation were deleted by their age, if it says that.
    pub fn trimmed_before(&self) -> Option<i32> {
        let detail = self.detail.as_ref().filter(|_| self.kind == EventKind::HistoryTrimmed);
        // Written as a number only; a damaged row says nothing.
        detail.and_then(|detail| detail.parse().ok())
    }
}

/// An event at its position.
#[derive(Debug)]
pub struct Event {
    /// Its position, and what to resume from after it.
    pub cursor: Cursor,
    /// What happened, to whom it is delivered, and what it is about.
    pub fact: NewEvent,
    /// What is made of the event once and shared by all of its listeners.
    pub shared: SharedCell,
}

impl Event {
    /// Gives an event its position.
    pub fn new(cursor: Cursor, fact: NewEvent) -> Self {
        Self { cursor, fact, shared: SharedCell::default() }
    }

    /// An event as the log has it. The log lacks the conversations of [`Audience::Contacts`]: they come as `contacts`.
    /// One of a kind that this version does not know is at its position, and is for nobody.
    pub fn from_log(row: Model, contacts: Arc<[ConversationId]>) -> Self {
        let kind = row.kind.known();
        if kind.is_none() {
            note_unknown(row.kind);
        }
        let audience = match (kind, row.recipient_id, row.conversation_id, row.user_id) {
            (Some(_), Some(person), _, _) => Some(Audience::Person(person)),
            (Some(_), None, Some(conversation), _) => Some(Audience::Conversation(conversation)),
            (Some(_), None, None, Some(person)) => Some(Audience::Contacts { person, conversations: contacts }),
            (Some(_), None, None, None) | (None, ..) => None,
        };
        // No person and no conversations.
        let audience = audience.unwrap_or(Audience::Contacts { person: UserId::new(), conversations: Arc::new([]) });
        let fact = NewEvent {
            kind: kind.unwrap_or(EventKind::Origin),
            audience,
            conversation: row.conversation_id,
            user: row.user_id,
            message: row.message_id,
            row: None,
            detail: row.detail.map(Arc::from),
            erases: false,
        };
        Self::new(Cursor::of_row(row.position, row.nonce), fact)
    }

    /// Its position.
    pub fn position(&self) -> Position {
        self.cursor.position
    }

    /// Who joins the conversation by it.
    pub(super) fn joins(&self) -> Option<UserId> {
        if self.fact.kind == EventKind::ConversationAdded { self.recipient() } else { None }
    }

    /// Who leaves the conversation by it.
    pub(super) fn leaves(&self) -> Option<UserId> {
        if self.fact.kind == EventKind::ConversationRemoved { self.recipient() } else { None }
    }

    /// The one person it is delivered to, if it is for one alone.
    pub fn recipient(&self) -> Option<UserId> {
        match self.fact.audience {
            Audience::Person(user) => Some(user),
            Audience::Conversation(_) | Audience::Contacts { .. } => None,
        }
    }
}

/// Logs a kind that this version does not know: once, as there may be many events of it.
fn note_unknown(LoggedKind(kind): LoggedKind) {
    static NOTED: Once = Once::new();
    NOTED.call_once(|| {
        tracing::debug!(
            event.kind = kind,
            "the log has events of the kind {kind}, which a later version knows: they are for nobody here"
        );
    });
}
