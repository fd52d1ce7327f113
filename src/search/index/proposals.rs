//! Asks an index for messages: the same question, in the language of each index.

use std::ops::Range;

use sea_orm::{DbErr, FromQueryResult, Value};

use crate::db::Reader;
use crate::entity::message;
use crate::feed::Position;
use crate::id::ConversationId;
use crate::search::HitFilter;
use crate::search::index::Wanted;
use crate::search::index::backlog::statement;
use crate::search::words::{Term, prefix};

/// The language of an index.
pub(in crate::search) struct Language {
    /// Reads a page, the newest first, of the messages `m` that match an expression (`$1`) at the positions from `$2` up to
    /// `$3`, which is not one of them, and that are [`shown`]; `$5` of them at most. Between its two parts are further
    /// conditions.
    pub(super) page: [&'static str; 2],
    /// Stands before and after a word, and occurs in none.
    pub(super) quote: char,
    /// Stands after a word that others begin with.
    pub(super) beginning: &'static str,
    /// Stands between expressions of which all are to be true.
    pub(super) and: &'static str,
    /// Stands between expressions of which one is to be true.
    pub(super) or: &'static str,
}

/// The condition for a message `m`: it has a text, which is not to be cleared, and the viewer (`$4`) may read it, by the
/// memberships as they are in this statement.
macro_rules! shown {
    () => {
        "m.text IS NOT NULL AND EXISTS (
            SELECT 1 FROM membership own WHERE own.conversation_id = m.conversation_id
               AND own.user_id = $4 AND own.to_position IS NULL)
            AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.user_id = m.sender_id)"
    };
}
pub(super) use shown;

impl Language {
    /// A page of messages.
    pub(super) async fn page(
        &self,
        db: &Reader,
        wanted: &Wanted<'_>,
        range: Range<Position>,
        size: usize,
    ) -> Result<Vec<message::Model>, DbErr> {
        let expression = self.expression(wanted.terms, wanted.conversations);
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let mut values: Vec<Value> =
            vec![expression.into(), range.start.into(), range.end.into(), wanted.viewer.into(), size.into()];
        let [before, after] = self.page;
        let sql = format!("{before}{}{after}", conditions(wanted.filter, &mut values));
        message::Model::find_by_statement(statement(db, &sql, values)).all(db).await
    }

    /// The expression that finds all of the terms, in one of the conversations.
    pub(in crate::search) fn expression(&self, terms: &[Term], conversations: &[ConversationId]) -> String {
        let Self { quote, and, or, .. } = self;
        let in_one = |conversation: &ConversationId| {
            let prefix = prefix(*conversation);
            let term = |term: &Term| {
                let any_end = if term.is_beginning { self.beginning } else { "" };
                format!("{quote}{prefix}{}{quote}{any_end}", term.word)
            };
            format!("({})", terms.iter().map(term).collect::<Vec<_>>().join(and))
        };
        conversations.iter().map(in_one).collect::<Vec<_>>().join(or)
    }
}

/// The conditions of a filter, whose values are appended.
fn conditions(filter: &HitFilter, values: &mut Vec<Value>) -> String {
    let HitFilter { sender, before, since, has_image } = filter;
    let mut sql = String::new();
    let mut add = |condition: &str, value: Value| {
        values.push(value);
        sql.push_str(&format!(" AND {condition} ${}", values.len()));
    };
    if let Some(sender) = sender {
        add("m.sender_id =", (*sender).into());
    }
    if let Some(before) = before {
        add("m.created_at <", (*before).into());
    }
    if let Some(since) = since {
        add("m.created_at >=", (*since).into());
    }
    sql + match has_image {
        None => "",
        Some(true) => " AND m.image_id IS NOT NULL",
        Some(false) => " AND m.image_id IS NULL",
    }
}
