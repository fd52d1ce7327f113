//! Look-ups of people by id or e-mail address. The caller decides who may see the result.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::accounts::Email;
use crate::app::App;
use crate::entity::user;
use crate::error::Result;
use crate::id::UserId;

/// A person by id, including erased people.
pub async fn find(app: &App, id: UserId) -> Result<Option<user::Model>> {
    Ok(user::Entity::find_by_id(id).one(&app.db.reader).await?)
}

/// A person by e-mail address.
pub async fn find_by_email(app: &App, email: &Email) -> Result<Option<user::Model>> {
    Ok(user::Entity::find().filter(user::Column::Email.eq(email.as_str())).one(&app.db.reader).await?)
}

/// People by id, in no particular order.
pub async fn by_ids(app: &App, ids: &[UserId]) -> Result<Vec<user::Model>> {
    Ok(user::Entity::find().filter(user::Column::Id.is_in(ids.iter().copied())).all(&app.db.reader).await?)
}
