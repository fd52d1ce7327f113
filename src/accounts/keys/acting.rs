//! A key in the place of a person.

use crate::accounts::{self, Accounts, ExternalId, KeyScope, ServerKey, Viewer};
use crate::error::{Error, Result};
use crate::id::UserId;

/// What an id of the app's begins with, where ids of both kinds may stand.
const EXTERNAL: &str = "external:";

impl Accounts {
    /// The person in whose place a key acts, by their id, or `external:` and their id in the app's backend. `Forbidden`
    /// without the scope `act-as`; `NotFound` if there is no such person, or they are suspended or erased.
    pub async fn act_as(&self, key: &ServerKey, who: &str) -> Result<Viewer> {
        key.needs(KeyScope::ActAs)?;
        let person = match who.strip_prefix(EXTERNAL) {
            Some(id) => {
                let id = ExternalId::new(id).ok_or(Error::NotFound)?;
                let _turn = self.app.db.turn().await;
                accounts::find_by_external_id(&self.app, &id).await?
            }
            None => {
                let id = UserId::parse(who).ok_or(Error::NotFound)?;
                accounts::by_ids(&self.app, &[id]).await?.pop()
            }
        };
        let is_open = |person: &crate::entity::user::Model| person.deleted_at.is_none() && person.disabled_at.is_none();
        let person = person.filter(is_open).ok_or(Error::NotFound)?;
        Ok(Viewer::acted_for(person.id, *key))
    }
}
