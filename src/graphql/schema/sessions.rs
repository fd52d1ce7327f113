//! Sessions: the devices of the viewer, and the password that guards them.

use async_graphql::{Context, ID, Object, SimpleObject};

use crate::accounts::{self, Password};
use crate::entity::session;
use crate::error::Error;
use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;
use crate::graphql::schema::accounts::{AuthPayload, known_user};
use crate::graphql::schema::date_time::DateTime;
use crate::graphql::session_effect::SessionEffect;
use crate::id::SessionId;

/// A device that is signed in as you.
#[derive(SimpleObject)]
pub struct Session {
    /// The session's id, a UUIDv7: what revokeSession takes.
    id: ID,
    /// Whether it is the one that asks.
    current: bool,
    /// What the device said it is when it signed in: its `User-Agent`, of which 256 characters are kept. Null when it
    /// said nothing.
    user_agent: Option<String>,
    /// When it signed in.
    created_at: DateTime,
    /// When it last sent a request or opened a socket, exact to a minute.
    last_used_at: DateTime,
    /// When it ends, unless it is renewed before; at the latest 30 days after it began.
    expires_at: DateTime,
}

impl Session {
    fn new(row: session::Model, current: SessionId) -> Self {
        Self {
            id: row.id.to_string().into(),
            current: row.id == current,
            user_agent: row.user_agent,
            created_at: DateTime(row.created_at),
            last_used_at: DateTime(row.last_used_at),
            expires_at: DateTime(row.expires_at),
        }
    }
}

/// Queries about sessions.
#[derive(Default)]
pub struct SessionsQuery;

#[Object]
impl SessionsQuery {
    /// The devices that are signed in as you, at most 50, those that were used last first.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>> {
        let viewer = ctx.viewer()?;
        let rows = accounts::sessions(ctx.app()?, viewer).await?;
        Ok(rows.into_iter().map(|row| Session::new(row, viewer.session())).collect())
    }
}

/// Mutations of sessions.
#[derive(Default)]
pub struct SessionsMutation;

#[Object]
impl SessionsMutation {
    /// Lets this session last for another 7 days (or as the server is set), and never longer than 30 days after it
    /// began. Works over HTTP and over a socket; all sockets of the session then stay open for longer. The token that
    /// comes is for later; the one before works to its own end. 50 renewals at once are taken of all of your sessions, and
    /// then 6 a minute. Codes: UNAUTHENTICATED when the session is over, RATE_LIMITED.
    async fn renew_session(&self, ctx: &Context<'_>) -> Result<AuthPayload> {
        let (program, viewer) = (ctx.program()?, ctx.viewer()?);
        let (token, expires_at) = program.accounts.renew(viewer).await?;
        SessionEffect::Set { token: token.clone(), expires_at }.record(ctx);
        Ok(AuthPayload::new(known_user(ctx, viewer.user()).await?, token, expires_at))
    }

    /// Ends one of your sessions on the server: its token stops working, its live connections close with 4401. Your
    /// current one ends as by logout. Codes: NOT_FOUND when you have no such session, or it has ended.
    async fn revoke_session(&self, ctx: &Context<'_>, #[graphql(desc = "The session's id.")] id: ID) -> Result<bool> {
        let (program, viewer) = (ctx.program()?, ctx.viewer()?);
        let session = SessionId::parse(&id).ok_or(Error::NotFound)?;
        program.accounts.revoke(viewer, session).await?;
        if session == viewer.session() {
            SessionEffect::Clear.record(ctx);
        }
        Ok(true)
    }

    /// Ends all of your sessions but this one, and says how many these were. Their tokens stop working, their live
    /// connections close with 4401.
    async fn revoke_other_sessions(&self, ctx: &Context<'_>) -> Result<usize> {
        Ok(ctx.program()?.accounts.revoke_others(ctx.viewer()?).await?)
    }

    /// Changes your password, ends all of your sessions but this one, and renews this one. Codes: INVALID_CREDENTIALS
    /// when the current password is wrong, which counts like a failed login; BAD_USER_INPUT, RATE_LIMITED.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The password up to now.")] current_password: String,
        #[graphql(
            desc = "The password from now on: 6 to 128 characters, unless the server asks for more, and none of the 3,000 commonest."
        )]
        new_password: String,
    ) -> Result<AuthPayload> {
        let (program, viewer) = (ctx.program()?, ctx.viewer()?);
        let caller = ctx.caller()?;
        let new = Password::parse(new_password, program.app.config.password_min_length, "newPassword")?;
        let current = Password::for_login(current_password)?;
        let session = program.accounts.change_password(viewer, current, new, caller.address).await?;
        Ok(AuthPayload::of(ctx, session))
    }
}
