//! The FTS5 index: the one of an older version, and a damaged one.

use parlour::limits::INDEX_RETRY;
use serde_json::json;

use crate::search_index::{SEARCH, comes_to, count};
use crate::support::{TestApp, is_postgres, soon};

#[tokio::test]
async fn the_index_of_an_older_version_is_rebuilt() {
    if is_postgres() {
        return;
    }
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    ada.send(&bob, "tea for two").await;
    assert_eq!(count(&bob, "tea").await, 1);
    app.stop().await;
    app.run_sql(
        "DROP TABLE message_word;
         CREATE VIRTUAL TABLE message_word USING fts5(
           words, content = '', columnsize = 0, detail = none, prefix = '1 2 3', tokenize = 'ascii');
         INSERT INTO message_word (message_word, rank) VALUES ('secure-delete', 1);
         INSERT INTO message_word (rowid, words) SELECT position, 'oldtea' FROM message;
         UPDATE search_progress SET rules = 1;
         DELETE FROM seaql_migrations WHERE version = 'm0008_search_by_conversation'",
    )
    .await;

    app.restart().await;

    let bob = bob.another_device(&app).await;
    comes_to(&bob, "tea two", 1).await;
    assert!(!app.index_holds("oldtea").await);
}

#[tokio::test]
async fn a_corrupt_index_fails_no_message_and_is_rebuilt() {
    if is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    assert_eq!(count(&bob, "hello").await, 1);
    app.run_sql("UPDATE message_word_data SET block = x'ff' WHERE id > 1").await;

    let sent = ada.send(&bob, "goodbye").await;
    ada.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": sent["id"] })).await;
    ada.send(&bob, "hello again").await;

    let hits = async || {
        let found = bob.execute(SEARCH, json!({ "query": "hello" })).await;
        found["data"]["searchMessages"]["nodes"].as_array().map_or(0, Vec::len)
    };
    soon(async {
        while hits().await != 2 {
            app.clock.advance(INDEX_RETRY);
        }
    })
    .await;
}
