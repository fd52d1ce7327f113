//! Groups: creating one, and changing it and its members.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};

use crate::accounts::{ConversationsKey, ExternalId, Viewer};
use crate::conversations::{self, GroupActor, GroupUpdate, Membership, NewGroup, Reference, RetentionDays, Title};
use crate::error::Error;
use crate::graphql::context::{Actor, ContextExt};
use crate::graphql::error::{Failure, Result};
use crate::graphql::schema::conversations::Conversation;
use crate::graphql::schema::images::ImageInput;
use crate::graphql::schema::json::AppData;
use crate::graphql::schema::members::Member;
use crate::graphql::schema::permissions::{MemberRole, PostingRule};
use crate::id::{ConversationId, UserId};

/// A new group.
#[derive(InputObject)]
struct CreateConversationInput {
    /// The title, 1 to 100 characters.
    title: String,
    /// The ids of the other members, up to 999. Duplicates and your own id are ignored; one unknown id rejects the
    /// request.
    member_ids: Vec<ID>,
    /// A UUIDv7 of your own: again with the same id returns the group that it made, as it is now, or NOT_FOUND if you
    /// have left it. An id that anything else has gives BAD_USER_INPUT.
    id: Option<ID>,
    /// With a key of scope `conversations` only, else FORBIDDEN: an id of the app's, of an order or a document, unique on
    /// the server, 1 to 128 characters. Again returns the group that it made.
    external_id: Option<ID>,
    /// The id of the user who owns it: with a key that does not act as somebody, and required there, else FORBIDDEN.
    owner_id: Option<ID>,
    /// The app's own data.
    metadata: Option<AppData>,
}

impl CreateConversationInput {
    /// The group, and who is to own it.
    fn parse(self) -> Result<(NewGroup, Option<UserId>)> {
        let not_an_id = || Failure(Error::input("id", "the id must be a UUIDv7"));
        let id = self.id.map(|id| ConversationId::parse(&id).ok_or_else(not_an_id)).transpose()?;
        let external_id = self.external_id.map(|id| ExternalId::parse(&id, "externalId")).transpose()?;
        let title = Title::parse(&self.title)?;
        let members = people(&self.member_ids)?;
        let owner = self.owner_id.map(|id| UserId::parse(&id).ok_or(Failure(Error::NotFound))).transpose()?;
        let metadata = self.metadata.map(|data| data.to_text());
        Ok((NewGroup { id, external_id, title, members, metadata }, owner))
    }
}

/// Mutations of groups.
#[derive(Default)]
pub(super) struct GroupsMutation;

#[Object]
impl GroupsMutation {
    /// Creates a group that you own. All members receive ConversationChanged ADDED. Groups have a burst of 10 and then
    /// 10 per minute; their members, together with those of addMembers, have a burst of 2,000 and then 10 per second.
    /// A key of scope `conversations` creates groups for others. Codes: BAD_USER_INPUT, FORBIDDEN, RATE_LIMITED, and
    /// NOT_FOUND for an unknown user.
    async fn create_conversation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new group.")] input: CreateConversationInput,
    ) -> Result<Conversation> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        let key = match actor {
            Actor::Viewer(_) if input.owner_id.is_some() => return Err(Failure(Error::Forbidden)),
            Actor::Viewer(_) => None,
            Actor::Key(key) => Some(key.conversations()?),
        };
        let (new, owner) = input.parse()?;
        Ok(match (actor, key, owner) {
            (_, Some(key), Some(owner)) => conversations::create_by_key(app, key, owner, new).await?.into(),
            (Actor::Viewer(viewer), ..) => conversations::create(app, viewer, new).await?.into(),
            (Actor::Key(_), ..) => return Err(Failure(Error::input("ownerId", "say who owns the group"))),
        })
    }

    /// Changes a group, by its owner and admins; all members receive ConversationChanged UPDATED, and a MessageAdded of a
    /// line TITLE_CHANGED or PICTURE_CHANGED. Arguments that are left out change nothing, and neither does what is the same
    /// already. A key sets no picture, as an image belongs to a user. Changes of groups (updateConversation, addMembers,
    /// removeMember and setMemberRole together) have a burst of 30 and then 1 per second. Codes: BAD_USER_INPUT, FORBIDDEN
    /// if you may not, RATE_LIMITED, and NOT_FOUND, also for a direct conversation; for a picture also
    /// SERVICE_UNAVAILABLE, UNSUPPORTED_IMAGE and PAYLOAD_TOO_LARGE, as for the image of a message.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the schema's field")]
    async fn update_conversation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group's id.")] id: ID,
        #[graphql(desc = "Its new title, 1 to 100 characters.")] title: Option<String>,
        #[graphql(desc = "Its new picture; null removes the current one.")] picture: MaybeUndefined<ImageInput>,
        #[graphql(desc = "The app's own data; null removes it.")] metadata: MaybeUndefined<AppData>,
        #[graphql(desc = "Who may write.")] posting: Option<PostingRule>,
        #[graphql(
            desc = "After how many days its messages are deleted, 1 to 3,650; the server's own number holds where it is smaller. Null: as the server says."
        )]
        retention_days: MaybeUndefined<i32>,
    ) -> Result<Conversation> {
        let by = Asking::of(ctx)?;
        let title = title.as_deref().map(Title::parse).transpose()?;
        let picture = match picture {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(picture) => Some(Some(picture.source(ctx, ["picture.file", "picture.uploadId"])?)),
        };
        let metadata = match metadata {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(data) => Some(Some(data.to_text())),
        };
        let retention = match retention_days {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(days) => Some(Some(RetentionDays::parse(days)?)),
        };
        let update = GroupUpdate { title, picture, metadata, posting: posting.map(Into::into), retention };
        let group = by.group(ctx, &id).await?;
        let program = ctx.program()?;
        Ok(conversations::update(&program.app, &program.images, group.actor(), update).await?.into())
    }

    /// Gives a member of a group another role, which its owner may. Who makes somebody else the OWNER becomes ADMIN; there
    /// is no other way to stop being the owner. All members receive ConversationChanged UPDATED, and a MessageAdded of a
    /// line ROLE_CHANGED. Changes of groups (updateConversation, addMembers, removeMember and setMemberRole together) have
    /// a burst of 30 and then 1 per second. Codes: FORBIDDEN, RATE_LIMITED, and NOT_FOUND, also for a user who is not a
    /// member and for a direct conversation.
    async fn set_member_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group's id.")] conversation_id: ID,
        #[graphql(desc = "The id of the member.")] user_id: ID,
        #[graphql(desc = "The new role.")] role: MemberRole,
    ) -> Result<Member> {
        let (app, viewer) = (ctx.app()?, ctx.viewer()?);
        let id = ConversationId::parse(&conversation_id).ok_or(Failure(Error::NotFound))?;
        let person = UserId::parse(&user_id).ok_or(Failure(Error::NotFound))?;
        let own = conversations::membership(app, viewer, Reference::Id(id)).await?;
        conversations::set_role(app, &own, person, role.into()).await?;
        Ok(conversations::member(app, id, person).await?.ok_or(Failure(Error::NotFound))?.into())
    }

    /// Adds users to a group; any member may. They receive ConversationChanged ADDED, the other members UPDATED, and
    /// all of them a MessageAdded of a line MEMBERS_ADDED. New members may read the whole history, which counts as read (`lastReadSeq`), and receive what happens from then on.
    /// Users who are members already are ignored; one unknown or erased user rejects the request. Changes of groups
    /// (updateConversation, addMembers, removeMember and setMemberRole together) have a burst of 30 and then 1 per second; the users,
    /// together with the members of groups that you create, have a burst of 2,000 and then 10 per second. Codes:
    /// BAD_USER_INPUT for more members in all than `serverInfo.limits.groupMembers`, RATE_LIMITED, and NOT_FOUND, also for a direct conversation.
    async fn add_members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group's id.")] conversation_id: ID,
        #[graphql(desc = "The ids of the users to add, up to 1,000.")] user_ids: Vec<ID>,
    ) -> Result<Conversation> {
        let by = Asking::of(ctx)?;
        let added = people(&user_ids)?;
        let group = by.group(ctx, &conversation_id).await?;
        Ok(conversations::add(ctx.app()?, group.actor(), added).await?.into())
    }

    /// Removes a member from a group: the owner may remove anyone, an admin those who are neither owner nor admin, a member
    /// only themself. The removed user receives ConversationChanged REMOVED and nothing from the group after it, the other
    /// members UPDATED, and a MessageAdded of a line MEMBERS_REMOVED or MEMBER_LEFT. If the owner leaves, the oldest admin
    /// becomes the owner, or else the oldest member. The result is null if you removed yourself. Changes of groups
    /// (updateConversation, addMembers, removeMember and setMemberRole together) have a burst of 30 and then 1 per second. Codes:
    /// FORBIDDEN if you may not remove this user, RATE_LIMITED, and NOT_FOUND, also for a user who
    /// is not a member and for a direct conversation.
    async fn remove_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group's id.")] conversation_id: ID,
        #[graphql(desc = "The id of the member to remove; your own id to leave.")] user_id: ID,
    ) -> Result<Option<Conversation>> {
        let by = Asking::of(ctx)?;
        let person = UserId::parse(&user_id).ok_or(Failure(Error::NotFound))?;
        let group = by.group(ctx, &conversation_id).await?;
        Ok(conversations::remove(ctx.app()?, group.actor(), person).await?.map(Conversation::from))
    }
}

/// Parses ids of users; a malformed id is an unknown user.
fn people(ids: &[ID]) -> Result<Vec<UserId>> {
    let people: Option<Vec<UserId>> = ids.iter().map(|id| UserId::parse(id)).collect();
    people.ok_or(Failure(Error::NotFound))
}

/// Who asks for a change of a group.
enum Asking<'a> {
    Viewer(&'a Viewer),
    Key(ConversationsKey),
}

/// A group that may be changed, as far as who asks may do it.
enum AskedFor {
    Member(Box<Membership>),
    Key(ConversationsKey, ConversationId),
}

impl<'a> Asking<'a> {
    fn of(ctx: &Context<'a>) -> Result<Self> {
        Ok(match ctx.actor()? {
            Actor::Viewer(viewer) => Self::Viewer(viewer),
            Actor::Key(key) => Self::Key(key.conversations()?),
        })
    }

    /// The group with this id, in which a viewer has to be.
    async fn group(self, ctx: &Context<'_>, id: &str) -> Result<AskedFor> {
        let id = ConversationId::parse(id).ok_or(Failure(Error::NotFound))?;
        Ok(match self {
            Self::Viewer(viewer) => {
                let own = conversations::membership(ctx.app()?, viewer, Reference::Id(id)).await?;
                AskedFor::Member(Box::new(own))
            }
            Self::Key(key) => AskedFor::Key(key, id),
        })
    }
}

impl AskedFor {
    fn actor(&self) -> GroupActor<'_> {
        match self {
            Self::Member(own) => GroupActor::Member(own),
            Self::Key(key, id) => GroupActor::Key(*key, *id),
        }
    }
}
