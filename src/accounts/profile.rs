//! Changes what others see of a person.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};

use crate::accounts::Name;
use crate::app::App;
use crate::clock::Timestamp;
use crate::db;
use crate::entity::user;
use crate::error::{Error, Result};
use crate::feed::{self, Audience, Change, Kind, NewEvent, Placed, Plan, Rank, Written};
use crate::id::{ConversationId, UserId};

/// Gives a person another name. The same name changes nothing.
pub async fn rename(app: &App, user: UserId, name: Name) -> Result<user::Model> {
    app.rates.profile.take(&user)?;
    app.feed.append(Rename { user, name }).await
}

struct Rename {
    user: UserId,
    name: Name,
}

/// A person as they are now, and where they are known.
struct Renamed {
    user: user::Model,
    conversations: Arc<[ConversationId]>,
}

impl Change for Rename {
    type Answer = user::Model;
    type Write = Renamed;
    const RANK: Rank = Rank::People;

    async fn plan(
        tx: &DatabaseTransaction,
        now: Timestamp,
        changes: Vec<Self>,
    ) -> Result<Vec<Result<Plan<Self>>>, DbErr> {
        let ids = || changes.iter().map(|change| change.user);
        let living =
            user::Entity::find().filter(user::Column::Id.is_in(ids())).filter(user::Column::DeletedAt.is_null());
        let users = living.all(tx).await?;
        let mut users: HashMap<UserId, user::Model> = users.into_iter().map(|row| (row.id, row)).collect();
        let known_in = feed::known_in(tx, ids()).await?;
        let plan = |change: Self| {
            let user = users.get_mut(&change.user).ok_or(Error::NotFound)?;
            if user.full_name == change.name.as_str() {
                return Ok(Plan::Done(user.clone()));
            }
            user.full_name = change.name.as_str().to_owned();
            user.name_key = change.name.key();
            user.updated_at = now;
            let own = known_in.iter().filter(|(person, _)| *person == change.user);
            let conversations = own.map(|(_, conversation)| *conversation).collect();
            Ok(Plan::Write { write: Renamed { user: user.clone(), conversations }, events: 1 })
        };
        Ok(changes.into_iter().map(plan).collect())
    }

    async fn write(
        tx: &DatabaseTransaction,
        _: Timestamp,
        writes: Vec<Placed<Renamed>>,
    ) -> Result<Vec<Written<Self>>, DbErr> {
        let mut rows = HashMap::new();
        let mut written = Vec::with_capacity(writes.len());
        for Placed { write: Renamed { mut user, conversations }, first } in writes {
            user.changed_position = first.position;
            let audience = Audience::Contacts { person: user.id, conversations };
            let event = NewEvent { user: Some(user.id), ..NewEvent::new(Kind::UserChanged, audience) };
            rows.insert(user.id, user.clone());
            written.push(Written { answer: user, events: vec![event] });
        }
        let named =
            [user::Column::FullName, user::Column::NameKey, user::Column::ChangedPosition, user::Column::UpdatedAt];
        db::upsert(tx, rows.into_values().collect(), named).await?;
        Ok(written)
    }
}
