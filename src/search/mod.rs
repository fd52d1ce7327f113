//! Search: messages by their words. An index gives candidates, and each is checked against its message: deleted or
//! changed messages, and those that the viewer may not read, are never shown, however far the index is behind.
//!
//! Each word is indexed with the id of its conversation as a prefix, and a search looks up its words in each
//! conversation of the viewer. So its duration does not reveal which words are frequent elsewhere. Conversations are
//! searched in the order of their newest messages, a few at a time, until the others cannot have newer hits.
//!
//! A background task maintains the index by following the messages in the feed's order (`maintain`). How a text is
//! split into words is the same for every database (`words`); everything specific to a database is behind
//! [`index::Index`].

mod hits;
#[cfg(test)]
mod hot_tests;
mod index;
mod maintain;
mod words;

use std::sync::Arc;

use tokio::sync::{Notify, watch};
use tokio::time::timeout;

pub(crate) use words::MessageSearch;

use crate::accounts::Viewer;
use crate::app::App;
use crate::clock::Timestamp;
use crate::conversations::{self, Membership, Reference};
use crate::entity::message;
use crate::error::Result;
use crate::feed::Position;
use crate::id::UserId;
use crate::limits;
use crate::page::Page;
use index::Index;

/// Searches messages. Clones share it.
#[derive(Clone)]
pub struct Search {
    app: App,
    /// The index has everything up to this position.
    indexed: Arc<watch::Sender<Position>>,
    /// Notified by searches that wait for it.
    wanted: Arc<Notify>,
}

/// Where somebody searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In all conversations that they may read, or the [`limits::SEARCH_PLACES`] of them with the newest messages.
    Everywhere,
    /// In one conversation.
    In(Reference),
    /// In what does not exist.
    Nowhere,
}

/// Which messages somebody looks for.
#[derive(Debug)]
pub struct Sought {
    /// What they say.
    pub query: MessageSearch,
    /// Where they are.
    pub scope: Scope,
    /// What else is true of them.
    pub filter: HitFilter,
}

/// What is true of hits beside their words; `None` is of no matter.
#[derive(Clone, Debug, Default)]
pub struct HitFilter {
    /// Who sent them.
    pub sender: Option<UserId>,
    /// They are older than this.
    pub before: Option<Timestamp>,
    /// They are as old as this, or newer.
    pub since: Option<Timestamp>,
    /// Whether they have an image.
    pub has_image: Option<bool>,
}

impl Search {
    /// The search of this program.
    pub fn new(app: App) -> Self {
        Self { app, indexed: Arc::new(watch::Sender::new(-1)), wanted: Arc::default() }
    }

    /// The messages that a person may read now and that have all words of a query, as far as they pass the filter, the newest first. `after` is the
    /// position of the one before the page.
    ///
    /// It finds what was written before: it waits up to a second for the index to catch up.
    pub async fn find(
        &self,
        viewer: &Viewer,
        sought: &Sought,
        first: u32,
        after: Option<Position>,
    ) -> Result<Page<message::Model>> {
        self.app.rates.search.take(&viewer.user())?;
        if sought.query.is_empty() {
            return Ok(Page::empty());
        }
        self.is_indexed(self.app.feed.head().position).await;
        // Read after the wait, to include what was written in the meantime.
        let conversations = self.conversations(viewer, sought.scope).await?;
        let hits = hits::Hits::new(self.index(), &self.app.db.reader, viewer.user(), sought, &conversations);
        let has_previous = match after {
            Some(after) => !hits.newest(after..Position::MAX, 1).await?.is_empty(),
            None => false,
        };
        let items = hits.newest(0..after.unwrap_or(Position::MAX), first.saturating_add(1)).await?;
        Ok(Page::cut(items, first, has_previous))
    }

    /// The conversations to search, the newest messages first. Access to messages is not checked here.
    async fn conversations(&self, viewer: &Viewer, scope: Scope) -> Result<Vec<hits::Searched>> {
        match scope {
            Scope::Nowhere => Ok(Vec::new()),
            Scope::In(reference) => {
                let own = conversations::find_membership(&self.app, viewer, reference).await?;
                let own = own.as_ref().map(Membership::conversation);
                Ok(own.map(|own| (own.id, own.active_position)).into_iter().collect())
            }
            Scope::Everywhere => conversations::most_active(&self.app, viewer, limits::SEARCH_PLACES).await,
        }
    }

    /// The position up to which this node has seen the index reach; `None` before it looked.
    pub fn indexed(&self) -> Option<Position> {
        Some(*self.indexed.borrow()).filter(|indexed| *indexed >= 0)
    }

    fn index(&self) -> Index {
        Index::of(self.app.db.dialect())
    }

    async fn is_indexed(&self, upto: Position) {
        let mut indexed = self.indexed.subscribe();
        if *indexed.borrow() < upto {
            self.wanted.notify_one();
            // Rebuilding takes longer: then it finds what is indexed so far.
            let _ = timeout(limits::SEARCH_WAIT, indexed.wait_for(|indexed| *indexed >= upto)).await;
        }
    }
}

/// What the fuzz targets call.
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing {
    use super::MessageSearch;
    use super::index::Index;
    pub(crate) use super::words::document;
    use crate::id::ConversationId;

    /// The `MATCH` expression of a query in one conversation, with all of its terms.
    pub(crate) fn expression(query: &MessageSearch, conversation: ConversationId) -> String {
        Index::Fts5.language().expression(&query.terms(usize::MAX), &[conversation])
    }
}
