//! Long histories, written directly into the database: faster than sending, and the hub has to notice them by itself.

use parlour::feed::{Cursor, EventKind};
use sea_orm::ConnectionTrait;

use super::*;

impl TestApp {
    /// Writes this many events about the newest message to its conversation; returns the cursor of the last one.
    /// Read marks are those of its sender.
    pub async fn write_history(&self, kind: EventKind, count: usize) -> String {
        let db = self.database().await;
        let kind = kind as i16;
        let (nonce, mark) = (4_711, EventKind::ReadMarkMoved as i16);
        db.execute_unprepared(&format!(
            "BEGIN;
             INSERT INTO feed_event (position, nonce, kind, conversation_id, user_id, message_id, created_at)
             WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count})
             SELECT head.position + n.n, {nonce}, {kind}, m.conversation_id,
                    CASE {kind} WHEN {mark} THEN m.sender_id END, CASE {kind} WHEN {mark} THEN NULL ELSE m.id END,
                    m.created_at
               FROM n, feed_head head, (SELECT * FROM message ORDER BY position DESC LIMIT 1) m;
             UPDATE feed_head SET position = position + {count};
             UPDATE conversation SET last_position = (SELECT position FROM feed_head)
              WHERE id = (SELECT conversation_id FROM message ORDER BY position DESC LIMIT 1);
             COMMIT;"
        ))
        .await
        .expect("a long history");
        let head = "SELECT position FROM feed_head".to_owned();
        let head = db.query_one_raw(sea_orm::Statement::from_string(db.get_database_backend(), head)).await;
        let position = head.expect("a head").expect("a head").try_get("", "position").expect("a position");
        self.sealed(Cursor { position, nonce })
    }

    /// A cursor as this server issues it.
    pub fn sealed(&self, cursor: Cursor) -> String {
        cursors::seal_of(&self.database_url()).expect("its keys").cursor_text(cursor)
    }
}

/// The position of a cursor.
pub fn position(cursor: &Value) -> i64 {
    cursors::position_of(cursor.as_str().expect("a cursor"))
}
