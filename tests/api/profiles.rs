//! Profiles, and who receives a change.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::support::{EVENTS, TestApp};

const RENAME: &str =
    "mutation($name: String) { updateProfile(input: { fullName: $name }) { fullName email updatedAt } }";
const UPDATED: &str = "{ me { updatedAt } }";

#[tokio::test]
async fn a_new_name_is_seen_at_once() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let before = ada.ask(UPDATED, json!({})).await;
    app.clock.advance(Duration::from_secs(1));

    let renamed = ada.ask(RENAME, json!({ "name": " Ada King " })).await["updateProfile"].take();

    assert_eq!((&renamed["fullName"], &renamed["email"]), (&json!("Ada King"), &json!("ada@example.com")));
    assert!(renamed["updatedAt"].as_str() > before["me"]["updatedAt"].as_str());
    let me = ada.ask("{ me { fullName email updatedAt } }", json!({})).await;
    assert_eq!(me["me"], renamed);
}

#[tokio::test]
async fn a_new_name_is_delivered_to_contacts_only() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let (carl, eve) = (app.user("Carl").await, app.user("Eve").await);
    ada.group("Tea", &[&carl]).await;
    bob.send(&eve, "hi").await;
    let (mut at_ada, mut at_bob, mut at_carl, mut at_eve) =
        (ada.follow().await, bob.follow().await, carl.follow().await, eve.follow().await);

    ada.ask(RENAME, json!({ "name": "Ada King" })).await;

    for socket in [&mut at_ada, &mut at_bob, &mut at_carl] {
        let received = socket.next_event().await;
        assert_eq!(received["__typename"], "UserChanged");
        assert_eq!(received["user"], json!({ "id": ada.id, "fullName": "Ada King" }));
        socket.stays_silent().await;
    }
    at_eve.stays_silent().await;
}

#[tokio::test]
async fn a_former_members_new_name_is_delivered_where_their_messages_are() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let tea = ada.group("Tea", &[&bob]).await;
    bob.send_to(&tea, "I must go").await;
    bob.remove(&tea, &bob).await;
    let before = ada.feed_cursor().await;
    let mut at_ada = ada.follow().await;

    bob.ask(RENAME, json!({ "name": "Robert" })).await;

    let live = at_ada.next_event().await;
    let (replayed, _) = ada.subscribe(EVENTS, json!({ "after": before })).await.replay().await;
    assert_eq!((&live["__typename"], &live["user"]["fullName"]), (&json!("UserChanged"), &json!("Robert")));
    assert_eq!(replayed, [live]);
}

#[tokio::test]
async fn a_change_is_delivered_once_to_people_with_two_shared_conversations() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    ada.group("Tea", &[&bob]).await;
    let mut at_bob = bob.follow().await;

    ada.ask(RENAME, json!({ "name": "Ada King" })).await;

    assert_eq!(at_bob.next_event().await["user"]["fullName"], "Ada King");
    at_bob.stays_silent().await;
}

#[tokio::test]
async fn a_missed_change_is_replayed() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let eve = app.user("Eve").await;
    let before = bob.feed_cursor().await;
    let events = "query($after: String!) { events(after: $after) { events { ... on UserChanged { user { id } } } } }";

    ada.ask(RENAME, json!({ "name": "Ada King" })).await;

    let missed = bob.ask(events, json!({ "after": before })).await;
    assert_eq!(missed["events"]["events"], json!([{ "user": { "id": ada.id } }]));
    assert_eq!(eve.ask(events, json!({ "after": before })).await["events"]["events"], json!([]));
}

#[tokio::test]
async fn the_same_name_changes_nothing() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let (before, mut at_bob) = (ada.ask(UPDATED, json!({})).await, bob.follow().await);
    app.clock.advance(Duration::from_secs(1));

    ada.ask(RENAME, json!({ "name": "Ada" })).await;

    assert_eq!(ada.ask(UPDATED, json!({})).await, before);
    at_bob.stays_silent().await;
}

#[tokio::test]
async fn omitted_fields_stay_unchanged() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut at_bob = bob.follow().await;

    assert_eq!(ada.ask(RENAME, json!({})).await["updateProfile"]["fullName"], "Ada");
    assert_eq!(ada.ask(RENAME, json!({ "name": null })).await["updateProfile"]["fullName"], "Ada");

    at_bob.stays_silent().await;
}

#[tokio::test]
async fn a_name_has_1_to_80_characters_that_can_be_seen() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let (longest, too_long) = ("é".repeat(80), "é".repeat(81));

    for name in ["", " ", "\u{200B}", "a\0b", "a\nb", "a\u{85}b", "\u{202E}bob", &too_long] {
        assert_eq!(ada.refused(RENAME, json!({ "name": name })).await, "BAD_USER_INPUT at fullName", "{name:?}");
    }
    for name in ["👨‍👩‍👧‍👦", "عائشة", "נועה", "O'Hara \"\\; DROP", &longest] {
        assert_eq!(ada.ask(RENAME, json!({ "name": name })).await["updateProfile"]["fullName"], name);
    }
}

#[tokio::test]
async fn the_name_of_erased_people_and_its_lookalikes_are_reserved() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    for name in ["Deleted user", "DELETED  USER", "De\u{200B}leted user", "D\u{435}leted us\u{435}r", "DeIeted user."] {
        assert_eq!(ada.refused(RENAME, json!({ "name": name })).await, "BAD_USER_INPUT at fullName", "{name:?}");
    }
    assert_eq!(ada.ask("{ me { fullName } }", json!({})).await["me"]["fullName"], "Ada");

    // A name from before it was reserved.
    let taken = "UPDATE \"user\" SET full_name = 'Deleted user' WHERE full_name = 'Bob'";
    app.database().await.execute_unprepared(taken).await.expect("it is renamed");

    let query = "query($id: ID!) { user(id: $id) { fullName deletedAt } }";
    let seen = ada.ask(query, json!({ "id": bob.id })).await["user"].take();
    assert_eq!(seen, json!({ "fullName": "Deleted user", "deletedAt": null }));
    assert_eq!(bob.ask(RENAME, json!({ "name": "Robert" })).await["updateProfile"]["fullName"], "Robert");
}

#[tokio::test]
async fn people_whose_names_look_the_same_have_one_key() {
    let app = TestApp::start().await;
    let ada = app.user("Ada Lovelace").await;
    let key = async |name: &str| {
        ada.ask(RENAME, json!({ "name": name })).await;
        ada.ask("{ me { fullName nameKey } }", json!({})).await["me"].take()
    };

    let first = key("Ada Lovelace").await;

    for name in ["ada lovelace", "A\u{200B}da Love\u{AD}lace", "\u{410}da Lov\u{435}lace", "Ada LoveIace"] {
        let another = key(name).await;
        assert_eq!((&another["fullName"], &another["nameKey"]), (&json!(name), &first["nameKey"]));
    }
    for name in ["Ada Lovelacé", "Ada", "Bob Lovelace"] {
        assert_ne!(key(name).await["nameKey"], first["nameKey"], "{name}");
    }
}
