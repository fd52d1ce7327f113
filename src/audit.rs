//! The audit log: who did what to whom, when, and from where. A row is written in the transaction of what it records,
//! and is never changed.

use std::net::IpAddr;
use std::sync::Arc;

use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::{self, Reader, Tx};
use crate::entity::audit_entry;
use crate::error::Result;
use crate::id::{AuditId, KeyId, UserId};
use crate::{limits, printable};

/// What the actor of an operator's entries is called.
pub const OPERATOR: &str = "operator";

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditActor {
    /// The operator, by a command on the server's machine.
    Operator,
    /// A key of an app's backend.
    Key {
        /// Which key.
        key: KeyId,
        /// In whose place, with `act-as`.
        acting_as: Option<UserId>,
        /// Where the request came from.
        address: IpAddr,
    },
    /// A moderator of the server.
    Moderator {
        /// Who.
        user: UserId,
        /// Where the request came from.
        address: IpAddr,
    },
    /// Somebody, with what is their own.
    User {
        /// Who.
        user: UserId,
        /// Where the request came from.
        address: IpAddr,
    },
}

impl AuditActor {
    /// The name of the kind, and what there is of the key, the person in whose place, the person, and the address.
    fn parts(self) -> (&'static str, Option<KeyId>, Option<UserId>, Option<UserId>, Option<IpAddr>) {
        match self {
            Self::Operator => (OPERATOR, None, None, None, None),
            Self::Key { key, acting_as, address } => ("key", Some(key), acting_as, None, Some(address)),
            Self::Moderator { user, address } => ("moderator", None, None, Some(user), Some(address)),
            Self::User { user, address } => ("user", None, None, Some(user), Some(address)),
        }
    }
}

/// The operator, who acts by a command on the server's machine, and may say why. What takes one is for them alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operator {
    reason: Option<Arc<str>>,
}

impl Operator {
    /// With the reason that they give, on one line.
    pub fn new(reason: Option<&str>) -> Result<Self> {
        let line = |text| printable::line(text, "reason", limits::AUDIT_REASON_LENGTH);
        Ok(Self { reason: reason.map(line).transpose()?.map(Into::into) })
    }

    /// For the audit log: what they do.
    pub fn record(&self, action: AuditAction, subject: impl Into<Uuid>) -> AuditRecord {
        AuditRecord { reason: self.reason.clone(), ..AuditRecord::by_operator(action, subject) }
    }
}

/// What was done. The names are in the log for years: they do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum AuditAction {
    KeyCreated,
    KeyRevoked,
    BotAdded,
    UserAdded,
    UserUpserted,
    UserDisabled,
    UserEnabled,
    UserSignedOut,
    UserErased,
    UserUpdated,
    PasswordReset,
    GroupCreated,
    GroupUpdated,
    MembersAdded,
    MemberRemoved,
    MessageSent,
    MessageEdited,
    MessageDeleted,
    MessagePinned,
    ReadMarkMoved,
    UploadCreated,
    RoleGranted,
    RoleRevoked,
    ReportResolved,
    DataExported,
    LoginFromNewPlace,
    ConversationExported,
    WebhookAdded,
    WebhookPaused,
    WebhookResumed,
    WebhookRewound,
    WebhookRotated,
    WebhookRemoved,
    ImagesCopied,
    DatabaseRestored,
}

impl AuditAction {
    /// As the column has it.
    fn name(self) -> &'static str {
        match self {
            Self::KeyCreated => "key.created",
            Self::KeyRevoked => "key.revoked",
            Self::BotAdded => "bot.added",
            Self::UserAdded => "user.added",
            Self::UserUpserted => "user.upserted",
            Self::UserDisabled => "user.disabled",
            Self::UserEnabled => "user.enabled",
            Self::UserSignedOut => "user.signed_out",
            Self::UserErased => "user.erased",
            Self::UserUpdated => "user.updated",
            Self::PasswordReset => "user.password_reset",
            Self::GroupCreated => "conversation.created",
            Self::GroupUpdated => "conversation.updated",
            Self::MembersAdded => "conversation.members_added",
            Self::MemberRemoved => "conversation.member_removed",
            Self::MessageSent => "message.sent",
            Self::MessageEdited => "message.edited",
            Self::MessageDeleted => "message.deleted",
            Self::MessagePinned => "message.pins",
            Self::ReadMarkMoved => "conversation.read",
            Self::UploadCreated => "upload.created",
            Self::RoleGranted => "role.granted",
            Self::RoleRevoked => "role.revoked",
            Self::ReportResolved => "report.resolved",
            Self::DataExported => "user.exported",
            Self::LoginFromNewPlace => "login.new_place",
            Self::ConversationExported => "conversation.exported",
            Self::WebhookAdded => "webhook.added",
            Self::WebhookPaused => "webhook.paused",
            Self::WebhookResumed => "webhook.resumed",
            Self::WebhookRewound => "webhook.rewound",
            Self::WebhookRotated => "webhook.rotated",
            Self::WebhookRemoved => "webhook.removed",
            Self::ImagesCopied => "images.copied",
            Self::DatabaseRestored => "database.restored",
        }
    }
}

/// What a row of the log says, beside the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Who did it.
    pub actor: AuditActor,
    /// What was done.
    pub action: AuditAction,
    /// To whom or what.
    pub subject: Uuid,
    /// Why, if the operator said so.
    pub reason: Option<Arc<str>>,
    /// What it was exactly, in a few words: who was added, which role.
    pub detail: Option<Arc<str>>,
}

impl AuditRecord {
    /// What somebody did.
    pub fn new(actor: AuditActor, action: AuditAction, subject: impl Into<Uuid>) -> Self {
        Self { actor, action, subject: subject.into(), reason: None, detail: None }
    }

    /// Likewise, and says more about it.
    pub fn with_detail(self, detail: impl Into<Arc<str>>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// What the operator did.
    pub fn by_operator(action: AuditAction, subject: impl Into<Uuid>) -> Self {
        Self::new(AuditActor::Operator, action, subject)
    }

    /// As a row, for a database that no feed writes to.
    pub fn row(self, at: Timestamp) -> audit_entry::Model {
        let (actor, key_id, acting_as_id, user_id, address) = self.actor.parts();
        audit_entry::Model {
            id: AuditId::new(),
            at,
            actor: actor.to_owned(),
            key_id,
            acting_as_id,
            action: self.action.name().to_owned(),
            subject_id: self.subject,
            address: address.map(|address| address.to_string()),
            user_id,
            reason: self.reason.map(|reason| reason.to_string()),
            detail: self.detail.map(|detail| detail.to_string()),
        }
    }
}

/// Logs what was done, once it is committed.
pub fn log(record: &AuditRecord) {
    let (action, subject) = (record.action.name(), record.subject);
    let (actor, key_id, acting_as, user, address) = record.actor.parts();
    let event = match record.action {
        AuditAction::LoginFromNewPlace => action.to_owned(),
        _ => format!("admin.{action}"),
    };
    tracing::info!(
        event,
        actor,
        subject.id = %subject,
        key.id = key_id.map(tracing::field::display),
        acting_as.id = acting_as.map(tracing::field::display),
        user.id = user.map(tracing::field::display),
        client.address = address.map(tracing::field::display),
        "{action} {subject}, by {actor}"
    );
}

/// Writes what was done, in the transaction that does it.
pub async fn write(tx: &Tx, records: impl IntoIterator<Item = AuditRecord>) -> Result<(), DbErr> {
    db::insert(tx, records.into_iter().map(|record| record.row(tx.now)).collect()).await
}

/// People, as a detail names them: the first few by their ids, and how many more there are.
pub fn people(ids: &[UserId]) -> String {
    let (named, others) = ids.split_at(ids.len().min(limits::AUDIT_PEOPLE));
    let mut text = named.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if !others.is_empty() {
        text.push_str(&format!(" and {} more", others.len()));
    }
    text
}

/// Removes old entries, up to a number of them; returns how many.
pub async fn remove_before(tx: &Tx, time: Timestamp) -> Result<u64, DbErr> {
    let old = Query::select()
        .column(audit_entry::Column::Id)
        .from(audit_entry::Entity)
        .and_where(audit_entry::Column::Id.lt(first_of(time)))
        .limit(limits::AUDIT_REMOVALS)
        .to_owned();
    let removed = audit_entry::Entity::delete_many().filter(audit_entry::Column::Id.in_subquery(old)).exec(tx).await?;
    Ok(removed.rows_affected)
}

/// Removes where people have signed in from, as their accounts are erased.
pub async fn remove_sign_ins(tx: &Tx, people: impl IntoIterator<Item = UserId>) -> Result<(), DbErr> {
    audit_entry::Entity::delete_many()
        .filter(audit_entry::Column::UserId.is_in(people))
        .filter(audit_entry::Column::Action.eq(AuditAction::LoginFromNewPlace.name()))
        .exec(tx)
        .await?;
    Ok(())
}

/// The smallest id of a time: ids begin with their time.
fn first_of(time: Timestamp) -> AuditId {
    let mut first = [0; 16];
    first[..6].copy_from_slice(&time.0.max(0).to_be_bytes()[2..]);
    AuditId::from(Uuid::from_bytes(first))
}

/// Which entries to read; all of what is given holds.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// To whom or what it was done.
    pub subject: Option<Uuid>,
    /// The person or the key that did it.
    pub actor: Option<Uuid>,
    /// What was done, by its name in the log.
    pub action: Option<String>,
    /// From this moment on.
    pub since: Option<Timestamp>,
    /// Before this entry.
    pub before: Option<AuditId>,
}

/// The newest entries that a filter lets through, up to `count`, the newest first.
pub async fn newest(db: &Reader, filter: &AuditFilter, count: u64) -> Result<Vec<audit_entry::Model>, DbErr> {
    use audit_entry::Column;
    let mut found = audit_entry::Entity::find().order_by_desc(Column::Id).limit(count);
    if let Some(subject) = filter.subject {
        found = found.filter(Column::SubjectId.eq(subject));
    }
    if let Some(action) = &filter.action {
        found = found.filter(Column::Action.eq(action.as_str()));
    }
    if let Some(since) = filter.since {
        found = found.filter(Column::Id.gte(first_of(since)));
    }
    if let Some(before) = filter.before {
        found = found.filter(Column::Id.lt(before));
    }
    let Some(actor) = filter.actor else { return found.all(db).await };
    // An id is that of a person or of a key, each of which has an index.
    let by_user = found.clone().filter(Column::UserId.eq(actor)).all(db).await?;
    match by_user.is_empty() {
        true => found.filter(Column::KeyId.eq(actor)).all(db).await,
        false => Ok(by_user),
    }
}
