//! Changes what others see of a person.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::accounts::Name;
use crate::app::App;
use crate::db::{self, Tx};
use crate::entity::user;
use crate::error::{Error, Result};
use crate::feed::{self, Audience, Change, Kind, NewEvent, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{ConversationId, ImageId, UserId};
use crate::images::{self, Attachment, Claims, Images, Source};

/// What to change of a profile; what is `None` stays.
#[derive(Default)]
pub struct ProfileUpdate {
    /// Another name.
    pub name: Option<Name>,
    /// Another picture, or none.
    pub picture: Option<Option<Source>>,
}

/// Changes what others see of a person. Where everything is as it was, nothing happens.
pub async fn update(app: &App, images: &Images, user: UserId, update: ProfileUpdate) -> Result<user::Model> {
    app.rates.profile.take(&user)?;
    let prepared = match &update.picture {
        Some(Some(source)) => Some(images.prepare(user, source).await?),
        Some(None) | None => None,
    };
    let picture = update.picture.map(|_| prepared.as_deref().cloned());
    let changed = app.feed.append(Update { user, name: update.name, picture }).await?;
    if let Some(prepared) = prepared {
        prepared.attached();
    }
    // The one before.
    images.delete_soon();
    Ok(changed)
}

struct Update {
    user: UserId,
    name: Option<Name>,
    picture: Option<Option<Attachment>>,
}

/// A person as they are now, and where they are known.
struct Updated {
    user: user::Model,
    picture: Option<Attachment>,
    /// The picture that they had.
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
        let mut claims = Claims::read(tx, tx.now, pictures).await?;
        let plan = |change: &Self| {
            let user = users.get_mut(&change.user).filter(|user| user.deleted_at.is_none()).ok_or(Error::NotFound)?;
            let name = change.name.as_ref().filter(|name| user.full_name != name.as_str());
            // Each picture is a new one; none is none.
            let picture = change.picture.as_ref().filter(|picture| picture.is_some() || user.image_id.is_some());
            if name.is_none() && picture.is_none() {
                return Ok(Plan::Done(user.clone()));
            }
            let mut lost = None;
            let mut taken = None;
            if let Some(picture) = picture {
                if let Some(picture) = picture {
                    claims.take(picture)?;
                }
                lost = std::mem::replace(&mut user.image_id, picture.as_ref().map(Attachment::id));
                taken = picture.clone();
            }
            if let Some(name) = name {
                user.full_name = name.as_str().to_owned();
                user.name_key = name.key();
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
        let (mut pictures, mut let_go) = (Vec::new(), Vec::new());
        for Placed { write: Updated { mut user, picture, lost, conversations }, first } in writes {
            pictures.extend(picture);
            let_go.extend(lost);
            user.changed_position = first.position;
            let audience = Audience::Contacts { person: user.id, conversations };
            let event = NewEvent { user: Some(user.id), ..NewEvent::new(Kind::UserChanged, audience) };
            rows.insert(user.id, user.clone());
            written.push(Written { answer: user, events: vec![event] });
        }
        images::attach(tx, pictures).await?;
        images::detach(tx, &let_go).await?;
        let changed = [
            user::Column::FullName,
            user::Column::NameKey,
            user::Column::ImageId,
            user::Column::ChangedPosition,
            user::Column::UpdatedAt,
        ];
        db::upsert(tx, rows.into_values().collect(), changed).await?;
        Ok(written)
    }
}
