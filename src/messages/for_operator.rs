//! What the operator reads of messages: whole histories, page by page, and the messages of an image.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::app::App;
use crate::audit::Operator;
use crate::entity::message;
use crate::error::Result;
use crate::id::{ConversationId, ImageId};
use crate::limits;

/// The next messages of a conversation after a seq, in their order, as people see them: none at the end.
pub async fn history_for_operator(
    app: &App,
    _: &Operator,
    conversation: ConversationId,
    after: i32,
) -> Result<Vec<message::Model>> {
    let page = message::Entity::find()
        .filter(message::Column::ConversationId.eq(conversation))
        .filter(message::Column::Seq.gt(after))
        .order_by_asc(message::Column::Seq)
        .limit(limits::OPERATOR_WINDOW);
    Ok(message::read(page, &app.db.reader).await?)
}

/// The messages that show an image.
pub async fn showing_image(app: &App, _: &Operator, image: ImageId) -> Result<Vec<message::Model>> {
    let with_it = message::Entity::find().filter(message::Column::ImageId.eq(image));
    Ok(message::read(with_it.limit(limits::OPERATOR_WINDOW), &app.db.reader).await?)
}
