//! Asks the index for messages.

use std::ops::Range;

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};

use crate::db::Reader;
use crate::entity::message;
use crate::feed::Position;
use crate::id::ConversationId;
use crate::search::index::Wanted;
use crate::search::words::{Term, prefix};

/// A page, the newest first. Texts that are to be cleared are left out. Whether the viewer may read a message is asked of
/// each, of the memberships as they are in this statement.
pub(in crate::search::index) async fn page(
    db: &Reader,
    wanted: &Wanted<'_>,
    range: Range<Position>,
    size: usize,
) -> Result<Vec<message::Model>, DbErr> {
    // The proposals are read from the index before they are joined: the planner cannot know how few they are.
    let sql = "WITH proposed AS MATERIALIZED (
            SELECT position FROM message_word WHERE words @@ $1::tsquery AND position >= $2 AND position < $3)
         SELECT m.* FROM proposed JOIN message m ON m.position = proposed.position
          WHERE m.text IS NOT NULL AND EXISTS (
            SELECT 1 FROM membership own WHERE own.conversation_id = m.conversation_id
               AND own.user_id = $4 AND own.to_position IS NULL)
            AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.user_id = m.sender_id)
          ORDER BY m.position DESC LIMIT $5";
    let expression = expression(wanted.terms, wanted.conversations);
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let values = [expression.into(), range.start.into(), range.end.into(), wanted.viewer.into(), size.into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    message::Model::find_by_statement(statement).all(db).await
}

/// The `tsquery`: all of the terms, in one of the conversations. A word has no quote and no backslash in it.
fn expression(terms: &[Term], conversations: &[ConversationId]) -> String {
    let in_one = |conversation: &ConversationId| {
        let prefix = prefix(*conversation);
        let term = |term: &Term| {
            let any_end = if term.is_beginning { ":*" } else { "" };
            format!("'{prefix}{}'{any_end}", term.word)
        };
        format!("({})", terms.iter().map(term).collect::<Vec<_>>().join(" & "))
    };
    conversations.iter().map(in_one).collect::<Vec<_>>().join(" | ")
}
