//! Many reactions at once, in a group of a thousand.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::TestApp;

const STORM: usize = 500;
const EVERY: Duration = Duration::from_millis(10);
const ADD: &str = "mutation($id: ID!, $emoji: String!) { addReaction(messageId: $id, emoji: $emoji) {
    reactions { emoji viewerReacted } } }";
const CHANGES: &str = "subscription { events(kinds: [REACTIONS_CHANGED]) { __typename ... on ReactionsChanged {
    message { reactions { emoji count } } changes { added } } } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_reactions_in_a_group_of_a_thousand_are_25_events() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let crowd = app.crowd(999).await;
    let create = "mutation($members: [ID!]!) {
        createConversation(input: { title: \"Crowd\", memberIds: $members }) { id memberCount } }";
    let made = ada.ask(create, json!({ "members": crowd })).await["createConversation"].take();
    assert_eq!(made["memberCount"], 1_000);
    let sent = ada.send_to(made["id"].as_str().expect("an id"), "cake!").await;
    let people = app.sign_in(&crowd[..STORM / 10]).await;
    let mut at_ada = ada.subscribe(CHANGES, json!({})).await;
    assert_eq!(at_ada.next_event().await["__typename"], "CaughtUp");

    // Each of 50 people with 10 of 20 emoji, in five seconds.
    let (began, start) = (Instant::now(), tokio::time::Instant::now());
    let react = async |number: usize| {
        let (person, round) = (number % people.len(), number / people.len());
        let emoji = format!(":e{}:", (person + round) % 20);
        tokio::time::sleep_until(start + EVERY * u32::try_from(number).expect("a small number")).await;
        let answer = app.execute(Some(&people[person]), ADD, json!({ "id": sent["id"], "emoji": emoji })).await;
        let shown = answer["data"]["addReaction"]["reactions"].as_array().unwrap_or_else(|| panic!("{answer}"));
        assert!(shown.iter().any(|one| one["emoji"] == emoji && one["viewerReacted"] == true), "{answer}");
    };
    join_all((0..STORM).map(react)).await;
    let seconds = began.elapsed().as_secs_f64();

    let (mut events, mut changes, mut last) = (0, 0, Value::Null);
    while changes < STORM {
        let mut event = at_ada.next_event().await;
        changes += event["changes"].as_array().expect("a list").len();
        events += 1;
        last = event["message"]["reactions"].take();
    }
    at_ada.stays_silent().await;
    assert_eq!(changes, STORM);
    let total: i64 = last.as_array().expect("a list").iter().filter_map(|one| one["count"].as_i64()).sum();
    assert_eq!(total, 500, "{last}");
    // Four in a second; a slow machine takes longer.
    assert!(f64::from(events) <= 5.0 + 4.0 * seconds.max(5.0), "{events} events in {seconds} s");
    println!("{STORM} reactions in {seconds:.1} s: {events} events");
}
