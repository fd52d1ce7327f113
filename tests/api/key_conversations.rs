//! Groups that an app's backend makes and manages, and groups with ids of a client's own.

use parlour::accounts::KeyScope;
use parlour::id::ConversationId;
use serde_json::{Value, json};

use crate::support::{ADD, Backend, Person, REMOVE, RENAME, TestApp, refusal};

const CREATE: &str = "mutation($input: CreateConversationInput!) { createConversation(input: $input) {
    id externalId metadata title memberCount } }";
const BY_EXTERNAL_ID: &str = "query($id: ID!) { conversation(by: { externalId: $id }) { id externalId metadata
    members { nodes { role user { id } } } } }";

async fn create(backend: &Backend<'_>, input: Value) -> Value {
    backend.ask(CREATE, json!({ "input": input })).await["createConversation"].take()
}

fn order(owner: &Person, members: &[&Person]) -> Value {
    let members: Vec<&str> = members.iter().map(|member| member.id.as_str()).collect();
    json!({ "title": "Order 1", "ownerId": owner.id, "externalId": "order|1", "memberIds": members, "metadata": { "a": [1] } })
}

#[tokio::test]
async fn a_backend_makes_a_group_for_others_once() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let backend = app.backend_with(&[KeyScope::Conversations]).await;
    let mut feed = bob.follow().await;

    let made = create(&backend, order(&ada, &[&bob, &ada])).await;
    let again = create(&backend, order(&bob, &[])).await;

    assert_eq!(made, again);
    assert_eq!(
        (&made["externalId"], &made["metadata"], &made["memberCount"]),
        (&json!("order|1"), &json!({ "a": [1] }), &json!(2))
    );
    let heard = feed.next_event().await;
    assert_eq!((&heard["change"], &heard["conversation"]["id"]), (&json!("ADDED"), &made["id"]));
    feed.next_line().await;
    feed.stays_silent().await;
    let seen = bob.ask(BY_EXTERNAL_ID, json!({ "id": "order|1" })).await["conversation"].take();
    assert_eq!(
        (&seen["id"], &seen["externalId"], &seen["metadata"]),
        (&made["id"], &json!("order|1"), &json!({ "a": [1] }))
    );
    assert_eq!(
        seen["members"]["nodes"],
        json!([
        { "role": "OWNER", "user": { "id": ada.id } }, { "role": "MEMBER", "user": { "id": bob.id } } ])
    );
    let eve = app.user("Eve").await;
    for id in ["order|1", "order|2", ""] {
        assert_eq!(eve.ask(BY_EXTERNAL_ID, json!({ "id": id })).await["conversation"], Value::Null, "{id}");
        let send = json!({ "input": { "to": { "externalId": id }, "text": "hi" } });
        let refused =
            eve.refused("mutation($input: SendMessageInput!) { sendMessage(input: $input) { id } }", send).await;
        assert_eq!(refused, "NOT_FOUND", "{id}");
    }
    let sent = bob.send_input(json!({ "to": { "externalId": "order|1" }, "text": "hi" })).await;
    assert_eq!(sent["conversationId"], made["id"]);
}

#[tokio::test]
async fn many_at_once_make_one_group() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let backend = app.backend_with(&[KeyScope::Conversations]).await;

    let all = (0..20).map(|_| create(&backend, order(&ada, &[&bob])));
    let all = futures_util::future::join_all(all).await;

    assert!(all.iter().all(|made| made["id"] == all[0]["id"] && made["memberCount"] == 2), "{all:?}");
    let listed = ada.ask("{ conversations { nodes { id } } }", json!({})).await;
    assert_eq!(listed["conversations"]["nodes"], json!([{ "id": all[0]["id"] }]));
}

#[tokio::test]
async fn a_backend_names_the_owner_and_people_who_are_there() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let backend = app.backend_with(&[KeyScope::Conversations]).await;
    let refused = async |input: Value| backend.refused(CREATE, json!({ "input": input })).await;
    let nobody = uuid::Uuid::now_v7().to_string();

    assert_eq!(refused(json!({ "title": "T", "memberIds": [] })).await, "BAD_USER_INPUT at ownerId");
    assert_eq!(refused(json!({ "title": "T", "memberIds": [], "ownerId": nobody })).await, "NOT_FOUND");
    assert_eq!(refused(json!({ "title": "T", "memberIds": [nobody], "ownerId": ada.id })).await, "NOT_FOUND");
    let long = "x".repeat(129);
    let input = json!({ "title": "T", "memberIds": [], "ownerId": ada.id, "externalId": long });
    assert_eq!(refused(input).await, "BAD_USER_INPUT at externalId");
    for field in [json!({ "ownerId": ada.id }), json!({ "externalId": "order" })] {
        let mut input = json!({ "title": "T", "memberIds": [] });
        input.as_object_mut().expect("an object").extend(field.as_object().expect("an object").clone());
        assert_eq!(ada.refused(CREATE, json!({ "input": input })).await, "FORBIDDEN");
    }
}

#[tokio::test]
async fn a_group_with_an_id_of_ones_own_is_made_once() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let id = ConversationId::new().to_string();
    let input = json!({ "id": id, "title": "Tea", "memberIds": [bob.id], "metadata": { "b": null } });

    let made = ada.ask(CREATE, json!({ "input": input })).await["createConversation"].take();
    ada.ask(RENAME, json!({ "id": id, "title": "Coffee" })).await;
    let again = ada.ask(CREATE, json!({ "input": input })).await["createConversation"].take();

    assert_eq!((&made["id"], &made["title"], &made["metadata"]), (&json!(id), &json!("Tea"), &json!({ "b": null })));
    assert_eq!((&again["id"], &again["title"]), (&json!(id), &json!("Coffee")), "as it is now");
    let refused = async |who: &Person, id: &Value| {
        let input = json!({ "id": id, "title": "Tea", "memberIds": [] });
        who.refused(CREATE, json!({ "input": input })).await
    };
    assert_eq!(refused(&bob, &json!(id)).await, "BAD_USER_INPUT at id", "somebody else's");
    let message = ada.send(&bob, "hi").await;
    for taken in [&message["id"], &message["conversationId"], &json!(ada.id), &json!(bob.id), &json!("junk")] {
        assert_eq!(refused(&ada, taken).await, "BAD_USER_INPUT at id", "{taken}");
    }
    let data = json!({ "input": { "title": "Tea", "memberIds": [], "metadata": { "a": "x".repeat(4_096) } } });
    assert!(ada.refused(CREATE, data).await.starts_with("BAD_USER_INPUT"));
    ada.ask(REMOVE, json!({ "id": id, "person": ada.id })).await;
    assert_eq!(ada.refused(CREATE, json!({ "input": input })).await, "NOT_FOUND", "she has left it");
}

#[tokio::test]
async fn many_retries_at_once_make_one_group() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let input = json!({ "id": ConversationId::new().to_string(), "title": "Tea", "memberIds": [bob.id] });
    let mut feed = bob.follow().await;

    let all = (0..20).map(|_| ada.ask(CREATE, json!({ "input": input })));
    let all = futures_util::future::join_all(all).await;

    assert!(all.iter().all(|made| made == &all[0]), "{all:?}");
    assert_eq!(feed.next_event().await["change"], "ADDED");
    feed.next_line().await;
    feed.stays_silent().await;
}

#[tokio::test]
async fn a_backend_changes_any_group_and_no_direct_conversation() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let eve = app.user("Eve").await;
    let group = ada.group("Tea", &[&bob]).await;
    let direct = ada.send(&bob, "hi").await["conversationId"].clone();
    let backend = app.backend_with(&[KeyScope::Conversations]).await;
    let feed = bob.subscribe(
        "subscription { events { __typename ... on ConversationChanged { change conversationId by { id } added { id } removed { id } } } }",
        json!({}),
    );
    let mut feed = {
        let mut socket = feed.await;
        assert_eq!(socket.next_event().await["__typename"], "CaughtUp");
        socket
    };

    backend.ask(RENAME, json!({ "id": group, "title": "Coffee" })).await;
    backend.ask(ADD, json!({ "id": group, "people": [eve.id] })).await;
    backend.ask(REMOVE, json!({ "id": group, "person": ada.id })).await;

    let mut heard = Vec::new();
    for _ in 0..3 {
        let event = feed.next_event().await;
        assert_eq!((&event["change"], &event["by"]), (&json!("UPDATED"), &Value::Null), "{event}");
        heard.push((event["added"].clone(), event["removed"].clone()));
        assert_eq!(feed.next_event().await["__typename"], "MessageAdded");
    }
    let one = |person: &Person| json!([{ "id": person.id }]);
    assert_eq!(heard, [(json!([]), json!([])), (one(&eve), json!([])), (json!([]), one(&ada))]);
    let seen = bob.ask("query($id: ID!) { conversation(by: { conversationId: $id }) { title members { nodes { role user { id } } } } }", json!({ "id": group }));
    assert_eq!(
        seen.await["conversation"],
        json!({ "title": "Coffee", "members": { "nodes": [
        { "role": "OWNER", "user": { "id": bob.id } }, { "role": "MEMBER", "user": { "id": eve.id } } ] } })
    );
    assert_eq!(backend.refused(REMOVE, json!({ "id": group, "person": ada.id })).await, "NOT_FOUND");
    for nothing in [direct.as_str().expect("an id"), "junk", &uuid::Uuid::now_v7().to_string()] {
        assert_eq!(backend.refused(RENAME, json!({ "id": nothing, "title": "Mine" })).await, "NOT_FOUND");
    }
}

#[tokio::test]
async fn a_backend_reads_all_messages_and_deletes_any() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let sent = ada.send(&bob, "a secret").await;
    let backend = app.backend_with(&[KeyScope::Messages]).await;
    let mut feed = bob.follow().await;
    let page = "query($id: ID!) { messages(conversation: { conversationId: $id }, last: 5) { nodes { text sender { fullName } } } }";

    let read = backend.ask(page, json!({ "id": sent["conversationId"] })).await["messages"].take();
    let delete = "mutation($id: ID!) { deleteMessage(id: $id) { text version deletedAt } }";
    let deleted = backend.ask(delete, json!({ "id": sent["id"] })).await["deleteMessage"].take();
    let again = backend.ask(delete, json!({ "id": sent["id"] })).await["deleteMessage"].take();

    assert_eq!(read["nodes"], json!([{ "text": "a secret", "sender": { "fullName": "Ada" } }]));
    assert_eq!((&deleted["text"], &deleted["version"]), (&Value::Null, &json!(2)));
    assert_eq!(again, deleted, "again is no change");
    let event = feed.next_event().await;
    assert_eq!((&event["__typename"], &event["message"]["text"]), (&json!("MessageChanged"), &Value::Null));
    for nothing in ["junk", &uuid::Uuid::now_v7().to_string()] {
        assert_eq!(backend.refused(delete, json!({ "id": nothing })).await, "NOT_FOUND");
        assert_eq!(backend.ask(page, json!({ "id": nothing })).await["messages"]["nodes"], json!([]));
    }
    let by_person = "query($id: ID!) { messages(conversation: { userId: $id }) { nodes { text } } }";
    assert_eq!(backend.ask(by_person, json!({ "id": ada.id })).await["messages"]["nodes"], json!([]), "a key has none");
}

#[tokio::test]
async fn people_name_each_other_by_ids_of_the_app_where_these_are_public() {
    let mut app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let id = app.backend().await.person("u|1", "Bob").await;
    let input = json!({ "to": { "externalUserId": "u|1" }, "text": "hi" });
    let read = "query($id: ID!) { conversation(by: { externalUserId: $id }) { otherUser { id } } }";

    assert_eq!(
        ada.refused(
            "mutation($input: SendMessageInput!) { sendMessage(input: $input) { id } }",
            json!({ "input": input })
        )
        .await,
        "FORBIDDEN"
    );
    assert_eq!(ada.refused(read, json!({ "id": "u|1" })).await, "FORBIDDEN");
    app.restart_with(&[("EXTERNAL_IDS", "public")]).await;
    let live = "subscription($after: String) { messageAdded(conversation: { externalUserId: \"u|1\" }, after: $after) { text } }";
    let mut live = ada.subscribe(live, json!({ "after": ada.feed_cursor().await })).await;
    ada.send_input(input).await;

    assert_eq!(live.next_data("1").await["messageAdded"]["text"], "hi");
    assert_eq!(ada.ask(read, json!({ "id": "u|1" })).await["conversation"]["otherUser"]["id"], json!(id));
    assert_eq!(ada.ask(read, json!({ "id": "u|2" })).await["conversation"], Value::Null);
    let answer = ada.execute(read, json!({ "id": "" })).await;
    assert_eq!(answer["data"]["conversation"], Value::Null);
    let unknown = json!({ "input": { "to": { "externalUserId": "u|2" }, "text": "hi" } });
    assert_eq!(
        refusal(
            &ada.execute("mutation($input: SendMessageInput!) { sendMessage(input: $input) { id } }", unknown).await
        ),
        "NOT_FOUND"
    );
}

#[tokio::test]
async fn a_person_has_their_direct_conversation_with_you() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let eve = app.user("Eve").await;
    let of = "query($id: ID!) { user(id: $id) { conversation { id lastSeq unreadCount otherUser { id } } } }";
    assert_eq!(ada.ask(of, json!({ "id": bob.id })).await["user"]["conversation"], Value::Null);
    let sent = ada.send(&bob, "hi").await;

    let seen = bob.ask(of, json!({ "id": ada.id })).await["user"]["conversation"].take();
    assert_eq!(
        seen,
        json!({ "id": sent["conversationId"], "lastSeq": 1, "unreadCount": 1, "otherUser": { "id": ada.id } })
    );
    assert_eq!(ada.ask(of, json!({ "id": ada.id })).await["user"]["conversation"], Value::Null, "none with yourself");
    assert_eq!(eve.ask(of, json!({ "id": ada.id })).await["user"]["conversation"], Value::Null, "theirs is not yours");
    let listed = ada.ask("{ users { nodes { id conversation { id } } } }", json!({})).await["users"]["nodes"].take();
    let with: Vec<(&Value, &Value)> =
        listed.as_array().expect("people").iter().map(|user| (&user["id"], &user["conversation"])).collect();
    assert_eq!(with, [(&json!(bob.id), &json!({ "id": sent["conversationId"] })), (&json!(eve.id), &Value::Null)]);
    let backend = app.backend().await;
    let answer = backend.execute(of, json!({ "id": ada.id })).await;
    assert!(answer.get("errors").is_none() && answer["data"]["user"]["conversation"].is_null(), "{answer}");
}
