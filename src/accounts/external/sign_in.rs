//! The app's tokens in place of a session's, and for one.

use super::arrive::Arrive;
use super::claims::{AppToken, AppTokenError};
use super::{AppIssuer, AppPersonState};
use crate::accounts::sign_in::SignInProof;
use crate::accounts::{self, Accounts, Authenticated, Client, SignedIn, Viewer};
use crate::error::{Error, Result};
use crate::id::UserId;

/// Why a valid token lets nobody in.
enum Unwelcome {
    /// The person's tokens of that time were ended: a fresh one may help.
    Ended,
    /// There is no such person and none is made; or they are suspended, erased, or another issuer's.
    Closed,
}

impl Accounts {
    /// Checks a token of the app.
    pub(in crate::accounts) async fn by_app_token(&self, token: &str) -> Result<Authenticated> {
        let Some(issuer) = &self.app_issuer else { return Ok(Authenticated::Anonymous) };
        let token = match issuer.verify(token, self.app.clock.now()).await? {
            Ok(token) => token,
            Err(AppTokenError::Expired) => return Ok(Authenticated::Expired),
            Err(AppTokenError::Unsigned(why) | AppTokenError::Invalid(why)) => {
                tracing::debug!("a token of the app was refused: {why}");
                return Ok(Authenticated::Anonymous);
            }
        };
        Ok(match self.person_of(issuer, &token).await? {
            Ok(user) => Authenticated::Viewer {
                viewer: Viewer::by_app_token(user),
                expires_at: token.expires,
                issued_at: token.issued,
            },
            Err(Unwelcome::Ended) => Authenticated::Expired,
            Err(Unwelcome::Closed) => {
                tracing::debug!("a token of the app was refused: it is of nobody who may sign in here");
                Authenticated::Anonymous
            }
        })
    }

    /// Signs in with a token of the app: a session, as with a password. `Unauthenticated` if the token is not valid,
    /// `Forbidden` if it is of nobody who may sign in.
    pub async fn log_in_with_token(&self, token: &str, client: Client<'_>) -> Result<SignedIn> {
        let issuer = self.app_issuer.as_ref().ok_or(Error::Unauthenticated)?;
        let token = issuer.verify(token, self.app.clock.now()).await?.map_err(|_| Error::Unauthenticated)?;
        let user = self.person_of(issuer, &token).await?.map_err(|unwelcome| match unwelcome {
            Unwelcome::Ended => Error::Unauthenticated,
            Unwelcome::Closed => Error::Forbidden,
        })?;
        self.renewals.take(&user)?;
        let row = accounts::find(&self.app, user).await?.ok_or(Error::Forbidden)?;
        self.begin_session(row, SignInProof::AppToken { issued: token.issued }, client, None).await
    }

    /// The person of a valid token, made if the server is set to.
    async fn person_of(&self, issuer: &AppIssuer, token: &AppToken) -> Result<Result<UserId, Unwelcome>> {
        let known = issuer.person(&self.app, &token.external_id).await?;
        let person = match known {
            Some(known) if known.issuer.is_some() => known,
            _ => {
                let makes_people = issuer.settings.makes_people;
                let arrive = Arrive::new(token, &issuer.settings.issuer, makes_people, self.app.clock.now());
                let arrived = match self.app.feed.append(arrive).await {
                    Err(Error::Forbidden) => return Ok(Err(Unwelcome::Closed)),
                    outcome => AppPersonState::from(outcome?),
                };
                issuer.people.insert(token.external_id.as_str().to_owned(), arrived.clone());
                arrived
            }
        };
        if person.is_closed || person.issuer.as_ref() != Some(&issuer.settings.issuer) {
            return Ok(Err(Unwelcome::Closed));
        }
        Ok(if person.has_ended(token.issued) { Err(Unwelcome::Ended) } else { Ok(person.user) })
    }
}
