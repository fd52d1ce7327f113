//! The columns that hot statements read and write, in the order in which rows are read from them.

/// The columns of a table, as a list for SQL: `columns!(message)` is `id, …`, `columns!(message, "m.")` is `m.id, …`.
macro_rules! columns {
    ($table:ident) => {
        columns!($table, "")
    };
    (message, $of:literal) => {
        columns!(
            @of $of, "id", "conversation_id", "seq", "sender_id", "text", "reply_to_id", "image_id", "version", "position",
            "nonce", "created_at", "edited_at", "deleted_at", "message_type", "metadata", "system_line", "mentions",
            "mentions_everyone", "reactions", "pinned_at"
        )
    };
    (conversation, $of:literal) => {
        columns!(
            @of $of, "id", "kind", "title", "direct_pair", "last_seq", "last_position", "active_position", "created_at",
            "updated_at", "external_id", "metadata", "picture_id", "posting", "first_seq", "retention_days"
        )
    };
    (membership, $of:literal) => {
        columns!(
            @of $of, "conversation_id", "user_id", "from_position", "to_position", "role", "last_read_seq", "joined_at",
            "notifications", "muted_until", "archived_seq", "is_favorite", "is_marked_unread"
        )
    };
    (feed_event, $of:literal) => {
        columns!(
            @of $of, "position", "nonce", "kind", "conversation_id", "recipient_id", "user_id", "message_id", "created_at",
            "detail"
        )
    };
    (user, $of:literal) => {
        columns!(
            @of $of, "id", "full_name", "name_key", "email", "password_hash", "last_seen_at", "image_id",
            "changed_position", "created_at", "updated_at", "deleted_at", "disabled_at", "external_id", "external_issuer",
            "contact_email", "is_bot", "metadata", "tokens_from"
        )
    };
    (image, $of:literal) => {
        columns!(
            @of $of, "id", "owner_id", "format", "width", "height", "byte_size", "stored_bytes", "placeholder", "parts",
            "created_at"
        )
    };
    (session, $of:literal) => {
        columns!(@of $of, "id", "user_id", "user_agent", "created_at", "last_used_at", "expires_at")
    };
    (@of $of:literal, $first:literal $(, $other:literal)*) => {
        concat!($of, $first $(, ", ", $of, $other)*)
    };
}
pub(super) use columns;

#[cfg(test)]
mod tests {
    use sea_orm::{EntityTrait, Iden, Iterable};

    use crate::entity::{conversation, feed_event, image, membership, message, session, user};

    fn of<E: EntityTrait>() -> String {
        E::Column::iter().map(|column| column.unquoted().to_owned()).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn the_hot_way_has_all_columns_of_the_entities_in_their_order() {
        assert_eq!(columns!(message), of::<message::Entity>());
        assert_eq!(columns!(conversation), of::<conversation::Entity>());
        assert_eq!(columns!(membership), of::<membership::Entity>());
        assert_eq!(columns!(feed_event), of::<feed_event::Entity>());
        assert_eq!(columns!(user), of::<user::Entity>());
        assert_eq!(columns!(image), of::<image::Entity>());
        assert_eq!(columns!(session), of::<session::Entity>());
    }
}
