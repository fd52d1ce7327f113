//! The whole program without its interfaces: what GraphQL, the operator's commands and the seed work with.

use crate::accounts::Accounts;
use crate::app::App;
use crate::consumers::Consumers;
use crate::erasure::Erasure;
use crate::exports::Exports;
use crate::images::Images;
use crate::messages::{Reactions, ReadMarks};
use crate::presence::PresenceTracker;
use crate::search::Search;
use crate::typing::Typing;

/// Every slice with its running state. Clones share it.
#[derive(Clone)]
pub struct Program {
    /// The database, the feed, the clock and the settings.
    pub app: App,
    /// Image processing and storage.
    pub images: Images,
    /// Sign-in and sessions.
    pub accounts: Accounts,
    /// Positions in the feed that the server keeps.
    pub consumers: Consumers,
    /// Who is online.
    pub presence: PresenceTracker,
    /// Reactions to messages, those of a moment together.
    pub reactions: Reactions,
    /// Read marks, debounced.
    pub read_marks: ReadMarks,
    /// The full-text search of messages.
    pub search: Search,
    /// Who is typing.
    pub typing: Typing,
    /// Archives of people's own data.
    pub exports: Exports,
    /// The erasure of accounts.
    pub erasure: Erasure,
}
