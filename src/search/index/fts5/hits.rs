//! Asks the FTS5 index for messages.

use std::ops::Range;

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};

use crate::db::Reader;
use crate::entity::message;
use crate::feed::Position;
use crate::id::ConversationId;
use crate::search::index::Wanted;
use crate::search::words::{Term, prefix};

/// A page in the index's own order, so that nothing is sorted; `CROSS` keeps it outside. Texts that are to be cleared are
/// left out. Whether the viewer may read a message is asked of each, of the memberships as they are in this statement.
pub(in crate::search) async fn page(
    db: &Reader,
    wanted: &Wanted<'_>,
    range: Range<Position>,
    size: usize,
) -> Result<Vec<message::Model>, DbErr> {
    let sql = "SELECT m.* FROM message_word CROSS JOIN message m ON m.position = message_word.rowid
          WHERE message_word MATCH $1 AND message_word.rowid >= $2 AND message_word.rowid < $3
            AND m.text IS NOT NULL AND EXISTS (
            SELECT 1 FROM membership own WHERE own.conversation_id = m.conversation_id
               AND own.user_id = $4 AND own.to_position IS NULL)
            AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.user_id = m.sender_id)
          ORDER BY message_word.rowid DESC LIMIT $5";
    let expression = expression(wanted.terms, wanted.conversations);
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let values = [expression.into(), range.start.into(), range.end.into(), wanted.viewer.into(), size.into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    message::Model::find_by_statement(statement).all(db).await
}

/// The expression for `MATCH`: all of the terms, in one of the conversations.
pub(in crate::search) fn expression(terms: &[Term], conversations: &[ConversationId]) -> String {
    let in_one = |conversation: &ConversationId| {
        let prefix = prefix(*conversation);
        let term = |term: &Term| {
            let any_end = if term.is_beginning { " *" } else { "" };
            format!("\"{prefix}{}\"{any_end}", term.word)
        };
        format!("({})", terms.iter().map(term).collect::<Vec<_>>().join(" AND "))
    };
    conversations.iter().map(in_one).collect::<Vec<_>>().join(" OR ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::MessageSearch;

    #[test]
    fn the_expression_has_nothing_but_quoted_words() {
        let query = MessageSearch::parse("NEAR(a b) OR \"c*\" -d col:e 日本語").expect("a query");
        let here = ConversationId::parse("019bfc3e-0000-7000-8000-00000000000a").expect("an id");
        let expected = "(\"HERE:near\" * AND \"HERE:col\" * AND \"HERE:or\" * AND \"HERE:日本\" AND \"HERE:本語\" \
                        AND \"HERE:a\" * AND \"HERE:b\" * AND \"HERE:c\" * AND \"HERE:d\" * AND \"HERE:e\" *)";
        let expected = expected.replace("HERE:", "019bfc3e00007000800000000000000a");
        assert_eq!(expression(&query.terms(usize::MAX), &[here]), expected);
    }

    #[test]
    fn each_word_is_looked_for_in_each_conversation_and_the_longest_where_they_are_many() {
        let query = MessageSearch::parse("a long way").expect("a query");
        let (here, there) = (ConversationId::new(), ConversationId::new());

        let expression = expression(&query.terms(2), &[here, there]);

        let [one, other] = [prefix(here), prefix(there)];
        let expected = format!("(\"{one}long\" * AND \"{one}way\" *) OR (\"{other}long\" * AND \"{other}way\" *)");
        assert_eq!(expression, expected);
    }
}
