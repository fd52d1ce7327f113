//! People of an app that has users of its own: what its backend does with a key, and signing in with its tokens.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};

use crate::accounts::{self, AppPerson, Email, ExternalId, FieldUpdate, Name};
use crate::directory;
use crate::error::Error;
use crate::graphql::context::{Actor, ContextExt};
use crate::graphql::error::{Failure, Result};
use crate::graphql::schema::accounts::AuthPayload;
use crate::graphql::schema::json::AppData;
use crate::graphql::schema::users::User;
use crate::id::UserId;

/// A person as the app's own backend has them.
#[derive(InputObject)]
struct UpsertUserInput {
    /// The id in the app's own backend (the subject of its tokens), 1 to 128 characters; never changes.
    external_id: ID,
    /// 1 to 80 characters, in any script.
    full_name: String,
    /// Seen by its owner only. Not a way to sign in to this account, and never what two accounts are matched by.
    email: MaybeUndefined<String>,
    /// The app's own data.
    metadata: MaybeUndefined<AppData>,
}

impl UpsertUserInput {
    fn parse(self, index: usize) -> Result<AppPerson> {
        let here = |error| Failure(in_users(index, error));
        let email = match self.email {
            MaybeUndefined::Undefined => FieldUpdate::Keep,
            MaybeUndefined::Null => FieldUpdate::Clear,
            MaybeUndefined::Value(email) => FieldUpdate::Set(Email::parse(&email).map_err(here)?),
        };
        let metadata = match self.metadata {
            MaybeUndefined::Undefined => FieldUpdate::Keep,
            MaybeUndefined::Null => FieldUpdate::Clear,
            MaybeUndefined::Value(data) => FieldUpdate::Set(data.to_text()),
        };
        Ok(AppPerson {
            external_id: ExternalId::parse(&self.external_id, "externalId").map_err(here)?,
            name: Name::parse(&self.full_name).map_err(here)?,
            email,
            metadata,
        })
    }
}

/// An error of one person of the list, with its place.
fn in_users(index: usize, error: Error) -> Error {
    match error {
        Error::BadUserInput { field, message } => Error::input(format!("users.{index}.{field}"), message),
        other => other,
    }
}

/// Queries about people of the app.
#[derive(Default)]
pub(super) struct AppPeopleQuery;

#[Object]
impl AppPeopleQuery {
    /// A person by the id that the app's own backend gave them, where EXTERNAL_IDS is public, or with a key of scope
    /// `users`. Else FORBIDDEN. Null as for `user`.
    async fn user_by_external_id(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id in the app's own backend.")] external_id: ID,
    ) -> Result<Option<User>> {
        let (app, actor) = (ctx.app()?, ctx.actor()?);
        match actor {
            Actor::Key(key) => {
                key.users()?;
            }
            Actor::Viewer(_) if app.config.external_ids_are_public || ctx.is_by_key() => {}
            Actor::Viewer(_) => return Err(Failure(Error::Forbidden)),
        }
        let id = ExternalId::parse(&external_id, "externalId")?;
        let found = accounts::find_by_external_id(app, &id).await?.filter(|row| row.deleted_at.is_none());
        let Some(row) = found else {
            // Whether there is somebody costs as much to learn as who it is.
            if let Actor::Viewer(viewer) = actor {
                directory::finds(app, viewer, &[UserId::new()]).await?;
            }
            return Ok(None);
        };
        let is_found = match actor {
            Actor::Key(_) => true,
            Actor::Viewer(viewer) => directory::finds(app, viewer, &[row.id]).await?,
        };
        Ok(is_found.then(|| row.into()))
    }
}

/// Mutations of an app's backend, and signing in with its tokens.
#[derive(Default)]
pub(super) struct AppPeopleMutation;

#[Object]
impl AppPeopleMutation {
    /// Signs in with a token that the app's own backend has signed; makes the person at first sight where the server is
    /// set to. Codes: UNAUTHENTICATED, FORBIDDEN (no such person and none is made; suspended; erased), RATE_LIMITED.
    async fn login_with_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A JWT of the issuer that the server trusts.")] token: String,
    ) -> Result<AuthPayload> {
        let session = ctx.program()?.accounts.log_in_with_token(&token, ctx.caller()?.client()).await?;
        Ok(AuthPayload::of(ctx, session))
    }

    /// Key of scope `users`. Makes or changes up to 100 people, found by `externalId`; again is no change; all or none.
    /// An optional field that is left out stays as it is, and null removes it. Those who were suspended or erased may
    /// sign in again; an erased person begins anew. Codes: FORBIDDEN, BAD_USER_INPUT, RATE_LIMITED.
    async fn upsert_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The people.")] users: Vec<UpsertUserInput>,
    ) -> Result<Vec<User>> {
        let key = ctx.key()?.users()?;
        let people = users.into_iter().enumerate().map(|(index, person)| person.parse(index));
        let people = people.collect::<Result<Vec<AppPerson>>>()?;
        let rows = ctx.program()?.accounts.upsert(key, people).await?;
        Ok(rows.into_iter().map(User::from).collect())
    }

    /// Key of scope `users`. Ends a person's sessions and sockets, and refuses the app's tokens that were issued before
    /// now. How many sessions. Codes: FORBIDDEN, NOT_FOUND, RATE_LIMITED.
    async fn end_sessions(&self, ctx: &Context<'_>, #[graphql(desc = "The user's id.")] user_id: ID) -> Result<usize> {
        let key = ctx.key()?.users()?;
        let user = UserId::parse(&user_id).ok_or(Error::NotFound)?;
        Ok(ctx.program()?.accounts.end_sessions(key, user).await?)
    }

    /// Key of scope `users`. Erases a person, as deleteAccount does. Codes: FORBIDDEN, NOT_FOUND, RATE_LIMITED.
    async fn erase_user(&self, ctx: &Context<'_>, #[graphql(desc = "The user's id.")] user_id: ID) -> Result<bool> {
        let key = ctx.key()?.users()?;
        let user = UserId::parse(&user_id).ok_or(Error::NotFound)?;
        ctx.program()?.erasure.erase_by_key(key, user).await?;
        Ok(true)
    }
}
