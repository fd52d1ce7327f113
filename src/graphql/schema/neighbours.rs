//! What is read together with a page of conversations.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_graphql::{Context, Lookahead};

use crate::accounts;
use crate::conversations::{self, ListedConversation};
use crate::db::SidebarSelection;
use crate::directory;
use crate::entity::conversation::Kind;
use crate::entity::{message, user};
use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;
use crate::id::UserId;
use crate::messages;

/// What a conversation of a page refers to, as far as it is selected. What is not here is looked up where it is needed.
#[derive(Default)]
pub(super) struct Neighbours {
    /// The newest message.
    pub(super) newest: NewestMessage,
    /// The newest message's sender.
    pub(super) sender: Option<Arc<user::Model>>,
    /// The other person of a direct conversation.
    pub(super) other: Option<Arc<user::Model>>,
    /// How many messages after the viewer's read mark do not count as unread.
    pub(super) uncounted: Option<i64>,
    /// How many messages after the viewer's read mark call them.
    pub(super) calls: Option<i64>,
    /// How many members there are.
    pub(super) members: Option<usize>,
    /// Whether the viewer can reach the other person of a direct conversation.
    pub(super) is_reachable: Option<bool>,
}

/// A conversation's newest message, as far as it was read with the page.
#[derive(Default)]
pub(super) enum NewestMessage {
    #[default]
    NotRead,
    /// There is none, or it was deleted by its age.
    NotKept,
    Kept(Arc<message::Model>),
}

impl NewestMessage {
    fn found(row: Option<Arc<message::Model>>) -> Self {
        row.map_or(Self::NotKept, Self::Kept)
    }

    fn sender(&self) -> Option<UserId> {
        match self {
            Self::Kept(row) => Some(row.sender_id),
            Self::NotRead | Self::NotKept => None,
        }
    }
}

/// What is selected of the conversations of a page.
#[derive(Clone, Copy)]
pub(super) struct NeighbourSelection {
    pub(super) beside: SidebarSelection,
    other: bool,
    sender: bool,
    members: bool,
    permissions: bool,
}

impl NeighbourSelection {
    /// What the field selects that is being resolved, a page of conversations.
    pub(super) fn of(ctx: &Context<'_>) -> Self {
        let selected = ctx.look_ahead();
        let has = |path: &[&str]| {
            let within = |start: Lookahead<'_>| path.iter().fold(start, |at, name| at.field(name)).exists();
            within(selected.field("nodes")) || within(selected.field("edges").field("node"))
        };
        let beside = SidebarSelection {
            newest: has(&["lastMessage"]),
            uncounted: has(&["unreadCount"]),
            calls: has(&["unreadMentionCount"]),
        };
        Self {
            beside,
            other: has(&["otherUser"]),
            sender: has(&["lastMessage", "sender"]),
            members: has(&["memberCount"]),
            permissions: has(&["viewerCan"]),
        }
    }
}

impl Neighbours {
    /// Takes what was read with a page of conversations, and reads the rest, each kind in one statement for all of them.
    pub(super) async fn read(
        ctx: &Context<'_>,
        selected: NeighbourSelection,
        page: &mut [ListedConversation],
    ) -> Result<Vec<Self>> {
        let newest = newest(ctx, selected, page).await?;
        let (app, viewer) = (ctx.app()?, ctx.viewer()?);
        let other = |listed: &ListedConversation| listed.row.direct_pair.as_ref()?.other(viewer.user());
        let others: HashSet<UserId> = page.iter().filter_map(other).collect();
        let senders = newest.iter().filter_map(NewestMessage::sender).filter(|_| selected.sender);
        let people: HashSet<UserId> = others.iter().copied().filter(|_| selected.other).chain(senders).collect();
        let people = match people.is_empty() {
            true => Vec::new(),
            false => accounts::by_ids(app, &people.into_iter().collect::<Vec<_>>()).await?,
        };
        let people: HashMap<UserId, _> = people.into_iter().map(|row| (row.id, Arc::new(row))).collect();
        let reachable = match selected.permissions && !others.is_empty() {
            true => directory::reachable(app, viewer, &others.into_iter().collect::<Vec<_>>()).await?,
            false => HashSet::new(),
        };
        // What may be done in a group depends on how many are in it.
        let is_counted =
            |listed: &&ListedConversation| selected.members || (selected.permissions && listed.row.kind == Kind::Group);
        let counted: Vec<_> = page.iter().filter(is_counted).map(|listed| listed.row.id).collect();
        let members = match counted.is_empty() {
            true => HashMap::new(),
            false => conversations::member_counts(app, &counted).await?,
        };
        let neighbours = page.iter().zip(newest).map(|(listed, newest)| Self {
            sender: newest.sender().and_then(|sender| people.get(&sender).cloned()),
            newest,
            other: other(listed).and_then(|other| people.get(&other).cloned()),
            uncounted: listed.uncounted,
            calls: listed.calls,
            members: members.get(&listed.row.id).copied(),
            is_reachable: other(listed).filter(|_| selected.permissions).map(|other| reachable.contains(&other)),
        });
        Ok(neighbours.collect())
    }
}

/// The newest message of each conversation of a page, if that is selected.
async fn newest(
    ctx: &Context<'_>,
    selected: NeighbourSelection,
    page: &mut [ListedConversation],
) -> Result<Vec<NewestMessage>> {
    if !selected.beside.newest {
        return Ok(page.iter().map(|_| NewestMessage::NotRead).collect());
    }
    if page.iter().all(|listed| listed.own.is_some()) {
        return Ok(page.iter_mut().map(|listed| NewestMessage::found(listed.newest.take())).collect());
    }
    // A page is of one moment, and its rows name their newest messages.
    let places: Vec<_> = page.iter().map(|listed| (listed.row.id, listed.row.last_seq)).collect();
    let found = messages::newest_of(ctx.app()?, &places).await?;
    let mut found: HashMap<_, _> = found.into_iter().map(|row| (row.conversation_id, Arc::new(row))).collect();
    Ok(places.iter().map(|(conversation, _)| NewestMessage::found(found.remove(conversation))).collect())
}
