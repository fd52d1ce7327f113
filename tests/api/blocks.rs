//! Blocking: what neither side can do from then on, and who hears of it.

use parlour::clock::Timestamp;
use parlour::entity::user_block;
use parlour::id::{MessageId, UserId};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use crate::support::{ADD, Person, SEND, TestApp};

pub const BLOCK: &str = "mutation($id: ID!) { blockUser(userId: $id) { id } }";
pub const UNBLOCK: &str = "mutation($id: ID!) { unblockUser(userId: $id) { id } }";
const BLOCKED: &str = "query($first: Int, $after: String) { blockedUsers(first: $first, after: $after) {
    totalCount nodes { fullName } pageInfo { hasNextPage hasPreviousPage endCursor } } }";
const FOLLOW: &str = "subscription($after: String) { events(after: $after) { __typename
    ... on BlockChanged { blocked user { id } } ... on MessageAdded { message { text } } } }";
const MAKE: &str = "mutation($ids: [ID!]!) { createConversation(input: { title: \"Ours\", memberIds: $ids }) { id } }";
const USERS: &str = "query($search: String) { users(search: $search) { totalCount nodes { fullName } } }";

async fn block(person: &Person, other: &Person) {
    assert_eq!(person.ask(BLOCK, json!({ "id": other.id })).await["blockUser"]["id"], other.id);
}

async fn unblock(person: &Person, other: &Person) {
    assert_eq!(person.ask(UNBLOCK, json!({ "id": other.id })).await["unblockUser"]["id"], other.id);
}

fn to(person: &Person, text: &str) -> Value {
    json!({ "input": { "to": { "userId": person.id }, "text": text } })
}

/// The names on the list of a person, and how many the server says there are.
async fn blocked(person: &Person) -> (Vec<String>, Value) {
    let mut list = person.ask(BLOCKED, json!({})).await["blockedUsers"].take();
    (names(&list), list["totalCount"].take())
}

fn names(list: &Value) -> Vec<String> {
    let nodes = list["nodes"].as_array().expect("a list");
    nodes.iter().map(|node| node["fullName"].as_str().expect("a name").to_owned()).collect()
}

fn changed(other: &Person, blocked: bool) -> Value {
    json!({ "__typename": "BlockChanged", "blocked": blocked, "user": { "id": other.id } })
}

#[tokio::test]
async fn neither_writes_in_the_direct_conversation_and_both_do_again_after_it() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let sent = ada.send(&bob, "before").await;
    let conversation = sent["conversationId"].as_str().expect("an id");

    block(&ada, &bob).await;

    for (person, other) in [(&ada, &bob), (&bob, &ada)] {
        assert_eq!(person.fails(SEND, to(other, "hi")).await, "FORBIDDEN");
        let by_id = json!({ "input": { "to": { "conversationId": conversation }, "text": "hi" } });
        assert_eq!(person.fails(SEND, by_id).await, "FORBIDDEN");
    }
    let edit = "mutation($id: ID!) { editMessage(id: $id, text: \"after\") { id } }";
    assert_eq!(ada.fails(edit, json!({ "id": sent["id"] })).await, "FORBIDDEN");
    let history = bob
        .ask("query($id: ID!) { messages(conversation: { userId: $id }) { nodes { text } } }", json!({ "id": ada.id }));
    assert_eq!(history.await["messages"]["nodes"], json!([{ "text": "hello" }, { "text": "before" }]));
    // What they sent may go.
    ada.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": sent["id"] })).await;

    unblock(&ada, &bob).await;
    bob.send(&ada, "again").await;
}

#[tokio::test]
async fn neither_reacts_or_types_in_the_direct_conversation_and_both_take_reactions_back() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let sent = ada.send(&bob, "cake!").await;
    let group = ada.group("Tea", &[&bob]).await;
    let react = "mutation($id: ID!, $emoji: String!) { addReaction(messageId: $id, emoji: $emoji) { id } }";
    let with = |emoji: &str| json!({ "id": sent["id"], "emoji": emoji });
    for person in [&ada, &bob] {
        person.ask(react, with("👍")).await;
    }
    block(&ada, &bob).await;

    let typing = "mutation($id: ID!) { setTyping(conversation: { userId: $id }) }";
    let can = "query($id: ID!) { conversation(by: { conversationId: $id }) { viewerCan } }";
    let take_back = react.replace("add", "remove");
    for (person, other) in [(&ada, &bob), (&bob, &ada)] {
        assert_eq!(person.fails(react, with("❤")).await, "FORBIDDEN");
        // Again is no change.
        person.ask(react, with("👍")).await;
        person.ask(&take_back, with("👍")).await;
        assert_eq!(person.fails(react, with("👍")).await, "FORBIDDEN");
        assert_eq!(person.fails(typing, json!({ "id": other.id })).await, "FORBIDDEN");
        let seen = person.ask(can, json!({ "id": sent["conversationId"] })).await;
        assert_eq!(seen["conversation"]["viewerCan"], json!([]));
        // Groups have one order for all, and the reactions of all.
        let in_group = other.send_to(&group, "tea!").await;
        person.ask(react, json!({ "id": in_group["id"], "emoji": "👍" })).await;
    }

    unblock(&ada, &bob).await;
    bob.ask(react, with("❤")).await;
}

#[tokio::test]
async fn nobody_begins_a_conversation_with_somebody_who_has_blocked_them_or_whom_they_have_blocked() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    block(&ada, &bob).await;
    let unknown = UserId::new().to_string();

    for (person, other) in [(&ada, &bob), (&bob, &ada)] {
        let nobody = json!({ "input": { "to": { "userId": unknown }, "text": "hi" } });
        let like_nobody = person.execute(SEND, nobody).await;
        assert_eq!(person.execute(SEND, to(other, "hi")).await, like_nobody, "as if there were nobody");
        assert_eq!(person.fails(MAKE, json!({ "ids": [other.id] })).await, "NOT_FOUND");
        let typing = "mutation($id: ID!) { setTyping(conversation: { userId: $id }) }";
        assert_eq!(person.fails(typing, json!({ "id": other.id })).await, "NOT_FOUND");
    }
}

#[tokio::test]
async fn a_message_that_was_sent_is_answered_again() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let id = MessageId::new().to_string();
    let input = json!({ "to": { "userId": bob.id }, "text": "hi", "id": id });
    let sent = ada.send_input(input.clone()).await;
    block(&bob, &ada).await;

    assert_eq!(ada.send_input(input).await["id"], sent["id"]);
}

#[tokio::test]
async fn neither_adds_the_other_to_a_group_and_others_do() {
    let app = TestApp::start().await;
    let (ada, bob, carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);
    block(&ada, &bob).await;

    for (person, other) in [(&ada, &bob), (&bob, &ada)] {
        let group = person.group("Tea", &[&carl]).await;
        let add = json!({ "id": group, "people": [other.id] });
        assert_eq!(person.fails(ADD, add.clone()).await, "NOT_FOUND");
        carl.ask(ADD, add.clone()).await;
        // Who is in it is not added.
        person.ask(ADD, add).await;
        person.send_to(&group, "one order for all").await;
        let seen = "query($id: ID!) { messages(conversation: { conversationId: $id }) { nodes { text } } }";
        let seen = other.ask(seen, json!({ "id": group })).await;
        let nodes = seen["messages"]["nodes"].as_array().expect("a list");
        // System lines have no text.
        let texts: Vec<_> = nodes.iter().map(|node| &node["text"]).filter(|text| !text.is_null()).collect();
        assert_eq!(texts, ["one order for all"]);
    }
}

#[tokio::test]
async fn neither_finds_the_other_in_the_list_of_people() {
    let app = TestApp::start().await;
    let (ada, bob, _carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);
    block(&ada, &bob).await;

    for (person, other) in [(&ada, &bob), (&bob, &ada)] {
        for (search, expected) in
            [(json!(null), vec!["Carl"]), (json!(other.name), vec![]), (json!(other.email), vec![])]
        {
            let found = person.ask(USERS, json!({ "search": search })).await["users"].take();
            assert_eq!(names(&found), expected, "{search}");
            assert_eq!(found["totalCount"], expected.len());
        }
    }
}

#[tokio::test]
async fn the_one_who_blocks_hears_of_it_on_all_devices_and_the_other_does_not() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let group = ada.group("Tea", &[&bob]).await;
    let cursor = ada.feed_cursor().await;
    let mut at_ada = ada.subscribe(FOLLOW, json!({})).await;
    let mut at_her_phone = ada.another_device(&app).await.subscribe(FOLLOW, json!({})).await;
    let mut at_bob = bob.subscribe(FOLLOW, json!({})).await;
    for socket in [&mut at_ada, &mut at_her_phone, &mut at_bob] {
        assert_eq!(socket.next_event().await["__typename"], "CaughtUp");
    }

    block(&ada, &bob).await;
    block(&ada, &bob).await;
    unblock(&ada, &bob).await;
    unblock(&ada, &bob).await;
    ada.send_to(&group, "the end").await;

    let end = json!({ "__typename": "MessageAdded", "message": { "text": "the end" } });
    for socket in [&mut at_ada, &mut at_her_phone] {
        for expected in [changed(&bob, true), changed(&bob, false), end.clone()] {
            assert_eq!(socket.next_event().await, expected);
        }
    }
    assert_eq!(at_bob.next_event().await, end);
    let mut again = ada.subscribe(FOLLOW, json!({ "after": cursor })).await;
    for expected in [changed(&bob, true), changed(&bob, false), end] {
        assert_eq!(again.next_event().await, expected, "in a replay");
    }
}

#[tokio::test]
async fn the_list_is_by_name_and_in_pages_and_keeps_the_erased() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    for name in ["Zoe", "Bob", "carl"] {
        block(&ada, &app.user(name).await).await;
    }
    assert_eq!(blocked(&ada).await, (vec!["Bob".into(), "carl".into(), "Zoe".into()], json!(3)));
    let page = ada.ask(BLOCKED, json!({ "first": 2 })).await["blockedUsers"].take();
    assert_eq!((names(&page).len(), &page["pageInfo"]["hasNextPage"]), (2, &json!(true)));
    let next = ada.ask(BLOCKED, json!({ "first": 2, "after": page["pageInfo"]["endCursor"] })).await;
    assert_eq!(names(&next["blockedUsers"]), ["Zoe"]);

    let dan = app.user("Dan").await;
    block(&ada, &dan).await;
    let erase = "mutation { deleteAccount(password: \"correct horse 7 battery\") }";
    dan.ask(erase, json!({})).await;
    assert_eq!(blocked(&ada).await.1, 4);
    unblock(&ada, &dan).await;
    assert_eq!(blocked(&ada).await.1, 3);
}

#[tokio::test]
async fn one_blocks_whom_one_may_know_of_and_not_oneself() {
    let app = TestApp::start_with(&[("DIRECTORY", "closed")]).await;
    let (ada, eve) = (app.user("Ada").await, app.user("Eve").await);

    for document in [BLOCK, UNBLOCK] {
        for id in [eve.id.clone(), UserId::new().to_string(), "junk".into()] {
            assert_eq!(ada.fails(document, json!({ "id": id })).await, "NOT_FOUND");
        }
    }
    assert_eq!(ada.refused(BLOCK, json!({ "id": ada.id })).await, "BAD_USER_INPUT at userId");
}

#[tokio::test]
async fn who_has_left_a_group_can_be_blocked_by_those_who_read_their_messages() {
    let mut app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let group = ada.group("Tea", &[&bob]).await;
    bob.send_to(&group, "bye").await;
    bob.remove(&group, &bob).await;
    app.restart_with(&[("DIRECTORY", "closed")]).await;

    block(&ada, &bob).await;

    assert_eq!(blocked(&ada).await.1, 1);
}

#[tokio::test]
async fn blocks_have_a_rate() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    for number in 0..60 {
        let document = if number % 2 == 0 { BLOCK } else { UNBLOCK };
        ada.ask(document, json!({ "id": bob.id })).await;
    }
    assert_eq!(ada.fails(BLOCK, json!({ "id": bob.id })).await, "RATE_LIMITED");
}

#[tokio::test]
async fn one_blocks_at_most_5_000_people() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let carl = app.user("Carl").await;
    // Written into the database: as many requests would take minutes.
    let blocker_id = UserId::parse(&ada.id).expect("an id");
    let database = app.database().await;
    for size in [1_000, 1_000, 1_000, 1_000, 999] {
        let rows = app.crowd(size).await.into_iter().map(|guest| {
            let blocked_id = UserId::parse(&guest).expect("an id");
            user_block::Model { blocker_id, blocked_id, created_at: Timestamp(0) }.into_active_model().reset_all()
        });
        user_block::Entity::insert_many(rows).exec_without_returning(&database).await.expect("the blocks are written");
    }

    block(&ada, &bob).await;

    let refused = async |other: &Person| ada.refused(BLOCK, json!({ "id": other.id })).await;
    assert_eq!(refused(&carl).await, "BAD_USER_INPUT at userId");
    // Again is no change.
    block(&ada, &bob).await;
    assert_eq!(blocked(&ada).await.1, 5_000);
    unblock(&ada, &bob).await;
    block(&ada, &carl).await;
    assert_eq!(refused(&bob).await, "BAD_USER_INPUT at userId");
    block(&bob, &ada).await;
}
