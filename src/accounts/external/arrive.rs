//! The first token of somebody makes their account.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::claims::AppToken;
use super::external_id::ExternalId;
use crate::accounts::{Name, name_parts};
use crate::clock::Timestamp;
use crate::db::{self, Tx};
use crate::entity::user;
use crate::error::Error;
use crate::feed::{Change, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::UserId;

/// The name of somebody whose first token has none. Never their id or address, which are nobody else's business.
const NEW_PERSON: &str = "New user";

/// Makes the person with this id, or notes the issuer of one who was made before there was one. Idempotent.
pub(super) struct Arrive {
    pub(super) row: user::Model,
    /// Whether people are made.
    pub(super) makes_people: bool,
}

/// The row of a new person of the app.
pub(super) fn new_person(
    id: &ExternalId,
    issuer: Option<&str>,
    name: Option<&Name>,
    email: Option<String>,
    now: Timestamp,
) -> user::Model {
    let (full_name, name_key) = match name {
        Some(name) => (name.as_str().to_owned(), name.key()),
        None => (NEW_PERSON.to_owned(), crate::accounts::search_key(NEW_PERSON)),
    };
    user::Model {
        external_id: Some(id.as_str().to_owned()),
        external_issuer: issuer.map(str::to_owned),
        contact_email: email,
        ..user::Model::new(UserId::new(), full_name, name_key, now)
    }
}

impl Arrive {
    pub(super) fn new(token: &AppToken, issuer: &str, makes_people: bool, now: Timestamp) -> Self {
        let row = new_person(&token.external_id, Some(issuer), token.name.as_ref(), token.email.clone(), now);
        Self { row, makes_people }
    }
}

impl Change for Arrive {
    type Answer = user::Model;
    type Write = user::Model;
    const RANK: Rank = Rank::People;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let ids = changes.iter().filter_map(|change| change.row.external_id.clone());
        let there = user::Entity::find().filter(user::Column::ExternalId.is_in(ids)).all(tx).await?;
        let mut there: HashMap<Option<String>, user::Model> =
            there.into_iter().map(|row| (row.external_id.clone(), row)).collect();
        let plan = |Self { row, makes_people }: &Self| {
            let write = match there.get(&row.external_id) {
                Some(known) if known.external_issuer.is_some() => return Ok(Plan::Done(known.clone())),
                Some(known) => user::Model { external_issuer: row.external_issuer.clone(), ..known.clone() },
                None if *makes_people => row.clone(),
                None => return Err(Error::Forbidden),
            };
            there.insert(row.external_id.clone(), write.clone());
            Ok(Plan::Write { write, events: 0 })
        };
        Ok(changes.iter().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<user::Model>>) -> Writes<Self> {
        let rows = writes.iter().map(|placed| placed.write.clone()).collect();
        db::upsert(tx, rows, [user::Column::ExternalIssuer]).await?;
        let living = writes.iter().map(|placed| &placed.write).filter(|row| row.deleted_at.is_none());
        name_parts::write(tx, living.map(|row| (row.id, row.full_name.clone())).collect()).await?;
        Ok(writes.into_iter().map(|placed| Written::silent(placed.write)).collect())
    }
}
