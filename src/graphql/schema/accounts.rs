//! Users, their profiles, and signing in and out.

use std::sync::Arc;

use async_graphql::{Context, ID, MaybeUndefined, Object, SimpleObject};
use uuid::Uuid;

use crate::accounts::{Email, Name, NewAccount, Password, SignedIn};
use crate::clock::Timestamp;
use crate::directory::{self, PeopleFilter, ProfileUpdate};
use crate::entity::user;
use crate::error::Error;
use crate::graphql::context::{Actor, ContextExt};
use crate::graphql::error::{Failure, Result};
use crate::graphql::loaders::{load, look_up};
use crate::graphql::schema::account_inputs::{LoginInput, SignupInput, UpdateProfileInput};
use crate::graphql::schema::date_time::DateTime;
use crate::graphql::schema::images::Image;
use crate::graphql::schema::json::AppData;
use crate::graphql::schema::paging::{self, PageCursor, RelayConnection, RelayEdge, UnsealedCursor};
use crate::graphql::session_effect::SessionEffect;
use crate::graphql::written::{AsJson, json_fields};
use crate::id::UserId;
use crate::limits;

/// A user of this server.
pub(super) struct User {
    row: Arc<user::Model>,
    /// The viewer is this user: set by an operation that has just signed them in.
    is_own: bool,
    /// Whether it is already known that the viewer may see this user's presence.
    shows_presence: bool,
}

impl User {
    /// A user. What only they may see is decided for each viewer.
    pub(super) fn new(row: Arc<user::Model>) -> Self {
        Self { row, is_own: false, shows_presence: false }
    }

    /// The same user, for viewers who may see their presence, so that it need not be looked up.
    pub(super) fn with_presence(self) -> Self {
        Self { shows_presence: true, ..self }
    }

    async fn presence_is_shown(&self, ctx: &Context<'_>) -> Result<bool> {
        if self.shows_presence || directory::is_open(ctx.app()?) {
            return Ok(true);
        }
        // Requires a viewer: a shared frame would show it to everybody.
        ctx.viewer()?;
        Ok(load(&ctx.loaders()?.visible, self.row.id).await?.is_some())
    }

    /// Whether the account was erased.
    pub(super) fn is_erased(&self) -> bool {
        self.row.deleted_at.is_some()
    }
}

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
    async fn email(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        let is_own = self.is_own || ctx.viewer().is_ok_and(|viewer| viewer.user() == self.row.id);
        let email = self.row.email.as_deref().or(self.row.contact_email.as_deref());
        Ok(email.filter(|_| is_own))
    }

    /// The user's picture. Null if there is none.
    async fn profile_pic(&self, ctx: &Context<'_>) -> Result<Option<Image>> {
        Image::find(ctx, self.row.image_id.filter(|_| !self.is_erased())).await
    }

    /// Whether the user is online: they have an open socket on any device, or had one in the last 10 seconds. Always
    /// false for an erased user, and for users whose presence you may not see: if `serverInfo.features` does not
    /// contain "directory", you see the presence only of users with whom you share a conversation.
    async fn online(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(!self.is_erased() && self.presence_is_shown(ctx).await? && ctx.program()?.presence.is_online(self.row.id))
    }

    /// When the user last came online or went offline. Null if they were never online, were erased, or if you may not
    /// see their presence.
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
        let is_shown = ctx.app()?.config.external_ids_are_public || ctx.manages_users();
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
}

json_fields! { User {
    id, full_name, name_key, email, profile_pic: Image, online, last_seen_at, created_at, updated_at, deleted_at, external_id,
    is_bot, metadata,
} }

impl From<user::Model> for User {
    fn from(row: user::Model) -> Self {
        Self::new(Arc::new(row))
    }
}

/// A user who must exist: rows of users are never deleted, so senders and members always have one.
pub(super) async fn known_user(ctx: &Context<'_>, id: UserId) -> Result<User> {
    let row = look_up(&ctx.loaders()?.users, id).await?;
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
    Ok(look_up(&ctx.loaders()?.users, id).await?.map(User::new))
}

/// The signed-in user and their session's token.
#[derive(SimpleObject)]
pub(super) struct AuthPayload {
    /// The user who is signed in now.
    user: User,
    /// The token for clients without cookies: send it as `Authorization: Bearer …`, and as `authorization` in the
    /// payload of `connection_init`. Browsers need not select it: they receive it as an httpOnly cookie.
    token: String,
    /// When the session expires unless it is renewed.
    expires_at: DateTime,
}

impl AuthPayload {
    /// The payload for a session that continues with a new token.
    pub(in crate::graphql) fn new(user: User, token: String, expires_at: Timestamp) -> Self {
        Self { user, token, expires_at: DateTime(expires_at) }
    }

    /// The payload for a user who has just signed in.
    pub(in crate::graphql) fn of(ctx: &Context<'_>, session: SignedIn) -> Self {
        let SignedIn { user, token, expires_at } = session;
        let user = User { row: Arc::new(user), is_own: true, shows_presence: true };
        SessionEffect::Set { token: token.clone(), expires_at }.record(ctx);
        Self::new(user, token, expires_at)
    }
}

/// The fields of a list of users beside its page.
pub(super) struct UserTotals {
    search: PeopleFilter,
}

/// A page of users, with the total.
pub(super) type UserConnection = RelayConnection<User, UserTotals>;

#[Object]
impl UserTotals {
    /// The number of users on all pages. It is counted only if this field is selected.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(directory::count(ctx.app()?, &self.search).await?)
    }
}

/// Queries about users.
#[derive(Default)]
pub(super) struct AccountsQuery;

#[Object]
impl AccountsQuery {
    /// The signed-in user, or null if nobody is signed in.
    async fn me(&self, ctx: &Context<'_>) -> Result<Option<AsJson<User>>> {
        let Ok(viewer) = ctx.viewer() else { return Ok(None) };
        Ok(look_up(&ctx.loaders()?.users, viewer.user()).await?.map(|row| User::new(row).into()))
    }

    /// A user by id, including erased ones. Null if there is no such user, or if the server only lets you find users
    /// with whom you share a conversation. If `serverInfo.features` contains "lookup" but not "directory", each request
    /// for a user with whom you share no conversation counts as a search. A key of scope `users` finds everybody. Codes:
    /// RATE_LIMITED.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user's id.")] id: ID,
    ) -> Result<Option<AsJson<User>>> {
        Ok(find_user(ctx, &id).await?.map(Into::into))
    }

    /// All users except yourself and erased ones, ordered by name. `search` matches a part of the name, ignoring case,
    /// or the exact e-mail address. Pages have 1 to 100 users. If `serverInfo.features` does not contain "directory",
    /// only the names of users with whom you share a conversation are searched; if it does not contain "lookup" either,
    /// the list is empty. Codes: BAD_USER_INPUT, and RATE_LIMITED: searches have a burst of 30 and then 5 per second;
    /// searches for an e-mail address are limited to 30 per minute, shared by all clients at one network address.
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A part of the name, or the whole e-mail address, up to 100 characters.")] search: Option<
            String,
        >,
        #[graphql(default = 50, desc = "The size of the page, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "The page begins after the user with this cursor.")] after: Option<String>,
    ) -> Result<AsJson<UserConnection>> {
        let viewer = ctx.viewer()?;
        let first = paging::size("first", first)?.unwrap_or(limits::DEFAULT_PAGE);
        let seal = ctx.app()?.feed.seal();
        let after = paging::cursor(seal, "after", after.as_deref(), |cursor| match cursor {
            PageCursor::User { name_key, id } => Some((name_key, UserId::from(id))),
            PageCursor::Message { .. }
            | PageCursor::Hit { .. }
            | PageCursor::Conversation { .. }
            | PageCursor::Member { .. } => None,
        })?;
        let search = PeopleFilter::new(ctx.app()?, viewer, ctx.caller()?.address, search.as_deref())?;
        let page = directory::list(ctx.app()?, &search, first, after).await?;
        let totals = UserTotals { search };
        let mut list = RelayConnection::with_additional_fields(page.has_previous, page.has_next, totals);
        list.edges.extend(page.items.into_iter().map(|row| {
            let cursor = PageCursor::User { name_key: row.name_key.clone(), id: Uuid::from_bytes(*row.id.as_bytes()) };
            RelayEdge::new(UnsealedCursor::new(cursor, seal), row.into())
        }));
        Ok(list.into())
    }
}

/// Mutations of accounts and profiles.
#[derive(Default)]
pub(super) struct AccountsMutation;

#[Object]
impl AccountsMutation {
    /// Creates an account and signs in to it. The response sets a cookie that keeps a browser signed in; other clients
    /// use the token. Codes: BAD_USER_INPUT, EMAIL_TAKEN, RATE_LIMITED, and FORBIDDEN if only the operator creates
    /// accounts: `serverInfo.features` then does not contain "signup".
    async fn signup(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new account.")] input: SignupInput,
    ) -> Result<AuthPayload> {
        let program = ctx.program()?;
        program.accounts.is_open_to_sign_ups()?;
        let caller = ctx.caller()?;
        let minimum = program.app.config.password_min_length;
        let new = NewAccount {
            name: Name::parse(&input.full_name)?,
            email: Email::parse(&input.email)?,
            password: Password::parse(input.password, minimum, "password")?,
        };
        let session = program.accounts.sign_up(new, caller.client()).await?;
        Ok(AuthPayload::of(ctx, session))
    }

    /// Signs in. Codes: INVALID_CREDENTIALS, which does not say whether the e-mail or the password is wrong, and
    /// RATE_LIMITED: after too many wrong passwords, and for successful logins beyond a burst of 20 and then 6 per
    /// minute.
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The credentials.")] input: LoginInput,
    ) -> Result<AuthPayload> {
        let program = ctx.program()?;
        let caller = ctx.caller()?;
        let password = Password::for_login(input.password)?;
        let session = program.accounts.log_in(&input.email, password, caller.client()).await?;
        Ok(AuthPayload::of(ctx, session))
    }

    /// Ends this session on the server: its token becomes invalid everywhere and its sockets close with 4401.
    async fn logout(&self, ctx: &Context<'_>) -> Result<bool> {
        let program = ctx.program()?;
        program.accounts.log_out(ctx.viewer()?).await?;
        SessionEffect::Clear.record(ctx);
        Ok(true)
    }

    /// Changes your profile. Everybody who shares a conversation with you receives UserChanged. Codes: BAD_USER_INPUT;
    /// for a picture also NOT_FOUND, RATE_LIMITED, SERVICE_UNAVAILABLE, UNSUPPORTED_IMAGE and PAYLOAD_TOO_LARGE, as for
    /// the image of a message.
    async fn update_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The changes.")] input: UpdateProfileInput,
    ) -> Result<User> {
        let viewer = ctx.viewer()?;
        let name = input.full_name.as_deref().map(Name::parse).transpose()?;
        let fields = ["profilePic.file", "profilePic.uploadId"];
        let picture = match input.profile_pic {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(picture) => Some(Some(picture.source(ctx, fields)?)),
        };
        let update = ProfileUpdate { name, picture };
        Ok(directory::update_profile(ctx.app()?, viewer, &ctx.program()?.images, update).await?.into())
    }
}
