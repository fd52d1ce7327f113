//! The audit log. Rows are inserted and never updated, which the database refuses.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::id::{AuditId, KeyId, UserId};

/// Something that was done by an operator, a key, a moderator or somebody for themselves.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entry")]
pub struct Model {
    /// In the order of time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditId,
    pub at: Timestamp,
    /// `operator`, `key`, `moderator` or `user`.
    pub actor: String,
    /// The key, which may have been revoked since.
    pub key_id: Option<KeyId>,
    /// In whose place the key acted.
    pub acting_as_id: Option<UserId>,
    /// What was done: `user.erased`.
    pub action: String,
    /// To whom or what.
    pub subject_id: Uuid,
    /// The address of the request. Of the operator, whose commands have none, older versions put the reason here.
    pub address: Option<String>,
    /// The moderator who did it, or who did it for themselves.
    pub user_id: Option<UserId>,
    /// Why the operator did it.
    pub reason: Option<String>,
    /// What it was exactly, in a few words. Older versions wrote none.
    pub detail: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
