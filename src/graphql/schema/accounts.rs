//! People and sessions.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use uuid::Uuid;

use crate::accounts::{Email, Name, NewAccount, Password, SignedIn};
use crate::clock::Timestamp;
use crate::directory::{self, PeopleFilter, ProfileUpdate};
use crate::entity::user;
use crate::error::Error;
use crate::graphql::context::ContextExt;
use crate::graphql::error::{Failure, Result};
use crate::graphql::loaders::load;
use crate::graphql::schema::date_time::DateTime;
use crate::graphql::schema::images::{Image, ImageInput};
use crate::graphql::schema::paging::{self, PageCursor, RelayConnection, RelayEdge};
use crate::graphql::session_effect::SessionEffect;
use crate::id::UserId;
use crate::limits;

/// A person.
pub struct User {
    row: Arc<user::Model>,
    /// Shown to the person themself, by an operation that has just signed them in.
    is_own: bool,
    /// It is known already that whoever this is shown to may see whether the person is online.
    shows_presence: bool,
}

impl User {
    /// A person as anybody may see them; their own is told by who looks.
    pub fn new(row: Arc<user::Model>) -> Self {
        Self { row, is_own: false, shows_presence: false }
    }

    /// The same person, shown only to those who may see whether they are online: nobody has to look that up.
    pub fn with_presence(self) -> Self {
        Self { shows_presence: true, ..self }
    }

    async fn presence_is_shown(&self, ctx: &Context<'_>) -> Result<bool> {
        if self.shows_presence || directory::is_open(ctx.app()?) {
            return Ok(true);
        }
        // Not without a viewer: a frame that serves many would show it to all of them.
        ctx.viewer()?;
        Ok(load(&ctx.loaders()?.visible, self.row.id).await?.is_some())
    }

    /// Whether they have left for good.
    pub fn is_erased(&self) -> bool {
        self.row.deleted_at.is_some()
    }
}

/// A person.
#[Object]
impl User {
    /// The person's id, a UUIDv7.
    async fn id(&self) -> ID {
        self.row.id.to_string().into()
    }

    /// The name that others see, 1 to 80 characters. Of an erased person: "Deleted user".
    async fn full_name(&self) -> &str {
        &self.row.full_name
    }

    /// What the name looks like: equal for people whose names a reader takes for the same, whatever the case, invisible
    /// characters, or letters that look alike. Show something else as well where two people are next to each other whose
    /// keys are equal. To compare, never to show, and not to keep: it may change with the server's version.
    async fn name_key(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(ctx.program()?.accounts.look(&self.row.name_key))
    }

    /// The e-mail address, visible to its owner only: null to everybody else.
    async fn email(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        let is_own = self.is_own || ctx.viewer().is_ok_and(|viewer| viewer.user() == self.row.id);
        Ok(self.row.email.as_deref().filter(|_| is_own))
    }

    /// The person's picture. Null where there is none.
    async fn profile_pic(&self, ctx: &Context<'_>) -> Result<Option<Image>> {
        Image::find(ctx, self.row.image_id.filter(|_| !self.is_erased())).await
    }

    /// Whether the person is online: has an open socket on any device, or had one in the last 10 seconds. An erased
    /// person never is, and neither is one whose presence you may not see: where `serverInfo.features` has no
    /// "directory", that is everybody with whom you do not share a conversation.
    async fn online(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(!self.is_erased() && self.presence_is_shown(ctx).await? && ctx.program()?.presence.is_online(self.row.id))
    }

    /// When the person last came or went. Null when they were never online, of an erased person, and of one whose
    /// presence you may not see.
    async fn last_seen_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let Some(at) = self.row.last_seen_at else { return Ok(None) };
        Ok(self.presence_is_shown(ctx).await?.then_some(DateTime(at)))
    }

    /// When the account was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.row.created_at)
    }

    /// When the profile was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.row.updated_at)
    }

    /// When the account was erased. Null while it lives. All messages of an erased person are tombstones.
    async fn deleted_at(&self) -> Option<DateTime> {
        self.row.deleted_at.map(DateTime)
    }
}

impl From<user::Model> for User {
    fn from(row: user::Model) -> Self {
        Self::new(Arc::new(row))
    }
}

/// A person who is known to exist: senders, members and the like are never removed from the tables.
pub async fn known_user(ctx: &Context<'_>, id: UserId) -> Result<User> {
    let row = load(&ctx.loaders()?.users, id).await?;
    row.map(User::new).ok_or_else(|| Failure(Error::Internal(anyhow::anyhow!("person {id} has no row"))))
}

/// The signed-in user and the token that proves it.
#[derive(SimpleObject)]
pub struct AuthPayload {
    /// The user who is signed in now.
    user: User,
    /// For clients without cookies: send it as `Authorization: Bearer …` and as `authorization` in the payload of
    /// `connection_init`. Browsers need not select it: they get the same as an httpOnly cookie.
    token: String,
    /// When the session ends, unless it is renewed before.
    expires_at: DateTime,
}

impl AuthPayload {
    /// The answer for a session that continues with another token.
    pub(in crate::graphql) fn new(user: User, token: String, expires_at: Timestamp) -> Self {
        Self { user, token, expires_at: DateTime(expires_at) }
    }

    /// The answer to somebody who has just signed in.
    pub(in crate::graphql) fn of(ctx: &Context<'_>, session: SignedIn) -> Self {
        let SignedIn { user, token, expires_at } = session;
        let user = User { row: Arc::new(user), is_own: true, shows_presence: true };
        SessionEffect::Set { token: token.clone(), expires_at }.record(ctx);
        Self::new(user, token, expires_at)
    }
}

/// A new account.
#[derive(InputObject)]
struct SignupInput {
    /// 1 to 80 characters, in any script.
    full_name: String,
    /// An address that no other account has. Upper and lower case are the same.
    email: String,
    /// 6 to 128 characters, unless the server asks for more, and none of the 3,000 commonest passwords.
    password: String,
}

/// An account's e-mail and password.
#[derive(InputObject)]
struct LoginInput {
    /// The account's address.
    email: String,
    /// The account's password.
    password: String,
}

/// What to change of the profile. What is left out stays.
#[derive(InputObject)]
struct UpdateProfileInput {
    /// 1 to 80 characters, in any script.
    full_name: Option<String>,
    /// Another picture; null removes the one there is.
    profile_pic: MaybeUndefined<ImageInput>,
}

/// What a list of people has beside the people.
pub struct UserTotals {
    search: PeopleFilter,
}

/// A list of people, with its totals.
pub type UserConnection = RelayConnection<User, UserTotals>;

#[Object]
impl UserTotals {
    /// How many people there are in all. Counted only when it is selected.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(directory::count(ctx.app()?, &self.search).await?)
    }
}

/// Queries about people.
#[derive(Default)]
pub struct AccountsQuery;

#[Object]
impl AccountsQuery {
    /// The signed-in user, or null for a visitor: what a page asks first.
    async fn me(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        let Ok(viewer) = ctx.viewer() else { return Ok(None) };
        Ok(load(&ctx.loaders()?.users, viewer.user()).await?.map(User::new))
    }

    /// A person by id, an erased one too. Null where there is none, or the server lets you find only those with whom you
    /// share a conversation. Where it lets you find others by id but has no "directory" (see `serverInfo.features`), each of
    /// them counts as a search. Codes: RATE_LIMITED.
    async fn user(&self, ctx: &Context<'_>, #[graphql(desc = "The person's id.")] id: ID) -> Result<Option<User>> {
        let viewer = ctx.viewer()?;
        let Some(id) = UserId::parse(&id) else { return Ok(None) };
        if !directory::finds(ctx.app()?, viewer, &[id]).await? {
            return Ok(None);
        }
        Ok(load(&ctx.loaders()?.users, id).await?.map(User::new))
    }

    /// Everyone but yourself and the erased, by name. `search` finds a part of the name, in upper or lower case, or
    /// exactly the e-mail address. Pages have 1 to 100 people. Where `serverInfo.features` has no "directory", names are
    /// searched of those with whom you share a conversation; where it has no "lookup" either, nobody is listed. Codes:
    /// BAD_USER_INPUT, and RATE_LIMITED: 30 at once and then 5 a second, of an e-mail address 30 a minute, which all who
    /// are at one address share.
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A part of the name, or the whole e-mail address; up to 100 characters.")] search: Option<
            String,
        >,
        #[graphql(default = 50, desc = "The size of the page, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the person before the page.")] after: Option<String>,
    ) -> Result<UserConnection> {
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
            RelayEdge::new(cursor.encode(seal), row.into())
        }));
        Ok(list)
    }
}

/// Mutations of people and sessions.
#[derive(Default)]
pub struct AccountsMutation;

#[Object]
impl AccountsMutation {
    /// Makes an account and signs in to it. The cookie of the answer keeps a browser signed in; other clients take
    /// the token. Codes: BAD_USER_INPUT, EMAIL_TAKEN, RATE_LIMITED; FORBIDDEN where accounts come from the operator, which
    /// `serverInfo.features` tells by having no "signup".
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

    /// Signs in. Codes: INVALID_CREDENTIALS, which does not tell whether the e-mail or the password is wrong, and
    /// RATE_LIMITED: wrong passwords, and beyond 20 right ones at once and then 6 a minute.
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs in.")] input: LoginInput,
    ) -> Result<AuthPayload> {
        let program = ctx.program()?;
        let caller = ctx.caller()?;
        let password = Password::for_login(input.password)?;
        let session = program.accounts.log_in(&input.email, password, caller.client()).await?;
        Ok(AuthPayload::of(ctx, session))
    }

    /// Ends this session on the server: its token stops working everywhere, its live connections close with 4401.
    async fn logout(&self, ctx: &Context<'_>) -> Result<bool> {
        let program = ctx.program()?;
        program.accounts.log_out(ctx.viewer()?).await?;
        SessionEffect::Clear.record(ctx);
        Ok(true)
    }

    /// Changes your profile. Everybody who shares a conversation with you hears of it as UserChanged. Codes:
    /// BAD_USER_INPUT; of a picture NOT_FOUND, RATE_LIMITED, SERVICE_UNAVAILABLE, UNSUPPORTED_IMAGE and
    /// PAYLOAD_TOO_LARGE, as for the image of a message.
    async fn update_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateProfileInput,
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
