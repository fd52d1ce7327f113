//! The index of messages by their words, as each database has it. It proposes messages; [`Hits`](super::hits::Hits) checks
//! them.
//!
//! All have the same words, split by the same rules.

mod backlog;
mod fts5;
mod proposals;
mod tsvector;

use std::ops::Range;

use sea_orm::{ConnectionTrait, DbErr};

use crate::db::{Dialect, Reader, Tx};
use crate::entity::message;
use crate::feed::Position;
use crate::id::{ConversationId, UserId};
use crate::search::HitFilter;
use crate::search::words::Term;
use backlog::Entry;
use proposals::Language;

/// An index.
#[derive(Clone, Copy)]
pub(super) enum Index {
    /// SQLite's.
    Fts5,
    /// PostgreSQL's.
    Tsvector,
}

/// Which messages to propose.
pub(super) struct Wanted<'a> {
    /// They have all of these words.
    pub(super) terms: &'a [Term],
    /// They are in one of these conversations.
    pub(super) conversations: &'a [ConversationId],
    /// Who is in the conversation now.
    pub(super) viewer: UserId,
    /// What else is true of them.
    pub(super) filter: &'a HitFilter,
}

impl Index {
    /// The index that a database has.
    pub(super) fn of(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Sqlite => Self::Fts5,
            Dialect::Postgres => Self::Tsvector,
        }
    }

    /// Whether there is something to index, up to a position.
    pub(super) async fn is_behind(self, db: &impl ConnectionTrait, head: Position) -> Result<bool, DbErr> {
        backlog::is_behind(db, head).await
    }

    /// Whether former texts of messages are still to be removed.
    pub(super) async fn has_former_texts(self, db: &impl ConnectionTrait) -> Result<bool, DbErr> {
        backlog::has_former_texts(db).await
    }

    /// Indexes the next messages, and updates indexed messages that have changed. A damaged index is rebuilt.
    pub(super) async fn go_on(self, tx: &Tx, is_damaged: bool) -> Result<(), DbErr> {
        backlog::go_on(self, tx, is_damaged).await
    }

    /// The newest candidates in a range of positions, the newest first.
    pub(super) async fn page(
        self,
        db: &Reader,
        wanted: &Wanted<'_>,
        range: Range<Position>,
        size: usize,
    ) -> Result<Vec<message::Model>, DbErr> {
        self.language().page(db, wanted, range, size).await
    }

    /// How it is asked for messages.
    pub(super) fn language(self) -> &'static Language {
        match self {
            Self::Fts5 => &fts5::hits::LANGUAGE,
            Self::Tsvector => &tsvector::hits::LANGUAGE,
        }
    }

    async fn clear(self, tx: &Tx) -> Result<(), DbErr> {
        match self {
            Self::Fts5 => fts5::maintain::clear(tx).await,
            Self::Tsvector => tsvector::maintain::clear(tx).await,
        }
    }

    async fn remove(self, tx: &Tx, entries: &[Entry]) -> Result<(), DbErr> {
        match self {
            Self::Fts5 => fts5::maintain::remove(tx, entries).await,
            Self::Tsvector => tsvector::maintain::remove(tx, entries).await,
        }
    }

    async fn add(self, tx: &Tx, entries: &[Entry]) -> Result<(), DbErr> {
        match self {
            Self::Fts5 => fts5::maintain::add(tx, entries).await,
            Self::Tsvector => tsvector::maintain::add(tx, entries).await,
        }
    }

    async fn flush(self, tx: &Tx) -> Result<(), DbErr> {
        match self {
            Self::Fts5 => fts5::maintain::flush(tx).await,
            Self::Tsvector => Ok(()),
        }
    }
}
