//! Groups: making one, and changing its title and members.

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
    /// 1 to 100 characters.
    title: String,
    /// Who is in it beside you, up to 999 people. Doubles and your own id are passed over; an unknown id refuses all.
    member_ids: Vec<ID>,
}

/// Mutations of groups.
#[derive(Default)]
pub struct GroupsMutation;

#[Object]
impl GroupsMutation {
    /// Makes a group that you own. Everybody in it hears ConversationChanged ADDED. Codes: BAD_USER_INPUT,
    /// RATE_LIMITED (10 groups at once and then 10 a minute, and of their members, those of addMembers included, 2,000 at
    /// once and then 10 a second), and NOT_FOUND for an unknown person.
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

    /// Gives a group of yours another title; everybody in it hears ConversationChanged UPDATED. The same title changes
    /// nothing. 30 changes of groups (updateConversation, addMembers and removeMember together) are taken at once, and
    /// then one a second. Codes: BAD_USER_INPUT, FORBIDDEN unless you own it, RATE_LIMITED, and NOT_FOUND, also for a
    /// direct conversation.
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

    /// Puts people into a group, which any member may. They hear ConversationChanged ADDED, the others UPDATED. Who is
    /// new may read the whole history, has read it all (`lastReadSeq`), and hears what happens from then on. People who
    /// are in it already are passed over; an unknown or erased one refuses all. 30 changes of groups
    /// (updateConversation, addMembers and removeMember together) are taken at once, and then one a second; of the people
    /// named, with the members of the groups that you make, 2,000 and then 10 a second. Codes: BAD_USER_INPUT for more than 1,000 members in all, RATE_LIMITED, and NOT_FOUND, also for a direct conversation.
    async fn add_members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group's id.")] conversation_id: ID,
        #[graphql(desc = "The ids of those to add, up to 1,000.")] user_ids: Vec<ID>,
    ) -> Result<Conversation> {
        ctx.viewer()?;
        let added = people(&user_ids)?;
        let member = member(ctx, &conversation_id).await?;
        Ok(conversations::add(ctx.app()?, &member, added).await?.into())
    }

    /// Takes a person out of a group: its owner anyone, a member themself. They hear ConversationChanged REMOVED and
    /// nothing of the group after it, the others UPDATED. When the owner leaves, the oldest member owns. The answer is
    /// null where it was yourself. 30 changes of groups (updateConversation, addMembers and removeMember together) are
    /// taken at once, and then one a second. Codes: FORBIDDEN where it is not yours and not yourself, RATE_LIMITED, and
    /// NOT_FOUND, also for somebody who is not in it and for a direct conversation.
    async fn remove_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group's id.")] conversation_id: ID,
        #[graphql(desc = "The id of the one to remove; your own to leave.")] user_id: ID,
    ) -> Result<Option<Conversation>> {
        ctx.viewer()?;
        let person = UserId::parse(&user_id).ok_or(Failure(Error::NotFound))?;
        let member = member(ctx, &conversation_id).await?;
        Ok(conversations::remove(ctx.app()?, &member, person).await?.map(Conversation::from))
    }
}

/// People by their ids; what is no id is an unknown one.
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
