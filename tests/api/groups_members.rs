//! Renaming a group, and adding people to it.

use std::time::Duration;

use futures_util::future::join_all;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::{ADD, EVENTS, Person, REMOVE, RENAME, TestApp, code, position};

const NOBODY: &str = "019bfc3e-0000-7000-8000-00000000000a";
const FEED: &str = "subscription($after: String) { events(after: $after) { __typename cursor
    ... on ConversationChanged { change conversation { title memberCount lastReadSeq
        members { nodes { role user { fullName } } } } } } }";

/// Ada's group with Bob in it, and Carl, who is not.
async fn tea(app: &TestApp) -> (Person, Person, Person, String) {
    let (ada, bob, carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);
    let tea = ada.group("Tea", &[&bob]).await;
    (ada, bob, carl, tea)
}

#[tokio::test]
async fn the_owner_renames_the_group_and_all_members_receive_it() {
    let app = TestApp::start().await;
    let (ada, bob, carl, tea) = tea(&app).await;
    let (mut at_ada, mut at_bob, mut at_carl) = (ada.follow().await, bob.follow().await, carl.follow().await);
    app.clock.advance(Duration::from_secs(1));

    let mut named = ada.rename(&tea, " Tea at 5 ").await;

    let made =
        ada.ask("query($id: ID!) { conversation(by: { conversationId: $id }) { createdAt } }", json!({ "id": tea }));
    assert!(named["updatedAt"].take().as_str() > made.await["conversation"]["createdAt"].as_str(), "{named}");
    assert_eq!(named, json!({ "id": tea, "title": "Tea at 5", "updatedAt": null }));
    for socket in [&mut at_ada, &mut at_bob] {
        let received = socket.next_event().await;
        assert_eq!((&received["__typename"], &received["change"]), (&json!("ConversationChanged"), &json!("UPDATED")));
        assert_eq!(received["conversation"], json!({ "id": tea, "kind": "GROUP", "title": "Tea at 5" }));
        socket.next_line().await;
        socket.stays_silent().await;
    }
    at_carl.stays_silent().await;
}

#[tokio::test]
async fn the_same_title_emits_no_event() {
    let app = TestApp::start().await;
    let (ada, bob, _, tea) = tea(&app).await;
    let named = ada.rename(&tea, "Cake").await;
    let mut at_bob = bob.follow().await;
    app.clock.advance(Duration::from_secs(1));

    assert_eq!(ada.rename(&tea, " Cake ").await, named);

    at_bob.stays_silent().await;
}

#[tokio::test]
async fn only_the_owner_renames_the_group() {
    let app = TestApp::start().await;
    let (ada, bob, carl, tea) = tea(&app).await;

    assert_eq!(bob.refused(RENAME, json!({ "id": tea, "title": "Mine" })).await, "FORBIDDEN");
    assert_eq!(carl.refused(RENAME, json!({ "id": tea, "title": "Mine" })).await, "NOT_FOUND");

    assert_eq!(ada.rename(&tea, "Tea").await["title"], "Tea");
}

#[tokio::test]
async fn a_new_title_has_1_to_100_characters_that_can_be_seen() {
    let app = TestApp::start().await;
    let (ada, _, _, tea) = tea(&app).await;

    for title in ["", " ", "\u{200B}", "a\0", "a\nb", "a\u{202E}b", &"é".repeat(101)] {
        let refused = ada.refused(RENAME, json!({ "id": tea, "title": title })).await;
        assert_eq!(refused, "BAD_USER_INPUT at title", "{title:?}");
    }
    assert_eq!(ada.rename(&tea, &"é".repeat(100)).await["title"], "é".repeat(100));
}

#[tokio::test]
async fn any_member_adds_people() {
    let app = TestApp::start().await;
    let (ada, bob, carl, tea) = tea(&app).await;
    let dora = app.user("Dora").await;

    let group = bob.add(&tea, &[&carl, &dora]).await;

    assert_eq!(group, json!({ "id": tea, "memberCount": 4 }));
    assert_eq!(ada.members(&tea).await, ["Ada*", "Bob", "Carl", "Dora"]);
    assert_eq!(dora.members(&tea).await, ["Ada*", "Bob", "Carl", "Dora"]);
}

#[tokio::test]
async fn a_new_member_receives_added_and_the_others_updated() {
    let app = TestApp::start().await;
    let (ada, bob, carl, tea) = tea(&app).await;
    ada.send_to(&tea, "hello").await;
    let after = json!({ "after": ada.feed_cursor().await });
    let mut sockets = Vec::new();
    for person in [&ada, &bob, &carl] {
        let mut socket = person.subscribe(FEED, after.clone()).await;
        assert_eq!(socket.replay().await.0, [] as [Value; 0]);
        sockets.push(socket);
    }

    ada.add(&tea, &[&carl]).await;

    let members = json!({ "nodes": [
        { "role": "OWNER", "user": { "fullName": "Ada" } },
        { "role": "MEMBER", "user": { "fullName": "Bob" } },
        { "role": "MEMBER", "user": { "fullName": "Carl" } },
    ] });
    for (socket, (change, read)) in sockets.iter_mut().zip([("UPDATED", 2), ("UPDATED", 0), ("ADDED", 2)]) {
        let received = socket.next_event().await;
        let group = json!({ "title": "Tea", "memberCount": 3, "lastReadSeq": read, "members": members });
        assert_eq!((&received["change"], &received["conversation"]), (&json!(change), &group));
        assert_eq!(socket.next_event().await["__typename"], "MessageAdded");
        socket.stays_silent().await;
    }
}

#[tokio::test]
async fn a_new_member_can_read_the_history_which_counts_as_read() {
    let app = TestApp::start().await;
    let (ada, _, carl, tea) = tea(&app).await;
    let before = carl.feed_cursor().await;
    for text in ["one", "two"] {
        ada.send_to(&tea, text).await;
    }
    let mut at_carl = carl.follow().await;

    ada.add(&tea, &[&carl]).await;
    ada.send_to(&tea, "three").await;

    assert_eq!(at_carl.next_event().await["change"], "ADDED");
    at_carl.next_line().await;
    assert_eq!(at_carl.next_event().await["message"]["text"], "three");
    let query = "query($id: ID!) { unread { messages conversations } conversation(by: { conversationId: $id }) {
        lastReadSeq unreadCount messages { nodes { text } } } }";
    let seen = carl.ask(query, json!({ "id": tea })).await;
    assert_eq!(
        seen["conversation"]["messages"]["nodes"],
        json!([None, Some("one"), Some("two"), None, Some("three")].map(|text| json!({ "text": text })))
    );
    assert_eq!((&seen["conversation"]["lastReadSeq"], &seen["conversation"]["unreadCount"]), (&json!(3), &json!(1)));
    assert_eq!(seen["unread"], json!({ "messages": 1, "conversations": 1 }));
    let (replayed, _) = carl.subscribe(EVENTS, json!({ "after": before })).await.replay().await;
    assert_eq!(replayed.len(), 3, "{replayed:?}");
}

#[tokio::test]
async fn existing_members_are_ignored() {
    let app = TestApp::start().await;
    let (ada, bob, carl, tea) = tea(&app).await;
    let mut at_bob = bob.follow().await;

    assert_eq!(ada.add(&tea, &[&bob, &ada, &bob]).await["memberCount"], 2);
    assert_eq!(ada.add(&tea, &[]).await["memberCount"], 2);
    at_bob.stays_silent().await;
    assert_eq!(bob.add(&tea, &[&ada, &carl, &carl]).await["memberCount"], 3);

    assert_eq!(at_bob.next_event().await["change"], "UPDATED");
    at_bob.next_line().await;
    at_bob.stays_silent().await;
}

#[tokio::test]
async fn one_unknown_id_adds_nobody() {
    let app = TestApp::start().await;
    let (ada, _, carl, tea) = tea(&app).await;
    let mut at_carl = carl.follow().await;

    for unknown in [NOBODY, "", "1", &tea] {
        let people = json!({ "id": tea, "people": [carl.id, unknown] });
        assert_eq!(ada.refused(ADD, people).await, "NOT_FOUND", "{unknown}");
    }

    assert_eq!(ada.members(&tea).await, ["Ada*", "Bob"]);
    at_carl.stays_silent().await;
}

#[tokio::test]
async fn an_erased_person_cannot_be_added_and_is_ignored_if_a_member() {
    let app = TestApp::start().await;
    let (ada, bob, carl, tea) = tea(&app).await;
    let erase = "UPDATE \"user\" SET deleted_at = 1 WHERE full_name <> 'Ada'";
    app.database().await.execute_unprepared(erase).await.expect("they are erased");

    assert_eq!(ada.refused(ADD, json!({ "id": tea, "people": [carl.id] })).await, "NOT_FOUND");
    let create = "mutation($id: ID!) { createConversation(input: { title: \"Cake\", memberIds: [$id] }) { id } }";
    assert_eq!(ada.refused(create, json!({ "id": carl.id })).await, "NOT_FOUND");
    assert_eq!(ada.add(&tea, &[&bob]).await["memberCount"], 2);
}

#[tokio::test]
async fn a_direct_conversation_cannot_be_changed_like_a_group() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let carl = app.user("Carl").await;
    let id = ada.send(&bob, "hello").await["conversationId"].clone();
    let mut at_bob = bob.follow().await;

    assert_eq!(ada.refused(RENAME, json!({ "id": id, "title": "Us" })).await, "NOT_FOUND");
    assert_eq!(ada.refused(ADD, json!({ "id": id, "people": [carl.id] })).await, "NOT_FOUND");
    for person in [&ada, &bob, &carl] {
        assert_eq!(ada.refused(REMOVE, json!({ "id": id, "person": person.id })).await, "NOT_FOUND");
    }

    at_bob.stays_silent().await;
}

#[tokio::test]
async fn a_group_grows_to_1000_members_and_no_further() {
    let app = TestApp::start().await;
    let (ada, bob, carl, tea) = tea(&app).await;
    let crowd = app.crowd(1_001).await;
    let mut at_bob = bob.follow().await;

    for people in [&crowd[..], &crowd[..999]] {
        let refused = ada.refused(ADD, json!({ "id": tea, "people": people })).await;
        assert_eq!(refused, "BAD_USER_INPUT at userIds", "{}", people.len());
    }
    let grown = ada.ask(ADD, json!({ "id": tea, "people": crowd[..998] })).await;
    assert_eq!(grown["addMembers"]["memberCount"], 1_000);
    assert_eq!(ada.refused(ADD, json!({ "id": tea, "people": [carl.id] })).await, "BAD_USER_INPUT at userIds");
    assert_eq!(ada.add(&tea, &[&bob]).await["memberCount"], 1_000);

    // One event for the existing members, one for each new one, and the line for all of them.
    let received = at_bob.next_event().await;
    assert_eq!(received["change"], "UPDATED");
    at_bob.next_line().await;
    at_bob.stays_silent().await;
    assert_eq!(position(&json!(bob.feed_cursor().await)), position(&received["cursor"]) + 999);
    ada.remove(&tea, &bob).await;
    assert_eq!(ada.add(&tea, &[&carl]).await["memberCount"], 1_000);
}

#[tokio::test]
async fn concurrent_additions_do_not_exceed_the_limit() {
    let app = TestApp::start().await;
    let (ada, bob, _, tea) = tea(&app).await;
    let crowd = app.crowd(1_030).await;
    ada.ask(ADD, json!({ "id": tea, "people": crowd[..990] })).await;

    // Room for eight, and two members who add each guest.
    let answers = join_all(
        crowd[990..]
            .iter()
            .flat_map(|guest| [&ada, &bob].map(|person| person.execute(ADD, json!({ "id": tea, "people": [guest] })))),
    )
    .await;

    let refused: Vec<&Value> = answers.iter().filter(|answer| answer.get("errors").is_some()).collect();
    assert!(refused.iter().all(|answer| code(answer) == "BAD_USER_INPUT"), "{refused:?}");
    assert_eq!(refused.len(), 2 * 32);
    assert_eq!(ada.add(&tea, &[&bob]).await["memberCount"], 1_000);
}

#[tokio::test]
async fn large_concurrent_additions_all_succeed() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let crowd = app.crowd(990).await;
    let groups = join_all((0..12).map(|_| ada.group("Tea", &[]))).await;

    let add = |group: &String| ada.execute(ADD, json!({ "id": group, "people": crowd }));
    // More ids in one batch than a statement can bind, of people who do not exist.
    let strangers = |group: &String| {
        let people: Vec<String> = (0..999).map(|_| parlour::id::UserId::new().to_string()).collect();
        ada.execute(ADD, json!({ "id": group, "people": people }))
    };
    let unknown = join_all((0..40).map(|n| strangers(&groups[n % groups.len()])));
    let (added, unknown) = tokio::join!(join_all(groups.iter().map(add)), unknown);

    assert!(added.iter().all(|answer| answer["data"]["addMembers"]["memberCount"] == 991), "{added:?}");
    assert!(unknown.iter().all(|answer| code(answer) == "NOT_FOUND"), "{unknown:?}");
}
