//! Blocks: neither side begins a conversation with the other, writes in the direct one, adds the other to a group, calls
//! the other, finds them in the list of people, or sees them typing or online. The one who is blocked is not notified.
//!
//! All of it is asked of the rows, so it holds on every node from the commit on. A signal on the bus only makes lists of
//! who is online, and typing that is shown already, follow at once.

mod change;

use std::collections::HashSet;

use sea_orm::sea_query::{ExprTrait, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};

pub(super) use change::have_shared_a_conversation;
pub(crate) use change::{began, block, unblock};

use crate::accounts::Viewer;
use crate::app::App;
use crate::db;
use crate::directory::PeopleSortKey;
use crate::entity::{user, user_block};
use crate::error::Result;
use crate::id::UserId;
use crate::page::Page;

use user_block::Column::{BlockedId, BlockerId};

/// Those of the others who have blocked a person, or whom the person has blocked.
pub(crate) async fn blocked_among(
    db: &impl ConnectionTrait,
    person: UserId,
    others: &[UserId],
) -> Result<HashSet<UserId>, DbErr> {
    let mut blocked = HashSet::new();
    for others in others.chunks(db::VALUES / 4) {
        let by_person = BlockerId.eq(person).and(BlockedId.is_in(others.iter().copied()));
        let of_person = BlockedId.eq(person).and(BlockerId.is_in(others.iter().copied()));
        let rows = user_block::Entity::find().filter(Condition::any().add(by_person).add(of_person)).all(db).await?;
        blocked.extend(rows.iter().map(|row| row.other(person)));
    }
    Ok(blocked)
}

/// Those of the others with whom the viewer is in no block.
pub(crate) async fn not_blocked(app: &App, viewer: &Viewer, others: &[UserId]) -> Result<HashSet<UserId>> {
    let blocked = match app.db.hot.blocked_among(viewer.user(), others) {
        Some(blocked) => blocked.into_iter().collect(),
        None => blocked_among(&app.db.reader, viewer.user(), others).await?,
    };
    Ok(others.iter().copied().filter(|other| !blocked.contains(other)).collect())
}

/// Those of the others whom the viewer can reach, to write to them: they exist and are not erased, and neither has blocked
/// the other.
pub(crate) async fn reachable(app: &App, viewer: &Viewer, others: &[UserId]) -> Result<HashSet<UserId>> {
    if let Some(people) = app.db.hot.reachable(viewer.user(), others) {
        return Ok(people.into_iter().collect());
    }
    let mut people = db::existing_people(&app.db.reader, others.iter().copied()).await?;
    let blocked = blocked_among(&app.db.reader, viewer.user(), others).await?;
    people.retain(|person| !blocked.contains(person));
    Ok(people)
}

/// Everybody who has blocked a person, or whom the person has blocked.
pub(crate) async fn in_blocks_with(app: &App, person: UserId) -> Result<HashSet<UserId>> {
    if let Some(people) = app.db.hot.in_blocks_with(person) {
        return Ok(people.into_iter().collect());
    }
    let either = Condition::any().add(BlockerId.eq(person)).add(BlockedId.eq(person));
    let rows = user_block::Entity::find().filter(either).all(&app.db.reader).await?;
    Ok(rows.iter().map(|row| row.other(person)).collect())
}

/// A condition for the people of a list who are in no block with the viewer.
pub(super) fn not_in_blocks_with(viewer: UserId) -> Condition {
    let column = |column| user_block::Entity::find().select_only().column(column);
    let blocked = QueryTrait::into_query(column(BlockedId).filter(BlockerId.eq(viewer)));
    let blockers = QueryTrait::into_query(column(BlockerId).filter(BlockedId.eq(viewer)));
    Condition::all().add(user::Column::Id.not_in_subquery(blocked)).add(user::Column::Id.not_in_subquery(blockers))
}

/// The people whom the viewer has blocked, by name; `after` is the key of the last one on the previous page. Erased people
/// are among them, until they are unblocked.
pub(crate) async fn blocked(
    app: &App,
    viewer: &Viewer,
    first: u32,
    after: Option<PeopleSortKey>,
) -> Result<Page<user::Model>> {
    let all = user::Entity::find().filter(user::Column::Id.in_subquery(by(viewer)));
    super::people::page(app, all, first, after).await
}

/// How many people the viewer has blocked.
pub(crate) async fn blocked_count(app: &App, viewer: &Viewer) -> Result<u64> {
    Ok(user_block::Entity::find().filter(BlockerId.eq(viewer.user())).count(&app.db.reader).await?)
}

fn by(viewer: &Viewer) -> SelectStatement {
    let own = user_block::Entity::find().select_only().column(BlockedId).filter(BlockerId.eq(viewer.user()));
    QueryTrait::into_query(own.order_by_asc(BlockedId))
}
