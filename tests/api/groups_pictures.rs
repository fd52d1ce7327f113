//! Pictures of groups, and what else an update changes.

use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::support::pictures::png;
use crate::support::{PASSWORD, Person, TestApp, code, soon};
use parlour::entity::{image, image_deletion};

const SET: &str = "mutation($id: ID!, $file: Upload) { updateConversation(id: $id, picture: { file: $file }) {
    id picture { id url width } } }";
const REMOVE: &str = "mutation($id: ID!) { updateConversation(id: $id, picture: null) { picture { id } } }";
const SEEN: &str = "query($id: ID!) { conversation(by: { conversationId: $id }) { picture { id url } } }";
const NODE: &str = "query($id: ID!) { node(id: $id) { id } }";

async fn set(app: &TestApp, by: &Person, group: &str, width: u32) -> Value {
    by.execute_with_file(app, SET, json!({ "id": group, "file": null }), "variables.file", &png(width, 20)).await
}

async fn seen(by: &Person, group: &str) -> Value {
    by.ask(SEEN, json!({ "id": group })).await["conversation"]["picture"].take()
}

/// How many rows of images there are, once nothing is due for deletion.
async fn rows(app: &TestApp) -> u64 {
    let database = app.database().await;
    soon(async { while image_deletion::Entity::find().count(&database).await.expect("a count") > 0 {} }).await;
    image::Entity::find().count(&database).await.expect("a count")
}

#[tokio::test]
async fn a_group_has_a_picture_that_its_members_see() {
    let app = TestApp::start().await;
    let (ada, bob, eve) = (app.user("Ada").await, app.user("Bob").await, app.user("Eve").await);
    let tea = ada.group("Tea", &[&bob]).await;
    let mut at_bob = bob.follow().await;

    let changed = set(&app, &ada, &tea, 30).await["data"]["updateConversation"].take();

    assert_eq!(changed["picture"]["width"], 30, "{changed}");
    assert_eq!(at_bob.next_event().await["change"], "UPDATED");
    assert_eq!(at_bob.next_event().await["__typename"], "MessageAdded");
    let at_bobs = seen(&bob, &tea).await;
    assert_eq!(at_bobs["id"], changed["picture"]["id"]);
    let served = app.http().get(at_bobs["url"].as_str().expect("a URL")).send().await.expect("an answer");
    assert_eq!(served.status(), 200);
    let id = json!({ "id": at_bobs["id"] });
    assert_eq!(bob.ask(NODE, id.clone()).await["node"], id);
    assert_eq!(eve.ask(NODE, id).await["node"], Value::Null);
}

#[tokio::test]
async fn a_picture_that_is_replaced_or_removed_is_deleted() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let tea = ada.group("Tea", &[]).await;
    let first = set(&app, &ada, &tea, 30).await["data"]["updateConversation"]["picture"]["id"].take();

    let second = set(&app, &ada, &tea, 40).await["data"]["updateConversation"]["picture"]["id"].take();

    assert!(second.is_string() && first != second);
    app.has_files("images", 1).await;
    assert_eq!(rows(&app).await, 1);
    let removed = ada.ask(REMOVE, json!({ "id": tea })).await;
    assert_eq!(removed["updateConversation"]["picture"], Value::Null);
    app.has_files("images", 0).await;
    assert_eq!(rows(&app).await, 0);
    let mut at_ada = ada.follow().await;
    ada.ask(REMOVE, json!({ "id": tea })).await;
    at_ada.stays_silent().await;
}

#[tokio::test]
async fn only_those_who_may_set_a_picture() {
    let app = TestApp::start().await;
    let (ada, bob, eve) = (app.user("Ada").await, app.user("Bob").await, app.user("Eve").await);
    let tea = ada.group("Tea", &[&bob]).await;
    let direct = ada.send(&bob, "hello").await["conversationId"].as_str().expect("an id").to_owned();

    assert_eq!(code(&set(&app, &bob, &tea, 30).await), "FORBIDDEN");
    assert_eq!(code(&set(&app, &eve, &tea, 30).await), "NOT_FOUND");
    assert_eq!(code(&set(&app, &ada, &direct, 30).await), "NOT_FOUND");

    app.has_files("images", 0).await;
    assert_eq!(seen(&ada, &tea).await, Value::Null);
}

#[tokio::test]
async fn an_erased_persons_picture_of_a_group_goes() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let (tea, cake) = (ada.group("Tea", &[&bob]).await, ada.group("Cake", &[&bob]).await);
    for group in [&tea, &cake] {
        set(&app, &ada, group, 30).await;
    }
    // One that she has left is changed all the same.
    ada.remove(&cake, &ada).await;
    let mut at_bob = bob.follow().await;

    ada.ask("mutation($password: String!) { deleteAccount(password: $password) }", json!({ "password": PASSWORD }))
        .await;

    assert_eq!(at_bob.next_event().await["__typename"], "UserChanged");
    let mut received = Vec::new();
    for _ in 0..3 {
        let event = at_bob.next_event().await;
        received.push((event["__typename"].clone(), event["conversationId"].clone()));
    }
    let changed = json!("ConversationChanged");
    assert_eq!(received[0], (changed.clone(), json!(tea)));
    assert_eq!(received[1].0, "MessageAdded");
    assert_eq!(received[2], (changed, json!(cake)));
    for group in [&tea, &cake] {
        assert_eq!(seen(&bob, group).await, Value::Null);
    }
    app.has_files("images", 0).await;
    assert_eq!(rows(&app).await, 0);
}

#[tokio::test]
async fn an_update_changes_what_it_names() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let tea = ada.group("Tea", &[&bob]).await;
    let update = "mutation($id: ID!, $title: String, $data: JSON, $posting: Posting) {
        updateConversation(id: $id, title: $title, metadata: $data, posting: $posting) { title metadata posting } }";
    let mut at_bob = bob.follow().await;

    let one = ada.ask(update, json!({ "id": tea, "data": { "order": 7 } })).await;
    assert_eq!(one["updateConversation"], json!({ "title": "Tea", "metadata": { "order": 7 }, "posting": "EVERYONE" }));
    assert_eq!(at_bob.next_event().await["change"], "UPDATED");
    let two = ada.ask(update, json!({ "id": tea, "title": "Cake", "posting": "ADMINS" })).await;
    assert_eq!(two["updateConversation"], json!({ "title": "Cake", "metadata": { "order": 7 }, "posting": "ADMINS" }));
    assert_eq!(at_bob.next_event().await["change"], "UPDATED");
    assert_eq!(at_bob.next_event().await["__typename"], "MessageAdded");
    let three = ada.ask(update, json!({ "id": tea, "data": null })).await;
    assert_eq!(three["updateConversation"]["metadata"], Value::Null);
    assert_eq!(at_bob.next_event().await["change"], "UPDATED");

    ada.ask(update, json!({ "id": tea })).await;
    ada.ask(update, json!({ "id": tea, "title": "Cake", "data": null, "posting": "ADMINS" })).await;
    at_bob.stays_silent().await;
}
