//! What the app's backend sees: every conversation.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::accounts::{ConversationsKey, ExternalId, MessagesKey};
use crate::app::App;
use crate::conversations::{Reference, Sight, by_ids};
use crate::entity::conversation;
use crate::error::Result;
use crate::id::ConversationId;

/// A key that may see conversations.
#[derive(Clone, Copy, Debug)]
pub enum KeyReader {
    /// With their titles and members.
    Conversations(ConversationsKey),
    /// With their messages.
    Messages(MessagesKey),
}

/// Proof that a key may see a conversation: read from the database, and created only here.
#[derive(Clone, Debug)]
pub struct KeySight(conversation::Model);

impl KeySight {
    /// The right to see it.
    pub fn sight(&self) -> Sight<'_> {
        Sight::new(&self.0)
    }

    /// The conversation, as it was when it was read.
    pub fn into_row(self) -> conversation::Model {
        self.0
    }
}

/// The conversation that a key names; `None` if there is none. A key has no direct conversations of its own.
pub async fn find_by_key(app: &App, key: KeyReader, reference: Reference) -> Result<Option<KeySight>> {
    match reference {
        Reference::Id(id) => Ok(seen_by_key(app, key, &[id]).await?.pop()),
        Reference::Direct(_) => Ok(None),
    }
}

/// Conversations by id, in no particular order.
pub async fn seen_by_key(app: &App, _: KeyReader, ids: &[ConversationId]) -> Result<Vec<KeySight>> {
    Ok(by_ids(app, ids).await?.into_iter().map(KeySight).collect())
}

/// The group that a key gave this id. Whoever asks must still be allowed to see it.
pub async fn find_by_external_id(app: &App, id: &ExternalId) -> Result<Option<ConversationId>> {
    let _turn = app.db.turn().await;
    let with_it = conversation::Entity::find().filter(conversation::Column::ExternalId.eq(id.as_str()));
    Ok(with_it.one(&app.db.reader).await?.map(|row| row.id))
}
