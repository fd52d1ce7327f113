//! Conversations.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use uuid::Uuid;

use crate::accounts::KeyScope;
use crate::conversations::{self, KeyReader, KeySight, ListedConversation, Membership, Reference};
use crate::entity::conversation;
use crate::graphql::context::{Actor, ContextExt};
use crate::graphql::error::Result;
use crate::graphql::loaders::{load, look_up};
use crate::graphql::schema::conversation_kind::ConversationKind;
use crate::graphql::schema::date_time::DateTime;
use crate::graphql::schema::images::Image;
use crate::graphql::schema::json::AppData;
use crate::graphql::schema::members::Member;
use crate::graphql::schema::message_pages::{MessageWindow, history_page, pinned_page};
use crate::graphql::schema::messages::Message;
use crate::graphql::schema::neighbours::{Neighbours, NewestMessage};
use crate::graphql::schema::own_membership::OwnMembership;
use crate::graphql::schema::paging::{self, PageCursor, RelayConnection};
use crate::graphql::schema::permissions::{Permission, PostingRule};
use crate::graphql::schema::users::{User, known_user};
use crate::graphql::written::{AsJson, json_fields};
use crate::limits;
use crate::messages::ReadUpTo;
use crate::page::Page;
use crate::retention;

/// A conversation between two users or of a group.
pub(super) struct Conversation {
    row: Arc<conversation::Model>,
    /// The viewer's membership, if it was read together with the conversation.
    own: Option<Arc<Membership>>,
    /// What was read together with the page that it is on.
    neighbours: Neighbours,
}

impl From<conversation::Model> for Conversation {
    fn from(row: conversation::Model) -> Self {
        Self::new(Arc::new(row))
    }
}

impl Conversation {
    /// A conversation that the viewer may see.
    pub(super) fn new(row: Arc<conversation::Model>) -> Self {
        Self { row, own: None, neighbours: Neighbours::default() }
    }

    /// One of a page of the viewer's conversations.
    pub(super) fn listed(listed: ListedConversation, neighbours: Neighbours) -> Self {
        Self { row: listed.row, own: listed.own.map(Arc::new), neighbours }
    }

    /// One of the viewer's own.
    pub(super) fn of_member(own: Arc<Membership>) -> Self {
        Self { row: own.conversation_row(), own: Some(own), neighbours: Neighbours::default() }
    }

    /// What a user who has left it sees: only that it existed.
    pub(in crate::graphql) fn left(row: &conversation::Model) -> Self {
        conversation::Model {
            direct_pair: row.direct_pair.clone(),
            ..conversation::Model::new(row.id, row.kind, row.created_at)
        }
        .into()
    }

    /// The viewer's read mark and how many seqs are after it; `None` if there are none, which costs nothing more.
    async fn behind(&self, ctx: &Context<'_>) -> Result<Option<(ReadUpTo, i32)>> {
        let Some(own) = self.membership(ctx).await? else { return Ok(None) };
        let mark = own.unread_from(&self.row);
        let behind = self.row.last_seq - mark;
        Ok((behind > 0).then_some(((self.row.id, mark), behind)))
    }

    async fn membership(&self, ctx: &Context<'_>) -> Result<Option<Arc<Membership>>> {
        ctx.viewer()?;
        match &self.own {
            Some(own) => Ok(Some(Arc::clone(own))),
            None => look_up(ctx.loaders()?.memberships(), self.row.id).await,
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
        self.row.kind.into()
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
                let user = match &self.neighbours.other {
                    Some(row) => User::new(Arc::clone(row)),
                    None => known_user(ctx, other).await?,
                };
                Ok(Some(user.acquainted()))
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
        let after = paging::cursor(seal, "after", after.as_deref(), |cursor| cursor.member(here))?;
        let app = ctx.app()?;
        let page = match (ctx.actor()?, after) {
            (Actor::Viewer(_), None) => load(ctx.loaders()?.first_members(), (self.row.id, first)).await?,
            (Actor::Viewer(_), Some(after)) => match self.membership(ctx).await? {
                Some(own) => Some(conversations::members_after(app, own.sight(), first, after).await?),
                None => None,
            },
            (Actor::Key(key), after) => {
                let key = KeyReader::Conversations(key.conversations()?);
                match (conversations::find_by_key(app, key, Reference::Id(self.row.id)).await?, after) {
                    (Some(seen), Some(after)) => {
                        Some(conversations::members_after(app, seen.sight(), first, after).await?)
                    }
                    (Some(_), None) => load(ctx.loaders()?.first_members(), (self.row.id, first)).await?,
                    (None, _) => None,
                }
            }
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
        match self.neighbours.members {
            Some(members) => Ok(members),
            None => Ok(look_up(ctx.loaders()?.member_counts(), self.row.id).await?.unwrap_or(0)),
        }
    }

    /// The newest message, which may be a tombstone. Null if there is none, or if it was deleted by its age.
    async fn last_message(&self, ctx: &Context<'_>) -> Result<Option<Message>> {
        ctx.key_needs(KeyScope::Messages)?;
        let row = match &self.neighbours.newest {
            NewestMessage::NotRead => look_up(ctx.loaders()?.newest(), (self.row.id, self.row.last_seq)).await?,
            NewestMessage::NotKept => None,
            NewestMessage::Kept(row) => Some(Arc::clone(row)),
        };
        Ok(row.map(|row| Message::with_sender(row, self.neighbours.sender.clone())))
    }

    /// The `seq` of the newest message, or 0 if there was none.
    async fn last_seq(&self) -> i32 {
        self.row.last_seq
    }

    /// The `seq` of the oldest message that is kept: 1, until messages are deleted by their age. One past `lastSeq` if none is
    /// kept.
    async fn first_seq(&self) -> i32 {
        self.row.first_seq
    }

    /// After how many days messages are deleted, with their images: the server's number or the group's own, whichever is
    /// smaller. A message is kept for at least so many days, and for at most two more. Null: they are kept.
    async fn retention_days(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        Ok(retention::days_of(&ctx.app()?.config, self.row.retention_days))
    }

    /// Your read mark: the `seq` up to which you have read. Sending a message moves it to that message.
    #[graphql(directive = super::viewer_mark::viewer::apply())]
    async fn last_read_seq(&self, ctx: &Context<'_>) -> Result<i32> {
        // The mark is read after the row and may have moved past the row's newest message.
        Ok(self.membership(ctx).await?.map_or(0, |own| own.last_read_seq().min(self.row.last_seq)))
    }

    /// The number of messages after your read mark that count as unread: deleted messages and system messages do
    /// not. See `Message.countsAsUnread`.
    #[graphql(directive = super::viewer_mark::viewer::apply())]
    async fn unread_count(&self, ctx: &Context<'_>) -> Result<i32> {
        let Some((mark, behind)) = self.behind(ctx).await? else { return Ok(0) };
        let uncounted = match self.neighbours.uncounted {
            Some(uncounted) => uncounted,
            None => look_up(ctx.loaders()?.uncounted(), mark).await?.unwrap_or(0),
        };
        Ok(i32::try_from(i64::from(behind) - uncounted).unwrap_or(0).max(0))
    }

    /// The number of messages after your read mark that call you, by name or with everybody.
    #[graphql(directive = super::viewer_mark::viewer::apply())]
    async fn unread_mention_count(&self, ctx: &Context<'_>) -> Result<i32> {
        let Some((mark, _)) = self.behind(ctx).await? else { return Ok(0) };
        let calls = match self.neighbours.calls {
            Some(calls) => calls,
            None => look_up(ctx.loaders()?.calls(), mark).await?.unwrap_or(0),
        };
        Ok(i32::try_from(calls).unwrap_or(i32::MAX))
    }

    /// What you may do here, by the rule that the server asks itself. Empty where you are not a member.
    #[graphql(directive = super::viewer_mark::viewer::apply())]
    async fn viewer_can(&self, ctx: &Context<'_>) -> Result<Vec<Permission>> {
        let Some(own) = self.membership(ctx).await? else { return Ok(Vec::new()) };
        let here = match self.row.direct_pair.as_ref().and_then(|pair| pair.other(own.viewer().user())) {
            Some(other) => {
                let is_open = match self.neighbours.is_reachable {
                    Some(is_reachable) => is_reachable,
                    None => look_up(ctx.loaders()?.reachable(), other).await?.is_some(),
                };
                conversations::ActionPlace::of(&self.row, is_open)
            }
            None => conversations::ActionPlace::of_group(&self.row).with_members(self.member_count(ctx).await?),
        };
        let allowed = conversations::MemberAction::ALL.into_iter();
        let allowed = allowed.filter(|what| conversations::may(own.standing(), *what, here));
        Ok(allowed.map(Permission::from).collect())
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
        match ctx.actor()? {
            Actor::Viewer(_) => {
                let own = self.membership(ctx).await?;
                history_page(ctx, own.as_deref().map(Membership::sight), window).await
            }
            Actor::Key(key) => {
                let key = KeyReader::Messages(key.messages()?);
                let seen = conversations::find_by_key(ctx.app()?, key, Reference::Id(self.row.id)).await?;
                history_page(ctx, seen.as_ref().map(KeySight::sight), window).await
            }
        }
    }

    /// The pinned messages, the newest pin first; up to 50 in all. Pages have 1 to 100 messages.
    async fn pinned_messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20, desc = "The size of the page, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "The page begins after the message with this cursor.")] after: Option<String>,
    ) -> Result<AsJson<RelayConnection<Message>>> {
        ctx.key_needs(KeyScope::Messages)?;
        pinned_page(ctx, &self.row, first, after).await
    }

    /// Your own side of it. Null where you are not a member.
    #[graphql(directive = super::viewer_mark::viewer::apply())]
    async fn own(&self, ctx: &Context<'_>) -> Result<Option<OwnMembership>> {
        Ok(self.membership(ctx).await?.map(OwnMembership::of))
    }

    /// The group's picture. Null if there is none, and for a direct conversation.
    async fn picture(&self, ctx: &Context<'_>) -> Result<Option<Image>> {
        Image::find(ctx, self.row.picture_id).await
    }

    /// Who may write.
    async fn posting(&self) -> PostingRule {
        self.row.posting.into()
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.row.created_at)
    }

    /// When its title, picture, metadata, posting or retention last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.row.updated_at)
    }

    /// The id that the app's own backend gave this group. Null if it gave none.
    async fn external_id(&self) -> Option<ID> {
        self.row.external_id.as_deref().map(ID::from)
    }

    /// The app's own data.
    async fn metadata(&self) -> Option<AppData> {
        self.row.metadata.as_deref().map(AppData::stored)
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
    first_seq,
    retention_days,
    last_read_seq,
    unread_count,
    unread_mention_count,
    viewer_can,
    own: OwnMembership,
    picture: Image,
    posting,
    created_at,
    updated_at,
    external_id,
    metadata,
} }
