//! Users: what the schema knows of one, and how they are found. Their fields are in `user_fields`.

use std::sync::Arc;

use async_graphql::Context;

use crate::directory;
use crate::entity::user;
use crate::error::Error;
use crate::graphql::context::{Actor, ContextExt};
use crate::graphql::error::{Failure, Result};
use crate::graphql::loaders::{load, look_up};
use crate::id::UserId;

/// A user of this server.
pub(super) struct User {
    pub(super) row: Arc<user::Model>,
    /// The viewer is this user: set by an operation that has just signed them in.
    pub(super) is_own: bool,
    presence: PresenceSight,
}

/// What is known of whether the viewer may see a user's presence.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PresenceSight {
    /// Nothing: it is looked up.
    Unknown,
    /// They share a conversation; who has blocked whom is looked up.
    Acquainted,
    Shown,
    Hidden,
}

impl User {
    /// A user. What only they may see is decided for each viewer.
    pub(super) fn new(row: Arc<user::Model>) -> Self {
        Self { row, is_own: false, presence: PresenceSight::Unknown }
    }

    /// The viewer, whom an operation has just signed in.
    pub(super) fn signed_in(row: user::Model) -> Self {
        Self { row: Arc::new(row), is_own: true, presence: PresenceSight::Shown }
    }

    /// The same user, for viewers who may see their presence, so that it need not be looked up.
    pub(super) fn with_presence(self) -> Self {
        Self { presence: PresenceSight::Shown, ..self }
    }

    /// The same user, for viewers who may not see their presence.
    pub(super) fn without_presence(self) -> Self {
        Self { presence: PresenceSight::Hidden, ..self }
    }

    /// The same user, for viewers who share a conversation with them.
    pub(super) fn acquainted(self) -> Self {
        Self { presence: PresenceSight::Acquainted, ..self }
    }

    /// Whether the viewer may see their presence.
    pub(super) async fn presence_is_shown(&self, ctx: &Context<'_>) -> Result<bool> {
        match self.presence {
            PresenceSight::Shown => return Ok(true),
            PresenceSight::Hidden => return Ok(false),
            PresenceSight::Acquainted | PresenceSight::Unknown => {}
        }
        // Nobody has blocked a key.
        let is_acquainted = self.presence == PresenceSight::Acquainted || directory::is_open(ctx.app()?);
        if is_acquainted && ctx.is_by_key() && ctx.viewer().is_err() {
            return Ok(true);
        }
        // Requires a viewer: a shared frame would show it to everybody.
        let viewer = ctx.viewer()?;
        // Who shares a conversation with whom is not found at once, and need not be known of everybody.
        if self.presence == PresenceSight::Acquainted || directory::is_open_to(ctx.app()?, viewer) {
            return Ok(look_up(ctx.loaders()?.not_blocked(), self.row.id).await?.is_some());
        }
        Ok(load(ctx.loaders()?.visible(), self.row.id).await?.is_some())
    }

    /// Whether the account was erased.
    pub(super) fn is_erased(&self) -> bool {
        self.row.deleted_at.is_some()
    }
}

impl From<user::Model> for User {
    fn from(row: user::Model) -> Self {
        Self::new(Arc::new(row))
    }
}

/// A user who must exist: rows of users are never deleted, so senders and members always have one.
pub(super) async fn known_user(ctx: &Context<'_>, id: UserId) -> Result<User> {
    let row = look_up(ctx.loaders()?.users(), id).await?;
    row.map(User::new).ok_or_else(|| Failure(Error::Internal(anyhow::anyhow!("user {id} has no row"))))
}

/// A user whom the viewer finds by their id; a key that manages people finds everybody.
pub(super) async fn find_user(ctx: &Context<'_>, id: &str) -> Result<Option<User>> {
    let actor = ctx.actor()?;
    let Some(id) = UserId::parse(id) else { return Ok(None) };
    let is_found = match actor {
        Actor::Viewer(viewer) => directory::finds(ctx.app()?, viewer, &[id]).await?,
        Actor::Key(key) => key.users().map(|_| true)?,
    };
    if !is_found {
        return Ok(None);
    }
    Ok(look_up(ctx.loaders()?.users(), id).await?.map(User::new))
}
