//! Read marks.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Person, Socket, TestApp};

const MARK: &str = "mutation($to: ConversationRef!, $seq: Int!) { markRead(conversation: $to, upToSeq: $seq) {
    lastSeq lastReadSeq unreadCount } }";

/// Ada, Bob, and this many messages from Ada to Bob.
async fn talk(app: &TestApp, messages: usize) -> (Person, Person) {
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    for number in 1..=messages {
        ada.send(&bob, &number.to_string()).await;
    }
    (ada, bob)
}

/// Moves a mark; `lastReadSeq` and `unreadCount` afterwards.
async fn mark(person: &Person, other: &Person, seq: i64) -> (i64, i64) {
    let marked = person.ask(MARK, json!({ "to": { "userId": other.id }, "seq": seq })).await["markRead"].take();
    let number = |field: &str| marked[field].as_i64().expect("a number");
    assert_eq!(number("unreadCount"), number("lastSeq") - number("lastReadSeq"));
    (number("lastReadSeq"), number("unreadCount"))
}

/// The next event, which must be ReadMarkMoved: the reader, and `lastReadSeq`.
async fn next_mark(socket: &mut Socket) -> (Value, Value) {
    let mut received = socket.next_event().await;
    assert_eq!(received["__typename"], "ReadMarkMoved", "{received}");
    (received["user"]["id"].take(), received["lastReadSeq"].take())
}

#[tokio::test]
async fn a_mark_moves_forward_and_never_back() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 5).await;

    assert_eq!(mark(&bob, &ada, 3).await, (3, 2));
    assert_eq!(mark(&bob, &ada, 1).await, (3, 2));
    assert_eq!(mark(&bob, &ada, 0).await, (3, 2));
    assert_eq!(mark(&bob, &ada, 4).await, (4, 1));
}

#[tokio::test]
async fn a_mark_is_clamped_to_the_newest_message() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 2).await;

    assert_eq!(mark(&bob, &ada, i64::from(i32::MAX)).await, (2, 0));

    ada.send(&bob, "news").await;
    let unread = bob.ask("{ unread { messages conversations } }", json!({})).await;
    assert_eq!(unread["unread"], json!({ "messages": 1, "conversations": 1 }));
}

#[tokio::test]
async fn a_mark_is_clamped_at_the_time_it_moves() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 1).await;
    let end = i64::from(i32::MAX);
    assert_eq!(mark(&bob, &ada, end).await, (1, 0));
    ada.send(&bob, "news").await;
    let mut at_ada = ada.follow().await;

    let marks = tokio::join!(mark(&bob, &ada, end), mark(&bob, &ada, end), mark(&bob, &ada, 1), mark(&bob, &ada, end));

    assert_eq!((marks.0, marks.1, marks.3), ((2, 0), (2, 0), (2, 0)));
    assert_eq!(next_mark(&mut at_ada).await, (json!(bob.id), json!(2)));
    at_ada.stays_silent().await;
}

#[tokio::test]
async fn a_negative_mark_is_rejected() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 1).await;

    let refused = bob.refused(MARK, json!({ "to": { "userId": ada.id }, "seq": -1 })).await;

    assert_eq!(refused, "BAD_USER_INPUT at upToSeq");
}

#[tokio::test]
async fn a_mark_in_an_unknown_conversation_is_not_found() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);

    for to in [json!({ "userId": bob.id }), json!({ "userId": ada.id }), json!({ "conversationId": "1" })] {
        assert_eq!(ada.refused(MARK, json!({ "to": to, "seq": 1 })).await, "NOT_FOUND", "{to}");
    }
}

#[tokio::test]
async fn a_moved_mark_is_delivered_to_all_members() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 2).await;
    let eve = app.user("Eve").await;
    let (mut at_ada, mut at_bob, mut at_eve) = (ada.follow().await, bob.follow().await, eve.follow().await);

    mark(&bob, &ada, 2).await;

    assert_eq!(next_mark(&mut at_ada).await, (json!(bob.id), json!(2)));
    assert_eq!(next_mark(&mut at_bob).await, (json!(bob.id), json!(2)));
    at_ada.stays_silent().await;
    at_eve.stays_silent().await;
}

#[tokio::test]
async fn an_unmoved_mark_emits_no_event() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 2).await;
    mark(&bob, &ada, 2).await;
    let mut at_ada = ada.follow().await;

    mark(&bob, &ada, 1).await;
    mark(&bob, &ada, 2).await;
    mark(&bob, &ada, 3).await;

    at_ada.stays_silent().await;
}

#[tokio::test]
async fn rapid_moves_are_merged_into_one_event_with_the_farthest_mark() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 5).await;
    let mut at_ada = ada.follow().await;
    mark(&bob, &ada, 1).await;
    assert_eq!(next_mark(&mut at_ada).await.1, json!(1));

    let (one, other, third) = tokio::join!(mark(&bob, &ada, 2), mark(&bob, &ada, 4), mark(&bob, &ada, 3));

    assert_eq!((one, other, third), ((4, 1), (4, 1), (4, 1)));
    assert_eq!(next_mark(&mut at_ada).await.1, json!(4));
    at_ada.stays_silent().await;
}

#[tokio::test]
async fn continuous_moves_emit_one_event_a_second() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 100).await;
    let (mut at_ada, began) = (ada.follow().await, Instant::now());
    let scroll = async {
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        let mut marks = Vec::new();
        for seq in 1..=100 {
            pace.tick().await;
            let (bob, ada) = (bob.clone(), ada.clone());
            marks.push(tokio::spawn(async move { mark(&bob, &ada, seq).await }));
        }
        futures_util::future::join_all(marks).await
    };
    let listen = async {
        let mut received = 1;
        while next_mark(&mut at_ada).await.1 != 100 {
            received += 1;
        }
        (received, began.elapsed().as_secs())
    };

    let (_, (received, seconds)) = tokio::join!(scroll, listen);

    assert!(received <= seconds + 1, "{received} in {seconds} s");
}

#[tokio::test]
async fn in_a_group_of_more_than_100_a_mark_is_delivered_to_the_reader_only() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let crowd = app.crowd(99).await;
    let create = "mutation($members: [ID!]!) {
        createConversation(input: { title: \"Crowd\", memberIds: $members }) { id memberCount } }";
    let mut received = Vec::new();

    for guests in [&crowd[..98], &crowd[..]] {
        let members: Vec<&String> = guests.iter().chain([&bob.id]).collect();
        let made = ada.ask(create, json!({ "members": members })).await["createConversation"].take();
        let id = made["id"].as_str().expect("an id");
        ada.send_to(id, "hello").await;
        let (mut at_ada, mut at_bob) = (ada.follow().await, bob.follow().await);
        bob.ask(MARK, json!({ "to": { "conversationId": id }, "seq": 1 })).await;
        assert_eq!(next_mark(&mut at_bob).await, (json!(bob.id), json!(1)));
        if made["memberCount"] == 100 {
            assert_eq!(next_mark(&mut at_ada).await, (json!(bob.id), json!(1)));
        }
        at_ada.stays_silent().await;
        received.push(made["memberCount"].clone());
    }

    assert_eq!(received, [100, 101]);
}

#[tokio::test]
async fn a_deleted_message_does_not_count() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 1).await;
    let last = ada.send(&bob, "oops").await;

    ada.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": last["id"] })).await;

    assert_eq!(bob.ask("{ unread { messages } }", json!({})).await["unread"]["messages"], 1);
    let query = "query($id: ID!) { conversation(by: { userId: $id }) { unreadCount lastMessage { seq text } } }";
    let seen = bob.ask(query, json!({ "id": ada.id })).await;
    assert_eq!(seen["conversation"], json!({ "unreadCount": 1, "lastMessage": { "seq": 2, "text": null } }));
}

#[tokio::test]
async fn members_see_each_others_read_marks() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 3).await;
    mark(&bob, &ada, 2).await;

    let query = "query($id: ID!) { conversation(by: { userId: $id }) {
        lastReadSeq members { nodes { lastReadSeq user { fullName } } } } }";
    let seen = ada.ask(query, json!({ "id": bob.id })).await;

    assert_eq!(
        seen["conversation"],
        json!({ "lastReadSeq": 3, "members": { "nodes": [
            { "lastReadSeq": 3, "user": { "fullName": "Ada" } },
            { "lastReadSeq": 2, "user": { "fullName": "Bob" } },
        ] } })
    );
}

#[tokio::test]
async fn a_concurrent_mark_and_message_both_take_effect() {
    let app = TestApp::start().await;
    let (ada, bob) = talk(&app, 3).await;

    // Not by `mark`, which checks the whole answer: messages in between move the mark and the last seq.
    let three = json!({ "to": { "userId": ada.id }, "seq": 3 });
    tokio::join!(bob.ask(MARK, three), bob.send(&ada, "hi"), ada.send(&bob, "news"));

    let query = "query($id: ID!) { conversation(by: { userId: $id }) { lastSeq members { nodes { lastReadSeq } } } }";
    let seen = bob.ask(query, json!({ "id": ada.id })).await["conversation"].take();
    let marks: Vec<i64> =
        (0..2).filter_map(|member| seen["members"]["nodes"][member]["lastReadSeq"].as_i64()).collect();
    assert!(seen["lastSeq"] == 5 && marks.iter().all(|mark| (4..=5).contains(mark)), "{seen}");
}
