//! Writes the parts of names that are missing: of people from before there were parts, and of those whom a node of the
//! previous version has written.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::accounts::{Accounts, name_parts};
use crate::db::Tx;
use crate::entity::{name_change, user};
use crate::error::Result;
use crate::feed::{Answers, Quiet, Rank};
use crate::id::UserId;
use crate::limits;

impl Accounts {
    /// Writes what is missing at the start and at intervals, a few people at a time, until the program ends.
    pub(super) async fn keep_names_found(&self) {
        loop {
            self.app.leader.comes_here().await;
            if let Err(error) = self.fill_names().await {
                tracing::warn!(error = %error, "parts of names could not be written, it is tried again later: {error}");
            }
            tokio::time::sleep(limits::NAMES_EVERY).await;
        }
    }

    async fn fill_names(&self) -> Result<()> {
        while name_change::Entity::find().one(&self.app.db.reader).await?.is_some() {
            self.app.feed.append(FillNames).await?;
        }
        Ok(())
    }
}

#[derive(Clone)]
struct FillNames;

impl Quiet for FillNames {
    type Answer = ();
    const RANK: Rank = Rank::Housekeeping;

    async fn write(tx: &Tx, changes: Vec<Self>) -> Answers<Self> {
        let changed = name_change::Entity::find().limit(limits::NAMES_AT_ONCE).all(tx).await?;
        let ids = || changed.iter().map(|row| row.user_id);
        let living = user::Entity::find()
            .select_only()
            .columns([user::Column::Id, user::Column::FullName])
            .filter(user::Column::Id.is_in(ids()))
            .filter(user::Column::DeletedAt.is_null())
            .into_tuple::<(UserId, String)>();
        let living: HashMap<UserId, String> = living.all(tx).await?.into_iter().collect();
        name_parts::remove(tx, ids().filter(|id| !living.contains_key(id)).collect()).await?;
        name_parts::write(tx, living).await?;
        Ok(vec![(); changes.len()])
    }
}
