//! Search: messages by their words. An index on SQLite's FTS5 proposes them, and the messages decide: what was deleted,
//! changed, or is not for the viewer is never shown, however far the index is behind.
//!
//! Each word is indexed behind the id of its conversation, and a search asks for the words of each conversation of the
//! searcher. So the time it takes tells nothing of which words are frequent where they are not. Conversations are asked
//! in the order of their newest messages, some at once, until nothing newer than what was found can come.
//!
//! The index is kept by a task of its own, which follows the messages in the feed's order ([`index`]). On PostgreSQL
//! the same words ([`words`]) go into a `tsvector` of the configuration `simple`, under a GIN index (without `fastupdate`,
//! whose list is searched whole), and the same expression into a `tsquery`: `'019b…hel':* & '019b…日本'`.

mod hits;
mod index;
mod words;

use std::sync::Arc;

use tokio::sync::{Notify, watch};
use tokio::time::timeout;

pub use words::Query;
#[cfg(feature = "fuzzing")]
pub(crate) use words::document;

use crate::app::App;
use crate::conversations::{self, Membership, Reference};
use crate::entity::message;
use crate::error::Result;
use crate::feed::Position;
use crate::id::UserId;
use crate::limits;
use crate::page::Page;

/// Searches messages. Clones share it.
#[derive(Clone)]
pub struct Search {
    app: App,
    /// The index has everything up to here.
    indexed: Arc<watch::Sender<Position>>,
    /// Rung by those who wait for it.
    wanted: Arc<Notify>,
}

/// Where somebody searches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In all that they may read; of very many conversations, in those of the newest messages.
    Everywhere,
    /// In one conversation.
    In(Reference),
    /// In what does not exist.
    Nowhere,
}

impl Search {
    /// The search of this program.
    pub fn new(app: App) -> Self {
        Self { app, indexed: Arc::new(watch::Sender::new(-1)), wanted: Arc::default() }
    }

    /// The messages that a person may read now and that have all words of a query, the newest first. `after` is the
    /// position of the one before the page.
    ///
    /// What was written before is found: for a second at most it waits for the index to be as far.
    pub async fn find(
        &self,
        viewer: UserId,
        query: &Query,
        scope: Scope,
        first: u32,
        after: Option<Position>,
    ) -> Result<Page<message::Model>> {
        self.app.rates.search.take(&viewer)?;
        if query.is_empty() {
            return Ok(Page::empty());
        }
        self.is_indexed(self.app.feed.head().position).await;
        // After the wait: what was written by now is in them.
        let conversations = self.conversations(viewer, scope).await?;
        let hits = hits::Hits::new(&self.app.db.reader, viewer, query, &conversations);
        let has_previous = match after {
            Some(after) => !hits.newest(after..Position::MAX, 1).await?.is_empty(),
            None => false,
        };
        let items = hits.newest(0..after.unwrap_or(Position::MAX), first.saturating_add(1)).await?;
        Ok(Page::cut(items, first, has_previous))
    }

    /// Where to look, the newest messages first. What may be seen is not decided here.
    async fn conversations(&self, viewer: UserId, scope: Scope) -> Result<Vec<hits::Searched>> {
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

    async fn is_indexed(&self, upto: Position) {
        let mut indexed = self.indexed.subscribe();
        if *indexed.borrow() < upto {
            self.wanted.notify_one();
            // An index that is made anew takes longer: what it has is found by then.
            let _ = timeout(limits::SEARCH_WAIT, indexed.wait_for(|indexed| *indexed >= upto)).await;
        }
    }
}
