//! Deletes what one person has written since some time, everywhere: for the operator, after somebody flooded a server.

use futures_util::future::try_join_all;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::app::App;
use crate::audit::Operator;
use crate::clock::Timestamp;
use crate::entity::{conversation, message};
use crate::error::{Error, Result};
use crate::feed;
use crate::id::{ConversationId, MessageId, UserId};
use crate::images::Images;
use crate::limits;
use crate::messages::delete_for_operator;

/// Whose messages go, and from when on.
#[derive(Clone, Copy, Debug)]
pub struct ContentRemoval {
    /// Who sent them.
    pub user: UserId,
    /// The oldest of them that goes.
    pub since: Timestamp,
}

/// Turns the messages into tombstones, a few at a time, each as if it were deleted alone: clients, the search and the
/// images follow. Returns how many. What an interruption leaves is found again by the next run.
pub async fn remove_content(app: &App, by: &Operator, images: &Images, what: ContentRemoval) -> Result<usize> {
    let mut removed = 0;
    for (_, id) in feed::known_in(&app.db.reader, [what.user]).await? {
        removed += remove_in(app, by, images, what, id).await?;
    }
    Ok(removed)
}

/// Walks a history back from its end, in windows of seqs, until a whole window is older: there is no index of messages
/// by sender.
async fn remove_in(
    app: &App,
    by: &Operator,
    images: &Images,
    what: ContentRemoval,
    id: ConversationId,
) -> Result<usize> {
    let Some(conversation) = conversation::Entity::find_by_id(id).one(&app.db.reader).await? else { return Ok(0) };
    let window = i32::try_from(limits::OPERATOR_WINDOW).unwrap_or(i32::MAX);
    let (mut upto, mut removed) = (conversation.last_seq, 0);
    while upto >= conversation.first_seq {
        let from = upto.saturating_sub(window - 1).max(conversation.first_seq);
        let rows = message::Entity::find()
            .select_only()
            .columns([message::Column::Id, message::Column::SenderId, message::Column::CreatedAt])
            .filter(message::Column::ConversationId.eq(id))
            .filter(message::Column::Seq.between(from, upto))
            .filter(message::Column::DeletedAt.is_null())
            .filter(message::Column::SystemLine.is_null())
            .order_by_desc(message::Column::Seq)
            .into_tuple::<(MessageId, UserId, Timestamp)>()
            .all(&app.db.reader)
            .await?;
        let is_older = |(_, _, at): &(MessageId, UserId, Timestamp)| *at < what.since;
        let is_over = !rows.is_empty() && rows.iter().all(is_older);
        let found: Vec<MessageId> =
            rows.iter().filter(|row| row.1 == what.user && !is_older(row)).map(|(id, ..)| *id).collect();
        for messages in found.chunks(limits::ERASURE_MESSAGES) {
            let deletions = messages.iter().map(async |message| {
                match delete_for_operator(app, by, images, *message).await {
                    Ok(_) => Ok(1),
                    // It was deleted by its age meanwhile.
                    Err(Error::NotFound) => Ok(0),
                    Err(error) => Err(error),
                }
            });
            removed += try_join_all(deletions).await?.into_iter().sum::<usize>();
        }
        if is_over {
            break;
        }
        upto = from - 1;
    }
    Ok(removed)
}
