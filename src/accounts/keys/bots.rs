//! Bots: people who are programs. They sign in with a key and have no password.

use sea_orm::{EntityTrait, PaginatorTrait};

use super::KeyScopes;
use super::manage::{NewKey, new_key};
use crate::accounts::{Accounts, Name, name_parts};
use crate::audit::{AuditAction, Operator};
use crate::db::{self, Tx};
use crate::entity::{server_key, user};
use crate::error::Result;
use crate::feed::{Change, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::UserId;
use crate::limits;

impl Accounts {
    /// Makes a bot, and the key with which it signs in.
    pub async fn add_bot_for_operator(&self, by: &Operator, name: Name) -> Result<(UserId, NewKey)> {
        let now = self.app.clock.now();
        let row = user::Model::new(UserId::new(), name.as_str().to_owned(), name.key(), now);
        let bot = user::Model { is_bot: true, ..row };
        let (row, key) = new_key(name.as_str().to_owned(), KeyScopes::default(), Some(bot.id), now)?;
        let id = bot.id;
        let done = [by.record(AuditAction::BotAdded, id), by.record(AuditAction::KeyCreated, key.id)];
        self.app.feed.append_recorded(AddBot { bot, key: row }, done).await?;
        Ok((id, key))
    }
}

#[derive(Clone)]
struct AddBot {
    bot: user::Model,
    key: server_key::Model,
}

impl Change for AddBot {
    type Answer = ();
    type Write = Self;
    const RANK: Rank = Rank::People;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let there = server_key::Entity::find().count(tx).await?;
        let free = limits::KEYS.saturating_sub(usize::try_from(there).unwrap_or(usize::MAX));
        let plan = |(place, change): (usize, &Self)| match place < free {
            true => Ok(Plan::Write { write: change.clone(), events: 0 }),
            false => Err(super::manage::too_many()),
        };
        Ok(changes.iter().enumerate().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Self>>) -> Writes<Self> {
        let (bots, keys): (Vec<_>, Vec<_>) =
            writes.into_iter().map(|Placed { write: Self { bot, key }, .. }| (bot, key)).unzip();
        let answers = bots.iter().map(|_| Written::silent(())).collect();
        db::insert(tx, bots.clone()).await?;
        name_parts::write(tx, bots.iter().map(|bot| (bot.id, bot.full_name.clone())).collect()).await?;
        db::insert(tx, keys).await?;
        Ok(answers)
    }
}
