//! The index of messages by their words, as each database has it. It proposes messages; [`Hits`](super::hits::Hits) checks
//! them.
//!
//! On PostgreSQL the same words go into a `tsvector` of the configuration `simple`, under a GIN index (without
//! `fastupdate`, whose list is searched whole), and the same terms into a `tsquery`: `'019b…hel':* & '019b…日本'`.

mod fts5;

use std::ops::Range;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};

#[cfg(feature = "fuzzing")]
pub(super) use fts5::hits::expression;

use crate::db::{Dialect, Tx};
use crate::entity::message;
use crate::feed::Position;
use crate::id::{ConversationId, UserId};
use crate::search::words::Term;

/// An index.
#[derive(Clone, Copy)]
pub(super) enum Index {
    /// SQLite's.
    Fts5,
}

/// Which messages to propose.
pub(super) struct Wanted<'a> {
    /// They have all of these words.
    pub(super) terms: &'a [Term],
    /// They are in one of these conversations.
    pub(super) conversations: &'a [ConversationId],
    /// Who is in the conversation now.
    pub(super) viewer: UserId,
}

impl Index {
    /// The index that a database has.
    pub(super) fn of(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Sqlite => Self::Fts5,
        }
    }

    /// Whether there is something to index.
    pub(super) async fn is_behind(self, db: &impl ConnectionTrait) -> Result<bool, DbErr> {
        match self {
            Self::Fts5 => fts5::maintain::is_behind(db).await,
        }
    }

    /// Whether former texts of messages are still to be removed.
    pub(super) async fn has_former_texts(self, db: &impl ConnectionTrait) -> Result<bool, DbErr> {
        match self {
            Self::Fts5 => fts5::maintain::has_former_texts(db).await,
        }
    }

    /// Indexes the next messages, and updates indexed messages that have changed. A damaged index is rebuilt.
    pub(super) async fn go_on(self, tx: &Tx, is_damaged: bool) -> Result<(), DbErr> {
        match self {
            Self::Fts5 => fts5::maintain::go_on(tx, is_damaged).await,
        }
    }

    /// The newest candidates in a range of positions, the newest first.
    pub(super) async fn page(
        self,
        db: &DatabaseConnection,
        wanted: &Wanted<'_>,
        range: Range<Position>,
        size: usize,
    ) -> Result<Vec<message::Model>, DbErr> {
        match self {
            Self::Fts5 => fts5::hits::page(db, wanted, range, size).await,
        }
    }
}
