//! Messages that are deleted by their age: by the server's number of days, and by a group's own.

use std::time::Duration;

use parlour::audit::Operator;
use parlour::entity::server_role::StaffRole;
use parlour::id::UserId;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use crate::support::pictures::png;
use crate::support::{Person, Socket, TestApp, code, soon, sql_id};

const DAY: Duration = Duration::from_secs(24 * 3600);
const EVENTS: &str = "subscription($after: String) { events(after: $after) { __typename cursor
    ... on MessageAdded { message { text replyTo { id } } } ... on MessageChanged { message { text } }
    ... on HistoryTrimmed { conversationId beforeSeq } } }";
const PAGE: &str = "query($after: String!) { events(after: $after) { events { __typename
    ... on MessageAdded { message { text } } ... on HistoryTrimmed { beforeSeq } } } }";
const KEEP: &str =
    "mutation($id: ID!, $days: Int) { updateConversation(id: $id, retentionDays: $days) { retentionDays } }";
const HISTORY: &str = "query($id: ID!, $last: Int, $first: Int, $after: String, $around: Int) {
    conversation(by: { conversationId: $id }) { firstSeq lastSeq lastReadSeq unreadCount unreadMentionCount
        lastMessage { text } pinnedMessages { nodes { id } }
        messages(last: $last, first: $first, after: $after, aroundSeq: $around) {
            nodes { seq text replyTo { id } } pageInfo { hasPreviousPage hasNextPage startCursor } } } }";

async fn count(app: &TestApp, sql: &str) -> i64 {
    let db = app.database().await;
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    row.expect("an answer").expect("a row").try_get_by_index(0).expect("a number")
}

/// Everything from now on.
async fn follow(person: &Person) -> Socket {
    let mut socket = person.subscribe(EVENTS, json!({})).await;
    assert_eq!(socket.next_event().await["__typename"], "CaughtUp");
    socket
}

/// The next event of this type.
async fn next_of(socket: &mut Socket, kind: &str) -> Value {
    loop {
        let event = socket.next_event().await;
        if event["__typename"] == kind {
            return event;
        }
    }
}

/// The next event that says that a history was trimmed, without its cursor.
async fn trimmed(socket: &mut Socket) -> Value {
    let event = next_of(socket, "HistoryTrimmed").await;
    json!([event["conversationId"], event["beforeSeq"]])
}

async fn history(person: &Person, id: &Value, window: Value) -> Value {
    let mut variables = window;
    variables["id"] = id.clone();
    person.ask(HISTORY, variables).await["conversation"].take()
}

#[tokio::test]
async fn old_messages_go_with_all_that_belongs_to_them() {
    let app = TestApp::start_with(&[("RETENTION_DAYS", "2")]).await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let sent = ada.send(&bob, "elderberry one").await;
    let place = &sent["conversationId"];
    ada.send_image(&app, &bob, &png(30, 20)).await;
    let called = json!({ "to": { "userId": bob.id }, "text": "elderberry three", "mentionIds": [bob.id] });
    let pinned = ada.send_input(called).await;
    for query in ["addReaction(messageId: $id, emoji: \"👍\") { id }", "pinMessage(messageId: $id) { id }"] {
        bob.ask(&format!("mutation($id: ID!) {{ {query} }}"), json!({ "id": pinned["id"] })).await;
    }
    bob.ask(
        "mutation($id: ID!) { deleteMessage(id: $id) { id } }",
        json!({ "id": bob.send(&ada, "gone").await["id"] }),
    )
    .await;
    let found = "{ searchMessages(query: \"elderberry\") { nodes { text } } mentions { nodes { text } } }";
    assert_eq!(ada.ask(found, json!({})).await["searchMessages"]["nodes"].as_array().map(Vec::len), Some(2));
    let before = history(&bob, place, json!({ "last": 9 })).await;
    assert_eq!((&before["firstSeq"], &before["lastSeq"]), (&json!(1), &json!(5)));
    let cursor = bob.feed_cursor().await;

    let mut socket = bob.subscribe(EVENTS, json!({ "after": cursor })).await;
    app.clock.advance(DAY);
    let quote = json!({ "to": { "userId": bob.id }, "text": "young", "replyToId": pinned["id"] });
    ada.another_device(&app).await.send_input(quote).await;
    assert_eq!(next_of(&mut socket, "MessageAdded").await["message"]["replyTo"]["id"], pinned["id"]);
    app.clock.advance(2 * DAY);

    assert_eq!(trimmed(&mut socket).await, json!([place, 6]));
    let bob = bob.another_device(&app).await;
    assert_eq!(
        history(&bob, place, json!({ "last": 9 })).await,
        json!({
            "firstSeq": 6, "lastSeq": 6, "lastReadSeq": 5, "unreadCount": 1, "unreadMentionCount": 0,
            "lastMessage": { "text": "young" }, "pinnedMessages": { "nodes": [] },
            "messages": { "nodes": [{ "seq": 6, "text": "young", "replyTo": null }], "pageInfo": {
                "hasPreviousPage": false, "hasNextPage": false,
                "startCursor": history(&bob, place, json!({ "first": 1 })).await["messages"]["pageInfo"]["startCursor"]
            } },
        })
    );
    let gone = bob.ask(found, json!({})).await;
    assert_eq!(gone, json!({ "searchMessages": { "nodes": [] }, "mentions": { "nodes": [] } }));
    let by_id = "query($id: ID!) { message(id: $id) { id } node(id: $id) { id } }";
    assert_eq!(bob.ask(by_id, json!({ "id": sent["id"] })).await, json!({ "message": null, "node": null }));
    for query in [
        "mutation($id: ID!) { editMessage(id: $id, text: \"x\") { id } }",
        "mutation($id: ID!) { addReaction(messageId: $id, emoji: \"👍\") { id } }",
        "mutation($id: ID!) { report(input: { target: { messageId: $id }, reason: SPAM }) }",
    ] {
        assert_eq!(bob.fails(query, json!({ "id": sent["id"] })).await, "NOT_FOUND", "{query}");
    }
    let reply = json!({ "input": { "to": { "userId": ada.id }, "text": "x", "replyToId": sent["id"] } });
    let query = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { id } }";
    assert_eq!(code(&bob.execute(query, reply).await), "NOT_FOUND");
    for table in ["message", "reaction", "mention", "image", "uncounted_block"] {
        let rest = if table == "message" { 1 } else { i64::from(table == "uncounted_block") };
        assert_eq!(count(&app, &format!("SELECT COUNT(*) FROM {table}")).await, rest, "{table}");
    }
    soon(async { while !app.files("images").is_empty() || app.index_holds("elderberry").await {} }).await;
}

#[tokio::test]
async fn what_was_not_read_before_it_went_is_not_unread() {
    let app = TestApp::start_with(&[("RETENTION_DAYS", "1")]).await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let mut place = json!(null);
    for number in 0..3 {
        place = ada.send(&bob, &format!("old {number}")).await["conversationId"].take();
    }
    let mut socket = follow(&bob).await;
    app.clock.advance(3 * DAY);
    assert_eq!(trimmed(&mut socket).await, json!([place, 4]));

    let summary =
        "{ unread { messages conversations badge } conversations { nodes { unreadCount lastMessage { id } } } }";
    let bob = bob.another_device(&app).await;
    assert_eq!(
        bob.ask(summary, json!({})).await,
        json!({ "unread": { "messages": 0, "conversations": 0, "badge": 0 },
            "conversations": { "nodes": [{ "unreadCount": 0, "lastMessage": null }] } })
    );
    let seen = history(&bob, &place, json!({ "around": 1 })).await;
    assert_eq!(seen["messages"]["nodes"], json!([]));
    assert_eq!((&seen["firstSeq"], &seen["lastSeq"]), (&json!(4), &json!(3)));

    ada.another_device(&app).await.send(&bob, "new").await;

    let seen = bob.ask(summary, json!({})).await;
    assert_eq!(seen["unread"], json!({ "messages": 1, "conversations": 1, "badge": 1 }));
    assert_eq!(seen["conversations"]["nodes"][0]["unreadCount"], 1);
    let seen = history(&bob, &place, json!({ "first": 9 })).await;
    assert_eq!(seen["messages"]["nodes"], json!([{ "seq": 4, "text": "new", "replyTo": null }]));
}

#[tokio::test]
async fn a_group_may_keep_less_than_the_server_and_nothing_more() {
    let app = TestApp::start_with(&[("RETENTION_DAYS", "4")]).await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let (short, long) = (ada.group("Short", &[&bob]).await, ada.group("Long", &[&bob]).await);
    let set = async |group: &str, days: Value| {
        ada.ask(KEEP, json!({ "id": group, "days": days })).await["updateConversation"]["retentionDays"].take()
    };
    assert_eq!(set(&short, json!(1)).await, 1);
    assert_eq!(set(&long, json!(400)).await, 4);
    assert_eq!(set(&long, json!(null)).await, 4);
    for (person, id, days, refusal) in [
        (&ada, &short, 0, "BAD_USER_INPUT"),
        (&ada, &short, 3_651, "BAD_USER_INPUT"),
        (&bob, &short, 2, "FORBIDDEN"),
        (
            &ada,
            ada.send(&bob, "hello").await["conversationId"].as_str().map(str::to_owned).as_ref().expect("an id"),
            2,
            "NOT_FOUND",
        ),
    ] {
        assert_eq!(person.fails(KEEP, json!({ "id": id, "days": days })).await, refusal, "{days}");
    }
    ada.send_to(&short, "one").await;
    ada.send_to(&long, "one").await;

    let mut socket = follow(&bob).await;
    app.clock.advance(3 * DAY);

    assert_eq!(trimmed(&mut socket).await, json!([short, 3]));
    let bob = bob.another_device(&app).await;
    assert_eq!(history(&bob, &json!(long), json!({ "last": 9 })).await["firstSeq"], 1);
    assert_eq!(history(&bob, &json!(short), json!({ "last": 9 })).await["firstSeq"], 3);
}

#[tokio::test]
async fn nothing_goes_where_no_number_is_set() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let (kept, other) = (ada.group("Kept", &[&bob]).await, ada.group("Other", &[&bob]).await);
    ada.ask(KEEP, json!({ "id": other, "days": 1 })).await;
    assert_eq!(
        ada.ask(KEEP, json!({ "id": kept, "days": null })).await["updateConversation"]["retentionDays"],
        json!(null)
    );
    ada.send_to(&kept, "for good").await;
    let mut socket = follow(&bob).await;

    app.clock.advance(5 * DAY);

    assert_eq!(trimmed(&mut socket).await[0], other.as_str());
    let seen = history(&bob.another_device(&app).await, &json!(kept), json!({ "last": 1 })).await;
    assert_eq!(seen["messages"]["nodes"][0]["text"], "for good");
}

#[tokio::test]
async fn a_long_history_goes_in_steps_and_who_was_away_gets_what_is_left() {
    const OLD: usize = 300;
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let group = ada.group("Long", &[&bob]).await;
    let away = bob.feed_cursor().await;
    for number in 0..OLD {
        ada.send_to(&group, &format!("old {number}")).await;
    }
    ada.ask(KEEP, json!({ "id": group, "days": 1 })).await;
    app.clock.advance(DAY);
    let (ada, bob) = (ada.another_device(&app).await, bob.another_device(&app).await);
    ada.send_to(&group, "new").await;
    let mut socket = follow(&bob).await;

    app.clock.advance(DAY);

    // The line of the group that was made is the first message of all.
    assert_eq!(trimmed(&mut socket).await, json!([group, 257]));
    assert_eq!(trimmed(&mut socket).await, json!([group, OLD + 2]));
    let bob = bob.another_device(&app).await;
    let replayed = bob.subscribe(EVENTS, json!({ "after": away })).await.replay().await.0;
    let told = |events: &[Value]| {
        let told = events.iter().filter(|event| event["__typename"] != "ConversationChanged");
        told.map(|event| event["message"]["text"].as_str().map_or_else(|| event["beforeSeq"].clone(), Value::from))
            .collect()
    };
    // Of what was trimmed only the newest matters.
    let expected: Vec<Value> = vec![json!("new"), json!(OLD + 2)];
    let replayed: Vec<Value> = told(&replayed);
    assert_eq!(replayed, expected);
    let page = bob.ask(PAGE, json!({ "after": away })).await;
    let page: Vec<Value> = told(page["events"]["events"].as_array().expect("a list"));
    assert!(page.iter().all(|told| expected.contains(told)), "{page:?}");
    let messages = "subscription($after: String) { messageAdded(after: $after) { text } }";
    let mut socket = bob.subscribe(messages, json!({ "after": away })).await;
    assert_eq!(socket.next_data("1").await["messageAdded"]["text"], "new");
}

#[tokio::test]
async fn what_was_reported_stays_and_can_be_closed() {
    let app = TestApp::start_with(&[("RETENTION_DAYS", "1")]).await;
    let (ada, bob, mo) = (app.user("Ada").await, app.user("Bob").await, app.user("Mo").await);
    let id = UserId::parse(&mo.id).expect("an id");
    app.command(async |program| {
        program.accounts.grant_for_operator(&Operator::default(), id, StaffRole::Moderator).await.expect("a role");
    })
    .await;
    let sent = ada.send_image(&app, &bob, &png(30, 20)).await;
    let report = "mutation($id: ID!) { report(input: { target: { messageId: $id }, reason: SPAM }) }";
    bob.ask(report, json!({ "id": sent["id"] })).await;
    let mut socket = follow(&bob).await;

    app.clock.advance(3 * DAY);
    trimmed(&mut socket).await;

    let mo = mo.another_device(&app).await;
    let open = "{ reports { nodes { id messageId image { id } } } }";
    let kept = mo.ask(open, json!({})).await["reports"]["nodes"][0].take();
    assert_eq!((&kept["messageId"], &kept["image"]["id"]), (&sent["id"], &sent["image"]["id"]));
    assert_eq!(app.files("images").len(), 1);
    let close = "mutation($id: ID!) { resolveReport(id: $id, action: DELETE_MESSAGE) { action } }";
    assert_eq!(mo.ask(close, json!({ "id": kept["id"] })).await["resolveReport"]["action"], "DELETE_MESSAGE");
}

#[tokio::test]
async fn a_wrong_clock_deletes_nothing() {
    let app = TestApp::start_with(&[("RETENTION_DAYS", "1")]).await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let sent = ada.send(&bob, "hello").await;
    app.clock.set(400 * 24 * 3_600_000);
    app.clock.advance(Duration::from_secs(3600));
    // Whoever arrives now is written behind what the look would have deleted.
    app.user("Eve").await;
    app.clock.set(-400 * 24 * 3_600_000);
    app.clock.advance(Duration::from_secs(3600));
    app.user("Dan").await;
    let place = sql_id(sent["conversationId"].as_str().expect("an id"));
    assert_eq!(count(&app, &format!("SELECT CAST(first_seq AS bigint) FROM conversation WHERE id = {place}")).await, 1);
}
