//! Messages.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{FromQueryResult, JoinType, QueryResult, QuerySelect};

use super::reaction::ReactionCounts;
use crate::clock::Timestamp;
use crate::id::{ConversationId, ImageId, MessageId, UserId};

/// A message, or the tombstone of one.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MessageId,
    pub conversation_id: ConversationId,
    /// 1, 2, 3 … within the conversation, without gaps.
    pub seq: i32,
    pub sender_id: UserId,
    /// Null in a tombstone.
    pub text: Option<String>,
    pub reply_to_id: Option<MessageId>,
    /// Null in a tombstone.
    pub image_id: Option<ImageId>,
    /// 1, and incremented by each edit or deletion.
    pub version: i32,
    /// The position of its MessageAdded in the feed, and the nonce of that batch.
    pub position: i64,
    pub nonce: i64,
    pub created_at: Timestamp,
    pub edited_at: Option<Timestamp>,
    pub deleted_at: Option<Timestamp>,
    /// What the app says that it is; null for an ordinary one.
    pub message_type: Option<String>,
    /// The app's own data: a JSON object. Null in a tombstone.
    pub metadata: Option<String>,
    /// What happened, where it is a line of the conversation's own: JSON. `text` is null then.
    pub system_line: Option<String>,
    /// Whom it calls. Null if nobody, and in a tombstone.
    pub mentions: Option<UserList>,
    pub mentions_everyone: bool,
    /// How many reacted with what, in the order in which each came first: JSON. Null if nobody did.
    pub reactions: Option<String>,
    pub pinned_at: Option<Timestamp>,
}

/// Ids of people, in an order that means something.
#[derive(Clone, Debug, PartialEq, Eq, DeriveValueType)]
pub struct UserList(Vec<u8>);

impl UserList {
    /// Of these people.
    pub fn new(people: impl IntoIterator<Item = UserId>) -> Self {
        Self(people.into_iter().flat_map(|id| *id.as_bytes()).collect())
    }

    /// The list as its column has it.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// See [`from_bytes`](Self::from_bytes).
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The people.
    pub fn people(&self) -> impl ExactSizeIterator<Item = UserId> {
        self.0.chunks_exact(16).map(|bytes| {
            let mut id = [0; 16];
            id.copy_from_slice(bytes);
            Uuid::from_bytes(id).into()
        })
    }
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// If the sender's account is erased and their texts are not all cleared yet.
    #[sea_orm(belongs_to = "super::erasure::Entity", from = "Column::SenderId", to = "super::erasure::Column::UserId")]
    Erasure,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Whether it counts as unread for somebody who has not read it.
    pub fn counts_as_unread(&self) -> bool {
        self.deleted_at.is_none() && self.system_line.is_none()
    }

    /// Takes away these reactions, emoji by emoji and separated by spaces: of people whose accounts are erased.
    pub fn take_reactions(&mut self, gone: &str) {
        let mut counts = ReactionCounts::parse(self.reactions.as_deref());
        gone.split(' ').for_each(|emoji| counts.remove(emoji));
        self.reactions = counts.to_column();
    }

    /// Makes it a tombstone: id, sender, seq and times stay. Idempotent. A system line stays, but for
    /// the title that its sender gave.
    pub fn bury(&mut self, at: Timestamp) {
        if let Some(line) = &self.system_line {
            if let Some(untitled) = without_title(line) {
                self.system_line = Some(untitled);
                self.version += 1;
            }
        } else if self.deleted_at.is_none() {
            self.text = None;
            self.image_id = None;
            self.message_type = None;
            self.metadata = None;
            self.mentions = None;
            self.mentions_everyone = false;
            self.reactions = None;
            self.pinned_at = None;
            self.deleted_at = Some(at);
            self.version += 1;
        }
    }
}

/// A system line without its title; `None` if it has none.
fn without_title(line: &str) -> Option<String> {
    let mut line: serde_json::Value = serde_json::from_str(line).ok()?;
    line.as_object_mut()?.remove("title")?;
    Some(line.to_string())
}

/// Reads messages as people may see them. Everything that shows messages reads them here: if the sender's account is
/// erased, it returns the tombstone even before the sweep has written it, and likewise without the reactions of erased
/// people.
pub async fn read(messages: Select<Entity>, db: &impl ConnectionTrait) -> Result<Vec<Model>, DbErr> {
    let erased_at = (super::erasure::Entity, super::erasure::Column::ErasedAt);
    let rows = messages
        .join(JoinType::LeftJoin, Relation::Erasure.def())
        .column_as(Expr::col(erased_at), ERASED_AT)
        .column_as(Expr::cust(GONE), GONE_REACTIONS)
        .into_model::<Shown>()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|Shown(row)| row).collect())
}

const ERASED_AT: &str = "erased_at";
const GONE_REACTIONS: &str = "gone_reactions";

/// The reactions to a message of people whose erasure is in progress. Nearly always nobody's is, and then it looks at an
/// empty table, and only for messages that have reactions. SQLite has `string_agg` since 3.44.
const GONE: &str = r#"CASE WHEN "message"."reactions" IS NOT NULL THEN (
    SELECT string_agg(r.emoji, ' ') FROM erasure g CROSS JOIN reaction r
     WHERE r.user_id = g.user_id AND r.message_id = "message"."id") END"#;

/// A message as people may see it. Its columns have their own names, not prefixed ones as of two entities read together,
/// for which a name is built for each column of each row: 19 % of a page's cost in an early profile, where this took 8 %.
struct Shown(Model);

impl FromQueryResult for Shown {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let mut message = Model::from_query_result(row, prefix)?;
        if let Some(erased_at) = row.try_get(prefix, ERASED_AT)? {
            message.bury(erased_at);
        }
        if let Some(gone) = row.try_get::<Option<String>>(prefix, GONE_REACTIONS)? {
            message.take_reactions(&gone);
        }
        Ok(Self(message))
    }
}
