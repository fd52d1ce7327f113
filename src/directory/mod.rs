//! The directory: who finds whom, and who sees whose presence, by the setting `DIRECTORY`.
//!
//! | | finds by name | finds by e-mail or id | sees the presence of |
//! |---|---|---|---|
//! | open | everybody | everybody | everybody |
//! | shared | contacts | everybody, at a rate | contacts |
//! | closed | nobody | contacts, by id | contacts |
//!
//! Contacts are those with whom one is in a conversation now. Names in conversations that one may read are not decided
//! here: whoever sees a message sees who sent it.

use std::collections::HashSet;

use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

use crate::app::App;
use crate::config::Directory;
use crate::db;
use crate::entity::{membership, user};
use crate::error::Result;
use crate::id::UserId;

/// How far the directory is open to a viewer.
pub fn open_to(app: &App, viewer: UserId) -> Directory {
    if app.config.directory_open_to.contains(&viewer) { Directory::Open } else { app.config.directory }
}

/// Whether everybody sees everybody, so that nothing depends on who looks.
pub fn is_open(app: &App) -> bool {
    app.config.directory == Directory::Open
}

/// Whether a viewer sees a person, and so whether they are online: oneself, contacts, and everybody in an open directory.
pub async fn may_see(app: &App, viewer: UserId, person: UserId) -> Result<bool> {
    Ok(visible(app, viewer, &[person]).await?.contains(&person))
}

/// Those of these people whom [`may_see`] holds of.
pub async fn visible(app: &App, viewer: UserId, people: &[UserId]) -> Result<HashSet<UserId>> {
    let asked: HashSet<UserId> = people.iter().copied().collect();
    if open_to(app, viewer) == Directory::Open || asked.iter().all(|person| *person == viewer) {
        return Ok(asked);
    }
    let mut seen: HashSet<UserId> = asked.get(&viewer).copied().into_iter().collect();
    let asked: Vec<UserId> = asked.into_iter().collect();
    for some in asked.chunks(db::VALUES / 2) {
        let shared = contacts_query(viewer).filter(membership::Column::UserId.is_in(some.iter().copied()));
        seen.extend(shared.into_tuple::<UserId>().all(&app.db.reader).await?);
    }
    Ok(seen)
}

/// Everybody who is in a conversation with a person now, and the person themself where they are in one.
pub async fn contacts(app: &App, person: UserId) -> Result<HashSet<UserId>> {
    let _turn = app.db.turn().await;
    let rows = contacts_query(person).into_tuple::<UserId>().all(&app.db.reader).await?;
    Ok(rows.into_iter().collect())
}

/// Whether a viewer finds all of these people by their ids. Whether there are such people is not known by it. In a shared
/// directory each look-up of somebody who is no contact counts as a search: `RateLimited`.
pub async fn finds(app: &App, viewer: UserId, people: &[UserId]) -> Result<bool> {
    let directory = open_to(app, viewer);
    if directory == Directory::Open {
        return Ok(true);
    }
    let seen = visible(app, viewer, people).await?;
    let mut strangers = people.iter().filter(|person| !seen.contains(person));
    match directory {
        Directory::Open => Ok(true),
        Directory::Shared => {
            for _ in strangers {
                app.rates.search.take(&viewer)?;
            }
            Ok(true)
        }
        Directory::Closed => Ok(strangers.next().is_none()),
    }
}

/// Narrows a list of people to those whom a viewer finds by name; `None` where that is everybody.
pub fn found_by_name(app: &App, viewer: UserId) -> Option<Condition> {
    match open_to(app, viewer) {
        Directory::Open => None,
        Directory::Shared => {
            let contacts = QueryTrait::into_query(contacts_query(viewer));
            Some(Condition::all().add(user::Column::Id.in_subquery(contacts)))
        }
        Directory::Closed => Some(Condition::all().add(Expr::val(1).eq(0))),
    }
}

/// Whether a viewer finds people by their whole e-mail address.
pub fn finds_by_email(app: &App, viewer: UserId) -> bool {
    open_to(app, viewer) != Directory::Closed
}

fn contacts_query(person: UserId) -> sea_orm::Select<membership::Entity> {
    current(membership::Column::UserId).distinct().filter(membership::Column::ConversationId.in_subquery(own(person)))
}

fn own(person: UserId) -> SelectStatement {
    QueryTrait::into_query(current(membership::Column::ConversationId).filter(membership::Column::UserId.eq(person)))
}

/// A column of the stays that have not ended.
fn current(column: membership::Column) -> sea_orm::Select<membership::Entity> {
    membership::Entity::find().select_only().column(column).filter(membership::Column::ToPosition.is_null())
}
