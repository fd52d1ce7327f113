//! Reactions to messages.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, Socket, TestApp, soon, sql_id};

const ADD: &str = "mutation($id: ID!, $emoji: String!) { addReaction(messageId: $id, emoji: $emoji) {
    version reactions { emoji count viewerReacted } } }";
const REMOVE: &str = "mutation($id: ID!, $emoji: String!) { removeReaction(messageId: $id, emoji: $emoji) {
    version reactions { emoji count viewerReacted } } }";
const CHANGES: &str = "subscription { events(kinds: [REACTIONS_CHANGED]) { __typename ... on ReactionsChanged {
    conversationId message { id version reactions { emoji count } } changes { user { id } emoji added } } } }";

async fn add(person: &Person, message: &Value, emoji: &str) -> Value {
    person.ask(ADD, json!({ "id": message["id"], "emoji": emoji })).await["addReaction"].take()
}

async fn remove(person: &Person, message: &Value, emoji: &str) -> Value {
    person.ask(REMOVE, json!({ "id": message["id"], "emoji": emoji })).await["removeReaction"].take()
}

async fn refused(person: &Person, message: &Value, emoji: &str) -> String {
    person.refused(ADD, json!({ "id": message["id"], "emoji": emoji })).await
}

/// What somebody sees of the reactions to a message.
async fn seen(person: &Person, message: &Value) -> Value {
    let query = "query($id: ID!) { message(id: $id) { reactions { emoji count viewerReacted users { totalCount nodes { fullName } } } } }";
    person.ask(query, json!({ "id": message["id"] })).await["message"]["reactions"].take()
}

/// A socket that gets changes of reactions alone.
async fn listen(person: &Person) -> Socket {
    let mut socket = person.subscribe(CHANGES, json!({})).await;
    assert_eq!(socket.next_event().await["__typename"], "CaughtUp");
    socket
}

#[tokio::test]
async fn a_reaction_is_shown_to_all_and_published_once() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let sent = ada.send(&bob, "cake!").await;
    let mut at_ada = listen(&ada).await;

    let reacted = add(&bob, &sent, "❤").await;
    let again = add(&bob, &sent, "❤️").await;

    assert_eq!(reacted, json!({ "version": 1, "reactions": [{ "emoji": "❤️", "count": 1, "viewerReacted": true }] }));
    assert_eq!(again, reacted);
    let event = at_ada.next_event().await;
    assert_eq!(event["changes"], json!([{ "user": { "id": bob.id }, "emoji": "❤️", "added": true }]));
    assert_eq!(event["message"]["reactions"], json!([{ "emoji": "❤️", "count": 1 }]));
    assert_eq!((&event["message"]["version"], &event["conversationId"]), (&json!(1), &sent["conversationId"]));
    at_ada.stays_silent().await;
    let of_bob = json!({ "totalCount": 1, "nodes": [{ "fullName": "Bob" }] });
    let shown = json!([{ "emoji": "❤️", "count": 1, "viewerReacted": false, "users": of_bob }]);
    assert_eq!(seen(&ada, &sent).await, shown);
}

#[tokio::test]
async fn reactions_keep_the_order_in_which_each_came_first() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let sent = ada.send(&bob, "cake!").await;
    for (person, emoji) in [(&bob, "👍"), (&ada, ":party:"), (&ada, "👍"), (&bob, "😀")] {
        add(person, &sent, emoji).await;
    }
    let order = |shown: &Value| -> Vec<(String, i64)> {
        let all = shown.as_array().expect("a list").iter();
        all.map(|one| (one["emoji"].as_str().expect("it").to_owned(), one["count"].as_i64().expect("it"))).collect()
    };
    let of = |all: &[(&str, i64)]| all.iter().map(|(emoji, count)| ((*emoji).to_owned(), *count)).collect::<Vec<_>>();
    let shown = seen(&ada, &sent).await;
    assert_eq!(order(&shown), of(&[("👍", 2), (":party:", 1), ("😀", 1)]));
    assert_eq!(shown[0]["users"], json!({ "totalCount": 2, "nodes": [{ "fullName": "Bob" }, { "fullName": "Ada" }] }));

    remove(&bob, &sent, "👍").await;
    let removed = remove(&ada, &sent, "👍").await;
    assert_eq!(remove(&ada, &sent, "👍").await, removed);
    add(&bob, &sent, "👍").await;

    assert_eq!(order(&seen(&ada, &sent).await), of(&[(":party:", 1), ("😀", 1), ("👍", 1)]));
}

#[tokio::test]
async fn people_who_reacted_come_in_pages() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let carl = app.user("Carl").await;
    let group = ada.group("Tea", &[&bob, &carl]).await;
    let (sent, other) = (ada.send_to(&group, "cake!").await, ada.send_to(&group, "tea!").await);
    for person in [&bob, &ada, &carl] {
        add(person, &sent, "👍").await;
        add(person, &other, "👍").await;
    }
    let query = "query($id: ID!, $after: String) { message(id: $id) { reactions { users(first: 2, after: $after) {
        nodes { fullName } pageInfo { endCursor hasNextPage hasPreviousPage } } } } }";
    let page =
        async |message: &Value, after: &Value| ada.execute(query, json!({ "id": message["id"], "after": after })).await;
    let of = |answer: &Value| answer["data"]["message"]["reactions"][0]["users"].clone();

    let first = of(&page(&sent, &Value::Null).await);
    assert_eq!(first["nodes"], json!([{ "fullName": "Bob" }, { "fullName": "Ada" }]));
    assert_eq!(
        (&first["pageInfo"]["hasNextPage"], &first["pageInfo"]["hasPreviousPage"]),
        (&json!(true), &json!(false))
    );
    let rest = of(&page(&sent, &first["pageInfo"]["endCursor"]).await);
    assert_eq!(rest["nodes"], json!([{ "fullName": "Carl" }]));
    assert_eq!((&rest["pageInfo"]["hasNextPage"], &rest["pageInfo"]["hasPreviousPage"]), (&json!(false), &json!(true)));
    let foreign = page(&other, &first["pageInfo"]["endCursor"]).await;
    assert_eq!(foreign["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
}

#[tokio::test]
async fn what_is_no_emoji_is_rejected() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let sent = ada.send(&bob, "cake!").await;

    for raw in ["", "a", "👍👍", ":Not this:", "1"] {
        assert_eq!(refused(&bob, &sent, raw).await, "BAD_USER_INPUT at emoji", "{raw:?}");
    }
}

#[tokio::test]
async fn a_message_takes_20_emoji_and_10_of_a_person() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let carl = app.user("Carl").await;
    let group = ada.group("Tea", &[&bob, &carl]).await;
    let sent = ada.send_to(&group, "cake!").await;
    let react = |person: Person, numbers: std::ops::Range<i32>| {
        let sent = sent.clone();
        async move {
            let reacting = numbers.map(|number| {
                let (person, sent) = (&person, &sent);
                async move { add(person, sent, &format!(":e{number}:")).await }
            });
            join_all(reacting).await.len()
        }
    };
    react(ada.clone(), 0..10).await;

    assert_eq!(refused(&ada, &sent, ":one_more:").await, "BAD_USER_INPUT at emoji");
    react(bob.clone(), 10..20).await;
    assert_eq!(refused(&carl, &sent, ":one_more:").await, "BAD_USER_INPUT at emoji");
    add(&carl, &sent, ":e3:").await;

    assert_eq!(seen(&ada, &sent).await.as_array().map(Vec::len), Some(20));
    let shown = seen(&carl, &sent).await;
    let third = shown.as_array().expect("a list").iter().find(|reaction| reaction["emoji"] == ":e3:");
    assert_eq!(third.expect("it")["count"], 2, "{shown}");
    remove(&bob, &sent, ":e15:").await;
    add(&carl, &sent, ":one_more:").await;
}

#[tokio::test]
async fn nobody_reacts_to_a_tombstone_or_to_a_line_of_the_conversation() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let (sent, line) = (ada.send(&bob, "cake!").await, ada.send(&bob, "a line").await);
    add(&bob, &sent, "👍").await;
    let mut at_ada = ada.follow().await;
    ada.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": sent["id"] })).await;
    let of_nobody =
        format!("UPDATE message SET system_line = '{{}}' WHERE id = {}", sql_id(line["id"].as_str().expect("an id")));
    app.database().await.execute_unprepared(&of_nobody).await.expect("it is one");

    for message in [&sent, &line] {
        assert_eq!(refused(&bob, message, "😀").await, "BAD_USER_INPUT at messageId");
        let refused = bob.refused(REMOVE, json!({ "id": message["id"], "emoji": "👍" })).await;
        assert_eq!(refused, "BAD_USER_INPUT at messageId");
    }

    assert_eq!(seen(&bob, &sent).await, json!([]));
    assert_eq!(at_ada.next_event().await["__typename"], "MessageChanged");
    at_ada.stays_silent().await;
}

#[tokio::test]
async fn an_erased_persons_reactions_go() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let carl = app.user("Carl").await;
    let group = ada.group("Tea", &[&bob, &carl]).await;
    let sent = ada.send_to(&group, "cake!").await;
    for (person, emoji) in [(&carl, "👍"), (&bob, "👍"), (&carl, "😀")] {
        add(person, &sent, emoji).await;
    }
    let mut at_ada = listen(&ada).await;

    carl.ask("mutation($password: String!) { deleteAccount(password: $password) }", json!({ "password": PASSWORD }))
        .await;

    let of_bob = json!({ "totalCount": 1, "nodes": [{ "fullName": "Bob" }] });
    let shown = json!([{ "emoji": "👍", "count": 1, "viewerReacted": false, "users": of_bob }]);
    assert_eq!(seen(&ada, &sent).await, shown, "at once");
    let event = soon(at_ada.next_event()).await;
    assert_eq!(event["changes"].as_array().map(Vec::len), Some(2), "{event}");
    assert_eq!(event["message"]["reactions"], json!([{ "emoji": "👍", "count": 1 }]));
    assert_eq!(seen(&ada, &sent).await, shown, "and after the sweep");
}

#[tokio::test]
async fn what_comes_within_a_moment_is_one_event_with_its_net_changes() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let sent = ada.send(&bob, "cake!").await;
    let mut at_ada = listen(&ada).await;
    add(&bob, &sent, "👍").await;
    assert_eq!(at_ada.next_event().await["changes"].as_array().map(Vec::len), Some(1));

    let toggling = async {
        for _ in 0..2 {
            add(&ada, &sent, "🎂").await;
            remove(&ada, &sent, "🎂").await;
        }
    };
    let (..) = tokio::join!(add(&bob, &sent, "😀"), add(&ada, &sent, "😀"), remove(&bob, &sent, "👍"));

    let event = at_ada.next_event().await;
    assert_eq!(event["changes"].as_array().map(Vec::len), Some(3), "{event}");
    assert_eq!(event["message"]["reactions"], json!([{ "emoji": "😀", "count": 2 }]));
    at_ada.stays_silent().await;
    toggling.await;
    assert_eq!(seen(&ada, &sent).await.as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_costs_few_events() {
    let app = TestApp::start().await;
    let people = join_all((0..25).map(|number| {
        let app = &app;
        async move { app.user(&format!("Person {number}")).await }
    }))
    .await;
    let group = people[0].group("Party", &people[1..].iter().collect::<Vec<_>>()).await;
    let sent = people[0].send_to(&group, "cake!").await;
    let (mut at_first, began) = (listen(&people[0]).await, Instant::now());
    let storm = async {
        let mut pace = tokio::time::interval(Duration::from_millis(10));
        let mut reacting = Vec::new();
        // Each of 25 people with 10 of 20 emoji, and half of them back again: 375 reactions in under 4 s.
        for round in 0..15 {
            for (number, person) in people.iter().enumerate() {
                pace.tick().await;
                let (person, sent) = (person.clone(), sent.clone());
                let emoji = format!(":e{}:", (number + round % 10) % 20);
                reacting.push(tokio::spawn(async move {
                    match round {
                        0..10 => add(&person, &sent, &emoji).await,
                        _ => remove(&person, &sent, &emoji).await,
                    }
                }));
            }
        }
        join_all(reacting).await
    };
    let answers = storm.await;
    let seconds = began.elapsed().as_secs_f64();
    assert!(answers.iter().all(Result::is_ok));

    let (mut events, mut changes, mut last) = (0, 0, Value::Null);
    while changes < 250 + 125 {
        let mut event = at_first.next_event().await;
        let some = event["changes"].as_array().expect("a list").len();
        assert!(some <= 100, "{some}");
        (events, changes) = (events + 1, changes + some);
        last = event["message"]["reactions"].take();
    }
    at_first.stays_silent().await;
    assert!(f64::from(events) <= seconds * 4.0 + 2.0, "{events} events in {seconds} s");
    let shown = seen(&people[1], &sent).await;
    let counts = |shown: &Value| -> Vec<Value> {
        shown.as_array().expect("a list").iter().map(|one| json!([one["emoji"], one["count"]])).collect()
    };
    assert_eq!(counts(&last), counts(&shown));
    let total: i64 = shown.as_array().expect("a list").iter().filter_map(|one| one["count"].as_i64()).sum();
    assert_eq!(total, 125);
}

#[tokio::test]
async fn a_replay_has_the_changes_and_the_current_counts() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let sent = ada.send(&bob, "cake!").await;
    let cursor = ada.feed_cursor().await;
    add(&bob, &sent, "👍").await;
    remove(&bob, &sent, "👍").await;

    let query = "query($after: String!) { events(after: $after) { events { ... on ReactionsChanged {
        message { reactions { count } } changes { emoji added } } } } }";
    let page = ada.ask(query, json!({ "after": cursor })).await["events"]["events"].take();

    let change =
        |added: bool| json!({ "message": { "reactions": [] }, "changes": [{ "emoji": "👍", "added": added }] });
    assert_eq!(page, json!([change(true), change(false)]));
}

#[tokio::test]
async fn a_stranger_and_one_who_left_do_not_find_it() {
    let app = TestApp::start().await;
    let (ada, bob, eve) = (app.user("Ada").await, app.user("Bob").await, app.user("Eve").await);
    let group = ada.group("Tea", &[&bob]).await;
    let sent = ada.send_to(&group, "cake!").await;
    ada.remove(&group, &bob).await;

    for person in [&bob, &eve] {
        assert_eq!(refused(person, &sent, "👍").await, "NOT_FOUND");
        assert_eq!(person.refused(REMOVE, json!({ "id": sent["id"], "emoji": "👍" })).await, "NOT_FOUND");
    }
    assert_eq!(refused(&ada, &json!({ "id": "junk" }), "👍").await, "NOT_FOUND");
}

#[tokio::test]
async fn reactions_have_a_rate() {
    let app = TestApp::limited().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let sent = ada.send(&bob, "cake!").await;
    let answers = join_all((0..41).map(|number| {
        let query = if number % 2 == 0 { ADD } else { REMOVE };
        bob.execute(query, json!({ "id": sent["id"], "emoji": "👍" }))
    }))
    .await;

    let limited = |answer: &&Value| answer["errors"][0]["extensions"]["code"] == "RATE_LIMITED";
    assert_eq!(answers.iter().filter(limited).count(), 1);
}
