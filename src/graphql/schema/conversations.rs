//! Conversations and their members.

use std::sync::Arc;

use async_graphql::resolver_utils::enum_value;
use async_graphql::{Context, Enum, ID, Object};
use uuid::Uuid;

use crate::conversations::{self, ListedConversation, Membership};
use crate::entity::conversation::{self, Kind};
use crate::entity::membership::{self, Role};
use crate::entity::user;
use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;
use crate::graphql::loaders::{load, look_up};
use crate::graphql::schema::accounts::{User, known_user};
use crate::graphql::schema::date_time::DateTime;
use crate::graphql::schema::message_pages::{MessageWindow, history_page};
use crate::graphql::schema::messages::Message;
use crate::graphql::schema::neighbours::Neighbours;
use crate::graphql::schema::paging::{self, PageCursor, RelayConnection};
use crate::graphql::schema::reference::ConversationRef;
use crate::graphql::written::{AsJson, JsonValue, NotAtOnce, json_fields, serialize};
use crate::limits;
use crate::page::Page;

/// The kind of a conversation. More kinds may be added: clients must tolerate unknown values.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum ConversationKind {
    /// A conversation between two users. Each pair has at most one; its first message creates it.
    Direct,
    /// A group with a title and up to 1,000 members.
    Group,
}

/// The role of a member. More roles may be added: clients must tolerate unknown values.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum MemberRole {
    /// May rename the group and remove members, beside what a member may do.
    Owner,
    /// May send messages and add members.
    Member,
}

impl JsonValue for ConversationKind {
    fn write(&self, json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
        serialize(&enum_value(*self), json)
    }
}

impl JsonValue for MemberRole {
    fn write(&self, json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
        serialize(&enum_value(*self), json)
    }
}

/// A conversation between two users or of a group.
pub(super) struct Conversation {
    row: Arc<conversation::Model>,
    /// The viewer's membership, if it was read together with the conversation.
    own: Option<Arc<Membership>>,
    /// What was read together with the page that it is on.
    neighbours: Option<Arc<Neighbours>>,
}

impl From<conversation::Model> for Conversation {
    fn from(row: conversation::Model) -> Self {
        Self::new(Arc::new(row))
    }
}

impl Conversation {
    /// A conversation that the viewer may see.
    pub(super) fn new(row: Arc<conversation::Model>) -> Self {
        Self { row, own: None, neighbours: None }
    }

    /// One of a page of the viewer's conversations.
    pub(super) fn listed(row: conversation::Model, own: Option<Arc<Membership>>, neighbours: Arc<Neighbours>) -> Self {
        Self { row: Arc::new(row), own, neighbours: Some(neighbours) }
    }

    fn neighbours(&self) -> Option<&Neighbours> {
        self.neighbours.as_deref()
    }

    /// What a user who has left it sees: only that it existed.
    pub(in crate::graphql) fn left(row: &conversation::Model) -> Self {
        let (title, updated_at) = (None, row.created_at);
        conversation::Model { title, last_seq: 0, updated_at, ..row.clone() }.into()
    }

    async fn own(&self, ctx: &Context<'_>) -> Result<Option<Arc<Membership>>> {
        ctx.viewer()?;
        match &self.own {
            Some(own) => Ok(Some(Arc::clone(own))),
            None => look_up(&ctx.loaders()?.memberships, self.row.id).await,
        }
    }
}

/// A conversation between two users or of a group.
#[Object]
impl Conversation {
    /// The conversation's id, a UUIDv7.
    pub(super) async fn id(&self) -> ID {
        self.row.id.to_string().into()
    }

    /// Whether it is a direct conversation or a group.
    async fn kind(&self) -> ConversationKind {
        match self.row.kind {
            Kind::Direct => ConversationKind::Direct,
            Kind::Group => ConversationKind::Group,
        }
    }

    /// The group's title. Null for a direct conversation.
    async fn title(&self) -> Option<&str> {
        self.row.title.as_deref()
    }

    /// The other user in a direct conversation. Null for a group.
    #[graphql(directive = super::viewer_mark::viewer::apply())]
    async fn other_user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        let viewer = ctx.viewer()?.user();
        match self.row.direct_pair.as_ref().and_then(|pair| pair.other(viewer)) {
            Some(other) => {
                let user = match self.neighbours().and_then(|neighbours| neighbours.person(other)) {
                    Some(row) => User::new(Arc::clone(row)),
                    None => known_user(ctx, other).await?,
                };
                Ok(Some(user.with_presence()))
            }
            None => Ok(None),
        }
    }

    /// The members, in the order in which they joined. Pages have 1 to 100 members. Erased users remain members of
    /// their direct conversations, but not of groups.
    #[graphql(directive = super::viewer_mark::viewer::apply())]
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50, desc = "The size of the page, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "The page begins after the member with this cursor.")] after: Option<String>,
    ) -> Result<AsJson<RelayConnection<Member>>> {
        let here = Uuid::from_bytes(*self.row.id.as_bytes());
        let first = paging::size("first", first)?.unwrap_or(limits::DEFAULT_PAGE);
        let seal = ctx.app()?.feed.seal();
        let after = paging::cursor(seal, "after", after.as_deref(), |cursor| match cursor {
            PageCursor::Member { conversation, position, user } if conversation == here => {
                Some((position, user.into()))
            }
            PageCursor::Member { .. }
            | PageCursor::Message { .. }
            | PageCursor::Hit { .. }
            | PageCursor::Conversation { .. }
            | PageCursor::User { .. } => None,
        })?;
        ctx.viewer()?;
        let page = match after {
            None => load(&ctx.loaders()?.first_members, (self.row.id, first)).await?,
            Some(after) => match self.own(ctx).await? {
                Some(own) => Some(conversations::members_after(ctx.app()?, &own, first, after).await?),
                None => None,
            },
        };
        let page = paging::connection(seal, page.unwrap_or_else(Page::empty), |(row, user)| {
            let user_id = Uuid::from_bytes(*row.user_id.as_bytes());
            (PageCursor::Member { conversation: here, position: row.from_position, user: user_id }, (row, user).into())
        });
        Ok(page.into())
    }

    /// The number of members.
    async fn member_count(&self, ctx: &Context<'_>) -> Result<usize> {
        if ctx.has_left() {
            return Ok(0);
        }
        Ok(load(&ctx.loaders()?.member_counts, self.row.id).await?.unwrap_or(0))
    }

    /// The newest message, which may be a tombstone. Null if there is none.
    async fn last_message(&self, ctx: &Context<'_>) -> Result<Option<Message>> {
        let neighbours = self.neighbours();
        if let Some(newest) = neighbours.and_then(|neighbours| neighbours.newest(&self.row)) {
            let sender = neighbours.and_then(|neighbours| neighbours.person(newest.sender_id)).cloned();
            return Ok(Some(Message { row: Arc::clone(newest), sender }));
        }
        let newest = (self.row.id, self.row.last_seq);
        Ok(look_up(&ctx.loaders()?.newest, newest).await?.map(Message::new))
    }

    /// The `seq` of the newest message, or 0 if there is none.
    async fn last_seq(&self) -> i32 {
        self.row.last_seq
    }

    /// Your read mark: the `seq` up to which you have read. Sending a message moves it to that message.
    #[graphql(directive = super::viewer_mark::viewer::apply())]
    async fn last_read_seq(&self, ctx: &Context<'_>) -> Result<i32> {
        // The mark is read after the row and may have moved past the row's newest message.
        Ok(self.own(ctx).await?.map_or(0, |own| own.last_read_seq().min(self.row.last_seq)))
    }

    /// The number of messages after your read mark, including tombstones: `lastSeq - lastReadSeq`.
    #[graphql(directive = super::viewer_mark::viewer::apply())]
    async fn unread_count(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(self.own(ctx).await?.map_or(0, |own| (self.row.last_seq - own.last_read_seq()).max(0)))
    }

    /// A page of the history, oldest first; without arguments the newest 50 messages. Use `first` with `after`, `last`
    /// with `before`, or `aroundSeq` for the messages around one.
    #[graphql(directive = super::viewer_mark::viewer::apply())]
    async fn messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number of messages from the start or after `after`, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "The page begins after the message with this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of messages from the end or before `before`, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "The page ends before the message with this cursor.")] before: Option<String>,
        #[graphql(desc = "A `seq`: the page is centered on this message or the nearest one.")] around_seq: Option<i32>,
    ) -> Result<AsJson<RelayConnection<Message>>> {
        let window = MessageWindow { first, after, last, before, around_seq };
        let own = self.own(ctx).await?;
        history_page(ctx, own.as_deref(), window).await
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.row.created_at)
    }

    /// When its title last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.row.updated_at)
    }
}

json_fields! { Conversation {
    id,
    kind,
    title,
    other_user: User,
    member_count,
    last_message: Message,
    last_seq,
    last_read_seq,
    unread_count,
    created_at,
    updated_at,
} }

/// A member of a conversation. A new member may read the whole history; their feed begins when they join.
pub(super) struct Member {
    row: membership::Model,
    user: Arc<user::Model>,
}

impl Member {
    /// The user.
    pub(super) fn person(&self) -> User {
        User::new(Arc::clone(&self.user)).with_presence()
    }

    /// The `seq` up to which they have read.
    pub(super) fn mark(&self) -> i32 {
        self.row.last_read_seq
    }
}

impl From<(membership::Model, user::Model)> for Member {
    fn from((row, user): (membership::Model, user::Model)) -> Self {
        Self { row, user: Arc::new(user) }
    }
}

/// A member of a conversation. A new member may read the whole history; their feed begins when they join.
#[Object]
impl Member {
    /// The member's id, a UUIDv8: always the same for this user in this conversation.
    pub(super) async fn id(&self, ctx: &Context<'_>) -> Result<ID> {
        let id = conversations::MemberId::of(ctx.app()?.feed.seal(), self.row.conversation_id, self.row.user_id);
        Ok(id.to_string().into())
    }

    /// The user.
    async fn user(&self) -> User {
        self.person()
    }

    /// The member's role.
    async fn role(&self) -> MemberRole {
        match self.row.role {
            Role::Owner => MemberRole::Owner,
            Role::Member => MemberRole::Member,
        }
    }

    /// When they joined.
    async fn joined_at(&self) -> DateTime {
        DateTime(self.row.joined_at)
    }

    /// The `seq` up to which they have read.
    async fn last_read_seq(&self) -> i32 {
        self.mark()
    }
}

json_fields! { Member { user: User, role, joined_at, last_read_seq } }

/// Queries about conversations.
#[derive(Default)]
pub(super) struct ConversationsQuery;

#[Object]
impl ConversationsQuery {
    /// Your conversations, the most recently active first. Pages have 1 to 100 conversations.
    async fn conversations(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50, desc = "The size of the page, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "The page begins after the conversation with this cursor.")] after: Option<String>,
    ) -> Result<AsJson<RelayConnection<Conversation>>> {
        let viewer = ctx.viewer()?;
        let first = paging::size("first", first)?.unwrap_or(limits::DEFAULT_PAGE);
        let seal = ctx.app()?.feed.seal();
        let after = paging::cursor(seal, "after", after.as_deref(), |cursor| match cursor {
            PageCursor::Conversation { active_position } => Some(active_position),
            PageCursor::Message { .. }
            | PageCursor::Hit { .. }
            | PageCursor::User { .. }
            | PageCursor::Member { .. } => None,
        })?;
        let page = conversations::list(ctx.app()?, viewer, first, after).await?;
        let neighbours = Arc::new(Neighbours::read(ctx, &page.items).await?);
        let page = paging::connection(seal, page, |ListedConversation { row, own }| {
            let cursor = PageCursor::Conversation { active_position: row.active_position };
            (cursor, Conversation::listed(row, own.map(Arc::new), Arc::clone(&neighbours)))
        });
        Ok(page.into())
    }

    /// A conversation of which you are a member. Null if there is none.
    async fn conversation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The conversation.")] by: ConversationRef,
    ) -> Result<Option<AsJson<Conversation>>> {
        let viewer = ctx.viewer()?;
        let Some(reference) = by.parse() else { return Ok(None) };
        let found = conversations::find_membership(ctx.app()?, viewer, reference).await?;
        Ok(found.map(|own| {
            let row = Arc::new(own.conversation().clone());
            Conversation { row, own: Some(Arc::new(own)), neighbours: None }.into()
        }))
    }
}
