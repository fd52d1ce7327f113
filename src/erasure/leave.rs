//! Takes an erased person out of their groups and notifies everybody who knows them. Their direct conversations stay,
//! so that the other side can still read them.

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, Statement};

use crate::conversations;
use crate::db::Tx;
use crate::entity::conversation::{self, Kind};
use crate::entity::membership::Role;
use crate::entity::{erasure, membership, user};
use crate::error::Result;
use crate::feed::{self, Audience, Change, EventKind, NewEvent, Placed, Plan, Plans, Position, Rank, Writes, Written};
use crate::id::{ConversationId, UserId};

/// Publishes the erasure of a closed account. Idempotent.
pub(super) struct Leave {
    pub(super) user: UserId,
}

/// A person who leaves. Their account is closed, so nothing can be added to these lists meanwhile.
pub(super) struct Leaving {
    user: UserId,
    /// All conversations in which they appear, including groups that they left earlier.
    known_in: Vec<ConversationId>,
    /// The groups that they are in.
    groups: Vec<ConversationId>,
}

impl Change for Leave {
    type Answer = ();
    type Write = Leaving;
    const RANK: Rank = Rank::Departures;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let ids = changes.iter().map(|change| change.user);
        let unpublished = erasure::Entity::find()
            .filter(erasure::Column::UserId.is_in(ids))
            .filter(erasure::Column::PublishedPosition.is_null())
            .all(tx)
            .await?;
        let mut leaving: HashMap<UserId, Leaving> = unpublished
            .into_iter()
            .map(|row| (row.user_id, Leaving { user: row.user_id, known_in: Vec::new(), groups: Vec::new() }))
            .collect();
        for (person, conversation) in feed::known_in(tx, leaving.keys().copied()).await? {
            if let Some(leaving) = leaving.get_mut(&person) {
                leaving.known_in.push(conversation);
            }
        }
        let groups = conversations::current_rows()
            .select_only()
            .columns([membership::Column::UserId, membership::Column::ConversationId])
            .inner_join(conversation::Entity)
            .filter(membership::Column::UserId.is_in(leaving.keys().copied()))
            .filter(conversation::Column::Kind.eq(Kind::Group))
            .into_tuple::<(UserId, ConversationId)>();
        for (person, group) in groups.all(tx).await? {
            if let Some(leaving) = leaving.get_mut(&person) {
                leaving.groups.push(group);
            }
        }
        let plan = |change: &Self| {
            Ok(match leaving.remove(&change.user) {
                Some(leaving) => Plan::Write { events: 1 + leaving.groups.len(), write: leaving },
                None => Plan::Done(()),
            })
        };
        Ok(changes.iter().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Leaving>>) -> Writes<Self> {
        let mut written = Vec::with_capacity(writes.len());
        // One after the other: the heir of a group may be the next to leave it.
        for Placed { write: Leaving { user, known_in, groups }, first } in writes {
            hand_on(tx, user).await?;
            end_stays(tx, user, first.position, groups.len()).await?;
            user::Entity::update_many()
                .col_expr(user::Column::ChangedPosition, first.position.into())
                .filter(user::Column::Id.eq(user))
                .exec(tx)
                .await?;
            erasure::Entity::update_many()
                .col_expr(erasure::Column::PublishedPosition, first.position.into())
                .filter(erasure::Column::UserId.eq(user))
                .exec(tx)
                .await?;
            let known = Audience::Contacts { person: user, conversations: known_in.into() };
            let gone = NewEvent { user: Some(user), erases: true, ..NewEvent::new(EventKind::UserChanged, known) };
            let events = std::iter::once(gone)
                .chain(groups.into_iter().map(|group| conversations::updated_event(group, Some(user))))
                .collect();
            written.push(Written { answer: (), events });
        }
        Ok(written)
    }
}

/// Makes the oldest other admin, or else the oldest other member, the owner of each group that the person owns.
async fn hand_on(tx: &Tx, user: UserId) -> Result<(), DbErr> {
    let sql = "UPDATE membership SET role = $2 WHERE to_position IS NULL AND (conversation_id, user_id) IN (
        SELECT own.conversation_id, (
            SELECT heir.user_id FROM membership heir
             WHERE heir.conversation_id = own.conversation_id AND heir.to_position IS NULL AND heir.user_id <> $1
             ORDER BY CASE WHEN heir.role = $3 THEN 0 ELSE 1 END, heir.from_position, heir.user_id LIMIT 1)
          FROM membership own WHERE own.user_id = $1 AND own.to_position IS NULL AND own.role = $2)";
    let values = [user.into(), Role::Owner.into(), Role::Admin.into()];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// Ends the person's memberships in groups at this position. The following positions are those of the events that
/// notify the groups.
async fn end_stays(tx: &Tx, user: UserId, at: Position, groups: usize) -> Result<(), DbErr> {
    let is_group = Query::select()
        .column(conversation::Column::Id)
        .from(conversation::Entity)
        .and_where(conversation::Column::Kind.eq(Kind::Group))
        .to_owned();
    let own_groups = conversations::current_rows()
        .select_only()
        .column(membership::Column::ConversationId)
        .filter(membership::Column::UserId.eq(user));
    let newest = at + feed::positions(groups);
    conversation::Entity::update_many()
        .col_expr(conversation::Column::LastPosition, newest.into())
        .filter(conversation::Column::Kind.eq(Kind::Group))
        .filter(conversation::Column::Id.in_subquery(sea_orm::QueryTrait::into_query(own_groups)))
        .exec(tx)
        .await?;
    membership::Entity::update_many()
        .col_expr(membership::Column::ToPosition, Expr::value(at))
        .filter(membership::Column::UserId.eq(user))
        .filter(membership::Column::ToPosition.is_null())
        .filter(membership::Column::ConversationId.in_subquery(is_group))
        .exec(tx)
        .await?;
    Ok(())
}
