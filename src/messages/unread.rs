//! Unread counts: a difference of seqs, less what does not count (see `db/unread.rs`), and never a count of messages.

use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};

use crate::accounts::Viewer;
use crate::app::App;
use crate::db::HotReads;
use crate::db::unread::{calls, uncounted};
use crate::entity::conversation::Kind;
use crate::entity::membership::Notifications;
use crate::entity::mention;
use crate::error::Result;
use crate::id::ConversationId;

/// What the viewer has not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct Unread {
    /// Messages that count as unread: tombstones and lines of the conversation's own do not.
    pub messages: i64,
    /// Conversations with such messages.
    pub conversations: i64,
    /// Messages that call the viewer.
    pub mentions: i64,
    /// Messages that call the viewer, and all of direct conversations, but for those of conversations that are muted.
    pub badge: i64,
}

/// A read mark: a conversation, and the seq up to which somebody has read.
pub type ReadUpTo = (ConversationId, i32);

/// Sums up what the viewer has not read in all their conversations.
pub async fn unread(app: &App, viewer: &Viewer) -> Result<Unread> {
    // Materialised, or each sum would count anew.
    const SQL: &str = concat!(
        "WITH marked AS (
            SELECT c.id, c.kind, c.last_seq, m.notifications, m.muted_until,
                CASE WHEN m.last_read_seq < c.first_seq THEN c.first_seq - 1 ELSE m.last_read_seq END AS mark
              FROM membership m JOIN conversation c ON c.id = m.conversation_id
             WHERE m.user_id = $1 AND m.to_position IS NULL AND c.last_seq > m.last_read_seq
        ), mine AS MATERIALIZED (
            SELECT k.kind, k.notifications, k.muted_until, k.last_seq - k.mark - ",
        uncounted!("k.id", "k.mark"),
        " AS unread, ",
        calls!("k.id", "k.mark", "$1", "$2"),
        " AS calls FROM marked k)
        SELECT CAST(COALESCE(SUM(unread), 0) AS bigint) AS messages,
            COUNT(CASE WHEN unread > 0 THEN 1 END) AS conversations,
            CAST(COALESCE(SUM(calls), 0) AS bigint) AS mentions,
            CAST(COALESCE(SUM(CASE WHEN notifications = $4 OR COALESCE(muted_until, 0) > $3 THEN 0
                WHEN kind = $5 THEN unread ELSE calls END), 0) AS bigint) AS badge
          FROM mine"
    );
    let values: [Value; 5] = [
        viewer.user().into(),
        mention::everybody().into(),
        app.clock.now().into(),
        Notifications::None.into(),
        Kind::Direct.into(),
    ];
    let reader = &app.db.reader;
    let statement = Statement::from_sql_and_values(reader.get_database_backend(), SQL, values);
    Ok(Unread::find_by_statement(statement).one(reader).await?.unwrap_or_default())
}

/// How many messages after each of these marks do not count as unread.
pub async fn uncounted_after(app: &App, marks: &[ReadUpTo]) -> Result<Vec<(ReadUpTo, i64)>> {
    const SQL: &str = uncounted!("a.conversation_id", "a.mark");
    after_marks(app, marks, |hot| hot.uncounted(marks), SQL, Vec::new()).await
}

/// How many messages call the viewer after each of these marks.
pub async fn calls_after(app: &App, viewer: &Viewer, marks: &[ReadUpTo]) -> Result<Vec<(ReadUpTo, i64)>> {
    const SQL: &str = calls!("a.conversation_id", "a.mark", "$1", "$2");
    let people = vec![viewer.user().into(), mention::everybody().into()];
    after_marks(app, marks, |hot| hot.calls(viewer.user(), marks), SQL, people).await
}

/// Counts something after each of these marks: at once by hot reads, or in one statement, whose first values are given.
async fn after_marks(
    app: &App,
    marks: &[ReadUpTo],
    hot: impl FnOnce(&HotReads) -> Option<Vec<i64>>,
    count: &str,
    mut values: Vec<Value>,
) -> Result<Vec<(ReadUpTo, i64)>> {
    #[derive(FromQueryResult)]
    struct Counted {
        conversation_id: ConversationId,
        mark: i32,
        counted: i64,
    }
    if let Some(counts) = hot(&app.db.hot) {
        return Ok(marks.iter().copied().zip(counts).collect());
    }
    if marks.is_empty() {
        return Ok(Vec::new());
    }
    let mut places = Vec::with_capacity(marks.len());
    for (conversation, mark) in marks {
        places.push(format!("(${}, ${})", values.len() + 1, values.len() + 2));
        values.extend([(*conversation).into(), (*mark).into()]);
    }
    let sql = format!(
        "WITH asked (conversation_id, mark) AS (VALUES {})
         SELECT a.conversation_id, a.mark, CAST({count} AS bigint) AS counted FROM asked a",
        places.join(", ")
    );
    let reader = &app.db.reader;
    let statement = Statement::from_sql_and_values(reader.get_database_backend(), sql, values);
    let rows = Counted::find_by_statement(statement).all(reader).await?;
    Ok(rows.into_iter().map(|row| ((row.conversation_id, row.mark), row.counted)).collect())
}
