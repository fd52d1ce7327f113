//! How the index of PostgreSQL is asked for messages.

use crate::search::index::proposals::{Language, shown};

/// The proposals are read from the index before they are joined: the planner cannot know how few they are.
pub(in crate::search::index) const LANGUAGE: Language = Language {
    page: [
        concat!(
            "WITH proposed AS MATERIALIZED (
            SELECT position FROM message_word WHERE words @@ $1::tsquery AND position >= $2 AND position < $3)
         SELECT m.* FROM proposed JOIN message m ON m.position = proposed.position WHERE ",
            shown!()
        ),
        " ORDER BY m.position DESC LIMIT $5",
    ],
    quote: '\'',
    beginning: ":*",
    and: " & ",
    or: " | ",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ConversationId;
    use crate::search::MessageSearch;
    use crate::search::words::prefix;

    #[test]
    fn each_word_is_looked_for_in_each_conversation() {
        let query = MessageSearch::parse("a 日本").expect("a query");
        let (here, there) = (ConversationId::new(), ConversationId::new());

        let expression = LANGUAGE.expression(&query.terms(2), &[here, there]);

        let [one, other] = [prefix(here), prefix(there)];
        assert_eq!(expression, format!("('{one}日本' & '{one}a':*) | ('{other}日本' & '{other}a':*)"));
    }
}
