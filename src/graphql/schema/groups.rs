//! Groups: creating one, and changing its title and members.

use async_graphql::{Context, ID, InputObject, Object};

use crate::conversations::{self, Membership, Reference, Title};
use crate::error::Error;
use crate::graphql::context::ContextExt;
use crate::graphql::error::{Failure, Result};
use crate::graphql::schema::conversations::Conversation;
use crate::id::{ConversationId, UserId};

/// A new group.
#[derive(InputObject)]
struct CreateConversationInput {
    /// The title, 1 to 100 characters.
    title: String,
    /// The ids of the other members, up to 999. Duplicates and your own id are ignored; one unknown id rejects the
    /// request.
    member_ids: Vec<ID>,
}

/// Mutations of groups.
#[derive(Default)]
pub(super) struct GroupsMutation;

#[Object]
impl GroupsMutation {
    /// Creates a group that you own. All members receive ConversationChanged ADDED. Groups have a burst of 10 and then
    /// 10 per minute; their members, together with those of addMembers, have a burst of 2,000 and then 10 per second.
    /// Codes: BAD_USER_INPUT, RATE_LIMITED, and NOT_FOUND for an unknown user.
    async fn create_conversation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new group.")] input: CreateConversationInput,
    ) -> Result<Conversation> {
        let viewer = ctx.viewer()?;
        let title = Title::parse(&input.title)?;
        let members = people(&input.member_ids)?;
        Ok(conversations::create(ctx.app()?, viewer, title, members).await?.into())
    }

    /// Changes the title of a group that you own; all members receive ConversationChanged UPDATED. Setting the current
    /// title changes nothing. Changes of groups (updateConversation, addMembers and removeMember together) have a burst
    /// of 30 and then 1 per second. Codes: BAD_USER_INPUT, FORBIDDEN if you do not own the group, RATE_LIMITED, and
    /// NOT_FOUND, also for a direct conversation.
    async fn update_conversation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group's id.")] id: ID,
        #[graphql(desc = "Its new title, 1 to 100 characters.")] title: String,
    ) -> Result<Conversation> {
        ctx.viewer()?;
        let title = Title::parse(&title)?;
        let member = member(ctx, &id).await?;
        Ok(conversations::rename(ctx.app()?, &member, title).await?.into())
    }

    /// Adds users to a group; any member may. They receive ConversationChanged ADDED, the other members UPDATED. New
    /// members may read the whole history, which counts as read (`lastReadSeq`), and receive what happens from then on.
    /// Users who are members already are ignored; one unknown or erased user rejects the request. Changes of groups
    /// (updateConversation, addMembers and removeMember together) have a burst of 30 and then 1 per second; the users,
    /// together with the members of groups that you create, have a burst of 2,000 and then 10 per second. Codes:
    /// BAD_USER_INPUT for more than 1,000 members in all, RATE_LIMITED, and NOT_FOUND, also for a direct conversation.
    async fn add_members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group's id.")] conversation_id: ID,
        #[graphql(desc = "The ids of the users to add, up to 1,000.")] user_ids: Vec<ID>,
    ) -> Result<Conversation> {
        ctx.viewer()?;
        let added = people(&user_ids)?;
        let member = member(ctx, &conversation_id).await?;
        Ok(conversations::add(ctx.app()?, &member, added).await?.into())
    }

    /// Removes a member from a group: the owner may remove anyone, a member only themself. The removed user receives
    /// ConversationChanged REMOVED and nothing from the group after it, the other members UPDATED. If the owner leaves,
    /// the oldest member becomes the owner. The result is null if you removed yourself. Changes of groups
    /// (updateConversation, addMembers and removeMember together) have a burst of 30 and then 1 per second. Codes:
    /// FORBIDDEN if you do not own the group and remove somebody else, RATE_LIMITED, and NOT_FOUND, also for a user who
    /// is not a member and for a direct conversation.
    async fn remove_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group's id.")] conversation_id: ID,
        #[graphql(desc = "The id of the member to remove; your own id to leave.")] user_id: ID,
    ) -> Result<Option<Conversation>> {
        ctx.viewer()?;
        let person = UserId::parse(&user_id).ok_or(Failure(Error::NotFound))?;
        let member = member(ctx, &conversation_id).await?;
        Ok(conversations::remove(ctx.app()?, &member, person).await?.map(Conversation::from))
    }
}

/// Parses ids of users; a malformed id is an unknown user.
fn people(ids: &[ID]) -> Result<Vec<UserId>> {
    let people: Option<Vec<UserId>> = ids.iter().map(|id| UserId::parse(id)).collect();
    people.ok_or(Failure(Error::NotFound))
}

/// The viewer's membership in a conversation by its id.
async fn member(ctx: &Context<'_>, id: &str) -> Result<Membership> {
    let viewer = ctx.viewer()?;
    let id = ConversationId::parse(id).ok_or(Failure(Error::NotFound))?;
    Ok(conversations::membership(ctx.app()?, viewer, Reference::Id(id)).await?)
}
