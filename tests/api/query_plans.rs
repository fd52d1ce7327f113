//! Query plans: everything is found by an index, however long the history is.

use std::time::Duration;

use async_graphql::Request;
use parlour::audit::{self, AuditFilter, Operator};
use parlour::conversations::GroupActor;
use parlour::db::{HOT_READS, HOT_WRITES};
use parlour::entity::image_deletion;
use parlour::feed::{Follower, KindSet, Step};
use parlour::id::{AuditId, ConversationId, UserId};
use parlour::{accounts, conversations, messages, sampled};
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel, Statement};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Person, TestApp, is_postgres, position, soon};

/// The frequent queries of a chat client, with a person's id for `PERSON` and their conversation's for `HERE`.
const HOT: [&str; 13] = [
    "{ conversations { nodes { unreadCount memberCount otherUser { fullName } lastMessage { text sender { fullName } }
        members(first: 5) { nodes { user { fullName } } } } pageInfo { hasNextPage } } }",
    "{ unread { messages conversations mentions badge } feedCursor }",
    "{ conversations { nodes { unreadCount unreadMentionCount lastMessage { countsAsUnread } } } }",
    "{ message(id: \"MESSAGE\") { reactions { emoji viewerReacted users { nodes { fullName } } } mentions { id } } }",
    "{ mentions { nodes { text } } }",
    "{ conversation(by: { conversationId: \"HERE\" }) { pinnedMessages { nodes { text } } viewerCan own { archived } } }",
    "{ messages(conversation: { userId: \"PERSON\" }) { nodes { text sender { fullName } replyTo { text } } } }",
    "{ messages(conversation: { conversationId: \"HERE\" }, last: 5, aroundSeq: 3) { nodes { text } } }",
    "{ conversation(by: { conversationId: \"HERE\" }) { members { nodes { user { fullName } } } messages { nodes { text } } } }",
    "{ message(id: \"MESSAGE\") { text } }",
    "{ users { nodes { fullName } } }",
    "{ user(id: \"PERSON\") { fullName } }",
    "{ me { fullName } }",
];

/// Whether a step reads a whole table, or of the log all that came after a place. What is read of a list of
/// conversations, of a subquery or of one row is as long as that; the next of the log are read without looking farther.
fn reads_all(sql: &str, step: &str) -> bool {
    if is_postgres() {
        // It avoids this wherever it can: see `TestApp::plan`.
        return step.contains("Seq Scan on ");
    }
    let small = [
        "SCAN mine",
        "SCAN asked",
        "SCAN listed",
        "SCAN missed",
        "SCAN ranked",
        "SCAN called",
        "SCAN named",
        "SCAN everybody",
        "SCAN (subquery",
    ];
    let next = ["SCAN feed_event", "SEARCH feed_event USING INTEGER PRIMARY KEY (rowid>?)"];
    let is_bounded =
        small.iter().any(|known| step.starts_with(known)) || sql.ends_with(" LIMIT ?") && next.contains(&step);
    let scans = step.contains("SCAN ")
        && !step.contains(" CONSTANT ROW")
        && !step.contains(" INDEX ")
        && !step.contains("-ROW VALUES CLAUSE");
    (scans || step.contains("(rowid>?") || step.contains(" AUTOMATIC ")) && !is_bounded
}

/// Whether every root field has a value, and no list is empty: otherwise later statements would not run.
fn is_filled(answer: &Value) -> bool {
    fn has_empty_list(value: &Value) -> bool {
        match value {
            Value::Array(items) => items.is_empty() || items.iter().any(has_empty_list),
            Value::Object(fields) => fields.values().any(has_empty_list),
            _ => false,
        }
    }
    let fields = answer.as_object().expect("the data of an answer");
    fields.values().all(|value| !value.is_null() && !has_empty_list(value))
}

/// Fails if one of the statements reads a whole table.
async fn are_found_by_an_index(app: &TestApp, statements: Vec<Statement>) {
    for statement in statements {
        let sql = statement.sql.clone();
        let plan = app.plan(statement).await;
        assert!(!plan.iter().any(|step| reads_all(&sql, step)), "{sql}\n{plan:#?}");
    }
}

async fn set(app: &TestApp) -> (Person, impl Fn(&str) -> String) {
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let cursor = ada.feed_cursor().await;
    let call = json!({ "to": { "userId": ada.id }, "text": "tea?", "mentionIds": [ada.id] });
    let sent = bob.send_input(call.clone()).await;
    ada.send_input(json!({ "to": { "userId": bob.id }, "text": "yes", "replyToId": sent["id"] })).await;
    bob.send_input(call).await;
    let react = "mutation($id: ID!) { addReaction(messageId: $id, emoji: \"👍\") { id } }";
    ada.ask(react, json!({ "id": sent["id"] })).await;
    ada.ask("mutation($id: ID!) { pinMessage(messageId: $id) { id } }", json!({ "id": sent["id"] })).await;
    let text = |name: &str| sent[name].as_str().expect("an id").to_owned();
    let (here, message) = (text("conversationId"), text("id"));
    let named = move |document: &str| {
        document
            .replace("PERSON", &bob.id)
            .replace("HERE", &here)
            .replace("MESSAGE", &message)
            .replace("CURSOR", &cursor)
    };
    (ada, named)
}

#[tokio::test]
async fn no_hot_query_reads_a_whole_table() {
    let app = TestApp::start().await;
    let (ada, named) = set(&app).await;

    for document in HOT {
        let (answer, statements) = app.statements(&ada, &named(document)).await;
        assert!(!statements.is_empty(), "{document} sends no statement");
        assert!(is_filled(&answer), "{document}: {answer}");
        are_found_by_an_index(&app, statements).await;
    }
}

/// The additional queries where the directory is not open.
const IN_A_DIRECTORY: [&str; 3] = [
    "{ users(search: \"b\") { totalCount nodes { fullName } } }",
    "{ user(id: \"PERSON\") { fullName online lastSeenAt } }",
    "{ messages(conversation: { conversationId: \"HERE\" }) { nodes { sender { online } } } }",
];

#[tokio::test]
async fn a_shared_directory_reads_no_whole_table() {
    let app = TestApp::start_with(&[("DIRECTORY", "shared")]).await;
    let (ada, named) = set(&app).await;

    for document in IN_A_DIRECTORY {
        let (answer, statements) = app.statements(&ada, &named(document)).await;
        assert!(is_filled(&answer), "{document}: {answer}");
        assert!(statements.iter().any(|statement| statement.sql.contains("DISTINCT")), "{document} asks no directory");
        are_found_by_an_index(&app, statements).await;
    }
}

/// The frequent mutations, with the id of a message that the person sent for `OWN`.
const DONE: [&str; 10] = [
    "markRead(conversation: { conversationId: \"HERE\" }, upToSeq: 9) { id }",
    "sendMessage(input: { id: \"OWN\", to: { conversationId: \"HERE\" }, text: \"milk\", replyToId: \"MESSAGE\" }) { id }",
    "sendMessage(input: { to: { userId: \"PERSON\" }, text: \"sugar\" }) { id }",
    "sendMessage(input: { to: { conversationId: \"HERE\" }, text: \"all!\", mentionEveryone: true }) { id }",
    "editMessage(id: \"OWN\", text: \"lemon\") { id }",
    "pinMessage(messageId: \"OWN\") { id }",
    "updateMembership(conversation: { conversationId: \"HERE\" }, input: { markedUnread: true }) { id }",
    "addReaction(messageId: \"OWN\", emoji: \"👍\") { id }",
    "deleteMessage(id: \"OWN\") { id }",
    "updateProfile(input: { fullName: \"Ada L.\" }) { id }",
];

#[tokio::test]
async fn no_hot_mutation_reads_a_whole_table() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let sent = bob.send(&ada, "tea?").await;
    let text = |name: &str| sent[name].as_str().expect("an id").to_owned();
    let (here, message, own) = (text("conversationId"), text("id"), Uuid::now_v7().to_string());
    let counted = app.counted().await.with_its_feed().await;
    let caller = counted.caller(&ada.token).await;

    for done in DONE {
        let done = done.replace("HERE", &here).replace("MESSAGE", &message).replace("PERSON", &bob.id);
        drop(counted.take());
        let document = format!("mutation {{ {} }}", done.replace("OWN", &own));
        let answer = counted.api.execute(Request::new(document), caller.clone()).await.response;
        assert!(answer.is_ok(), "{done}: {answer:?}");
        let statements = counted.take();
        assert!(statements.iter().any(|statement| statement.sql.contains(INTO_THE_LOG)), "{done} writes nothing");
        are_found_by_an_index(&app, statements).await;
    }
    counted.finish().await;
}

#[tokio::test]
async fn no_statement_of_the_hot_way_reads_a_whole_table() {
    if is_postgres() {
        // It has none.
        return;
    }
    let app = TestApp::start().await;
    let database = app.database().await;
    for sql in HOT_READS.iter().chain(&HOT_WRITES) {
        let values = (0..sql.matches('?').count()).map(|_| sea_orm::Value::BigInt(None));
        let statement = Statement::from_sql_and_values(database.get_database_backend(), *sql, values);
        are_found_by_an_index(&app, vec![statement]).await;
    }
}

#[tokio::test]
async fn what_an_operator_lists_and_counts_reads_no_whole_table() {
    let app = TestApp::start().await;
    let (ada, named) = set(&app).await;
    let counted = app.counted().await;
    let program = counted.api.program();
    let (app_of, by) = (&program.app, Operator::default());
    let id = |text: &str| named(text);
    drop(counted.take());

    let people = accounts::page_for_operator(app_of, 1, None).await.expect("people").items;
    let last = people.last().map(|row| row.id);
    accounts::page_for_operator(app_of, 1, last).await.expect("more");
    accounts::sessions_for_operator(app_of, UserId::parse(&ada.id).expect("an id")).await.expect("sessions");
    let places = conversations::page_for_operator(app_of, &by, 1, None).await.expect("conversations").items;
    let place = places.first().expect("a conversation");
    assert_eq!(place.id.to_string(), id("HERE"));
    conversations::page_for_operator(app_of, &by, 1, Some(place.id)).await.expect("more");
    conversations::members_for_operator(app_of, &by, place, 1, None).await.expect("members");
    messages::history_for_operator(app_of, &by, place.id, 1).await.expect("messages");
    let (own, some) = (Some(Uuid::now_v7()), || Some("user.erased".to_owned()));
    let moment = Some(app.clock.now());
    for filter in [
        AuditFilter::default(),
        AuditFilter { subject: own, ..AuditFilter::default() },
        AuditFilter { actor: own, ..AuditFilter::default() },
        AuditFilter { action: some(), ..AuditFilter::default() },
        AuditFilter { since: moment, before: Some(AuditId::new()), ..AuditFilter::default() },
        AuditFilter { subject: own, actor: own, action: some(), since: moment, before: Some(AuditId::new()) },
    ] {
        audit::newest(&app_of.db.reader, &filter, 10).await.expect("entries");
    }
    let listed = counted.take();
    assert!(listed.len() >= 14, "{listed:#?}");
    are_found_by_an_index(&app, listed).await;

    let due_at = app.clock.now() + Duration::from_secs(24 * 3600);
    let later = image_deletion::Model { key: "exports/later".to_owned(), due_at, tries: 0 };
    image_deletion::Entity::insert(later.into_active_model()).exec(&app.database().await).await.expect("it is listed");
    let samples = sampled::count_all(program).await.expect("figures");
    let pending = samples.iter().find(|(name, _, _)| *name == "image_deletions_pending").map(|sample| sample.2);
    assert_eq!(pending, Some(0.0), "what is due later does not count");
    assert!(samples.iter().any(|(name, _, value)| *name == "users" && *value == 2.0), "{samples:?}");
    // There are few nodes and webhooks, and all are read. The size is asked of the database itself.
    let few = ["FROM \"webhook\"", "FROM node", "pragma_page_count", "pg_database_size"];
    let counts: Vec<Statement> =
        counted.take().into_iter().filter(|statement| !few.iter().any(|one| statement.sql.contains(one))).collect();
    assert!(counts.len() >= 5, "{counts:#?}");
    are_found_by_an_index(&app, counts).await;
    counted.finish().await;
}

#[tokio::test]
async fn the_owner_of_a_group_is_found_without_its_members() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let tea = ConversationId::parse(&ada.group("Tea", &[]).await).expect("an id");
    let counted = app.counted().await.with_its_feed().await;
    drop(counted.take());

    let by = Operator::default();
    let people = vec![UserId::parse(&bob.id).expect("an id")];
    let app_of = &counted.api.program().app;
    conversations::add(app_of, GroupActor::Operator(&by, tea), people).await.expect("a change");

    let statements = counted.take();
    let owner = statements.iter().find(|statement| statement.sql.contains("membership.role = ")).expect("a statement");
    let plan = app.plan(owner.clone()).await;
    assert!(plan.iter().any(|step| step.contains("membership_owner_idx")), "{plan:#?}");
    are_found_by_an_index(&app, statements).await;
    counted.finish().await;
}

/// The statement that writes the log.
const INTO_THE_LOG: &str = "INSERT INTO \"feed_event\"";

#[tokio::test]
async fn no_replay_reads_a_whole_table() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let cursor = bob.feed_cursor().await;
    ada.send(&bob, "tea?").await;
    ada.ask("mutation { updateProfile(input: { fullName: \"Ada L.\" }) { id } }", json!({})).await;
    // Its ring is empty, so it has to read the log.
    let counted = app.counted().await.with_its_feed().await;
    let caller = counted.caller(&bob.token).await;
    let user = caller.viewer.as_ref().expect("Bob").user();
    let feed = counted.api.program().app.feed.clone();

    let events = missed(feed.follow(user, feed.start_after(Some(&cursor)), None)).await;
    assert_eq!(events, 2);
    feed.page(user, feed.start_after(Some(&cursor)), 1, KindSet::ALL).await.expect("a page");
    // The hub reads the changes of another process when it notices the new position.
    ada.send(&bob, "milk?").await;
    ada.ask("mutation { updateProfile(input: { fullName: \"Ada\" }) { id } }", json!({})).await;
    soon(async {
        while feed.cursor_text(feed.head()) != bob.feed_cursor().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let trim = format!("DELETE FROM feed_event WHERE position <= {}", position(&json!(cursor)));
    app.database().await.execute_unprepared(&trim).await.expect("trimmed");
    feed.page(user, feed.start_after(Some(&cursor)), 1, KindSet::ALL).await.expect("a page");

    let statements = counted.take();
    for known in ["WITH mine", "SELECT COUNT(*)", "\"feed_event\".\"position\" >= ", "WHERE EXISTS"] {
        assert!(statements.iter().any(|statement| statement.sql.contains(known)), "nothing asks {known}");
    }
    are_found_by_an_index(&app, statements).await;
    drop(feed);
    counted.finish().await;
}

/// How many events a follower delivers until it has caught up.
async fn missed(mut follower: Follower) -> usize {
    for events in 0.. {
        match soon(follower.next()).await.expect("a step") {
            Step::Event(_) => {}
            Step::CaughtUp(_) => return events,
            Step::Reset(reset, _) => panic!("{reset:?}"),
        }
    }
    unreachable!("it catches up")
}
