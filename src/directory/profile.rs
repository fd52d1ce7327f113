//! Changing one's profile.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use crate::accounts::{self, Email, Name, Viewer};
use crate::app::App;
use crate::audit::{AuditAction, Operator};
use crate::db::{self, Tx};
use crate::entity::user;
use crate::error::{Error, Result};
use crate::feed::{self, Audience, Change, EventKind, NewEvent, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{ConversationId, ImageId, UserId};
use crate::images::{self, ImageAttachment, ImageClaims, ImageSource, Images};

/// The changes to a profile; `None` leaves a field as it is.
#[derive(Default)]
pub(crate) struct ProfileUpdate {
    /// A new name.
    pub name: Option<Name>,
    /// A new picture, or none.
    pub picture: Option<Option<ImageSource>>,
}

/// Changes the viewer's profile. If nothing differs, no event is published.
pub(crate) async fn update_profile(
    app: &App,
    viewer: &Viewer,
    images: &Images,
    update: ProfileUpdate,
) -> Result<user::Model> {
    let user = viewer.user();
    app.rates.profile.take(&user)?;
    let prepared = match &update.picture {
        Some(Some(source)) => Some(images.prepare(viewer, source).await?),
        Some(None) | None => None,
    };
    let picture = update.picture.map(|_| prepared.as_deref().cloned());
    let changed = app.feed.append(Update { user, name: update.name, email: None, picture }).await?;
    if let Some(prepared) = prepared {
        prepared.attached();
    }
    // The previous picture.
    images.delete_soon();
    Ok(changed)
}

/// What the operator changes of an account; `None` leaves a field as it is.
#[derive(Default)]
pub(crate) struct AccountUpdate {
    /// A new name.
    pub name: Option<Name>,
    /// A new address to sign in with: `EmailTaken` if somebody else has it.
    pub email: Option<Email>,
    /// Whether the picture goes.
    pub removes_picture: bool,
}

/// Likewise for the operator, and the address. Sessions go on.
pub(crate) async fn update_for_operator(
    app: &App,
    by: &Operator,
    images: &Images,
    user: UserId,
    update: AccountUpdate,
) -> Result<user::Model> {
    let AccountUpdate { name, email, removes_picture } = update;
    let update = Update { user, name, email, picture: removes_picture.then_some(None) };
    let changed = app.feed.append_recorded(update, [by.record(AuditAction::UserUpdated, user)]).await?;
    images.delete_soon();
    Ok(changed)
}

struct Update {
    user: UserId,
    name: Option<Name>,
    email: Option<Email>,
    picture: Option<Option<ImageAttachment>>,
}

/// A person after the change, and the conversations whose members are notified.
struct Updated {
    user: user::Model,
    picture: Option<ImageAttachment>,
    /// The previous picture, which is deleted.
    lost: Option<ImageId>,
    conversations: Arc<[ConversationId]>,
}

impl Change for Update {
    type Answer = user::Model;
    type Write = Updated;
    const RANK: Rank = Rank::People;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let ids = || changes.iter().map(|change| change.user);
        let living =
            user::Entity::find().filter(user::Column::Id.is_in(ids())).filter(user::Column::DeletedAt.is_null());
        let users = living.all(tx).await?;
        let mut users: HashMap<UserId, user::Model> = users.into_iter().map(|row| (row.id, row)).collect();
        let known_in = feed::known_in(tx, ids()).await?;
        let pictures = changes.iter().filter_map(|change| change.picture.as_ref()?.as_ref());
        let mut claims = ImageClaims::read(tx, tx.now, pictures).await?;
        let taken_emails = taken(tx, changes).await?;
        let plan = |change: &Self| {
            let user = users.get_mut(&change.user).filter(|user| user.deleted_at.is_none()).ok_or(Error::NotFound)?;
            let name = change.name.as_ref().filter(|name| user.full_name != name.as_str());
            // A new picture always counts as a change; removing one only if there is one.
            let picture = change.picture.as_ref().filter(|picture| picture.is_some() || user.image_id.is_some());
            let email = change.email.as_ref().filter(|email| user.email.as_deref() != Some(email.as_str()));
            if name.is_none() && email.is_none() && picture.is_none() {
                return Ok(Plan::Done(user.clone()));
            }
            if let Some(picture) = picture.and_then(Option::as_ref) {
                claims.take(picture)?;
            }
            // Last of what may be refused: a change that is refused must not keep the address.
            if email.is_some_and(|email| taken_emails.contains(email.as_str()) || !tx.claim_email(email.as_str())) {
                return Err(Error::EmailTaken);
            }
            let mut lost = None;
            let mut taken = None;
            if let Some(picture) = picture {
                lost = std::mem::replace(&mut user.image_id, picture.as_ref().map(ImageAttachment::id));
                taken = picture.clone();
            }
            if let Some(name) = name {
                user.full_name = name.as_str().to_owned();
                user.name_key = name.key();
            }
            if let Some(email) = email {
                user.email = Some(email.as_str().to_owned());
            }
            user.updated_at = tx.now;
            let own = known_in.iter().filter(|(person, _)| *person == change.user);
            let conversations = own.map(|(_, conversation)| *conversation).collect();
            let write = Updated { user: user.clone(), picture: taken, lost, conversations };
            Ok(Plan::Write { write, events: 1 })
        };
        Ok(changes.iter().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Updated>>) -> Writes<Self> {
        let mut rows = HashMap::new();
        let mut written = Vec::with_capacity(writes.len());
        let (mut pictures, mut lost_pictures) = (Vec::new(), Vec::new());
        for Placed { write: Updated { mut user, picture, lost, conversations }, first } in writes {
            pictures.extend(picture);
            lost_pictures.extend(lost);
            user.changed_position = first.position;
            let audience = Audience::Contacts { person: user.id, conversations };
            let event = NewEvent { user: Some(user.id), ..NewEvent::new(EventKind::UserChanged, audience) };
            rows.insert(user.id, user.clone());
            written.push(Written { answer: user, events: vec![event] });
        }
        images::attach(tx, pictures).await?;
        images::detach(tx, &lost_pictures).await?;
        let changed = [
            user::Column::FullName,
            user::Column::NameKey,
            user::Column::Email,
            user::Column::ImageId,
            user::Column::ChangedPosition,
            user::Column::UpdatedAt,
        ];
        db::upsert(tx, rows.values().cloned().collect(), changed).await?;
        let names = rows.values().map(|user| (user.id, user.full_name.clone())).collect();
        accounts::write_name_parts(tx, names).await?;
        Ok(written)
    }
}

/// Those of the new addresses that somebody has already.
async fn taken(tx: &Tx, changes: &[Update]) -> Result<HashSet<String>, DbErr> {
    let emails: Vec<&str> = changes.iter().filter_map(|change| change.email.as_ref()).map(Email::as_str).collect();
    if emails.is_empty() {
        return Ok(HashSet::new());
    }
    let taken = user::Entity::find().select_only().column(user::Column::Email);
    let taken = taken.filter(user::Column::Email.is_in(emails)).into_tuple::<String>();
    Ok(taken.all(tx).await?.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[tokio::test]
    async fn an_address_that_another_change_of_the_batch_has_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let (db, writer) = db::fresh(&folder.path().join("parlour.db")).await;
        let now = Timestamp(1_800_000_000_000);
        let tx = writer.begin(now).await.unwrap();
        let ada = user::Model::new(UserId::new(), "Ada".to_owned(), "ada".to_owned(), now);
        let user = ada.id;
        db::insert(&tx, vec![ada]).await.unwrap();
        let change = |email: &str| Update { user, name: None, email: Email::parse(email).ok(), picture: None };

        // As a sign-up does, which is another kind of change: it is planned first, and nothing of it is written yet.
        assert!(tx.claim_email("new@example.com"));
        let plans = Update::plan(&tx, &[change("new@example.com"), change("other@example.com")]).await.unwrap();

        assert!(matches!(plans.as_slice(), [Err(Error::EmailTaken), Ok(Plan::Write { .. })]));
        assert!(!tx.claim_email("other@example.com"), "a sign-up behind it gets the same answer");
        tx.rollback().await.unwrap();
        writer.close().await.unwrap();
        db.close().await.unwrap();
    }
}
