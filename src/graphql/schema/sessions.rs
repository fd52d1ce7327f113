//! The viewer's sessions, one for each signed-in device, and their password.

use async_graphql::{Context, ID, Object, SimpleObject};

use crate::accounts::{self, Password};
use crate::entity::session;
use crate::error::Error;
use crate::graphql::SessionEffect;
use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;
use crate::graphql::schema::accounts::AuthPayload;
use crate::graphql::schema::date_time::DateTime;
use crate::graphql::schema::users::known_user;
use crate::id::SessionId;

/// A session: a device that is signed in to your account.
#[derive(SimpleObject)]
pub(super) struct Session {
    /// The session's id, a UUIDv7, for revokeSession.
    #[graphql(owned)]
    pub(super) id: ID,
    /// Whether it is the session of this request.
    current: bool,
    /// The `User-Agent` header that the device sent when it signed in, cut to 256 characters. Null if it sent none.
    user_agent: Option<String>,
    /// When the device signed in.
    created_at: DateTime,
    /// When the device last sent a request or opened a socket, with an accuracy of one minute.
    last_used_at: DateTime,
    /// When the session expires unless it is renewed; at the latest 30 days after sign-in.
    expires_at: DateTime,
}

impl Session {
    pub(super) fn new(row: session::Model, current: SessionId) -> Self {
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
pub(super) struct SessionsQuery;

#[Object]
impl SessionsQuery {
    /// Your sessions, at most 50, the most recently used first.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>> {
        let viewer = ctx.viewer()?;
        let rows = accounts::sessions(ctx.app()?, viewer).await?;
        Ok(rows.into_iter().map(|row| Session::new(row, viewer.session())).collect())
    }
}

/// Mutations of sessions.
#[derive(Default)]
pub(super) struct SessionsMutation;

#[Object]
impl SessionsMutation {
    /// Extends this session by 7 days from now (or by the server's setting), but never beyond 30 days after sign-in. It
    /// works over HTTP and over a socket, and all sockets of the session may then stay open until the new expiry. The
    /// new token replaces the old one, which remains valid until its own expiry. Renewals of all your sessions together
    /// have a burst of 50 and then 6 per minute. Codes: UNAUTHENTICATED if the session has ended, RATE_LIMITED.
    async fn renew_session(&self, ctx: &Context<'_>) -> Result<AuthPayload> {
        let (program, viewer) = (ctx.program()?, ctx.viewer()?);
        let (token, expires_at) = program.accounts.renew(viewer).await?;
        SessionEffect::Set { token: token.clone(), expires_at }.record(ctx);
        Ok(AuthPayload::new(known_user(ctx, viewer.user()).await?, token, expires_at))
    }

    /// Ends one of your sessions on the server: its token becomes invalid and its sockets close with 4401. Revoking the
    /// current session is the same as logout. Codes: NOT_FOUND if you have no such session or it has ended.
    async fn revoke_session(&self, ctx: &Context<'_>, #[graphql(desc = "The session's id.")] id: ID) -> Result<bool> {
        let (program, viewer) = (ctx.program()?, ctx.viewer()?);
        let session = SessionId::parse(&id).ok_or(Error::NotFound)?;
        program.accounts.revoke(viewer, session).await?;
        if session == viewer.session() {
            SessionEffect::Clear.record(ctx);
        }
        Ok(true)
    }

    /// Ends all your sessions except this one and returns their number. Their tokens become invalid and their sockets
    /// close with 4401.
    async fn revoke_other_sessions(&self, ctx: &Context<'_>) -> Result<usize> {
        Ok(ctx.program()?.accounts.revoke_others(ctx.viewer()?).await?)
    }

    /// Changes your password, ends all your other sessions, and renews this one. Codes: INVALID_CREDENTIALS if the
    /// current password is wrong, which counts as a failed login; BAD_USER_INPUT, RATE_LIMITED, and SERVICE_UNAVAILABLE
    /// while too many passwords wait to be hashed.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Your current password.")] current_password: String,
        #[graphql(
            desc = "The new password: 6 to 128 characters, unless the server requires more. The 3,000 most common passwords \
                    are rejected."
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
