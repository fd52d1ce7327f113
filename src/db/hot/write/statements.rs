//! The hot statements: each takes or gives one row by its key, so that its text is always the same and it is prepared
//! once. A statement of many rows would be another text for each number of rows.

use std::collections::HashSet;

use rusqlite::{OptionalExtension, params};
use sea_orm::DbErr;

use super::HotTx;
use crate::db::hot::columns::columns;
use crate::entity::conversation::{self, DirectPair};
use crate::entity::{feed_event, membership, mention, message};
use crate::id::{ConversationId, MessageId, UserId};

const MESSAGE: &str = concat!("SELECT ", columns!(message), " FROM message WHERE id = ?1");
const CONVERSATION: &str = concat!("SELECT ", columns!(conversation), " FROM conversation WHERE id = ?1");
const DIRECT: &str = concat!("SELECT ", columns!(conversation), " FROM conversation WHERE direct_pair = ?1");
const PERSON: &str = r#"SELECT 1 FROM "user" WHERE id = ?1 AND deleted_at IS NULL"#;
const OWN: &str = concat!(
    "SELECT ",
    columns!(membership),
    " FROM membership WHERE conversation_id = ?1 AND user_id = ?2 AND to_position IS NULL",
    r#" AND EXISTS (SELECT 1 FROM "user" WHERE id = ?2 AND deleted_at IS NULL)"#
);
const IN_USE: &str = r#"SELECT 1 WHERE EXISTS (SELECT 1 FROM conversation WHERE id = ?1)
     OR EXISTS (SELECT 1 FROM "user" WHERE id = ?1) OR EXISTS (SELECT 1 FROM image WHERE id = ?1)
     OR EXISTS (SELECT 1 FROM session WHERE id = ?1)"#;
const BLOCK: &str = "SELECT 1 FROM user_block WHERE blocker_id = ?1 AND blocked_id = ?2";
const MEMBERS_IN_BLOCKS: &str = "SELECT user_id FROM membership WHERE conversation_id = ?1 AND to_position IS NULL
     AND user_id IN (SELECT blocked_id FROM user_block WHERE blocker_id = ?2
                     UNION ALL SELECT blocker_id FROM user_block WHERE blocked_id = ?2)";
const MEMBERS: &str = "SELECT COUNT(*) FROM membership WHERE conversation_id = ?1 AND to_position IS NULL";

const TAKE_POSITIONS: &str = "UPDATE feed_head SET position = position + ?1 WHERE id = 1 RETURNING position";
const APPEND: &str =
    concat!("INSERT INTO feed_event (", columns!(feed_event), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
const ADD_MESSAGE: &str = concat!(
    "INSERT INTO message (",
    columns!(message),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)"
);
const ADD_MENTION: &str =
    "INSERT INTO mention (position, user_id, conversation_id, seq, sender_id) VALUES (?1, ?2, ?3, ?4, ?5)";
const ADD_CONVERSATION: &str = concat!(
    "INSERT INTO conversation (",
    columns!(conversation),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
);
const ADVANCE: &str = "UPDATE conversation SET last_seq = ?2, last_position = ?3, active_position = ?4 WHERE id = ?1";
const SET_LAST_POSITION: &str = "UPDATE conversation SET last_position = ?2 WHERE id = ?1";
const ADD_MEMBERSHIP: &str = concat!(
    "INSERT INTO membership (",
    columns!(membership),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
);
const SET_MARK: &str =
    "UPDATE membership SET last_read_seq = ?4 WHERE conversation_id = ?1 AND user_id = ?2 AND from_position = ?3";
const MOVE_MARK: &str = "UPDATE membership SET last_read_seq = MAX(last_read_seq, ?4), is_marked_unread = FALSE
     WHERE conversation_id = ?1 AND user_id = ?2 AND from_position = ?3";

/// The statements of this module, for tests that look at their query plans.
pub const HOT_WRITES: [&str; 19] = [
    MESSAGE,
    CONVERSATION,
    DIRECT,
    PERSON,
    OWN,
    IN_USE,
    BLOCK,
    MEMBERS_IN_BLOCKS,
    MEMBERS,
    TAKE_POSITIONS,
    APPEND,
    ADD_MESSAGE,
    ADD_MENTION,
    ADD_CONVERSATION,
    ADVANCE,
    SET_LAST_POSITION,
    ADD_MEMBERSHIP,
    SET_MARK,
    MOVE_MARK,
];

impl HotTx {
    /// The messages with these ids.
    pub fn messages(&self, ids: &[MessageId]) -> Result<Vec<message::Model>, DbErr> {
        self.found(MESSAGE, ids.iter().map(|id| [id]))
    }

    /// The conversations with these ids.
    pub fn conversations(&self, ids: &[ConversationId]) -> Result<Vec<conversation::Model>, DbErr> {
        self.found(CONVERSATION, ids.iter().map(|id| [id]))
    }

    /// The direct conversations of these pairs.
    pub fn directs(&self, pairs: &[DirectPair]) -> Result<Vec<conversation::Model>, DbErr> {
        self.found(DIRECT, pairs.iter().map(|pair| [pair]))
    }

    /// Whether a person exists and is not erased.
    pub fn exists(&self, person: UserId) -> Result<bool, DbErr> {
        self.with(PERSON, |statement| statement.exists([person]))
    }

    /// The current memberships of these people in these conversations, except of erased people.
    pub fn own(&self, of: &HashSet<(ConversationId, UserId)>) -> Result<Vec<membership::Model>, DbErr> {
        self.found(OWN, of.iter().map(|(conversation, user)| (conversation, user)))
    }

    /// Whether an object other than a message has an id that a message is to have.
    pub fn is_in_use(&self, id: MessageId) -> Result<bool, DbErr> {
        self.with(IN_USE, |statement| statement.exists([id]))
    }

    /// Whether one of two people has blocked the other.
    pub fn is_blocked(&self, pair: &DirectPair) -> Result<bool, DbErr> {
        let people: Vec<UserId> = pair.people().collect();
        let [one, other] = people.as_slice() else { return Ok(false) };
        self.with(BLOCK, |block| Ok(block.exists([one, other])? || block.exists([other, one])?))
    }

    /// The members of a conversation who are in a block with a person.
    pub fn members_in_blocks_with(&self, of: ConversationId, person: UserId) -> Result<Vec<UserId>, DbErr> {
        self.with(MEMBERS_IN_BLOCKS, |members| members.query_map((of, person), |row| row.get(0))?.collect())
    }

    /// The number of members of a conversation.
    pub fn members(&self, of: ConversationId) -> Result<usize, DbErr> {
        let members = self.with(MEMBERS, |members| members.query_row([of], |row| row.get::<_, i64>(0)))?;
        Ok(usize::try_from(members).unwrap_or(0))
    }

    /// See [`Tx::take_positions`](crate::db::Tx::take_positions): returns the last one before them.
    pub(in crate::db) fn take_positions(&self, count: i64) -> Result<i64, DbErr> {
        let head = self.with(TAKE_POSITIONS, |take| take.query_row([count], |row| row.get::<_, i64>(0)).optional())?;
        head.map(|head| head - count).ok_or_else(|| DbErr::Custom("the feed has no head".into()))
    }

    pub(in crate::db) fn append_log(&self, events: &[feed_event::Model]) -> Result<(), DbErr> {
        self.each(APPEND, events, |append, event| {
            append.execute(params![
                event.position,
                event.nonce,
                event.kind,
                event.conversation_id,
                event.recipient_id,
                event.user_id,
                event.message_id,
                event.created_at,
                event.detail
            ])
        })
    }

    pub(in crate::db) fn insert_messages(&self, messages: &[message::Model]) -> Result<(), DbErr> {
        self.each(ADD_MESSAGE, messages, |add, message| {
            add.execute(params![
                message.id,
                message.conversation_id,
                message.seq,
                message.sender_id,
                message.text,
                message.reply_to_id,
                message.image_id,
                message.version,
                message.position,
                message.nonce,
                message.created_at,
                message.edited_at,
                message.deleted_at,
                message.message_type,
                message.metadata,
                message.system_line,
                message.mentions,
                message.mentions_everyone,
                message.reactions,
                message.pinned_at
            ])
        })
    }

    pub(in crate::db) fn insert_mentions(&self, mentions: &[mention::Model]) -> Result<(), DbErr> {
        self.each(ADD_MENTION, mentions, |add, mention| {
            add.execute(params![
                mention.position,
                mention.user_id,
                mention.conversation_id,
                mention.seq,
                mention.sender_id
            ])
        })
    }

    pub(in crate::db) fn advance_conversations(&self, rows: &[conversation::Model]) -> Result<(), DbErr> {
        self.update_or_add_conversations(rows, ADVANCE, |advance, row| {
            advance.execute(params![row.id, row.last_seq, row.last_position, row.active_position])
        })
    }

    pub(in crate::db) fn set_last_positions(&self, rows: &[conversation::Model]) -> Result<(), DbErr> {
        self.update_or_add_conversations(rows, SET_LAST_POSITION, |set, row| {
            set.execute(params![row.id, row.last_position])
        })
    }

    pub(in crate::db) fn set_read_marks(&self, rows: &[membership::Model]) -> Result<(), DbErr> {
        self.update_or_add_memberships(rows, SET_MARK)
    }

    pub(in crate::db) fn move_read_marks(&self, rows: &[membership::Model]) -> Result<(), DbErr> {
        self.update_or_add_memberships(rows, MOVE_MARK)
    }

    fn update_or_add_conversations(
        &self,
        rows: &[conversation::Model],
        update: &str,
        run: impl Fn(&mut rusqlite::Statement<'_>, &conversation::Model) -> rusqlite::Result<usize>,
    ) -> Result<(), DbErr> {
        let missing = self.update(update, rows, run)?;
        self.each(ADD_CONVERSATION, missing, |add, row| {
            add.execute(params![
                row.id,
                row.kind,
                row.title,
                row.direct_pair,
                row.last_seq,
                row.last_position,
                row.active_position,
                row.created_at,
                row.updated_at,
                row.external_id,
                row.metadata,
                row.picture_id,
                row.posting,
                row.first_seq,
                row.retention_days
            ])
        })
    }

    fn update_or_add_memberships(&self, rows: &[membership::Model], update: &str) -> Result<(), DbErr> {
        let missing = self.update(update, rows, |update, row| {
            update.execute(params![row.conversation_id, row.user_id, row.from_position, row.last_read_seq])
        })?;
        self.each(ADD_MEMBERSHIP, missing, |add, row| {
            add.execute(params![
                row.conversation_id,
                row.user_id,
                row.from_position,
                row.to_position,
                row.role,
                row.last_read_seq,
                row.joined_at,
                row.notifications,
                row.muted_until,
                row.archived_seq,
                row.is_favorite,
                row.is_marked_unread
            ])
        })
    }
}
