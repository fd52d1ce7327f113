//! The statements of hot reads. Each finds rows by an index (`tests/api/query_plans.rs` checks it), and reads what the
//! ordinary statement of the slice that uses it reads (`tests/api/written` compares them).

use std::cell::Cell;

use rusqlite::{Params, Row};

use super::message_row::{as_shown, shown_message};
use super::sidebar::SIDEBAR;
use super::{HotReader, HotReads, Read};
use crate::db::hot::columns::columns;
use crate::db::hot::rows::{FromRow, conversation_from};
use crate::db::unread::{calls, uncounted};
use crate::entity::conversation::DirectPair;
use crate::entity::{conversation, image, membership, mention, message, user};
use crate::id::{ConversationId, ImageId, MessageId, UserId};
use crate::limits;

macro_rules! message {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            as_shown!("m."),
            " FROM message m LEFT JOIN erasure e ON e.user_id = m.sender_id WHERE ",
            $condition
        )
    };
}

macro_rules! membership {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            columns!(membership, "m."),
            ", ",
            columns!(conversation, "c."),
            " FROM membership m JOIN conversation c ON c.id = m.conversation_id WHERE m.to_position IS NULL AND ",
            $rest
        )
    };
}

/// Whether one of two people has blocked the other.
macro_rules! are_in_a_block {
    () => {
        "(EXISTS (SELECT 1 FROM user_block WHERE blocker_id = ?1 AND blocked_id = ?2)
       OR EXISTS (SELECT 1 FROM user_block WHERE blocker_id = ?2 AND blocked_id = ?1))"
    };
}

const MESSAGES_BETWEEN: &str = message!("m.conversation_id = ?1 AND m.seq BETWEEN ?2 AND ?3 ORDER BY m.seq");
const MESSAGE_BY_ID: &str = message!("m.id = ?1");
const MEMBERSHIP: &str = membership!("m.conversation_id = ?1 AND m.user_id = ?2");
const MEMBERSHIP_OF_PAIR: &str = membership!("c.direct_pair = ?1 AND m.user_id = ?2");
const UNCOUNTED: &str = concat!("SELECT ", uncounted!("?1", "?2"));
const CALLS: &str = concat!("SELECT ", calls!("?1", "?2", "?3", "?4"));
const REACTIONS_OF: &str = "SELECT emoji FROM reaction WHERE message_id = ?1 AND user_id = ?2";
const IN_BLOCKS_WITH: &str = "SELECT blocked_id FROM user_block WHERE blocker_id = ?1
     UNION ALL SELECT blocker_id FROM user_block WHERE blocked_id = ?1 LIMIT ?2";
const BLOCKED: &str = concat!("SELECT ?2 WHERE ", are_in_a_block!());
const REACHABLE: &str =
    concat!(r#"SELECT id FROM "user" WHERE id = ?2 AND deleted_at IS NULL AND NOT "#, are_in_a_block!());
const MEMBERS: &str = "SELECT COUNT(*) FROM (
     SELECT 1 FROM membership WHERE conversation_id = ?1 AND to_position IS NULL LIMIT ?2)";
const CONVERSATION_BY_ID: &str = concat!("SELECT ", columns!(conversation), " FROM conversation WHERE id = ?1");
const USER_BY_ID: &str = concat!("SELECT ", columns!(user), " FROM user WHERE id = ?1");
const IMAGE_BY_ID: &str = concat!("SELECT ", columns!(image), " FROM image WHERE id = ?1");

/// All of them.
pub const HOT_READS: [&str; 15] = [
    MESSAGES_BETWEEN,
    MESSAGE_BY_ID,
    MEMBERSHIP,
    MEMBERSHIP_OF_PAIR,
    SIDEBAR,
    UNCOUNTED,
    CALLS,
    REACTIONS_OF,
    IN_BLOCKS_WITH,
    BLOCKED,
    REACHABLE,
    MEMBERS,
    CONVERSATION_BY_ID,
    USER_BY_ID,
    IMAGE_BY_ID,
];

impl HotReads {
    /// The messages of a conversation from one seq to another, oldest first, as people may see them.
    pub fn messages_between(&self, conversation: ConversationId, from: i32, upto: i32) -> Option<Vec<message::Model>> {
        self.read(|connection| connection.all(MESSAGES_BETWEEN, (conversation, from, upto), shown_message))
    }

    /// Messages by id, as people may see them.
    pub fn messages_by_ids(&self, ids: &[MessageId]) -> Option<Vec<message::Model>> {
        self.read(|connection| each(connection, MESSAGE_BY_ID, ids.iter().map(|id| [id]), shown_message))
    }

    /// One message of each of these conversations, by its seq, as people may see it.
    pub fn messages_by_seqs(&self, places: &[(ConversationId, i32)]) -> Option<Vec<message::Model>> {
        let places = places.iter().map(|(id, seq)| (id, seq, seq));
        self.read(|connection| each(connection, MESSAGES_BETWEEN, places, shown_message))
    }

    /// The current membership of a person in a conversation, with the conversation.
    pub fn membership(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> Option<Option<(membership::Model, conversation::Model)>> {
        self.read(|connection| Ok(connection.all(MEMBERSHIP, (conversation, user), membership)?.pop()))
    }

    /// The current membership of a person in the direct conversation of a pair, with the conversation.
    pub fn membership_of_pair(
        &self,
        pair: &DirectPair,
        user: UserId,
    ) -> Option<Option<(membership::Model, conversation::Model)>> {
        self.read(|connection| Ok(connection.all(MEMBERSHIP_OF_PAIR, (pair, user), membership)?.pop()))
    }

    /// The current memberships of a person in these conversations, with the conversations.
    pub fn memberships_of(
        &self,
        user: UserId,
        conversations: &[ConversationId],
    ) -> Option<Vec<(membership::Model, conversation::Model)>> {
        let keys = conversations.iter().map(|id| (id, user));
        self.read(|connection| each(connection, MEMBERSHIP, keys, membership))
    }

    /// How many messages after each of these marks do not count as unread.
    pub fn uncounted(&self, marks: &[(ConversationId, i32)]) -> Option<Vec<i64>> {
        self.read(|connection| each(connection, UNCOUNTED, marks.iter().copied(), |row| row.get(0)))
    }

    /// How many messages after each of these marks call a person, by name or with everybody.
    pub fn calls(&self, person: UserId, marks: &[(ConversationId, i32)]) -> Option<Vec<i64>> {
        let keys = marks.iter().map(|(conversation, mark)| (conversation, mark, person, mention::everybody()));
        self.read(|connection| each(connection, CALLS, keys, |row| row.get(0)))
    }

    /// The emoji of a person's reactions to each of these messages.
    pub fn reactions_of(&self, person: UserId, messages: &[MessageId]) -> Option<Vec<(MessageId, Vec<String>)>> {
        self.read(|connection| {
            let of = |id: &MessageId| Ok((*id, connection.all(REACTIONS_OF, (id, person), |row| row.get(0))?));
            messages.iter().map(of).collect()
        })
    }

    /// Everybody who has blocked a person, or whom the person has blocked; `None` also if they are many.
    pub fn in_blocks_with(&self, person: UserId) -> Option<Vec<UserId>> {
        let upto = limits::HOT_READ_ROWS + 1;
        let people: Vec<UserId> =
            self.read(|connection| connection.all(IN_BLOCKS_WITH, (person, upto), |row| row.get(0)))?;
        u32::try_from(people.len()).is_ok_and(|found| found < upto).then_some(people)
    }

    /// Those of the others who have blocked a person, or whom the person has blocked.
    pub fn blocked_among(&self, person: UserId, others: &[UserId]) -> Option<Vec<UserId>> {
        let pairs = others.iter().map(|other| (person, other));
        self.read(|connection| each(connection, BLOCKED, pairs, |row| row.get(0)))
    }

    /// Those of the others who exist and are not erased, and with whom a person is in no block.
    pub fn reachable(&self, person: UserId, others: &[UserId]) -> Option<Vec<UserId>> {
        let pairs = others.iter().map(|other| (person, other));
        self.read(|connection| each(connection, REACHABLE, pairs, |row| row.get(0)))
    }

    /// The number of members of each of these conversations; `None` also if they are many.
    pub fn member_counts(&self, conversations: &[ConversationId]) -> Option<Vec<u32>> {
        let left = Cell::new(limits::HOT_READ_ROWS + 1);
        let keys = conversations.iter().map(|id| (id, left.get()));
        let counts = self.read(|connection| {
            each(connection, MEMBERS, keys, |row| {
                let members = row.get(0)?;
                left.set(left.get().saturating_sub(members));
                Ok(members)
            })
        });
        counts.filter(|_| left.get() > 0)
    }

    /// Conversations by id.
    pub fn conversations_by_ids(&self, ids: &[ConversationId]) -> Option<Vec<conversation::Model>> {
        let ids = ids.iter().map(|id| [id]);
        self.read(|connection| each(connection, CONVERSATION_BY_ID, ids, conversation::Model::from_row))
    }

    /// People by id.
    pub fn users_by_ids(&self, ids: &[UserId]) -> Option<Vec<user::Model>> {
        self.read(|connection| each(connection, USER_BY_ID, ids.iter().map(|id| [id]), user))
    }

    /// Images by id.
    pub fn images_by_ids(&self, ids: &[ImageId]) -> Option<Vec<image::Model>> {
        self.read(|connection| each(connection, IMAGE_BY_ID, ids.iter().map(|id| [id]), image))
    }
}

/// The rows of a statement for each of these parameters.
fn each<P: Params, T>(
    connection: &HotReader<'_>,
    sql: &'static str,
    parameters: impl ExactSizeIterator<Item = P>,
    mut read: impl FnMut(&Row<'_>) -> Read<T>,
) -> Read<Vec<T>> {
    let mut statement = connection.statement(sql)?;
    let mut found = Vec::with_capacity(parameters.len());
    let is_one = parameters.len() <= 1;
    let all = || {
        for parameters in parameters {
            let mut rows = statement.query(parameters)?;
            while let Some(row) = rows.next()? {
                found.push(read(row)?);
            }
        }
        Ok(())
    };
    match is_one {
        true => all()?,
        false => connection.in_one_state(all)?,
    }
    Ok(found)
}

fn membership(row: &Row<'_>) -> Read<(membership::Model, conversation::Model)> {
    Ok((membership::Model::from_row(row)?, conversation_from(row, 12)?))
}

fn user(row: &Row<'_>) -> Read<user::Model> {
    Ok(user::Model {
        id: row.get(0)?,
        full_name: row.get(1)?,
        name_key: row.get(2)?,
        email: row.get(3)?,
        password_hash: row.get(4)?,
        last_seen_at: row.get(5)?,
        image_id: row.get(6)?,
        changed_position: row.get(7)?,
        created_at: row.get(8)?,
        updated_at: row.get(9)?,
        deleted_at: row.get(10)?,
        disabled_at: row.get(11)?,
        external_id: row.get(12)?,
        external_issuer: row.get(13)?,
        contact_email: row.get(14)?,
        is_bot: row.get(15)?,
        metadata: row.get(16)?,
        tokens_from: row.get(17)?,
    })
}

fn image(row: &Row<'_>) -> Read<image::Model> {
    Ok(image::Model {
        id: row.get(0)?,
        owner_id: row.get(1)?,
        format: row.get(2)?,
        width: row.get(3)?,
        height: row.get(4)?,
        byte_size: row.get(5)?,
        stored_bytes: row.get(6)?,
        placeholder: row.get(7)?,
        parts: row.get(8)?,
        created_at: row.get(9)?,
    })
}
