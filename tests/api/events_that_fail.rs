//! Events that cannot be resolved: while the database is away they are tried again for as long as it takes, and only what
//! fails each time is skipped, with FeedReset.

use sea_orm::{ConnectionTrait, DatabaseConnection, TransactionTrait};
use serde_json::{Value, json};

use crate::support::pictures::png;
use crate::support::{Person, Socket, TestApp, is_postgres, soon};

/// The image is looked up for each event.
const WITH_IMAGES: &str = "subscription($after: String) { events(after: $after) { __typename cursor
    ... on MessageAdded { message { image { width } } } ... on FeedReset { reason } } }";

/// An event with an image, and the cursor before it.
async fn sent_image(app: &TestApp) -> (Person, String) {
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let before = bob.feed_cursor().await;
    ada.send_image(app, &bob, &png(30, 20)).await;
    (bob, before)
}

async fn replay(person: &Person, after: &str) -> Socket {
    person.subscribe(WITH_IMAGES, json!({ "after": after })).await
}

/// Ends the statements that wait for a lock, until this is done.
async fn cancel_waiting<T>(database: &DatabaseConnection, work: impl Future<Output = T>) -> T {
    let cancel = "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let cancelling = async {
        loop {
            database.execute_unprepared(cancel).await.expect("they are ended");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        done = work => done,
        () = cancelling => unreachable!("it goes on for ever"),
    }
}

#[tokio::test]
async fn an_event_is_not_skipped_however_often_the_database_is_away() {
    // Of SQLite, a table cannot be away for a while.
    if !is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let (bob, before) = sent_image(&app).await;
    let database = app.database().await;
    let lock = database.begin().await.expect("a transaction");
    lock.execute_unprepared("LOCK TABLE image IN ACCESS EXCLUSIVE MODE").await.expect("the table is locked");

    // More often than an event may fail.
    for _ in 0..5 {
        let mut socket = replay(&bob, &before).await;
        let closed = cancel_waiting(&database, soon(socket.closed())).await;
        assert_eq!(closed.code, 1013, "come back and try again");
    }

    lock.rollback().await.expect("the table is free");
    let mut socket = replay(&bob, &before).await;
    assert_eq!(socket.next_event().await["message"]["image"]["width"], 30);
}

#[tokio::test]
async fn an_event_that_fails_each_time_is_skipped_with_a_reset() {
    let app = TestApp::start().await;
    let (bob, before) = sent_image(&app).await;
    let database = app.database().await;
    database.execute_unprepared("ALTER TABLE image RENAME TO image_elsewhere").await.expect("the table is gone");

    for _ in 0..2 {
        assert_eq!(replay(&bob, &before).await.closed().await.code, 1013, "come back and try again");
    }
    let mut socket = replay(&bob, &before).await;
    let event = socket.next_event().await;
    assert_eq!((&event["__typename"], &event["reason"]), (&json!("FeedReset"), &json!("EXPIRED")));
    assert_eq!(socket.next_event().await["__typename"], Value::from("CaughtUp"), "the rest follows");
}
