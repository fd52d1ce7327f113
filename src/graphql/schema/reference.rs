//! How clients refer to a conversation.

use async_graphql::{ID, OneofObject};

use crate::accounts::{self, ExternalId};
use crate::app::App;
use crate::conversations::{self, Reference};
use crate::error::Error;
use crate::graphql::error::{Failure, Result};
use crate::id::{ConversationId, UserId};

/// A conversation by its id, or the direct conversation with a user. A direct conversation is created by its first
/// message; before that it can be read, as an empty one, and subscribed to.
#[derive(Clone, OneofObject)]
#[expect(clippy::enum_variant_names, reason = "the contract's names")]
pub(crate) enum ConversationRef {
    /// The id of a conversation.
    ConversationId(ID),
    /// The id of a user: your direct conversation with them.
    UserId(ID),
    /// The id of a user in the app's own backend: your direct conversation with them. Where EXTERNAL_IDS is public, else
    /// FORBIDDEN.
    ExternalUserId(ID),
    /// The id that the app's own backend gave a group. One that you are not in is treated as one that does not exist.
    ExternalId(ID),
}

impl ConversationRef {
    /// What it refers to; `None` if that is nothing. Whether the viewer may see it is not known yet. `is_by_key` says whether
    /// a key asks.
    pub(in crate::graphql) async fn find(&self, app: &App, is_by_key: bool) -> Result<Option<Reference>> {
        Ok(match self {
            Self::ConversationId(id) => ConversationId::parse(id).map(Reference::Id),
            Self::UserId(id) => UserId::parse(id).map(Reference::Direct),
            Self::ExternalUserId(_) if !app.config.external_ids_are_public && !is_by_key => {
                return Err(Failure(Error::Forbidden));
            }
            Self::ExternalUserId(id) => {
                let Ok(id) = ExternalId::parse(id, "externalUserId") else { return Ok(None) };
                let found = accounts::find_by_external_id(app, &id).await?;
                found.filter(|person| person.deleted_at.is_none()).map(|person| Reference::Direct(person.id))
            }
            Self::ExternalId(id) => {
                let Ok(id) = ExternalId::parse(id, "externalId") else { return Ok(None) };
                conversations::find_by_external_id(app, &id).await?.map(Reference::Id)
            }
        })
    }
}
