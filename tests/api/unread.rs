//! What counts as unread, and that it stays exact.

use std::collections::HashMap;

use futures_util::future::join_all;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, TestApp, is_postgres, soon, sql_id};

const UNREAD: &str = "query($id: ID!) { conversation(by: { conversationId: $id }) { lastSeq lastReadSeq unreadCount }
    conversations { nodes { id unreadCount } } unread { messages conversations } }";

/// The unread count of a conversation, which all places have to agree on.
async fn unread(person: &Person, group: &str) -> i64 {
    let seen = person.ask(UNREAD, json!({ "id": group })).await;
    let count = seen["conversation"]["unreadCount"].as_i64().unwrap_or_else(|| panic!("{seen}"));
    let nodes = seen["conversations"]["nodes"].as_array().expect("a list");
    let listed: HashMap<&str, i64> = nodes
        .iter()
        .map(|node| (node["id"].as_str().expect("an id"), node["unreadCount"].as_i64().expect("a number")))
        .collect();
    assert_eq!(listed[group], count);
    let messages: i64 = listed.values().sum();
    let conversations = listed.values().filter(|count| **count > 0).count();
    assert_eq!(seen["unread"], json!({ "messages": messages, "conversations": conversations }));
    count
}

async fn delete(person: &Person, message: &Value) {
    let query = "mutation($id: ID!) { deleteMessage(id: $id) { countsAsUnread } }";
    let deleted = person.ask(query, json!({ "id": message["id"] })).await["deleteMessage"].take();
    assert_eq!(deleted["countsAsUnread"], false);
}

async fn erase(person: &Person) {
    let query = "mutation($password: String!) { deleteAccount(password: $password) }";
    person.ask(query, json!({ "password": PASSWORD })).await;
}

#[tokio::test]
async fn deleted_messages_and_lines_of_the_conversation_do_not_count() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let group = ada.group("Tea", &[&bob]).await;
    let before = unread(&bob, &group).await;
    let mut sent = Vec::new();
    for text in ["one", "two", "three", "four"] {
        sent.push(ada.send_to(&group, text).await);
    }
    assert_eq!(unread(&bob, &group).await, before + 4);

    delete(&ada, &sent[1]).await;
    delete(&ada, &sent[1]).await;
    assert_eq!(unread(&bob, &group).await, before + 3);
    let line = format!(
        "INSERT INTO message (id, conversation_id, seq, sender_id, version, position, nonce, created_at, system_line)
          SELECT {}, conversation_id, seq + 1, sender_id, 1, 1000000, 1, 0, '{{}}' FROM message WHERE id = {}",
        sql_id(&parlour::id::MessageId::new().to_string()),
        sql_id(sent[3]["id"].as_str().expect("an id"))
    );
    let after_it = format!("UPDATE conversation SET last_seq = last_seq + 1 WHERE id = {}", sql_id(&group));
    for statement in [line, after_it] {
        app.database().await.execute_unprepared(&statement).await.expect("it is written");
    }
    assert_eq!(unread(&bob, &group).await, before + 3);
    let query =
        "query($id: ID!) { messages(conversation: { conversationId: $id }, last: 5) { nodes { countsAsUnread } } }";
    let page = bob.ask(query, json!({ "id": group })).await["messages"]["nodes"].take();
    let counts: Vec<&Value> = page.as_array().expect("a list").iter().map(|node| &node["countsAsUnread"]).collect();
    assert_eq!(counts, [true, false, true, true, false]);
    delete(&ada, &sent[3]).await;
    delete(&ada, &sent[2]).await;
    delete(&ada, &sent[0]).await;
    assert_eq!(unread(&bob, &group).await, before);
    assert_eq!(bob.ask("{ unread { conversations } }", json!({})).await["unread"]["conversations"], 0);
}

#[tokio::test]
async fn an_erased_persons_messages_stop_counting_at_once() {
    let app = TestApp::start().await;
    let (ada, bob, carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);
    let group = ada.group("Tea", &[&bob, &carl]).await;
    for person in [&carl, &ada, &carl, &ada] {
        person.send_to(&group, "tea").await;
    }
    let before = unread(&bob, &group).await;

    erase(&carl).await;

    assert_eq!(unread(&bob, &group).await, before - 2);
    soon(async {
        let waits = "SELECT 1 FROM erasure";
        let db = app.database().await;
        let rest = || sea_orm::Statement::from_string(db.get_database_backend(), waits);
        while db.query_one_raw(rest()).await.expect("a look").is_some() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(unread(&bob, &group).await, before - 2);
}

#[tokio::test]
async fn what_counts_follows_from_events() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let events = "subscription { events { __typename
        ... on MessageAdded { message { countsAsUnread } unread { messages } }
        ... on MessageChanged { message { countsAsUnread } unread { messages } } } }";
    let mut at_bob = bob.subscribe(events, json!({})).await;
    assert_eq!(at_bob.next_event().await["__typename"], "CaughtUp");

    let sent = ada.send(&bob, "tea?").await;
    let added = at_bob.next_event().await;
    assert_eq!((&added["message"]["countsAsUnread"], &added["unread"]["messages"]), (&json!(true), &json!(2)));
    delete(&ada, &sent).await;
    let changed = at_bob.next_event().await;
    assert_eq!((&changed["message"]["countsAsUnread"], &changed["unread"]["messages"]), (&json!(false), &json!(1)));
}

#[tokio::test]
async fn a_history_of_many_tombstones_costs_no_more() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let group = ada.group("Tea", &[&bob]).await;
    ada.send_to(&group, "first").await;
    let history =
        "INSERT INTO message (id, conversation_id, seq, sender_id, text, version, position, nonce, created_at)
        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5000)
        SELECT ID, conversation_id, seq + n, sender_id, text, 1, 1000000 + n, 1, 0 FROM message, numbers
         WHERE system_line IS NULL";
    let id = if is_postgres() { "gen_random_uuid()" } else { "randomblob(16)" };
    let db = app.database().await;
    db.execute_unprepared(&history.replace("ID,", &format!("{id},"))).await.expect("a history");
    for statement in [
        "UPDATE message SET deleted_at = 1, text = NULL WHERE seq % 2 = 0",
        "UPDATE conversation SET last_seq = (SELECT MAX(seq) FROM message)",
    ] {
        db.execute_unprepared(statement).await.expect("it is written");
    }
    let counted = async |mark: i64| {
        let set = format!("UPDATE membership SET last_read_seq = {mark} WHERE user_id = {}", sql_id(&bob.id));
        db.execute_unprepared(&set).await.expect("it is set");
        unread(&bob, &group).await
    };
    let last = bob.ask(UNREAD, json!({ "id": group })).await["conversation"]["lastSeq"].as_i64().expect("a seq");

    for mark in [4, 5, 6, 1_022, 1_023, 1_024, 1_025, 2_048, last - 1, last] {
        // The odd ones after the mark.
        assert_eq!(counted(mark).await, (last + 1) / 2 - (mark + 1) / 2, "after {mark} of {last}");
    }
    let (_, statements) = app.statements(&bob, "{ conversations { nodes { unreadCount } } }").await;
    assert!(statements.len() <= 2, "nothing is unread: {statements:?}");
}

/// What random people do; `UNREAD_OPERATIONS` in the environment sets another number.
const OPERATIONS: usize = 1_200;

fn below(bound: usize) -> usize {
    usize::try_from(getrandom::u32().expect("random numbers")).expect("32 bits") % bound
}

async fn do_something(person: &Person, group: &str, sent: &std::sync::Mutex<Vec<(String, Value)>>) {
    match below(100) {
        0..55 => {
            let message = person
                .execute(crate::support::SEND, json!({ "input": { "to": { "conversationId": group }, "text": "x" } }));
            let message = message.await["data"]["sendMessage"].take();
            if !message.is_null() {
                sent.lock().expect("a lock").push((person.id.clone(), message["id"].clone()));
            }
        }
        55..85 => {
            let own = {
                let sent = sent.lock().expect("a lock");
                let own: Vec<_> = sent.iter().filter(|(sender, _)| *sender == person.id).collect();
                (!own.is_empty()).then(|| own[below(own.len())].1.clone())
            };
            if let Some(own) = own {
                person.execute("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": own })).await;
            }
        }
        _ => {
            let query = "mutation($id: ID!) { markRead(conversation: { conversationId: $id }, upToSeq: 0) { id } }";
            person.execute(query, json!({ "id": group })).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_equal_a_recount_after_random_operations() {
    let app = TestApp::start().await;
    let people = join_all(["Ada", "Bob", "Carl", "Eve", "Fay"].map(|name| app.user(name))).await;
    let guests = join_all(["Hal", "Ida", "Jon"].map(|name| app.user(name))).await;
    let reader = app.user("Zoe").await;
    let all: Vec<&Person> = people.iter().chain(&guests).skip(1).chain([&reader]).collect();
    let (group, sent) = (people[0].group("Tea", &all).await, std::sync::Mutex::new(Vec::new()));
    let operations =
        std::env::var("UNREAD_OPERATIONS").ok().and_then(|number| number.parse().ok()).unwrap_or(OPERATIONS);
    let each = operations / (people.len() + guests.len());

    let living = people.iter().chain(&guests).map(|person| {
        let (group, sent, guests) = (&group, &sent, &guests);
        async move {
            for _ in 0..each {
                do_something(person, group, sent).await;
            }
            if guests.iter().any(|guest| guest.id == person.id) {
                erase(person).await;
            }
        }
    });
    join_all(living).await;

    let query =
        "query($id: ID!, $after: String) { messages(conversation: { conversationId: $id }, first: 100, after: $after) {
        nodes { seq countsAsUnread } pageInfo { endCursor hasNextPage } } }";
    let (mut counting, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = reader.ask(query, json!({ "id": group, "after": after })).await["messages"].take();
        let nodes = page["nodes"].as_array().expect("a list");
        counting
            .extend(nodes.iter().filter(|node| node["countsAsUnread"] == true).filter_map(|node| node["seq"].as_i64()));
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    for person in people.iter().chain([&reader]) {
        let seen = person.ask(UNREAD, json!({ "id": group })).await["conversation"].take();
        let mark = seen["lastReadSeq"].as_i64().expect("a seq");
        let recount = counting.iter().filter(|seq| **seq > mark).count();
        assert_eq!(seen["unreadCount"], recount, "{}: {seen}", person.name);
        assert_eq!(usize::try_from(unread(person, &group).await), Ok(recount));
    }
    assert!(counting.len() > 50, "{counting:?}");
}
