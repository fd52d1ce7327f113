//! The app's backend makes, changes, finds, signs out and erases its people.

use serde_json::{Value, json};

use crate::support::{Person, TestApp, UPSERT, refusal};

const PROFILE: &str = "query($id: ID!) { user(id: $id) { fullName externalId isBot metadata email deletedAt } }";
const BY_EXTERNAL_ID: &str = "query($id: ID!) { userByExternalId(externalId: $id) { id externalId } }";

fn person(external_id: &str, name: &str) -> Value {
    json!({ "externalId": external_id, "fullName": name })
}

#[tokio::test]
async fn upsert_makes_people_and_again_changes_nothing() {
    let app = TestApp::start().await;
    let backend = app.backend().await;
    let data = json!({ "plan": "gold", "a": [1, { "b": null }], "ü": "x" });
    let ada = json!({ "externalId": "u|1", "fullName": " Ada ", "email": "Ada@Shop.Example", "metadata": data });
    let users = json!([ada, person("u|2", "Bob")]);

    let made = backend.upsert(users.clone()).await;
    let again = backend.upsert(users).await;

    assert_eq!(made, again);
    assert_eq!(made[0]["fullName"], "Ada");
    assert_eq!(
        (&made[0]["externalId"], &made[0]["isBot"], &made[0]["email"]),
        (&json!("u|1"), &json!(false), &json!(null))
    );
    assert_eq!(serde_json::to_string(&made[0]["metadata"]).ok(), serde_json::to_string(&data).ok());
    assert_eq!((&made[1]["fullName"], &made[1]["metadata"]), (&json!("Bob"), &json!(null)));
    let found = backend.ask(BY_EXTERNAL_ID, json!({ "id": "u|2" })).await["userByExternalId"].take();
    assert_eq!(found, json!({ "id": made[1]["id"], "externalId": "u|2" }));
    assert_eq!(backend.ask(BY_EXTERNAL_ID, json!({ "id": "U|2" })).await["userByExternalId"], json!(null));
}

#[tokio::test]
async fn what_is_left_out_stays_and_null_removes() {
    let app = TestApp::start().await;
    let backend = app.backend().await;
    backend.upsert(json!([{ "externalId": "1", "fullName": "Ada", "metadata": { "a": 1 } }])).await;

    let kept = backend.upsert(json!([person("1", "Ada Lovelace")])).await;
    let removed =
        backend.upsert(json!([{ "externalId": "1", "fullName": "Ada", "metadata": null, "email": null }])).await;

    assert_eq!((&kept[0]["fullName"], &kept[0]["metadata"]), (&json!("Ada Lovelace"), &json!({ "a": 1 })));
    assert_eq!((&removed[0]["fullName"], &removed[0]["metadata"]), (&json!("Ada"), &json!(null)));
}

#[tokio::test]
async fn those_who_know_somebody_hear_of_a_change_once() {
    let app = TestApp::start().await;
    let backend = app.backend().await;
    let id = backend.person("1", "Ada").await;
    let bob = app.user("Bob").await;
    bob.send_input(json!({ "to": { "userId": id }, "text": "hello" })).await;
    let mut feed = bob.follow().await;

    backend.upsert(json!([person("1", "Ada")])).await;
    backend.upsert(json!([person("1", "Ada Lovelace"), person("2", "Eve")])).await;
    backend.upsert(json!([person("1", "Ada Lovelace")])).await;

    let event = feed.next_event().await;
    assert_eq!(event["user"], json!({ "id": id, "fullName": "Ada Lovelace" }));
    feed.stays_silent().await;
    let mut again = bob
        .subscribe(
            "subscription($after: String) { events(after: $after) { cursor
        ... on UserChanged { user { externalId metadata isBot } } } }",
            json!({ "after": event["cursor"] }),
        )
        .await;
    backend.upsert(json!([{ "externalId": "1", "fullName": "Ada Lovelace", "metadata": { "vip": true } }])).await;
    let events = [again.next_event().await, again.next_event().await];
    let user = events.iter().find_map(|event| event.get("user")).expect("a change");
    assert_eq!(user, &json!({ "externalId": null, "metadata": { "vip": true }, "isBot": false }));
}

#[tokio::test]
async fn all_or_none_with_the_place_of_what_is_wrong() {
    let app = TestApp::start().await;
    let backend = app.backend().await;
    let refused = async |users: Value| backend.refused(UPSERT, json!({ "users": users })).await;
    let data = |metadata: Value| json!([{ "externalId": "1", "fullName": "Ada", "metadata": metadata }]);

    assert_eq!(refused(json!([person("1", "Ada"), person("2", " ")])).await, "BAD_USER_INPUT at users.1.fullName");
    assert_eq!(refused(json!([person("1", "Deleted user")])).await, "BAD_USER_INPUT at users.0.fullName");
    assert_eq!(refused(json!([person("", "Ada")])).await, "BAD_USER_INPUT at users.0.externalId");
    assert_eq!(refused(json!([person("a\nb", "Ada")])).await, "BAD_USER_INPUT at users.0.externalId");
    assert_eq!(refused(json!([person(&"é".repeat(129), "Ada")])).await, "BAD_USER_INPUT at users.0.externalId");
    assert_eq!(refused(json!([person("1", "Ada"), person("1", "Bob")])).await, "BAD_USER_INPUT at users");
    let mail = json!([{ "externalId": "1", "fullName": "Ada", "email": "nowhere" }]);
    assert_eq!(refused(mail).await, "BAD_USER_INPUT at users.0.email");
    for wrong in [json!([1]), json!("x"), json!({ "a": "x".repeat(4_096) })] {
        assert!(refused(data(wrong)).await.starts_with("BAD_USER_INPUT"));
    }
    let many: Vec<Value> = (0..101).map(|number| person(&number.to_string(), "Ada")).collect();
    assert_eq!(refused(json!(many)).await, "BAD_USER_INPUT at users");

    assert_eq!(backend.ask(BY_EXTERNAL_ID, json!({ "id": "1" })).await["userByExternalId"], json!(null));
    assert_eq!(backend.upsert(json!(many[..100])).await.as_array().map(Vec::len), Some(100));
    backend.person(&"é".repeat(128), "Ada").await;
}

#[tokio::test]
async fn many_at_once_make_each_person_once() {
    let app = TestApp::start().await;
    let backend = app.backend().await;
    let users = |name: &str| json!([person("1", name), person("2", name)]);
    let names: Vec<String> = (0..20).map(|number| format!("Ada {number}")).collect();

    let all = futures_util::future::join_all(names.iter().map(|name| backend.upsert(users(name)))).await;

    assert!(all.iter().all(|made| made[0]["id"] == all[0][0]["id"] && made[1]["id"] == all[0][1]["id"]), "{all:?}");
    let now = backend.ask(PROFILE, json!({ "id": all[0][0]["id"] })).await;
    assert!(names.iter().any(|name| now["user"]["fullName"] == *name), "{now}");
}

#[tokio::test]
async fn an_address_from_the_app_is_its_owners_to_see_and_nobodys_to_sign_in_with() {
    let app = TestApp::start().await;
    let backend = app.backend().await;
    let ada = app.user("Ada").await;
    backend.upsert(json!([{ "externalId": "1", "fullName": "Other Ada", "email": ada.email }])).await;

    let found = ada.ask(
        "query($search: String) { users(search: $search) { nodes { fullName } } }",
        json!({ "search": "bob@example.com" }),
    );
    assert_eq!(found.await["users"]["nodes"], json!([]));
    backend.upsert(json!([{ "externalId": "2", "fullName": "Other Bob", "email": "bob@example.com" }])).await;
    let bob = app.user("Bob").await;
    let names = ada.ask(
        "query($search: String) { users(search: $search) { nodes { fullName email } } }",
        json!({ "search": bob.email }),
    );
    assert_eq!(names.await["users"]["nodes"], json!([{ "fullName": "Bob", "email": null }]));
}

#[tokio::test]
async fn ids_of_the_app_are_private_unless_the_server_makes_them_public() {
    let mut app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let id = app.backend().await.person("u-1", "Bob").await;

    assert_eq!(ada.refused(BY_EXTERNAL_ID, json!({ "id": "u-1" })).await, "FORBIDDEN");
    assert_eq!(ada.ask(PROFILE, json!({ "id": id })).await["user"]["externalId"], json!(null));

    app.restart_with(&[("EXTERNAL_IDS", "public")]).await;
    let found = ada.ask(BY_EXTERNAL_ID, json!({ "id": "u-1" })).await["userByExternalId"].take();
    assert_eq!(found, json!({ "id": id, "externalId": "u-1" }));
    assert_eq!(ada.ask(BY_EXTERNAL_ID, json!({ "id": "u-2" })).await["userByExternalId"], json!(null));
    assert_eq!(refusal(&app.execute(None, BY_EXTERNAL_ID, json!({ "id": "u-1" })).await), "UNAUTHENTICATED");

    app.restart_with(&[("DIRECTORY", "closed")]).await;
    assert_eq!(ada.ask(BY_EXTERNAL_ID, json!({ "id": "u-1" })).await["userByExternalId"], json!(null), "as `user`");
    let found = app.backend().await.ask(BY_EXTERNAL_ID, json!({ "id": "u-1" })).await;
    assert_eq!(found["userByExternalId"]["id"], json!(id), "a key finds everybody");
}

#[tokio::test]
async fn an_erased_person_is_gone_for_everybody_and_begins_anew_by_upsert() {
    let app = TestApp::start().await;
    let backend = app.backend().await;
    let id = backend
        .upsert(json!([{ "externalId": "1", "fullName": "Ada", "metadata": { "a": 1 }, "email": "a@shop.example" }]));
    let id = id.await[0]["id"].as_str().expect("an id").to_owned();
    let bob = app.user("Bob").await;
    bob.send_input(json!({ "to": { "userId": id }, "text": "hello" })).await;

    assert_eq!(backend.erase(&id).await, json!(true));

    let gone = backend.ask(PROFILE, json!({ "id": id })).await["user"].take();
    assert_eq!(
        (&gone["fullName"], &gone["externalId"], &gone["metadata"]),
        (&json!("Deleted user"), &json!(null), &json!(null))
    );
    assert!(gone["deletedAt"].is_string());
    assert_eq!(backend.ask(BY_EXTERNAL_ID, json!({ "id": "1" })).await["userByExternalId"], json!(null));
    let anew = backend.person("1", "Ada again").await;
    assert_ne!(anew, id);
    assert_eq!(backend.ask(PROFILE, json!({ "id": id })).await["user"]["fullName"], "Deleted user");
    assert_eq!(backend.ask(BY_EXTERNAL_ID, json!({ "id": "1" })).await["userByExternalId"]["id"], json!(anew));
}

#[tokio::test]
async fn ending_sessions_counts_them_closes_sockets_and_finds_nobody_without_an_account() {
    let app = TestApp::start().await;
    let backend = app.backend().await;
    let ada = app.user("Ada").await;
    let phone: Person = ada.another_device(&app).await;
    let mut sockets = [ada.socket().await, phone.socket().await];

    assert_eq!(backend.end_sessions(&ada.id).await, json!(2));

    for socket in &mut sockets {
        assert_eq!(socket.closed().await.code, 4401);
    }
    assert_eq!(phone.ask("{ me { id } }", json!({})).await, json!({ "me": null }));
    assert_eq!(backend.end_sessions(&ada.id).await, json!(0));
    ada.another_device(&app).await;
    for mutation in ["endSessions", "eraseUser"] {
        for nobody in [uuid::Uuid::now_v7().to_string(), "junk".to_owned()] {
            let query = format!("mutation($id: ID!) {{ {mutation}(userId: $id) }}");
            assert_eq!(backend.refused(&query, json!({ "id": nobody })).await, "NOT_FOUND");
        }
    }
}
