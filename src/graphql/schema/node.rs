//! Objects by their ids, as Relay fetches them again.

use async_graphql::{Context, ID, Interface, Object};

use crate::conversations::{self, MemberId, Reference};
use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;
use crate::graphql::schema::conversations::Conversation;
use crate::graphql::schema::images::Image;
use crate::graphql::schema::members::Member;
use crate::graphql::schema::messages::Message;
use crate::graphql::schema::sessions::Session;
use crate::graphql::schema::users::{User, find_user};
use crate::id::{ConversationId, ImageId, MessageId, SessionId};
use crate::{accounts, directory, images, messages};

/// An object with an id. No two objects have the same id, whatever their types.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The object's id."))]
pub(super) enum Node {
    User(User),
    Conversation(Conversation),
    Message(Message),
    Image(Image),
    Session(Session),
    Member(Member),
}

/// Queries by id.
#[derive(Default)]
pub(super) struct NodeQuery;

#[Object]
impl NodeQuery {
    /// An object by its id. Null if there is none that you may see. A user is found as by `user`. Codes: RATE_LIMITED, as
    /// of `user`.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "The object's id.")] id: ID) -> Result<Option<Node>> {
        let (app, viewer) = (ctx.app()?, ctx.viewer()?);
        if let Some(member) = MemberId::parse(&id) {
            return Ok(conversations::find_member(app, viewer, member).await?.map(|found| Node::Member(found.into())));
        }
        if let Some(id) = MessageId::parse(&id)
            && let Some(message) = messages::find(app, viewer, id).await?
        {
            return Ok(Some(Node::Message(message.into())));
        }
        if let Some(id) = ConversationId::parse(&id)
            && let Some(own) = conversations::find_membership(app, viewer, Reference::Id(id)).await?
        {
            return Ok(Some(Node::Conversation(own.conversation().clone().into())));
        }
        if let Some(id) = ImageId::parse(&id)
            && let Some(image) = find_image(ctx, id).await?
        {
            return Ok(Some(Node::Image(image)));
        }
        if let Some(id) = SessionId::parse(&id)
            && let Some(session) = accounts::sessions(app, viewer).await?.into_iter().find(|session| session.id == id)
        {
            return Ok(Some(Node::Session(Session::new(session, viewer.session()))));
        }
        // Last, as it may count as a search.
        Ok(find_user(ctx, &id).await?.map(Node::User))
    }
}

/// An image of a message, a group or a person that the viewer may see.
async fn find_image(ctx: &Context<'_>, id: ImageId) -> Result<Option<Image>> {
    let (app, viewer) = (ctx.app()?, ctx.viewer()?);
    let Some(row) = images::by_ids(app, &[id]).await?.pop() else { return Ok(None) };
    let is_seen = messages::shows_image(app, viewer, id).await?
        || conversations::shows_picture(app, viewer, id).await?
        || directory::shows_image(app, viewer, &row).await?;
    Ok(is_seen.then(|| Image::from(row)))
}
