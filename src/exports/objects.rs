//! Rows as the lines of an archive. A new column is in none until it is named here.

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::entity::conversation::{self, DirectPair, Kind};
use crate::entity::membership::{self, Notifications, Role};
use crate::entity::server_role::StaffRole;
use crate::entity::{image, mention, message, reaction, report, session, user, user_block};
use crate::reports;

pub(super) fn profile(row: &user::Model, roles: &[StaffRole]) -> Value {
    let role = |role: &StaffRole| match role {
        StaffRole::Moderator => "moderator",
        StaffRole::Admin => "admin",
    };
    json!({
        "id": row.id.to_string(),
        "fullName": row.full_name,
        "email": row.email,
        "contactEmail": row.contact_email,
        "externalId": row.external_id,
        "isBot": row.is_bot,
        "roles": roles.iter().map(role).collect::<Vec<_>>(),
        "imageId": row.image_id.map(|id| id.to_string()),
        "metadata": parsed(row.metadata.as_deref()),
        "createdAt": row.created_at.to_rfc3339(),
        "updatedAt": row.updated_at.to_rfc3339(),
        "lastSeenAt": row.last_seen_at.map(Timestamp::to_rfc3339),
    })
}

pub(super) fn session(row: &session::Model) -> Value {
    json!({
        "id": row.id.to_string(),
        "userAgent": row.user_agent,
        "createdAt": row.created_at.to_rfc3339(),
        "lastUsedAt": row.last_used_at.to_rfc3339(),
        "expiresAt": row.expires_at.to_rfc3339(),
    })
}

/// One stay in a conversation: somebody who leaves and comes back has two.
pub(super) fn stay(own: &membership::Model, place: &conversation::Model) -> Value {
    let role = match own.role {
        Role::Owner => "owner",
        Role::Admin => "admin",
        Role::Member => "member",
    };
    let notifications = match own.notifications {
        Notifications::All => "all",
        Notifications::Mentions => "mentions",
        Notifications::None => "none",
    };
    let kind = match place.kind {
        Kind::Direct => "direct",
        Kind::Group => "group",
    };
    let is_member = own.to_position.is_none();
    let other = place.direct_pair.iter().flat_map(DirectPair::people).find(|person| *person != own.user_id);
    json!({
        "conversationId": place.id.to_string(),
        "kind": kind,
        "with": other.map(|person| person.to_string()),
        // What a group is called after somebody has left is not theirs to know.
        "title": place.title.as_ref().filter(|_| is_member),
        "isMember": is_member,
        "role": role,
        "joinedAt": own.joined_at.to_rfc3339(),
        "lastReadSeq": own.last_read_seq,
        "notifications": notifications,
        "mutedUntil": own.muted_until.map(Timestamp::to_rfc3339),
        "archived": own.archived_seq.is_some(),
        "favorite": own.is_favorite,
        "markedUnread": own.is_marked_unread,
    })
}

pub(super) fn message(row: &message::Model) -> Value {
    let mentions: Vec<String> =
        row.mentions.iter().flat_map(message::UserList::people).map(|person| person.to_string()).collect();
    json!({
        "id": row.id.to_string(),
        "conversationId": row.conversation_id.to_string(),
        "seq": row.seq,
        "text": row.text,
        "imageId": row.image_id.map(|id| id.to_string()),
        "replyToId": row.reply_to_id.map(|id| id.to_string()),
        "mentions": mentions,
        "mentionsEveryone": row.mentions_everyone,
        "type": row.message_type,
        "metadata": parsed(row.metadata.as_deref()),
        "createdAt": row.created_at.to_rfc3339(),
        "editedAt": row.edited_at.map(Timestamp::to_rfc3339),
        "pinnedAt": row.pinned_at.map(Timestamp::to_rfc3339),
    })
}

pub(super) fn reaction(row: &reaction::Model) -> Value {
    json!({ "messageId": row.message_id.to_string(), "emoji": row.emoji })
}

pub(super) fn mention(row: &mention::Model) -> Value {
    json!({
        "conversationId": row.conversation_id.to_string(),
        "seq": row.seq,
        "senderId": row.sender_id.to_string(),
    })
}

pub(super) fn block(row: &user_block::Model) -> Value {
    json!({ "userId": row.blocked_id.to_string(), "createdAt": row.created_at.to_rfc3339() })
}

/// Without what it keeps of others.
pub(super) fn report(row: &report::Model) -> Value {
    json!({
        "id": row.id.to_string(),
        "reason": reports::reason_word(row.reason),
        "comment": row.comment,
        "messageId": row.message_id.map(|id| id.to_string()),
        "userId": row.user_id.map(|id| id.to_string()),
        "conversationId": row.conversation_id.map(|id| id.to_string()),
        "createdAt": row.created_at.to_rfc3339(),
        "resolvedAt": row.resolved_at.map(Timestamp::to_rfc3339),
    })
}

pub(super) fn image(row: &image::Model, file: Option<&str>) -> Value {
    json!({
        "id": row.id.to_string(),
        "file": file,
        "width": row.width,
        "height": row.height,
        "byteSize": row.byte_size,
        "createdAt": row.created_at.to_rfc3339(),
    })
}

/// A column that holds JSON.
fn parsed(column: Option<&str>) -> Value {
    column.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
}
