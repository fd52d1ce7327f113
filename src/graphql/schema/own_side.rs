//! Changing one's own side of a conversation, and the event that says so.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};

use crate::conversations::{self, OwnSideUpdate, Reference};
use crate::error::Error;
use crate::graphql::context::ContextExt;
use crate::graphql::error::{Failure, Result};
use crate::graphql::schema::conversations::Conversation;
use crate::graphql::schema::date_time::DateTime;
use crate::graphql::schema::own_membership::NotificationLevel;
use crate::graphql::schema::reference::ConversationRef;

/// Your own side of a conversation changed. Only you receive it, on all your devices.
#[derive(SimpleObject)]
pub(super) struct MembershipChanged {
    /// The cursor to resume from after this event.
    pub(super) cursor: String,
    /// The conversation as it is now, with your side of it in `own`.
    conversation: Conversation,
}

impl MembershipChanged {
    pub(super) fn new(cursor: String, conversation: Conversation) -> Self {
        Self { cursor, conversation }
    }
}

/// The changes of your own side of a conversation. Fields that are left out do not change.
#[derive(InputObject)]
struct UpdateMembershipInput {
    /// Which messages you want to be notified of.
    notifications: Option<NotificationLevel>,
    /// Until when you want to be notified of nothing; null for no such time.
    muted_until: MaybeUndefined<DateTime>,
    /// Whether it is in your archive.
    archived: Option<bool>,
    /// Whether it is one of your favourites.
    favorite: Option<bool>,
    /// Whether it is marked as unread, until the next markRead.
    marked_unread: Option<bool>,
}

/// Mutations of one's own side.
#[derive(Default)]
pub(super) struct OwnSideMutation;

#[Object]
impl OwnSideMutation {
    /// Changes your own side of a conversation, on all your devices, which receive MembershipChanged. What is the same
    /// already changes nothing. These changes have a burst of 120 and then 1 per second. Codes: NOT_FOUND, RATE_LIMITED.
    async fn update_membership(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The conversation.")] conversation: ConversationRef,
        #[graphql(desc = "The changes.")] input: UpdateMembershipInput,
    ) -> Result<Conversation> {
        let (app, viewer) = (ctx.app()?, ctx.viewer()?);
        let reference = conversation.find(app, ctx.is_by_key()).await?.ok_or(Failure(Error::NotFound))?;
        let own = conversations::membership(app, viewer, reference).await?;
        let muted_until = match input.muted_until {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(DateTime(until)) => Some(Some(until)),
        };
        let update = OwnSideUpdate {
            notifications: input.notifications.map(Into::into),
            muted_until,
            archived: input.archived,
            favorite: input.favorite,
            marked_unread: input.marked_unread,
        };
        conversations::update_own_side(app, &own, update).await?;
        let changed = conversations::membership(app, viewer, Reference::Id(own.conversation().id)).await?;
        Ok(Conversation::of_member(changed.into()))
    }
}
