//! Clears the stored texts of an erased person in small batches. Readers notice nothing: they get the same tombstones
//! before and after.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::app::App;
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::entity::{conversation, erasure, mention, message};
use crate::error::Result;
use crate::feed::{self, Answers, Quiet, Rank};
use crate::id::{ConversationId, MessageId, UserId};
use crate::limits;
use crate::messages;

/// Sweeps all conversations that the person has ever been in, and completes the erasure.
pub(super) async fn sweep(app: &App, erasure: &erasure::Model) -> Result<()> {
    for (_, id) in feed::known_in(&app.db.reader, [erasure.user_id]).await? {
        sweep_conversation(app, erasure, id).await?;
    }
    messages::take_back(app, erasure.user_id).await?;
    app.feed.append(Finish { user: erasure.user_id }).await
}

/// Walks the whole history by seq. There is no index of messages by sender, because each message would pay for it and
/// an erasure happens once per person.
async fn sweep_conversation(app: &App, erasure: &erasure::Model, id: ConversationId) -> Result<()> {
    let Some(conversation) = conversation::Entity::find_by_id(id).one(&app.db.reader).await? else { return Ok(()) };
    for from in (conversation.first_seq..=conversation.last_seq).step_by(limits::ERASURE_WINDOW) {
        let upto = from.saturating_add(i32::try_from(limits::ERASURE_WINDOW).unwrap_or(i32::MAX) - 1);
        let texts = message::Entity::find()
            .select_only()
            .column(message::Column::Id)
            .filter(message::Column::ConversationId.eq(id))
            .filter(message::Column::Seq.between(from, upto))
            .filter(message::Column::SenderId.eq(erasure.user_id))
            .filter(message::Column::DeletedAt.is_null())
            .filter(message::Column::SystemLine.is_null())
            .order_by_asc(message::Column::Seq)
            .into_tuple::<MessageId>()
            .all(&app.db.reader)
            .await?;
        for messages in texts.chunks(limits::ERASURE_MESSAGES) {
            let (messages, erased_at) = (messages.to_vec(), erasure.erased_at);
            app.feed.append(Bury { messages, erased_at }).await?;
        }
        untitle(app, erasure, (id, from, upto)).await?;
    }
    Ok(())
}

/// Takes the titles that the person gave out of the system lines, which stay.
async fn untitle(app: &App, erasure: &erasure::Model, (id, from, upto): (ConversationId, i32, i32)) -> Result<()> {
    let lines = message::Entity::find()
        .filter(message::Column::ConversationId.eq(id))
        .filter(message::Column::Seq.between(from, upto))
        .filter(message::Column::SenderId.eq(erasure.user_id))
        .filter(message::Column::SystemLine.is_not_null())
        .all(&app.db.reader)
        .await?;
    let untitled = |mut line: message::Model| {
        let before = line.version;
        line.bury(erasure.erased_at);
        (line.version != before).then_some(line)
    };
    let lines: Vec<message::Model> = lines.into_iter().filter_map(untitled).collect();
    for lines in lines.chunks(limits::ERASURE_MESSAGES) {
        app.feed.append(Untitle { lines: lines.to_vec() }).await?;
    }
    Ok(())
}

/// Writes system lines without their titles. Nothing else changes them.
#[derive(Clone)]
struct Untitle {
    lines: Vec<message::Model>,
}

impl Quiet for Untitle {
    type Answer = ();
    const RANK: Rank = Rank::Housekeeping;

    async fn write(tx: &Tx, untitled: Vec<Self>) -> Answers<Self> {
        let answers = vec![(); untitled.len()];
        // One by one, as few people give many titles, and only those that still are there: they may have been deleted by
        // their age since they were read.
        for line in untitled.into_iter().flat_map(|Self { lines }| lines) {
            message::Entity::update_many()
                .col_expr(message::Column::SystemLine, Expr::value(line.system_line))
                .col_expr(message::Column::Version, Expr::value(line.version))
                .filter(message::Column::Id.eq(line.id))
                .exec(tx)
                .await?;
        }
        Ok(answers)
    }
}

/// Turns messages into tombstones, as [`message::Model::bury`] does. It publishes nothing, because the erasure has
/// announced all of them.
#[derive(Clone)]
struct Bury {
    messages: Vec<MessageId>,
    erased_at: Timestamp,
}

impl Quiet for Bury {
    type Answer = ();
    const RANK: Rank = Rank::Housekeeping;

    async fn write(tx: &Tx, burials: Vec<Self>) -> Answers<Self> {
        for Self { messages, erased_at } in &burials {
            message::Entity::update_many()
                .col_expr(message::Column::Text, Expr::value(None::<String>))
                .col_expr(message::Column::MessageType, Expr::value(None::<String>))
                .col_expr(message::Column::Metadata, Expr::value(None::<String>))
                .col_expr(message::Column::Mentions, Expr::value(None::<Vec<u8>>))
                .col_expr(message::Column::MentionsEveryone, false.into())
                .col_expr(message::Column::Reactions, Expr::value(None::<String>))
                .col_expr(message::Column::Version, Expr::col(message::Column::Version).add(1))
                .col_expr(message::Column::DeletedAt, (*erased_at).into())
                .col_expr(message::Column::PinnedAt, Expr::value(None::<i64>))
                .filter(message::Column::Id.is_in(messages.iter().copied()))
                .filter(message::Column::DeletedAt.is_null())
                .exec(tx)
                .await?;
        }
        Ok(vec![(); burials.len()])
    }
}

/// Completes an erasure: nothing is left to sweep.
#[derive(Clone)]
struct Finish {
    user: UserId,
}

impl Quiet for Finish {
    type Answer = ();
    const RANK: Rank = Rank::Housekeeping;

    async fn write(tx: &Tx, finished: Vec<Self>) -> Answers<Self> {
        let ids = || finished.iter().map(|finished| finished.user);
        mention::Entity::delete_many().filter(mention::Column::UserId.is_in(ids())).exec(tx).await?;
        erasure::Entity::delete_many().filter(erasure::Column::UserId.is_in(ids())).exec(tx).await?;
        Ok(vec![(); finished.len()])
    }
}
