//! Creating a group, and its members.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Person, TestApp};

const CREATE: &str = "mutation($title: String! = \"Tea\", $members: [ID!]!) {
    createConversation(input: { title: $title, memberIds: $members }) {
        id kind title otherUser { id } memberCount lastMessage { system { kind } } lastSeq lastReadSeq unreadCount
        members { nodes { role lastReadSeq user { fullName } } } messages { nodes { system { kind } } } } }";
const MEMBERS: &str = "query($id: ID!, $first: Int, $after: String) { conversation(by: { conversationId: $id }) {
    memberCount members(first: $first, after: $after) {
        nodes { user { fullName } } edges { cursor } pageInfo { hasNextPage hasPreviousPage endCursor } } } }";
const NOBODY: &str = "019bfc3e-0000-7000-8000-00000000000a";

/// The titles in a person's sidebar.
async fn titles(person: &Person) -> Value {
    person.ask("{ conversations { nodes { title } } }", json!({})).await["conversations"]["nodes"].take()
}

#[tokio::test]
async fn the_creator_of_a_group_owns_it() {
    let app = TestApp::start().await;
    let (ada, bob, carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);

    let mut made = ada.ask(CREATE, json!({ "title": " Tea at 5 ", "members": [carl.id, bob.id] })).await;

    made["createConversation"]["id"].take();
    assert_eq!(
        made["createConversation"],
        json!({
            "id": null, "kind": "GROUP", "title": "Tea at 5", "otherUser": null, "memberCount": 3,
            "lastMessage": { "system": { "kind": "GROUP_CREATED" } }, "lastSeq": 1, "lastReadSeq": 0, "unreadCount": 0,
            "members": { "nodes": [
                { "role": "OWNER", "lastReadSeq": 0, "user": { "fullName": "Ada" } },
                { "role": "MEMBER", "lastReadSeq": 0, "user": { "fullName": "Carl" } },
                { "role": "MEMBER", "lastReadSeq": 0, "user": { "fullName": "Bob" } },
            ] },
            "messages": { "nodes": [{ "system": { "kind": "GROUP_CREATED" } }] },
        })
    );
}

#[tokio::test]
async fn duplicates_and_the_viewers_own_id_are_ignored() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);

    let made = ada.ask(CREATE, json!({ "members": [bob.id, ada.id, bob.id, bob.id, ada.id] })).await;

    assert_eq!(made["createConversation"]["memberCount"], 2);
}

#[tokio::test]
async fn a_group_may_have_a_single_member() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;

    let made = ada.ask(CREATE, json!({ "members": [] })).await;

    assert_eq!(made["createConversation"]["memberCount"], 1);
}

#[tokio::test]
async fn one_unknown_id_rejects_the_request() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let mut at_bob = bob.follow().await;

    for unknown in [NOBODY, "", "1"] {
        assert_eq!(ada.fails(CREATE, json!({ "members": [bob.id, unknown] })).await, "NOT_FOUND", "{unknown}");
    }

    assert_eq!((titles(&ada).await, titles(&bob).await), (json!([]), json!([])));
    at_bob.stays_silent().await;
}

#[tokio::test]
async fn a_title_has_1_to_100_characters_that_can_be_seen() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;

    for title in ["", " ", "\u{200B}", "a\0", "a\nb", &"é".repeat(101)] {
        let refused = ada.refused(CREATE, json!({ "title": title, "members": [] })).await;
        assert_eq!(refused, "BAD_USER_INPUT at title", "{title:?}");
    }
    let made = ada.ask(CREATE, json!({ "title": "é".repeat(100), "members": [] })).await;
    assert_eq!(made["createConversation"]["title"], "é".repeat(100));
}

#[tokio::test]
async fn only_members_receive_a_new_group() {
    let app = TestApp::start().await;
    let (ada, bob, eve) = (app.user("Ada").await, app.user("Bob").await, app.user("Eve").await);
    let (mut at_ada, mut at_bob, mut at_eve) = (ada.follow().await, bob.follow().await, eve.follow().await);

    let id = ada.group("Tea", &[&bob]).await;

    for socket in [&mut at_ada, &mut at_bob] {
        let mut received = socket.next_event().await;
        received["cursor"].take();
        assert_eq!(
            received,
            json!({
                "__typename": "ConversationChanged", "cursor": null, "change": "ADDED", "conversationId": id,
                "conversation": { "id": id, "kind": "GROUP", "title": "Tea" },
            })
        );
        socket.next_line().await;
        socket.stays_silent().await;
    }
    at_eve.stays_silent().await;
}

#[tokio::test]
async fn a_group_has_up_to_1000_members() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let crowd = app.crowd(1_000).await;

    assert_eq!(ada.refused(CREATE, json!({ "members": crowd })).await, "BAD_USER_INPUT at memberIds");
    let made = ada.ask(CREATE, json!({ "members": crowd[..999] })).await;

    assert_eq!(made["createConversation"]["memberCount"], 1_000);
}

#[tokio::test]
async fn the_members_of_a_large_group_are_listed_once_each() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let made = ada.ask(CREATE, json!({ "members": app.crowd(249).await })).await;
    let (id, mut after, mut sizes, mut names) =
        (&made["createConversation"]["id"], Value::Null, Vec::new(), Vec::new());

    for _ in 0..3 {
        let page = ada.ask(MEMBERS, json!({ "id": id, "first": 100, "after": after })).await;
        let members = &page["conversation"]["members"];
        let nodes = members["nodes"].as_array().expect("members");
        names.extend(nodes.iter().map(|node| node["user"]["fullName"].as_str().expect("a name").to_owned()));
        let info = &members["pageInfo"];
        sizes.push((nodes.len(), info["hasPreviousPage"] == true, info["hasNextPage"] == true));
        after = info["endCursor"].clone();
    }

    assert_eq!(sizes, [(100, false, true), (100, true, true), (50, true, false)]);
    let guests = (1..=249).map(|number| format!("Guest {number:04}"));
    assert_eq!(names, std::iter::once("Ada".to_owned()).chain(guests).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_page_of_members_names_the_invalid_argument() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let (tea, cake) = (ada.group("Tea", &[&bob]).await, ada.group("Cake", &[&bob]).await);
    let of_cake = ada.ask(MEMBERS, json!({ "id": cake })).await;
    let of_cake = &of_cake["conversation"]["members"]["pageInfo"]["endCursor"];

    for (field, value) in [
        ("first", json!(0)),
        ("first", json!(101)),
        ("after", json!("")),
        ("after", json!("garbage")),
        ("after", of_cake.clone()),
    ] {
        let refused = ada.refused(MEMBERS, json!({ "id": tea, field: value })).await;
        assert_eq!(refused, format!("BAD_USER_INPUT at {field}"), "{value}");
    }
}

#[tokio::test]
async fn large_groups_can_be_created_concurrently() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let crowd = app.crowd(999).await;

    let made = join_all((0..8).map(|_| ada.execute(CREATE, json!({ "members": crowd })))).await;

    for answer in made {
        assert_eq!(answer["data"]["createConversation"]["memberCount"], 1_000, "{answer}");
    }
}
