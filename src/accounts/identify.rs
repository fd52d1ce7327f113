//! Whose a bearer's token is: a person's session, a person of the app, or a key.

use crate::accounts::keys::looks_like_a_key;
use crate::accounts::{Accounts, Authenticated, ServerKey};
use crate::error::Result;

/// Who sends a request, as far as its token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// A person, or nobody.
    Person(Authenticated),
    /// A key of an app's backend, which is no person.
    Key(ServerKey),
}

impl Accounts {
    /// Checks a token that only code can have sent. A cookie, which browsers send by themselves, is a session's or nothing:
    /// see [`authenticate`](Self::authenticate).
    pub async fn identify(&self, token: &str) -> Result<Bearer> {
        if looks_like_a_key(token) {
            let key = self.key(token).await?;
            return Ok(key.map_or(Bearer::Person(Authenticated::Anonymous), Bearer::Key));
        }
        Ok(Bearer::Person(match self.authenticate(token).await? {
            Authenticated::Anonymous => self.by_app_token(token).await?,
            known => known,
        }))
    }
}
