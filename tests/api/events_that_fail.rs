//! Events that cannot be resolved: while the database is away they are tried again for as long as it takes. What fails each
//! time although it answers is skipped with FeedReset, sooner or later.

use parlour::limits;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, TransactionTrait};
use serde_json::{Value, json};

use crate::support::pictures::png;
use crate::support::{Closed, Person, Socket, TestApp, is_postgres, soon};

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

/// The database with a table that nobody can read for now, as one that is overloaded. Of SQLite no table can be locked against
/// readers, and its file is never away: there, the tests of it end where they begin.
async fn with_locked_images(app: &TestApp) -> (DatabaseConnection, DatabaseTransaction) {
    let database = app.database().await;
    let lock = database.begin().await.expect("a transaction");
    lock.execute_unprepared("LOCK TABLE image IN ACCESS EXCLUSIVE MODE").await.expect("the table is locked");
    (database, lock)
}

#[tokio::test]
async fn an_event_for_which_the_database_was_too_busy_a_few_times_comes_when_it_is_not() {
    if !is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let (bob, before) = sent_image(&app).await;
    let (database, lock) = with_locked_images(&app).await;

    // More often than an event may fail for another reason.
    for _ in 0..=limits::EVENT_TRIES {
        let mut socket = replay(&bob, &before).await;
        let closed = cancel_waiting(&database, soon(socket.closed())).await;
        assert_eq!(closed.code, 1013, "come back and try again");
    }

    lock.rollback().await.expect("the table is free");
    let mut socket = replay(&bob, &before).await;
    assert_eq!(socket.next_event().await["message"]["image"]["width"], 30);
}

#[tokio::test]
async fn an_event_for_which_the_database_is_always_too_busy_is_skipped_with_a_reset_at_last() {
    if !is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let (bob, before) = sent_image(&app).await;
    let (database, _lock) = with_locked_images(&app).await;

    for _ in 1..limits::BUSY_EVENT_TRIES {
        let mut socket = replay(&bob, &before).await;
        let closed = cancel_waiting(&database, soon(socket.closed())).await;
        assert_eq!(closed.code, 1013, "come back and try again");
    }

    let mut socket = replay(&bob, &before).await;
    is_reset(&cancel_waiting(&database, socket.next_event()).await);
}

/// Tries to replay on a server that may not even accept a session; how it ended.
async fn try_to_replay(person: &Person, after: &str) -> Closed {
    match Socket::try_sign_in(person.address, &person.token).await {
        Ok(mut socket) => {
            socket.subscribe("1", WITH_IMAGES, json!({ "after": after })).await;
            soon(socket.closed()).await
        }
        Err(closed) => closed,
    }
}

#[tokio::test]
async fn an_event_is_not_skipped_however_often_the_database_is_away() {
    if !is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let (bob, before) = sent_image(&app).await;

    app.take_database_away().await;
    for _ in 0..=limits::BUSY_EVENT_TRIES {
        assert_eq!(try_to_replay(&bob, &before).await.code, 1013, "come back and try again");
    }
    app.bring_database_back().await;

    let first = soon(async {
        loop {
            // The server, too, has to find it again.
            let Ok(mut socket) = Socket::try_sign_in(bob.address, &bob.token).await else { continue };
            socket.subscribe("1", WITH_IMAGES, json!({ "after": before })).await;
            if let Ok(mut said) = socket.next_or_closed().await {
                return said["payload"]["data"]["events"].take();
            }
        }
    })
    .await;
    assert_eq!((&first["__typename"], &first["message"]["image"]["width"]), (&json!("MessageAdded"), &json!(30)));
}

fn is_reset(event: &Value) {
    assert_eq!((&event["__typename"], &event["reason"]), (&json!("FeedReset"), &json!("EXPIRED")));
}

#[tokio::test]
async fn an_event_that_fails_each_time_is_skipped_with_a_reset() {
    let app = TestApp::start().await;
    let (bob, before) = sent_image(&app).await;
    let database = app.database().await;
    database.execute_unprepared("ALTER TABLE image RENAME TO image_elsewhere").await.expect("the table is gone");

    for _ in 1..limits::EVENT_TRIES {
        assert_eq!(replay(&bob, &before).await.closed().await.code, 1013, "come back and try again");
    }
    let mut socket = replay(&bob, &before).await;
    is_reset(&socket.next_event().await);
    assert_eq!(socket.next_event().await["__typename"], Value::from("CaughtUp"), "the rest follows");
}
