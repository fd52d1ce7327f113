//! The feed's log is kept for 30 days; a client that misses trimmed events receives a reset.

use std::time::Duration;

use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

use crate::support::{EVENTS, TestApp, soon};

const PAGE: &str = "query($c: String!) { events(after: $c) { events { __typename ... on FeedReset { reason } } } }";

/// Lets 31 days go by, and waits until all but the newest event is gone.
async fn a_month_later(app: &TestApp) {
    app.clock.advance(Duration::from_secs(31 * 24 * 3600));
    let database = app.database().await;
    soon(async {
        while parlour::entity::feed_event::Entity::find().count(&database).await.expect("a count") > 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_trimmed_cursor_resumes_when_nothing_was_missed() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let cursor = bob.feed_cursor().await;
    app.direct("Eve", "Dan").await;
    a_month_later(&app).await;

    let bob = bob.another_device(&app).await;
    let mut socket = bob.subscribe(EVENTS, json!({ "after": cursor })).await;

    assert_eq!(socket.next_event().await["__typename"], "CaughtUp");
    let sent = ada.another_device(&app).await.send(&bob, "still there?").await;
    assert_eq!(socket.next_event().await["message"]["id"], sent["id"]);
}

#[tokio::test]
async fn a_trimmed_cursor_with_missed_events_is_a_reset() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let cursor = bob.feed_cursor().await;
    ada.send(&bob, "missed").await;
    app.direct("Eve", "Dan").await;
    a_month_later(&app).await;

    let bob = bob.another_device(&app).await;
    // As a page, which asks the log; a subscription may still find it in the hub's ring.
    let page = bob.ask(PAGE, json!({ "c": cursor })).await;

    assert_eq!(page["events"]["events"], json!([{ "__typename": "FeedReset", "reason": "EXPIRED" }]));
}

#[tokio::test]
async fn a_missed_and_trimmed_new_name_is_a_reset() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let cursor = bob.feed_cursor().await;
    ada.ask(r#"mutation { updateProfile(input: { fullName: "Countess" }) { id } }"#, json!({})).await;
    app.direct("Eve", "Dan").await;
    a_month_later(&app).await;

    let bob = bob.another_device(&app).await;
    let page =
        bob.ask("query($c: String!) { events(after: $c) { events { __typename } } }", json!({ "c": cursor })).await;

    assert_eq!(page["events"]["events"], json!([{ "__typename": "FeedReset" }]));
}
