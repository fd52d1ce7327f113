//! The fields of users. They are apart from `users`, which everything with users imports, because a user has a conversation.

use async_graphql::{Context, ID, Object};

use crate::accounts::Viewer;
use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;
use crate::graphql::loaders::look_up;
use crate::graphql::schema::conversations::Conversation;
use crate::graphql::schema::date_time::DateTime;
use crate::graphql::schema::images::Image;
use crate::graphql::schema::json::AppData;
use crate::graphql::schema::users::User;
use crate::graphql::written::json_fields;

/// A user of this server.
#[Object]
impl User {
    /// The user's id, a UUIDv7.
    pub(super) async fn id(&self) -> ID {
        self.row.id.to_string().into()
    }

    /// The name that others see, 1 to 80 characters. For an erased user it is "Deleted user".
    async fn full_name(&self) -> &str {
        &self.row.full_name
    }

    /// A key for what the name looks like. Two users have the same key if readers would confuse their names, because
    /// they differ only in case, invisible characters or similar-looking letters. Where two users with the same key are
    /// shown together, show something else that tells them apart. Only compare keys: do not display or store them, as
    /// they may change with the server's version.
    async fn name_key(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(ctx.program()?.accounts.look(&self.row.name_key))
    }

    /// The e-mail address. Only the user can see it; it is null for everybody else.
    #[graphql(directive = super::viewer_mark::viewer::apply())]
    async fn email(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        let is_viewer = |viewer: &Viewer| viewer.user() == self.row.id && viewer.acting_key().is_none();
        let is_own = self.is_own || ctx.viewer().is_ok_and(is_viewer);
        let email = self.row.email.as_deref().or(self.row.contact_email.as_deref());
        Ok(email.filter(|_| is_own))
    }

    /// The user's picture. Null if there is none.
    async fn profile_pic(&self, ctx: &Context<'_>) -> Result<Option<Image>> {
        Image::find(ctx, self.row.image_id.filter(|_| !self.is_erased())).await
    }

    /// Whether the user is online: they have an open socket on any device, or had one in the last 10 seconds. Always
    /// false for an erased user, and for users whose presence you may not see: if one of you has blocked the other; and if
    /// `serverInfo.features` does not contain "directory", of users with whom you share no conversation.
    #[graphql(directive = super::viewer_mark::viewer::apply())]
    async fn online(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(!self.is_erased() && self.presence_is_shown(ctx).await? && ctx.program()?.presence.is_online(self.row.id))
    }

    /// When the user last came online or went offline. Null if they were never online, were erased, or if you may not
    /// see their presence.
    #[graphql(directive = super::viewer_mark::viewer::apply())]
    async fn last_seen_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let Some(at) = ctx.program()?.presence.last_seen_at(&self.row) else { return Ok(None) };
        Ok(self.presence_is_shown(ctx).await?.then_some(DateTime(at)))
    }

    /// When the account was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.row.created_at)
    }

    /// When the profile was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.row.updated_at)
    }

    /// When the account was erased. Null if it was not. All messages of an erased user are tombstones.
    async fn deleted_at(&self) -> Option<DateTime> {
        self.row.deleted_at.map(DateTime)
    }

    /// The id in the app's own backend. Null for accounts made here, and for all but keys where EXTERNAL_IDS is private
    /// (one setting for the whole server).
    async fn external_id(&self, ctx: &Context<'_>) -> Result<Option<ID>> {
        let is_shown = ctx.app()?.config.external_ids_are_public || ctx.is_by_key();
        let id = self.row.external_id.as_deref().filter(|_| is_shown && !self.is_erased());
        Ok(id.map(ID::from))
    }

    /// Whether it is a program.
    async fn is_bot(&self) -> bool {
        self.row.is_bot
    }

    /// The app's own data.
    async fn metadata(&self) -> Option<AppData> {
        self.row.metadata.as_deref().map(AppData::stored)
    }

    /// Your direct conversation with this user. Null until there is one, and for yourself.
    #[graphql(directive = super::viewer_mark::viewer::apply())]
    async fn conversation(&self, ctx: &Context<'_>) -> Result<Option<Conversation>> {
        if ctx.viewer().is_err() && ctx.is_by_key() {
            return Ok(None);
        }
        ctx.viewer()?;
        Ok(look_up(ctx.loaders()?.directs(), self.row.id).await?.map(Conversation::of_member))
    }
}

json_fields! { User {
    id, full_name, name_key, email, profile_pic: Image, online, last_seen_at, created_at, updated_at, deleted_at, external_id,
    is_bot, metadata, conversation: Conversation,
} }
