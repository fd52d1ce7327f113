//! Objects by their ids, as Relay fetches them again.

use serde_json::{Value, json};

use crate::support::{Person, TestApp, pictures};

const NODE: &str = "query($id: ID!) { node(id: $id) { __typename id ... on User { fullName } ... on Message { text }
    ... on Conversation { title } ... on Member { user { fullName } role } ... on Session { current }
    ... on Image { width } } }";

async fn node(person: &Person, id: &Value) -> Value {
    person.ask(NODE, json!({ "id": id })).await["node"].take()
}

#[tokio::test]
async fn every_object_is_found_by_its_id_by_those_who_may_see_it() {
    let app = TestApp::start_with(&[("DIRECTORY", "shared")]).await;
    let (ada, bob, eve) = (app.user("Ada").await, app.user("Bob").await, app.user("Eve").await);
    let group = ada.group("Tea", &[&bob]).await;
    let input = json!({ "to": { "conversationId": group } });
    let sent = ada.try_send_image(&app, input, &pictures::png(4, 4)).await["data"]["sendMessage"].take();
    let page = "query($id: ID!) { conversation(by: { conversationId: $id }) {
        members { nodes { id user { id } } } messages { nodes { id image { id } } } } sessions { id } }";
    let seen = ada.ask(page, json!({ "id": group })).await;
    let conversation = &seen["conversation"];
    let member = &conversation["members"]["nodes"][1];
    assert_eq!(member["user"]["id"], bob.id);
    let image = conversation["messages"]["nodes"][1]["image"]["id"].clone();
    let expected = [
        (json!(bob.id), json!({ "__typename": "User", "id": bob.id, "fullName": "Bob" })),
        (json!(group), json!({ "__typename": "Conversation", "id": group, "title": "Tea" })),
        (sent["id"].clone(), json!({ "__typename": "Message", "id": sent["id"], "text": null })),
        (image.clone(), json!({ "__typename": "Image", "id": image, "width": 4 })),
        (
            member["id"].clone(),
            json!({ "__typename": "Member", "id": member["id"], "user": { "fullName": "Bob" }, "role": "MEMBER" }),
        ),
    ];
    for (id, object) in &expected {
        assert_eq!(node(&ada, id).await, *object);
        assert_eq!(node(&bob, id).await, *object);
        // As by `user`: with this setting, people are found by their ids.
        let for_eve = if object["__typename"] == "User" { object.clone() } else { Value::Null };
        assert_eq!(node(&eve, id).await, for_eve);
        let upper = json!(id.as_str().expect("an id").to_uppercase());
        assert_eq!(node(&ada, &upper).await, *object);
    }
    let session = &seen["sessions"][0]["id"];
    assert_eq!(node(&ada, session).await, json!({ "__typename": "Session", "id": session, "current": true }));
    assert_eq!(node(&bob, session).await, Value::Null);
    for junk in ["", "junk", "00000000-0000-0000-0000-000000000000", "00000000-0000-8000-8000-000000000000"] {
        assert_eq!(node(&ada, &json!(junk)).await, Value::Null);
    }
    // What is gone is not found any more.
    ada.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": sent["id"] })).await;
    assert_eq!(node(&ada, &image).await, Value::Null);
    let remove = "mutation($in: ID!, $who: ID!) { removeMember(conversationId: $in, userId: $who) { id } }";
    ada.ask(remove, json!({ "in": group, "who": bob.id })).await;
    assert_eq!(node(&ada, &member["id"]).await, Value::Null);
    assert_eq!(node(&bob, &json!(group)).await, Value::Null);
}

#[tokio::test]
async fn a_members_id_is_always_the_same_and_of_them_alone() {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let group = ada.group("Tea", &[&bob]).await;
    let ids = async |person: &Person| {
        let query =
            "query($id: ID!, $who: ID!) { a: conversation(by: { conversationId: $id }) { members { nodes { id } } }
            b: conversation(by: { userId: $who }) { members { nodes { id } } } }";
        let other = if person.id == ada.id { &bob.id } else { &ada.id };
        let answer = person.ask(query, json!({ "id": group, "who": other })).await;
        let of = |name: &str| answer[name]["members"]["nodes"].as_array().expect("members").clone();
        [of("a"), of("b")].concat().iter().map(|member| member["id"].to_string()).collect::<Vec<_>>()
    };
    let first = ids(&ada).await;
    assert_eq!(first.iter().collect::<std::collections::HashSet<_>>().len(), 4);
    assert!(first.iter().all(|id| id.as_bytes()[15] == b'8'), "{first:?}");
    app.restart().await;
    assert_eq!(ids(&bob).await, first);
}

#[tokio::test]
async fn the_picture_of_somebody_is_found_by_those_who_see_them() {
    let app = TestApp::start_with(&[("DIRECTORY", "shared")]).await;
    let (ada, bob, eve) = (app.user("Ada").await, app.user("Bob").await, app.user("Eve").await);
    ada.group("Tea", &[&bob]).await;
    let set = ada.try_set_picture(&app, &pictures::png(4, 4)).await;
    let image = set["data"]["updateProfile"]["profilePic"]["id"].clone();
    for (person, sees) in [(&ada, true), (&bob, true), (&eve, false)] {
        assert_eq!(node(person, &image).await.is_object(), sees, "{}", person.name);
    }
}
