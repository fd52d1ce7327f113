//! A failover to a replica that had not received everything: the newest rows are gone, and their positions are given again.

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::{Line, Message, Person, Server, empty_database, soon};

const FEED: &str = "subscription($after: String) { events(after: $after) { __typename cursor
    ... on FeedReset { reason } ... on MessageAdded { message { text } } } }";

/// What a subscription emits next, apart from where it has caught up: the text of a message, or the reason of a reset.
async fn next(line: &mut Line) -> String {
    loop {
        let event = soon(line.next()).await.expect("the socket lives")["payload"]["data"]["events"].take();
        let text = event.pointer("/message/text").unwrap_or(&event["reason"]);
        match event["__typename"].as_str() {
            Some("CaughtUp") => {}
            _ => return text.as_str().unwrap_or_else(|| panic!("{event}")).to_owned(),
        }
    }
}

async fn subscribe(server: &Server, person: &Person, after: Option<&str>) -> Line {
    let mut line = soon(Line::open(server.address, &person.token, json!({}))).await.expect("a socket");
    line.subscribe("1", FEED, &json!({ "after": after })).await.expect("the socket takes it");
    let first = soon(line.next()).await.expect("the socket lives")["payload"]["data"]["events"].take();
    assert_eq!(first["__typename"], "CaughtUp");
    line
}

#[tokio::test]
async fn rows_that_are_lost_reset_those_who_had_them_and_nobody_else() {
    let url = empty_database().await;
    let secret = "a secret of both nodes, which is long enough";
    let images = tempfile::tempdir().expect("a folder that both nodes keep images in");
    let settings = [
        ("RATE_LIMITS", "off"),
        ("RUST_LOG", "warn"),
        ("JWT_SECRET", secret),
        ("DATABASE_URL", &url),
        ("DATA_DIR", images.path().to_str().expect("a path in plain letters")),
    ];
    let mut server = Server::start_with(&settings).await;
    let mut other = Server::start_with(&settings).await;
    let (ada, bob, carl) = (server.user("Ada").await, server.user("Bob").await, server.user("Carl").await);
    let to = |person: &Person, text: &str| Message::new(person.as_recipient(), text);
    ada.send(&to(&bob, "kept")).await;
    ada.send(&to(&carl, "kept for Carl")).await;
    let (mut at_bob, mut at_carl) = (subscribe(&server, &bob, None).await, subscribe(&server, &carl, None).await);
    let (mut elsewhere, kept) = (subscribe(&other, &bob, None).await, bob.feed_cursor().await);
    let lost: Vec<Value> = vec![ada.send(&to(&bob, "lost 1")).await, ada.send(&to(&bob, "lost 2")).await];
    for line in [&mut at_bob, &mut elsewhere] {
        assert_eq!((next(line).await, next(line).await), ("lost 1".to_owned(), "lost 2".to_owned()));
    }

    // What a replica that lags by two messages has.
    let database = server.database().await;
    let lag = "BEGIN;
        SELECT 1 FROM feed_head FOR UPDATE;
        DELETE FROM message WHERE position > (SELECT position - 2 FROM feed_head);
        DELETE FROM feed_event WHERE position > (SELECT position - 2 FROM feed_head);
        UPDATE conversation SET last_seq = 1, last_position = active_position WHERE last_seq = 3;
        UPDATE membership SET last_read_seq = 1 WHERE last_read_seq > 1;
        UPDATE conversation SET last_position = 2, active_position = 2
         WHERE last_position > (SELECT position - 2 FROM feed_head);
        UPDATE feed_head SET position = position - 2;
        COMMIT";
    database.execute_unprepared(lag).await.expect("the rows are lost");
    // Past the positions that were delivered, by one batch after the other: nothing may look as if it followed on them.
    for number in 0..4 {
        ada.send(&to(&carl, &format!("new {number}"))).await;
    }
    ada.send(&to(&bob, "new to Bob")).await;

    // On both nodes, Bob had what is lost. Carl had not.
    for line in [&mut at_bob, &mut elsewhere] {
        assert_eq!(next(line).await, "FOREIGN");
    }
    ada.send(&to(&bob, "after it")).await;
    for line in [&mut at_bob, &mut elsewhere] {
        let mut text = next(line).await;
        if text == "new to Bob" {
            text = next(line).await;
        }
        assert_eq!(text, "after it");
    }
    for number in 0..4 {
        assert_eq!(next(&mut at_carl).await, format!("new {number}"));
    }
    // The same by the cursors.
    let page = "query($after: String!) { events(after: $after) { events { __typename ... on FeedReset { reason } } } }";
    for cursor in lost.iter().map(|sent| &sent["feedCursor"]) {
        let events = bob.ask(page, json!({ "after": cursor })).await;
        assert_eq!(events["events"]["events"], json!([{ "__typename": "FeedReset", "reason": "FOREIGN" }]));
    }
    let events = bob.ask(page, json!({ "after": kept })).await;
    assert_eq!(events["events"]["events"], json!([{ "__typename": "MessageAdded" }, { "__typename": "MessageAdded" }]));
    database.close().await.expect("the connection closes");
    server.stop().await;
    other.stop().await;
}
