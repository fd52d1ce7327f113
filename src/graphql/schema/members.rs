//! Members of conversations.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};

use crate::conversations;
use crate::entity::membership;
use crate::entity::user;
use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;
use crate::graphql::schema::date_time::DateTime;
use crate::graphql::schema::permissions::MemberRole;
use crate::graphql::schema::users::User;
use crate::graphql::written::json_fields;

/// A member of a conversation. A new member may read the whole history; their feed begins when they join.
pub(super) struct Member {
    row: membership::Model,
    user: Arc<user::Model>,
}

impl Member {
    /// The user.
    pub(super) fn person(&self) -> User {
        User::new(Arc::clone(&self.user)).acquainted()
    }

    /// The `seq` up to which they have read.
    pub(super) fn mark(&self) -> i32 {
        self.row.last_read_seq
    }
}

impl From<(membership::Model, user::Model)> for Member {
    fn from((row, user): (membership::Model, user::Model)) -> Self {
        Self { row, user: Arc::new(user) }
    }
}

/// A member of a conversation. A new member may read the whole history; their feed begins when they join.
#[Object]
impl Member {
    /// The member's id, a UUIDv8: always the same for this user in this conversation.
    pub(super) async fn id(&self, ctx: &Context<'_>) -> Result<ID> {
        let id = conversations::MemberId::of(ctx.app()?.feed.seal(), self.row.conversation_id, self.row.user_id);
        Ok(id.to_string().into())
    }

    /// The user.
    async fn user(&self) -> User {
        self.person()
    }

    /// The member's role.
    async fn role(&self) -> MemberRole {
        self.row.role.into()
    }

    /// When they joined.
    async fn joined_at(&self) -> DateTime {
        DateTime(self.row.joined_at)
    }

    /// The `seq` up to which they have read.
    async fn last_read_seq(&self) -> i32 {
        self.mark()
    }
}

json_fields! { Member { id, user: User, role, joined_at, last_read_seq } }
