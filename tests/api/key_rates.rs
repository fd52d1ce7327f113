//! The rates of keys: what they may ask for and change.

use std::time::Duration;

use parlour::accounts::KeyScope;
use parlour::id::{ConversationId, UserId};
use serde_json::{Value, json};

use crate::support::{ADD, TestApp, code};

/// Does it until it is refused for its rate, which refills meanwhile; how often it was not, and the milliseconds to wait.
async fn until_refused(what: impl AsyncFn() -> Value) -> (usize, u64) {
    for passed in 0..500 {
        let answer = what().await;
        if answer.get("errors").is_some() && code(&answer) == "RATE_LIMITED" {
            let wait = answer["errors"][0]["extensions"]["retryAfterMs"].as_u64();
            return (passed, wait.expect("a time to wait"));
        }
    }
    panic!("it is never refused");
}

#[tokio::test]
async fn a_key_that_has_changed_too_much_waits_as_long_as_the_answer_says_and_others_do_not() {
    let app = TestApp::limited().await;
    let backend = app.backend_with(&[KeyScope::Conversations]).await;
    let other = app.backend_with(&[KeyScope::Users]).await;
    // A group that does not exist: what is refused for another reason counts as well.
    let people: Vec<String> = (0..1_000).map(|_| UserId::new().to_string()).collect();
    let nowhere = json!({ "id": ConversationId::new().to_string(), "people": people });

    let (passed, wait) = until_refused(async || {
        let answer = backend.execute(ADD, nowhere.clone()).await;
        assert!(["NOT_FOUND", "RATE_LIMITED"].contains(&code(&answer)), "{answer}");
        answer
    })
    .await;

    assert!(passed >= 10, "{passed}");
    assert!((1..=2_000).contains(&wait), "a thousand take two seconds: {wait}");
    let all = json!((0..100).map(|n| json!({ "externalId": n.to_string(), "fullName": "Ada" })).collect::<Vec<_>>());
    other.upsert(all).await;
    app.clock.advance(Duration::from_millis(wait));
    assert_eq!(code(&backend.execute(ADD, nowhere.clone()).await), "NOT_FOUND", "it was counted again");
}

#[tokio::test]
async fn a_key_that_has_asked_for_too_much_waits_in_everybodys_place() {
    let app = TestApp::limited().await;
    let ada = app.user("Ada").await;
    let scopes = [KeyScope::Conversations, KeyScope::Messages];
    let backend = app.backend_with(&[&scopes[..], &[KeyScope::ActAs]].concat()).await;
    let other = app.backend_with(&scopes).await;
    // Nearly as many objects as a document may ask for. They count, though there is no such group.
    let members = "conversation { members(first: 98) { nodes { role } } }";
    let messages = format!("messages(last: 99) {{ nodes {{ {members} }} }}");
    let document = format!("{{ conversation(by: {{ externalId: \"none\" }}) {{ {messages} }} }}");

    let (passed, wait) = until_refused(async || backend.execute(&document, json!({})).await).await;

    assert!(passed >= 50, "{passed}");
    assert!((1..=200).contains(&wait), "ten thousand take a fifth of a second: {wait}");
    let me = "{ conversations(first: 100) { nodes { members(first: 99) { nodes { role } } } } }";
    let (passed, _) = until_refused(async || backend.execute_as(&ada.id, me, json!({})).await).await;
    assert!(passed < 25, "it takes from the key's rate: {passed}");
    ada.ask("{ me { id } }", json!({})).await;
    other.ask(&document, json!({})).await;
    app.clock.advance(Duration::from_millis(400));
    backend.ask(&document, json!({})).await;
}
