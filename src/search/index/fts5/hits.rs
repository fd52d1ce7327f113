//! How the FTS5 index is asked for messages.

use crate::search::index::proposals::{Language, shown};

/// A page comes in the index's own order, so that nothing is sorted; `CROSS` keeps it outside.
pub(in crate::search::index) const LANGUAGE: Language = Language {
    page: [
        concat!(
            "SELECT m.* FROM message_word CROSS JOIN message m ON m.position = message_word.rowid
          WHERE message_word MATCH $1 AND message_word.rowid >= $2 AND message_word.rowid < $3 AND ",
            shown!()
        ),
        " ORDER BY message_word.rowid DESC LIMIT $5",
    ],
    quote: '"',
    beginning: " *",
    and: " AND ",
    or: " OR ",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ConversationId;
    use crate::search::MessageSearch;
    use crate::search::words::prefix;

    #[test]
    fn the_expression_has_nothing_but_quoted_words() {
        let query = MessageSearch::parse("NEAR(a b) OR \"c*\" -d col:e 日本語").expect("a query");
        let here = ConversationId::parse("019bfc3e-0000-7000-8000-00000000000a").expect("an id");
        let expected = "(\"HERE:near\" * AND \"HERE:col\" * AND \"HERE:or\" * AND \"HERE:日本\" AND \"HERE:本語\" \
                        AND \"HERE:a\" * AND \"HERE:b\" * AND \"HERE:c\" * AND \"HERE:d\" * AND \"HERE:e\" *)";
        let expected = expected.replace("HERE:", "019bfc3e00007000800000000000000a");
        assert_eq!(LANGUAGE.expression(&query.terms(usize::MAX), &[here]), expected);
    }

    #[test]
    fn each_word_is_looked_for_in_each_conversation_and_the_longest_where_they_are_many() {
        let query = MessageSearch::parse("a long way").expect("a query");
        let (here, there) = (ConversationId::new(), ConversationId::new());

        let expression = LANGUAGE.expression(&query.terms(2), &[here, there]);

        let [one, other] = [prefix(here), prefix(there)];
        let expected = format!("(\"{one}long\" * AND \"{one}way\" *) OR (\"{other}long\" * AND \"{other}way\" *)");
        assert_eq!(expression, expected);
    }
}
