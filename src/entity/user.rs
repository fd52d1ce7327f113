//! People.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::id::{ImageId, UserId};

/// A person with an account, or the remains of an erased one.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    pub full_name: String,
    /// The name as it is searched and sorted.
    pub name_key: String,
    /// Null once the account is erased.
    pub email: Option<String>,
    pub password_hash: Option<String>,
    pub last_seen_at: Option<Timestamp>,
    /// Their picture.
    pub image_id: Option<ImageId>,
    /// The position of the newest change that others see; 0 if there was none.
    pub changed_position: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
    /// Set while the operator has disabled the account.
    pub disabled_at: Option<Timestamp>,
    /// The id in the app's own backend. An erased person keeps it, so that it makes no new account by itself.
    pub external_id: Option<String>,
    /// Whose tokens name this person by the id. Null until there was an issuer.
    pub external_issuer: Option<String>,
    /// An address that the app's backend knows: not one to sign in with.
    pub contact_email: Option<String>,
    pub is_bot: bool,
    /// The app's own data: a JSON object.
    pub metadata: Option<String>,
    /// The app's tokens that were issued before this are refused.
    pub tokens_from: Option<Timestamp>,
}

impl Model {
    /// A person with a name and nothing else.
    pub fn new(id: UserId, full_name: String, name_key: String, now: Timestamp) -> Self {
        Self {
            id,
            full_name,
            name_key,
            email: None,
            password_hash: None,
            last_seen_at: None,
            image_id: None,
            changed_position: 0,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            disabled_at: None,
            external_id: None,
            external_issuer: None,
            contact_email: None,
            is_bot: false,
            metadata: None,
            tokens_from: None,
        }
    }
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
