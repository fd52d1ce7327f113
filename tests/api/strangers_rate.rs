//! How many strangers a person can message.

use std::time::Duration;

use parlour::id::{MessageId, UserId};
use serde_json::{Value, json};

use crate::support::pictures::png;
use crate::support::{Person, SEND, TestApp, code, refusal};

const MINUTE: Duration = Duration::from_secs(60);

fn to(person: &str, text: &str) -> Value {
    json!({ "input": { "to": { "userId": person }, "text": text } })
}

/// Writes to each of these people; how many messages were taken, before one was refused as too many.
async fn greet(ada: &Person, people: &[String]) -> usize {
    for (number, person) in people.iter().enumerate() {
        let answer = ada.execute(SEND, to(person, "hello")).await;
        if answer.get("errors").is_some() {
            let wait = answer["errors"][0]["extensions"]["retryAfterMs"].as_u64();
            assert_eq!(code(&answer), "RATE_LIMITED", "{answer}");
            assert!(wait.is_some_and(|wait| wait <= 60_000), "{answer}");
            return number;
        }
    }
    people.len()
}

#[tokio::test]
async fn first_messages_to_strangers_have_a_burst_of_ten_and_one_a_minute() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let crowd = app.crowd(60).await;

    assert_eq!(greet(&ada, &crowd[..20]).await, 10);

    for minute in 0..3 {
        app.clock.advance(MINUTE);
        assert_eq!(greet(&ada, &crowd[20 + minute * 5..][..5]).await, 1);
    }
    assert_eq!(greet(&bob, &crowd[..10]).await, 10, "another person's are their own");
}

#[tokio::test]
async fn a_contact_is_no_stranger() {
    let app = TestApp::limited().await;
    let (ada, bob, carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);
    let crowd = app.crowd(20).await;
    bob.send(&ada, "hello").await;
    assert_eq!(greet(&ada, &crowd).await, 10);
    let group = ada.group("Tea", &[&carl]).await;

    ada.send(&bob, "an answer").await;
    assert_eq!(greet(&ada, &crowd[..5]).await, 5, "once more");
    ada.send_to(&group, "a group has its own rates").await;

    // A group makes nobody known: one can put strangers into one.
    app.clock.advance(Duration::from_secs(4));
    assert_eq!(ada.refused(SEND, to(&carl.id, "hello")).await, "RATE_LIMITED");
}

#[tokio::test]
async fn concurrent_messages_to_one_stranger_count_once() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let crowd = app.crowd(20).await;
    let first = json!({ "input": { "id": MessageId::new().to_string(), "to": { "userId": bob.id }, "text": "hello" } });

    let retries = futures_util::future::join_all((0..15).map(|_| ada.execute(SEND, first.clone()))).await;
    assert!(retries.iter().all(|sent| *sent == retries[0] && sent.get("errors").is_none()), "{retries:?}");
    app.clock.advance(Duration::from_secs(4));
    let sends = futures_util::future::join_all((0..15).map(|_| ada.execute(SEND, to(&crowd[19], "hello")))).await;
    assert!(sends.iter().all(|sent| sent.get("errors").is_none()), "{sends:?}");

    app.clock.advance(Duration::from_secs(4));
    assert_eq!(greet(&ada, &crowd[..19]).await, 8);
}

#[tokio::test]
async fn a_stranger_beyond_the_rate_is_rejected_under_concurrency() {
    let app = TestApp::limited().await;
    let ada = app.user("Ada").await;
    let crowd = app.crowd(11).await;
    assert_eq!(greet(&ada, &crowd[..10]).await, 10);
    app.clock.advance(Duration::from_secs(4));

    let sends = futures_util::future::join_all((0..20).map(|_| ada.execute(SEND, to(&crowd[10], "hello")))).await;

    assert!(sends.iter().all(|sent| code(sent) == "RATE_LIMITED"), "{sends:?}");
}

#[tokio::test]
async fn unknown_people_count_too() {
    let app = TestApp::limited().await;
    let ada = app.user("Ada").await;
    let mut codes = Vec::new();
    for _ in 0..11 {
        codes.push(ada.refused(SEND, to(&UserId::new().to_string(), "is anybody there?")).await);
    }
    assert_eq!(codes[..10], ["NOT_FOUND"; 10]);
    assert_eq!(codes[10], "RATE_LIMITED");
}

#[tokio::test]
async fn an_image_for_a_stranger_beyond_the_rate_is_not_decoded() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let crowd = app.crowd(10).await;
    assert_eq!(greet(&ada, &crowd).await, 10);

    // As a file that is no image shows.
    let answer = ada.try_send_image(&app, json!({ "to": { "userId": bob.id } }), b"no image").await;
    assert_eq!(refusal(&answer), "RATE_LIMITED");

    app.clock.advance(MINUTE);
    let answer = ada.try_send_image(&app, json!({ "to": { "userId": bob.id } }), b"no image").await;
    assert_eq!(refusal(&answer), "UNSUPPORTED_IMAGE");
    ada.send_image(&app, &bob, &png(9, 9)).await;
}
