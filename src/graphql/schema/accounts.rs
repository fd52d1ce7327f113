//! Accounts: finding people, profiles, and signing in and out.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};

use crate::accounts::{Email, Name, NewAccount, Password, SignedIn};
use crate::clock::Timestamp;
use crate::directory::{self, PeopleFilter, ProfileUpdate};
use crate::graphql::SessionEffect;
use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;
use crate::graphql::loaders::look_up;
use crate::graphql::schema::date_time::DateTime;
use crate::graphql::schema::images::ImageInput;
use crate::graphql::schema::paging::{self, PageCursor};
use crate::graphql::schema::user_pages::{UserConnection, UserTotals, user_connection};
use crate::graphql::schema::users::{User, find_user};
use crate::graphql::written::AsJson;
use crate::limits;

/// A new account.
#[derive(InputObject)]
pub(super) struct SignupInput {
    /// 1 to 80 characters, in any script.
    pub(super) full_name: String,
    /// The e-mail address, which no other account may have. Case is ignored.
    pub(super) email: String,
    /// 6 to 128 characters, unless the server requires more. The 3,000 most common passwords are rejected.
    pub(super) password: String,
}

/// The e-mail address and password of an account.
#[derive(InputObject)]
pub(super) struct LoginInput {
    /// The account's e-mail address.
    pub(super) email: String,
    /// The account's password.
    pub(super) password: String,
}

/// The changes to a profile. Fields that are left out do not change.
#[derive(InputObject)]
pub(super) struct UpdateProfileInput {
    /// 1 to 80 characters, in any script.
    pub(super) full_name: Option<String>,
    /// A new picture; null removes the current one.
    pub(super) profile_pic: MaybeUndefined<ImageInput>,
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
        let user = User::signed_in(user);
        SessionEffect::Set { token: token.clone(), expires_at }.record(ctx);
        Self::new(user, token, expires_at)
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
        Ok(look_up(ctx.loaders()?.users(), viewer.user()).await?.map(|row| User::new(row).into()))
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

    /// All users except yourself, erased ones, and those whom you have blocked or who have blocked you, ordered by name.
    /// `search` matches a part of the name, ignoring case and accents ("jose" finds José, "oconnor" O’Connor), and
    /// further words of it the beginnings of others ("mar cur" finds Marie Curie), or the exact e-mail address. Pages have 1 to 100 users. If `serverInfo.features` does not contain "directory",
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
        let after = paging::cursor(ctx.app()?.feed.seal(), "after", after.as_deref(), PageCursor::user)?;
        let search = PeopleFilter::new(ctx.app()?, viewer, ctx.caller()?.address, search.as_deref())?;
        let page = directory::list(ctx.app()?, &search, first, after).await?;
        user_connection(ctx, page, UserTotals::Found(search))
    }
}

/// Mutations of accounts and profiles.
#[derive(Default)]
pub(super) struct AccountsMutation;

#[Object]
impl AccountsMutation {
    /// Creates an account and signs in to it. The response sets a cookie that keeps a browser signed in; other clients
    /// use the token. Codes: BAD_USER_INPUT, EMAIL_TAKEN, RATE_LIMITED, SERVICE_UNAVAILABLE while too many passwords
    /// wait to be hashed, and FORBIDDEN if only the operator creates accounts: `serverInfo.features` then does not
    /// contain "signup".
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

    /// Signs in. Codes: INVALID_CREDENTIALS, which does not say whether the e-mail or the password is wrong;
    /// RATE_LIMITED: after too many wrong passwords, and for successful logins beyond a burst of 20 and then 6 per
    /// minute; and SERVICE_UNAVAILABLE while too many passwords wait to be hashed.
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
