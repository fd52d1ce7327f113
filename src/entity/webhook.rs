//! Subscriptions whose events are POSTed.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::id::{UserId, WebhookId};

/// A webhook, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookId,
    pub url: String,
    /// The subscription in GraphQL.
    pub document: String,
    /// Names of kinds of events, separated by commas; all of them if it is `None`.
    pub kinds: Option<String>,
    /// Whose events; everybody's if it is `None`.
    pub user_id: Option<UserId>,
    /// The most events in a POST. With 1, a POST has an event; with more, a list.
    pub batch_size: i32,
    pub secret: String,
    /// The secret before the last rotation.
    pub previous_secret: Option<String>,
    pub rotated_at: Option<Timestamp>,
    /// Everything up to here was accepted.
    pub position: i64,
    pub nonce: i64,
    /// The state of the database for which the position is valid.
    pub lineage: String,
    /// The work on it that began last.
    pub claim_id: Option<Uuid>,
    pub paused_at: Option<Timestamp>,
    /// `None` if the operator has paused it.
    pub pause_reason: Option<String>,
    /// Tries that failed since the last one that did not.
    pub failures: i32,
    pub next_try_at: Option<Timestamp>,
    pub last_error: Option<String>,
    /// The last tries, as JSON.
    pub attempts: String,
    pub created_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
