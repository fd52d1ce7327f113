//! Pages of a conversation's history.

use serde_json::{Value, json};

use crate::support::{Person, TestApp};

const HISTORY: &str = "query($to: ConversationRef!, $first: Int, $after: String, $last: Int, $before: String,
    $aroundSeq: Int) {
    messages(conversation: $to, first: $first, after: $after, last: $last, before: $before, aroundSeq: $aroundSeq) {
        edges { cursor node { seq } } nodes { seq }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

/// Ada, Bob, and this many messages from Ada to Bob.
async fn talk(app: &TestApp, messages: usize) -> (Person, Person) {
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    for number in 1..=messages {
        ada.send(&bob, &number.to_string()).await;
    }
    (ada, bob)
}

/// A page as Bob sees it: the seqs, `hasPreviousPage` and `hasNextPage`.
async fn page(bob: &Person, ada: &Person, mut arguments: Value) -> (Vec<i64>, bool, bool) {
    arguments["to"] = json!({ "userId": ada.id });
    let page = bob.ask(HISTORY, arguments).await["messages"].take();
    let seqs = |list: &Value| list.as_array().expect("a list").iter().filter_map(|node| node["seq"].as_i64()).collect();
    let edges = page["edges"].as_array().expect("edges");
    let nodes: Vec<i64> = seqs(&page["nodes"]);
    assert_eq!(edges.iter().filter_map(|edge| edge["node"]["seq"].as_i64()).collect::<Vec<_>>(), nodes);
    let info = &page["pageInfo"];
    let cursor = |edge: Option<&Value>| edge.map_or(Value::Null, |edge| edge["cursor"].clone());
    assert_eq!((&info["startCursor"], &info["endCursor"]), (&cursor(edges.first()), &cursor(edges.last())));
    (nodes, info["hasPreviousPage"] == true, info["hasNextPage"] == true)
}

/// The cursor of the message with this seq.
async fn cursor(bob: &Person, ada: &Person, seq: i64) -> Value {
    let arguments = json!({ "to": { "userId": ada.id }, "first": 1, "aroundSeq": seq });
    let page = bob.ask(HISTORY, arguments).await["messages"].take();
    assert_eq!(page["nodes"], json!([{ "seq": seq }]));
    page["edges"][0]["cursor"].clone()
}

#[tokio::test]
async fn an_empty_history_has_no_neighbouring_pages() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 0).await;

    for arguments in [json!({}), json!({ "first": 1 }), json!({ "last": 1 }), json!({ "aroundSeq": 1 })] {
        assert_eq!(page(&bob, &ada, arguments.clone()).await, (vec![], false, false), "{arguments}");
    }
}

#[tokio::test]
async fn without_arguments_a_page_is_the_newest_50() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 52).await;

    assert_eq!(page(&bob, &ada, json!({})).await, ((3..=52).collect(), true, false));
    assert_eq!(page(&bob, &ada, json!({ "last": 100 })).await, ((1..=52).collect(), false, false));
    assert_eq!(page(&bob, &ada, json!({ "before": cursor(&bob, &ada, 52).await })).await.0.len(), 50);
    assert_eq!(page(&bob, &ada, json!({ "after": cursor(&bob, &ada, 1).await })).await.0.len(), 50);
}

#[tokio::test]
async fn a_page_from_the_start() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 5).await;

    for (first, expected) in [
        (1, (vec![1], false, true)),
        (4, (vec![1, 2, 3, 4], false, true)),
        (5, (vec![1, 2, 3, 4, 5], false, false)),
        (6, (vec![1, 2, 3, 4, 5], false, false)),
    ] {
        assert_eq!(page(&bob, &ada, json!({ "first": first })).await, expected, "first {first}");
    }
}

#[tokio::test]
async fn a_page_from_the_end() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 5).await;

    for (last, expected) in [
        (1, (vec![5], true, false)),
        (4, (vec![2, 3, 4, 5], true, false)),
        (5, (vec![1, 2, 3, 4, 5], false, false)),
        (6, (vec![1, 2, 3, 4, 5], false, false)),
    ] {
        assert_eq!(page(&bob, &ada, json!({ "last": last })).await, expected, "last {last}");
    }
}

#[tokio::test]
async fn a_page_after_a_message() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 5).await;

    for (after, first, expected) in [
        (1, 2, (vec![2, 3], true, true)),
        (3, 2, (vec![4, 5], true, false)),
        (4, 2, (vec![5], true, false)),
        (5, 2, (vec![], true, false)),
    ] {
        let arguments = json!({ "first": first, "after": cursor(&bob, &ada, after).await });
        assert_eq!(page(&bob, &ada, arguments).await, expected, "after {after}");
    }
}

#[tokio::test]
async fn a_page_before_a_message() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 5).await;

    for (before, last, expected) in [
        (5, 2, (vec![3, 4], true, true)),
        (3, 2, (vec![1, 2], false, true)),
        (2, 2, (vec![1], false, true)),
        (1, 2, (vec![], false, true)),
    ] {
        let arguments = json!({ "last": last, "before": cursor(&bob, &ada, before).await });
        assert_eq!(page(&bob, &ada, arguments).await, expected, "before {before}");
    }
}

#[tokio::test]
async fn a_page_around_a_message_or_the_nearest_one() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 9).await;

    for (seq, first, expected) in [
        (5, 3, (vec![4, 5, 6], true, true)),
        (1, 3, (vec![1, 2, 3], false, true)),
        (9, 3, (vec![7, 8, 9], true, false)),
        (0, 3, (vec![1, 2, 3], false, true)),
        (1_000, 3, (vec![7, 8, 9], true, false)),
        (i64::from(i32::MAX), 1, (vec![9], true, false)),
        (5, 100, ((1..=9).collect(), false, false)),
    ] {
        assert_eq!(page(&bob, &ada, json!({ "aroundSeq": seq, "first": first })).await, expected, "around {seq}");
    }
    assert_eq!(page(&bob, &ada, json!({ "aroundSeq": 5 })).await.0.len(), 9);
    assert_eq!(page(&bob, &ada, json!({ "aroundSeq": 5, "last": 3 })).await.0, [4, 5, 6]);
}

#[tokio::test]
async fn tombstones_keep_their_seq() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 2).await;
    let last = ada.send(&bob, "3").await;

    ada.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": last["id"] })).await;

    assert_eq!(page(&bob, &ada, json!({})).await, (vec![1, 2, 3], false, false));
}

#[tokio::test]
async fn every_way_to_a_history_gives_the_same() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 3).await;
    let nested = "query($id: ID!) { conversation(by: { userId: $id }) { id messages(last: 2) {
        nodes { seq } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }";
    let list = "query($id: ID!) { messages(conversation: { conversationId: $id }, last: 2) {
        nodes { seq } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

    let by_person = bob.ask(nested, json!({ "id": ada.id })).await["conversation"].take();
    let by_id = bob.ask(list, json!({ "id": by_person["id"] })).await;

    assert_eq!(by_person["messages"]["nodes"], json!([{ "seq": 2 }, { "seq": 3 }]));
    assert_eq!(by_id["messages"], by_person["messages"]);
}

#[tokio::test]
async fn a_page_of_messages_names_the_invalid_argument() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 3).await;
    let carl = app.user("Carl").await;
    carl.send(&bob, "hi").await;
    let (here, elsewhere) = (cursor(&bob, &ada, 2).await, cursor(&bob, &carl, 1).await);
    let people = bob.ask("{ users { pageInfo { endCursor } } }", json!({})).await;
    let other_list = &people["users"]["pageInfo"]["endCursor"];

    for (field, mut arguments) in [
        ("first", json!({ "first": 0 })),
        ("first", json!({ "first": -1 })),
        ("first", json!({ "first": 101 })),
        ("first", json!({ "first": i32::MAX })),
        ("last", json!({ "last": 0 })),
        ("last", json!({ "last": 101 })),
        ("last", json!({ "first": 1, "last": 1 })),
        ("after", json!({ "after": "" })),
        ("after", json!({ "after": "garbage" })),
        ("after", json!({ "after": elsewhere })),
        ("after", json!({ "after": other_list })),
        ("before", json!({ "before": "garbage" })),
        ("before", json!({ "before": elsewhere })),
        ("first", json!({ "first": 1, "before": here })),
        ("last", json!({ "last": 1, "after": here })),
        ("before", json!({ "before": here, "after": here })),
        ("aroundSeq", json!({ "aroundSeq": -1 })),
        ("after", json!({ "aroundSeq": 1, "after": here })),
        ("before", json!({ "aroundSeq": 1, "before": here })),
    ] {
        arguments["to"] = json!({ "userId": ada.id });
        assert_eq!(bob.refused(HISTORY, arguments.clone()).await, format!("BAD_USER_INPUT at {field}"), "{arguments}");
    }
}

#[tokio::test]
async fn a_fractional_page_size_is_rejected() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 1).await;

    for first in [json!(1e300), json!(1.5), json!("1"), json!(true)] {
        let arguments = json!({ "to": { "userId": ada.id }, "first": first });
        assert_eq!(bob.fails(HISTORY, arguments).await, "GRAPHQL_VALIDATION_FAILED", "{first}");
    }
}
