//! Deleting messages by their age: for the whole server, and for a group that has a number of its own.
//!
//! [`run_background`] looks through the conversations, and [`trim`] deletes the oldest messages of one, some at a time: each
//! step is a change of the feed with an event of its own.

mod trim;

use sea_orm::{ConnectionTrait, FromQueryResult, Statement};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::confirmed_time::ConfirmedTime;
use crate::error::Result;
use crate::id::ConversationId;
use crate::images::Images;
use crate::limits;
use trim::TrimHistory;

/// For how many days the messages of a conversation are kept, if not for good: as the server says, or as the conversation's
/// own number does where that is smaller.
pub(crate) fn days_of(config: &Config, own: Option<i32>) -> Option<i32> {
    [config.retention_days, own].into_iter().flatten().min()
}

/// Looks at intervals, by a time of day that can be trusted, until the program ends.
pub(crate) async fn run_background(app: App, images: Images, shutdown: CancellationToken) {
    let trimming = async {
        let mut time = ConfirmedTime::new(app.clock.clone(), "old messages");
        loop {
            app.clock.sleep(limits::RETENTION_LOOK).await;
            let Some(now) = time.now() else { continue };
            app.leader.comes_here().await;
            match trim_all(&app, &images, now).await {
                Ok(Trimmed { messages: 0, .. }) => {}
                Ok(Trimmed { messages, conversations }) => tracing::info!(
                    event = "history.trimmed",
                    messages,
                    conversations,
                    "{messages} old messages of {conversations} conversations were deleted"
                ),
                Err(error) => {
                    tracing::warn!(error = ?error, "old messages could not be deleted, it is tried again later: {error}");
                }
            }
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = trimming => {}
    }
}

/// What a look deleted.
#[derive(Default)]
struct Trimmed {
    messages: u64,
    conversations: u64,
}

/// A conversation, with the time of its oldest message.
#[derive(FromQueryResult)]
struct Aged {
    id: ConversationId,
    retention_days: Option<i32>,
    oldest: Option<Timestamp>,
}

async fn trim_all(app: &App, images: &Images, now: Timestamp) -> Result<Trimmed> {
    let mut trimmed = Trimmed::default();
    let mut after = None;
    loop {
        let page = page(app, after).await?;
        let Some(last) = page.last() else { return Ok(trimmed) };
        after = Some(last.id);
        for aged in page {
            let Some(days) = days_of(&app.config, aged.retention_days) else { continue };
            let before = cut_off(now, days);
            if aged.oldest.is_none_or(|oldest| oldest >= before) {
                continue;
            }
            trimmed.conversations += 1;
            let ended = trim_one(app, aged.id, before, &mut trimmed.messages).await;
            images.delete_soon();
            // One that fails each time must not keep the others.
            if let Err(error) = ended {
                tracing::warn!(
                    error = %error, conversation.id = %aged.id,
                    "the old messages of conversation {} could not all be deleted, this is tried again: {error}", aged.id
                );
            }
        }
    }
}

async fn trim_one(app: &App, conversation: ConversationId, before: Timestamp, messages: &mut u64) -> Result<()> {
    loop {
        let deleted = app.feed.append(TrimHistory { conversation, before }).await?;
        *messages += deleted;
        if deleted < limits::RETENTION_MESSAGES {
            return Ok(());
        }
    }
}

/// Whole days by UTC: a conversation in which people write all day gets its events once a day, and not with each look.
fn cut_off(now: Timestamp, days: i32) -> Timestamp {
    const DAY: i64 = 24 * 3600 * 1000;
    Timestamp(now.0 - now.0.rem_euclid(DAY) - i64::from(days) * DAY)
}

/// Some of the conversations to which a number of days applies, by id.
async fn page(app: &App, after: Option<ConversationId>) -> Result<Vec<Aged>> {
    let own = if app.config.retention_days.is_some() { "TRUE" } else { "retention_days IS NOT NULL" };
    let sql = format!(
        "SELECT c.id, c.retention_days, m.created_at AS oldest FROM (
            SELECT id, first_seq, retention_days FROM conversation WHERE id > $1 AND {own} ORDER BY id LIMIT $2
         ) c LEFT JOIN message m ON m.conversation_id = c.id AND m.seq = c.first_seq ORDER BY c.id"
    );
    let after = after.unwrap_or_else(|| uuid::Uuid::nil().into());
    let reader = &app.db.reader;
    let values = [after.into(), limits::RETENTION_CONVERSATIONS.into()];
    let statement = Statement::from_sql_and_values(reader.get_database_backend(), sql, values);
    Ok(Aged::find_by_statement(statement).all(reader).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_kept_for_whole_days() {
        const DAY: i64 = 86_400_000;
        let noon = Timestamp(100 * DAY + DAY / 2);
        assert_eq!(cut_off(noon, 30), Timestamp(70 * DAY));
        assert_eq!(cut_off(Timestamp(101 * DAY - 1), 1), Timestamp(99 * DAY));
        assert_eq!(cut_off(Timestamp(101 * DAY), 1), Timestamp(100 * DAY));
    }
}
