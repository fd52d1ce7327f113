//! The directory: people as others see them. Who finds whom and who sees whose presence depends on the setting
//! `DIRECTORY`.
//!
//! | | finds by name | finds by e-mail or id | sees the presence of |
//! |---|---|---|---|
//! | open | everybody | everybody | everybody |
//! | shared | contacts | everybody, at a rate | contacts |
//! | closed | nobody | contacts, by id | contacts |
//!
//! Contacts are people who currently share a conversation. Names of senders are not restricted: everyone who may read a
//! message sees who sent it.

mod blocks;
mod people;
mod profile;

use std::collections::HashSet;

use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

pub(crate) use blocks::{
    began, block, blocked, blocked_among, blocked_count, in_blocks_with, not_blocked, reachable, unblock,
};
pub(crate) use people::{PeopleFilter, PeopleSortKey, count, list};
pub(crate) use profile::{AccountUpdate, ProfileUpdate, update_for_operator, update_profile};

use crate::accounts::Viewer;
use crate::app::App;
use crate::config::Directory;
use crate::db;
use crate::entity::{image, membership, user};
use crate::error::Result;
use crate::id::UserId;

/// The directory mode that applies to a viewer.
pub(crate) fn open_to(app: &App, viewer: &Viewer) -> Directory {
    if app.config.directory_open_to.contains(&viewer.user()) { Directory::Open } else { app.config.directory }
}

/// Whether everybody sees everybody, so that nothing depends on the viewer.
pub(crate) fn is_open(app: &App) -> bool {
    app.config.directory == Directory::Open
}

/// Whether a viewer sees everybody.
pub(crate) fn is_open_to(app: &App, viewer: &Viewer) -> bool {
    open_to(app, viewer) == Directory::Open
}

/// The people among these who a viewer may see are online: those whom they may see, unless one has blocked the other.
pub(crate) async fn visible(app: &App, viewer: &Viewer, people: &[UserId]) -> Result<HashSet<UserId>> {
    let seen: Vec<UserId> = acquainted(app, viewer, people).await?.into_iter().collect();
    not_blocked(app, viewer, &seen).await
}

/// Whether a viewer may know that a person exists: they find them, or know them from a conversation. In a shared directory
/// it counts as a search, if it is a stranger.
pub(crate) async fn is_known(app: &App, viewer: &Viewer, person: UserId) -> Result<bool> {
    let is_of_conversation = blocks::have_shared_a_conversation(app, viewer, person).await?;
    Ok(is_of_conversation || finds(app, viewer, &[person]).await?)
}

/// The people among these whom a viewer may see: the viewer, contacts, and everybody in an open directory.
pub(crate) async fn acquainted(app: &App, viewer: &Viewer, people: &[UserId]) -> Result<HashSet<UserId>> {
    let asked: HashSet<UserId> = people.iter().copied().collect();
    if open_to(app, viewer) == Directory::Open || asked.iter().all(|person| *person == viewer.user()) {
        return Ok(asked);
    }
    let mut seen: HashSet<UserId> = asked.get(&viewer.user()).copied().into_iter().collect();
    let asked: Vec<UserId> = asked.into_iter().collect();
    for some in asked.chunks(db::VALUES / 2) {
        let shared = contacts_query(viewer.user()).filter(membership::Column::UserId.is_in(some.iter().copied()));
        seen.extend(shared.into_tuple::<UserId>().all(&app.db.reader).await?);
    }
    Ok(seen)
}

/// Whether an image is the picture of somebody whom the viewer may see.
pub(crate) async fn shows_image(app: &App, viewer: &Viewer, image: &image::Model) -> Result<bool> {
    let owner = user::Entity::find_by_id(image.owner_id)
        .filter(user::Column::ImageId.eq(image.id))
        .filter(user::Column::DeletedAt.is_null())
        .one(&app.db.reader)
        .await?;
    match owner {
        Some(owner) => Ok(!acquainted(app, viewer, &[owner.id]).await?.is_empty()),
        None => Ok(false),
    }
}

/// Everybody who currently shares a conversation with a person, and the person if they are in any conversation.
pub(crate) async fn contacts(app: &App, person: UserId) -> Result<HashSet<UserId>> {
    let _turn = app.db.turn().await;
    let rows = contacts_query(person).into_tuple::<UserId>().all(&app.db.reader).await?;
    Ok(rows.into_iter().collect())
}

/// Whether a viewer may find all of these people by id. It does not reveal whether they exist. In a shared directory
/// each look-up of a non-contact counts as a search: `RateLimited`.
pub(crate) async fn finds(app: &App, viewer: &Viewer, people: &[UserId]) -> Result<bool> {
    let directory = open_to(app, viewer);
    if directory == Directory::Open {
        return Ok(true);
    }
    let seen = acquainted(app, viewer, people).await?;
    let mut strangers = people.iter().filter(|person| !seen.contains(person));
    match directory {
        Directory::Open => Ok(true),
        Directory::Shared => {
            for _ in strangers {
                app.rates.search.take(&viewer.user())?;
            }
            Ok(true)
        }
        Directory::Closed => Ok(strangers.next().is_none()),
    }
}

/// A condition for the people whom a viewer finds by name; `None` if that is everybody.
fn found_by_name(app: &App, viewer: &Viewer) -> Option<Condition> {
    match open_to(app, viewer) {
        Directory::Open => None,
        Directory::Shared => {
            let contacts = QueryTrait::into_query(contacts_query(viewer.user()));
            Some(Condition::all().add(user::Column::Id.in_subquery(contacts)))
        }
        Directory::Closed => Some(Condition::all().add(Expr::val(1).eq(0))),
    }
}

/// Whether a viewer finds people by their whole e-mail address.
fn finds_by_email(app: &App, viewer: &Viewer) -> bool {
    open_to(app, viewer) != Directory::Closed
}

fn contacts_query(person: UserId) -> sea_orm::Select<membership::Entity> {
    current(membership::Column::UserId)
        .distinct()
        .filter(membership::Column::ConversationId.in_subquery(conversations_of(person)))
}

fn conversations_of(person: UserId) -> SelectStatement {
    QueryTrait::into_query(current(membership::Column::ConversationId).filter(membership::Column::UserId.eq(person)))
}

/// A column of the memberships that have not ended.
fn current(column: membership::Column) -> sea_orm::Select<membership::Entity> {
    membership::Entity::find().select_only().column(column).filter(membership::Column::ToPosition.is_null())
}
