//! Whose a bearer's token is: a person's session, a person of the app, a bot, or a backend.

use std::net::IpAddr;

use crate::accounts::keys::{KeySender, looks_like_a_key};
use crate::accounts::{Accounts, Authenticated, ServerKey, Viewer};
use crate::error::Result;
use crate::limits;

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
    pub async fn identify(&self, token: &str, address: IpAddr) -> Result<Bearer> {
        if looks_like_a_key(token) {
            let now = self.app.clock.now();
            return Ok(match self.key(token, address).await? {
                Some(KeySender::Backend(key)) => Bearer::Key(key),
                Some(KeySender::Bot { bot, key }) => Bearer::Person(Authenticated::Viewer {
                    viewer: Viewer::by_bot_key(bot, key),
                    expires_at: now + limits::BOT_SOCKET,
                    issued_at: now,
                }),
                None => Bearer::Person(Authenticated::Anonymous),
            });
        }
        Ok(Bearer::Person(match self.authenticate(token).await? {
            Authenticated::Anonymous => self.by_app_token(token).await?,
            known => known,
        }))
    }
}
