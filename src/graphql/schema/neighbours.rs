//! What is read together with a page of conversations.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_graphql::{Context, Lookahead};

use crate::accounts;
use crate::conversations::ListedConversation;
use crate::entity::{conversation, message, user};
use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;
use crate::id::{ConversationId, UserId};
use crate::messages;

/// What a page of conversations refers to, read in one statement each.
#[derive(Default)]
pub(in crate::graphql) struct Neighbours {
    /// The newest messages of the conversations.
    newest: HashMap<ConversationId, Arc<message::Model>>,
    /// The other people of direct conversations, and the senders of the newest messages.
    people: HashMap<UserId, Arc<user::Model>>,
}

impl Neighbours {
    pub(super) fn newest(&self, of: &conversation::Model) -> Option<&Arc<message::Model>> {
        // A page is of one moment, and its rows name their newest messages.
        self.newest.get(&of.id).filter(|newest| newest.seq == of.last_seq)
    }

    pub(super) fn person(&self, id: UserId) -> Option<&Arc<user::Model>> {
        self.people.get(&id)
    }

    /// Reads what is selected of it.
    pub(super) async fn read(ctx: &Context<'_>, page: &[ListedConversation]) -> Result<Self> {
        let selected = ctx.look_ahead();
        let is_selected = |path: &[&str]| {
            let within = |start: Lookahead<'_>| path.iter().fold(start, |at, name| at.field(name)).exists();
            within(selected.field("nodes")) || within(selected.field("edges").field("node"))
        };
        let mut newest = HashMap::new();
        if is_selected(&["lastMessage"]) {
            let places: Vec<_> = page.iter().map(|listed| (listed.row.id, listed.row.last_seq)).collect();
            let rows = messages::newest_of(ctx.app()?, &places).await?;
            newest.extend(rows.into_iter().map(|row| (row.conversation_id, Arc::new(row))));
        }
        let mut ids = HashSet::new();
        if is_selected(&["lastMessage", "sender"]) {
            ids.extend(newest.values().map(|row| row.sender_id));
        }
        if is_selected(&["otherUser"]) {
            let viewer = ctx.viewer()?.user();
            ids.extend(page.iter().filter_map(|listed| listed.row.direct_pair.as_ref()?.other(viewer)));
        }
        let ids: Vec<UserId> = ids.into_iter().collect();
        let people = if ids.is_empty() { Vec::new() } else { accounts::by_ids(ctx.app()?, &ids).await? };
        let people = people.into_iter().map(|row| (row.id, Arc::new(row))).collect();
        Ok(Self { newest, people })
    }
}
