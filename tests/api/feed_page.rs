//! The feed as pages.

use insta::assert_json_snapshot;
use parlour::feed::EventKind;
use serde_json::{Value, json};

use crate::support::{Person, TestApp, code, position, redacted};

const PAGE: &str = "query($after: String!, $first: Int) { events(after: $after, first: $first) { cursor hasMore
    events { __typename cursor ... on MessageAdded { message { text version } } ... on FeedReset { reason } } } }";

async fn page(person: &Person, after: &str, first: i32) -> Value {
    person.ask(PAGE, json!({ "after": after, "first": first })).await["events"].take()
}

#[tokio::test]
async fn pages_of_events_continue_to_the_end() {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let start = bob.feed_cursor().await;
    let eve = app.user("Eve").await;
    for text in ["one", "two", "three", "four"] {
        ada.send(&bob, text).await;
        ada.send(&eve, "not yours").await;
    }

    for _ in ["from the ring", "from the database"] {
        let (mut after, mut delivered) = (start.clone(), Vec::new());
        loop {
            let page = page(&bob, &after, 3).await;
            after = page["cursor"].as_str().expect("a cursor").to_owned();
            let events = page["events"].as_array().expect("events").clone();
            delivered.extend(events.iter().map(|event| event["message"]["text"].clone()));
            if page["hasMore"] == false {
                assert_eq!(events.len(), 1);
                break;
            }
            assert_eq!((events.len(), &events[2]["cursor"]), (3, &page["cursor"]));
        }
        assert_eq!(delivered, ["one", "two", "three", "four"]);
        // The cursor is also past the events of others.
        assert_eq!(after, bob.feed_cursor().await);
        app.restart().await;
    }
}

#[tokio::test]
async fn a_full_last_page_has_no_next_page() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let start = bob.feed_cursor().await;
    ada.send(&bob, "one").await;
    ada.send(&bob, "two").await;

    let full = page(&bob, &start, 2).await;

    assert_json_snapshot!(redacted(&full), @r#"
    {
      "cursor": "[cursor 1]",
      "events": [
        {
          "__typename": "MessageAdded",
          "cursor": "[cursor 2]",
          "message": {
            "text": "one",
            "version": 1
          }
        },
        {
          "__typename": "MessageAdded",
          "cursor": "[cursor 1]",
          "message": {
            "text": "two",
            "version": 1
          }
        }
      ],
      "hasMore": false
    }
    "#);
    let empty = page(&bob, full["cursor"].as_str().expect("a cursor"), 2).await;
    assert_eq!(empty, json!({ "cursor": full["cursor"], "hasMore": false, "events": [] }));
}

#[tokio::test]
async fn a_page_that_cannot_be_produced_is_a_reset() {
    let app = TestApp::start().await;
    let (_ada, bob) = app.direct("Ada", "Bob").await;
    let start = bob.feed_cursor().await;
    let future = app.sealed(parlour::feed::Cursor { position: 1_000_000, nonce: 1 });

    for foreign in ["", "garbage", &future] {
        let page = page(&bob, foreign, 1).await;
        let reset = json!({ "__typename": "FeedReset", "cursor": start, "reason": "FOREIGN" });
        assert_eq!(page, json!({ "cursor": start, "hasMore": false, "events": [reset] }));
    }
}

#[tokio::test]
async fn ten_thousand_missed_events_can_be_paged_and_one_more_is_too_far() {
    let mut app = TestApp::start().await;
    let (_ada, bob) = app.direct("Ada", "Bob").await;
    let start = bob.feed_cursor().await;
    app.write_history(EventKind::MessageChanged, 10_000).await;
    app.restart().await;
    let delivered = page(&bob, &start, 1).await;
    assert_eq!(
        (&delivered["events"][0]["__typename"], &delivered["hasMore"]),
        (&json!("MessageChanged"), &json!(true))
    );
    assert_eq!(position(&delivered["cursor"]), position(&json!(start)) + 1);

    let newest = app.write_history(EventKind::MessageChanged, 1).await;
    app.restart().await;

    let page = page(&bob, &start, 1).await;
    let reset = json!({ "__typename": "FeedReset", "cursor": newest, "reason": "TOO_FAR" });
    assert_eq!(page, json!({ "cursor": newest, "hasMore": false, "events": [reset] }));
}

#[tokio::test]
async fn a_page_has_one_to_a_hundred_events() {
    let app = TestApp::start().await;
    let (_ada, bob) = app.direct("Ada", "Bob").await;
    let start = bob.feed_cursor().await;

    for wrong in [-1, 0, 101, i32::MAX] {
        assert_eq!(bob.fails(PAGE, json!({ "after": start, "first": wrong })).await, "BAD_USER_INPUT", "{wrong}");
    }
    for right in [1, 100] {
        assert_eq!(page(&bob, &start, right).await["hasMore"], false);
    }
}

#[tokio::test]
async fn a_visitor_has_no_feed() {
    let app = TestApp::start().await;

    assert_eq!(code(&app.execute(None, "{ feedCursor }", json!({})).await), "UNAUTHENTICATED");
    assert_eq!(code(&app.execute(None, PAGE, json!({ "after": "" })).await), "UNAUTHENTICATED");
}
