//! A person with a long history deletes their account. The server is killed in the middle and continues; in the end
//! nothing of the person is in any file.

use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;

use crate::support::{Message, PASSWORD, Person, Server, is_sound, position_of, soon};

const MESSAGES: i64 = 8_000;
const NEEDLES: [&str; 3] = ["a planted text", "ada.planted@example.com", "Ada Planted"];

async fn number(server: &Server, sql: &str) -> i64 {
    let db = server.database().await;
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.expect("an answer");
    let number = row.expect("a row").try_get_by_index(0).expect("a number");
    db.close().await.expect("the database closes");
    number
}

/// Writes a long history of Ada directly into the database, with secure_delete as the server has it. Some of the texts
/// are longer than a page of the database.
async fn write_much(server: &Server) {
    let db = server.database().await;
    let sql = format!(
        "PRAGMA secure_delete = ON;
         BEGIN IMMEDIATE;
         INSERT INTO message (id, conversation_id, seq, sender_id, text, version, position, nonce, created_at)
         WITH RECURSIVE n(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < {MESSAGES})
         SELECT randomblob(16), first.conversation_id, n.n, first.sender_id,
                CASE n.n % 50 WHEN 0 THEN replace(hex(zeroblob(140)), '00', 'a planted text, ') ELSE 'a planted text' END,
                1, first.position + n.n - 1, 4711, first.created_at
           FROM n, message first;
         INSERT INTO feed_event (position, nonce, kind, conversation_id, message_id, created_at)
         SELECT position, nonce, 1, conversation_id, id, created_at FROM message WHERE seq > 1;
         UPDATE conversation SET last_seq = {MESSAGES}, last_position = (SELECT MAX(position) FROM message);
         UPDATE feed_head SET position = (SELECT MAX(position) FROM message);
         COMMIT;"
    );
    db.execute_unprepared(&sql).await.expect("a long history");
    db.close().await.expect("the database closes");
}

/// The planted words that the database's files hold.
fn found(server: &Server) -> Vec<&'static str> {
    let data = server.folder().join("data");
    let files = data.read_dir().expect("a folder").map(|entry| entry.expect("an entry").path());
    let files = files.filter(|path| path.file_name().is_some_and(|name| name != "jwt-secret"));
    let texts: Vec<String> =
        files.map(|path| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()).collect();
    NEEDLES.into_iter().filter(|needle| texts.iter().any(|text| text.contains(needle))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_is_completed_after_kills_and_leaves_nothing_in_the_files() {
    let mut server = Server::start_with(&[("RATE_LIMITS", "off"), ("RUST_LOG", "warn")]).await;
    let ada = Person::sign_up_as(&server, "Ada Planted", "ada.planted@example.com").await;
    let bob = server.user("Bob").await;
    ada.send(&Message::new(bob.as_recipient(), "a planted text")).await;
    write_much(&server).await;
    assert_eq!(found(&server), NEEDLES);
    let newest = number(&server, "SELECT position FROM feed_head").await;
    let is_indexed = "SELECT position FROM search_progress";
    soon(async {
        while position_of(&bob.feed_cursor().await) < newest || number(&server, is_indexed).await < newest {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let cursor = bob.feed_cursor().await;

    let leave = "mutation($password: String!) { deleteAccount(password: $password) }";
    ada.ask(leave, json!({ "password": PASSWORD })).await;
    server.kill().await;
    let left = number(&server, "SELECT COUNT(text) FROM message").await;
    assert!(left > 0, "it was killed too late to show anything");
    server.start_again().await;

    let page = "query($ada: ID!, $after: String!) { searchMessages(query: \"planted\") { nodes { id } } messages(conversation: { userId: $ada }, last: 3) { nodes {
        seq text version sender { fullName } } } events(after: $after) { events { __typename } } }";
    let seen = bob.ask(page, json!({ "ada": ada.id, "after": cursor })).await;
    assert_eq!(seen["searchMessages"]["nodes"], json!([]));
    for (row, seq) in seen["messages"]["nodes"].as_array().expect("messages").iter().zip(MESSAGES - 2..) {
        let tombstone = json!({ "seq": seq, "text": null, "version": 2, "sender": { "fullName": "Deleted user" } });
        assert_eq!(*row, tombstone);
    }
    assert_eq!(seen["events"]["events"], json!([{ "__typename": "UserChanged" }]));

    soon(async {
        while number(&server, "SELECT COUNT(*) FROM erasure").await > 0 || !found(&server).is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let whole = "SELECT COUNT(*) FROM message WHERE text IS NULL AND version = 2 AND deleted_at IS NOT NULL";
    assert_eq!(number(&server, whole).await, MESSAGES);
    server.stop().await;
    is_sound(&server).await;
    assert_eq!(found(&server), [""; 0]);
}
