//! Who can find whom in an open, a shared and a closed directory.

use std::time::Duration;

use serde_json::{Value, json};

use crate::authority::table::CALLS;
use crate::support::{ADD, Person, SEND, TestApp, code};

const USERS: &str = "query($search: String) { users(search: $search) { totalCount nodes { fullName } } }";
const USER: &str = "query($id: ID!) { user(id: $id) { fullName } }";
const MAKE: &str = "mutation($title: String!, $ids: [ID!]!) {
    createConversation(input: { title: $title, memberIds: $ids }) { memberCount } }";
const TYPE: &str = "mutation($id: ID!) { setTyping(conversation: { userId: $id }) }";
const HEAR: &str = "subscription($id: ID!) { messageAdded(conversation: { userId: $id }) { text } }";
const NOBODY: &str = "019bfc3e-0000-7000-8000-00000000000a";

/// A server on which Ada and Bob had a conversation before the directory was restricted, and Eve has none.
async fn scene(directory: &str) -> (TestApp, Person, Person, Person) {
    scene_with(&[("DIRECTORY", directory)]).await
}

async fn scene_with(settings: &[(&str, &str)]) -> (TestApp, Person, Person, Person) {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let eve = app.user("Eve").await;
    app.restart_with(settings).await;
    (app, ada, bob, eve)
}

/// The names that a search finds.
async fn names(person: &Person, search: Option<&str>) -> Vec<String> {
    let found = person.ask(USERS, json!({ "search": search })).await;
    let nodes = found["users"]["nodes"].as_array().expect("a list");
    assert_eq!(found["users"]["totalCount"], nodes.len());
    nodes.iter().map(|node| node["fullName"].as_str().expect("a name").to_owned()).collect()
}

async fn features(app: &TestApp) -> Vec<String> {
    let mut info = app.execute(None, "{ serverInfo { features } }", json!({})).await;
    serde_json::from_value(info["data"]["serverInfo"]["features"].take()).expect("names")
}

/// The outcome of each operation on a person's id: `ok`, `null` or a code.
async fn by_id(person: &Person, id: &str) -> Vec<String> {
    let group = person.group("Tea", &[]).await;
    let outcome = |answer: &Value| match answer.get("errors") {
        Some(_) => code(answer).to_owned(),
        None if answer["data"]["user"].is_null() && answer["data"].get("user").is_some() => "null".to_owned(),
        None => "ok".to_owned(),
    };
    let mut outcomes = Vec::new();
    for (document, variables) in [
        (USER, json!({ "id": id })),
        (TYPE, json!({ "id": id })),
        (MAKE, json!({ "title": "Ours", "ids": [id] })),
        (ADD, json!({ "id": group, "people": [id] })),
    ] {
        outcomes.push(outcome(&person.execute(document, variables).await));
    }
    let mut socket = person.subscribe(HEAR, json!({ "id": id })).await;
    let text = json!({ "input": { "to": { "userId": id }, "text": "hello" } });
    // Nothing says that a subscription stands but what it emits: one more message until it does, or is refused.
    let (heard, sent) = loop {
        let sent = outcome(&person.execute(SEND, text.clone()).await);
        if let Ok(received) = tokio::time::timeout(Duration::from_millis(200), socket.next()).await {
            let code = received["payload"][0]["extensions"]["code"].as_str().map(str::to_owned);
            break (code.unwrap_or_else(|| "ok".to_owned()), sent);
        }
    };
    outcomes.extend([heard, sent]);
    outcomes
}

const FOUND: [&str; 6] = ["ok"; 6];
const NOT_FOUND: [&str; 6] = ["null", "NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "NOT_FOUND"];

#[tokio::test]
async fn in_an_open_directory_everybody_finds_everybody() {
    let (app, _, _, eve) = scene("open").await;

    assert_eq!(names(&eve, None).await, ["Ada", "Bob"]);
    let features = features(&app).await;
    assert!(features.contains(&"directory".into()) && features.contains(&"lookup".into()), "{features:?}");
}

#[tokio::test]
async fn a_shared_directory_finds_contacts_by_name_and_others_by_exact_email() {
    let (app, ada, bob, eve) = scene("shared").await;

    assert_eq!(names(&ada, None).await, ["Bob"]);
    assert_eq!(names(&ada, Some("b")).await, ["Bob"]);
    assert_eq!(names(&ada, Some("e")).await, [""; 0]);
    assert_eq!(names(&ada, Some(&eve.email)).await, ["Eve"]);
    assert_eq!(names(&ada, Some(&eve.email[1..])).await, [""; 0]);
    assert_eq!(names(&eve, None).await, [""; 0]);
    assert_eq!(names(&eve, Some(&bob.email)).await, ["Bob"]);
    let features = features(&app).await;
    assert_eq!((features.contains(&"directory".into()), features.contains(&"lookup".into())), (false, true));
}

#[tokio::test]
async fn a_shared_directory_finds_people_by_id() {
    let (_app, ada, _, eve) = scene("shared").await;

    assert_eq!(by_id(&eve, &ada.id).await, FOUND);
    assert_eq!(names(&eve, None).await, ["Ada"]);
    assert_eq!(names(&ada, None).await, ["Bob", "Eve"]);
    assert_eq!(by_id(&eve, NOBODY).await, NOT_FOUND);
}

#[tokio::test]
async fn in_a_shared_directory_only_lookups_of_strangers_count_as_searches() {
    let (_app, ada, bob, eve) = scene_with(&[("DIRECTORY", "shared"), ("RATE_LIMITS", "on")]).await;
    let lookups = async |id: &str| {
        let mut passed = 0;
        while passed < 200 && ada.execute(USER, json!({ "id": id })).await.get("errors").is_none() {
            passed += 1;
        }
        passed
    };
    assert_eq!(lookups(&bob.id).await, 200);

    let passed = lookups(&eve.id).await;

    assert!((30..200).contains(&passed), "{passed}");
    let many: Vec<String> = (0..60).map(|_| parlour::id::UserId::new().to_string()).collect();
    assert_eq!(ada.fails(MAKE, json!({ "title": "All", "ids": many })).await, "RATE_LIMITED");
    assert_eq!(ada.ask(USER, json!({ "id": ada.id })).await["user"]["fullName"], "Ada");
    ada.send(&bob, "contacts are written to all the same").await;
}

#[tokio::test]
async fn a_closed_directory_finds_nobody_and_contacts_can_still_be_messaged() {
    let (app, ada, bob, eve) = scene("closed").await;

    for search in [None, Some("b"), Some("Bob"), Some(bob.email.as_str()), Some(eve.email.as_str())] {
        assert_eq!(names(&ada, search).await, [""; 0], "{search:?}");
    }
    assert_eq!(by_id(&ada, &bob.id).await, FOUND);
    assert_eq!(by_id(&ada, &eve.id).await, NOT_FOUND);
    assert_eq!(by_id(&eve, &ada.id).await, NOT_FOUND);
    // One stranger rejects the request.
    assert_eq!(ada.fails(MAKE, json!({ "title": "Us", "ids": [bob.id, eve.id] })).await, "NOT_FOUND");
    assert_eq!(ada.ask(USER, json!({ "id": ada.id })).await["user"]["fullName"], "Ada");
    let features = features(&app).await;
    assert!(!features.contains(&"directory".into()) && !features.contains(&"lookup".into()), "{features:?}");
}

#[tokio::test]
async fn a_closed_directory_answers_a_strangers_id_like_an_unknown_id() {
    let (_app, ada, _, eve) = scene("closed").await;
    let mut tried = 0;

    for (field, _, document) in CALLS.iter().filter(|call| call.2.contains("PERSON")) {
        // Both ids look like unknown ones to a stranger.
        let document = ["CONVERSATION", "MESSAGE", "SESSION"]
            .iter()
            .fold((*document).to_owned(), |document, id| document.replace(id, NOBODY));
        let theirs = eve.bytes(&document.replace("PERSON", &ada.id), json!({})).await;
        let nobodys = eve.bytes(&document.replace("PERSON", NOBODY), json!({})).await;
        assert_eq!(theirs, nobodys, "{field}: {document}");
        tried += 1;
    }

    assert!(tried >= 5, "{tried}");
}

#[tokio::test]
async fn a_closed_directory_hides_a_former_member_but_keeps_the_name_on_their_messages() {
    let mut app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let group = ada.group("Tea", &[&bob]).await;
    bob.send_to(&group, "goodbye").await;
    app.restart_with(&[("DIRECTORY", "closed")]).await;
    assert_eq!(ada.ask(USER, json!({ "id": bob.id })).await["user"]["fullName"], "Bob");

    bob.remove(&group, &bob).await;

    assert_eq!(ada.ask(USER, json!({ "id": bob.id })).await, json!({ "user": null }));
    assert_eq!(ada.fails(ADD, json!({ "id": group, "people": [bob.id] })).await, "NOT_FOUND");
    let history = "query($id: ID!) { messages(conversation: { conversationId: $id }) { nodes { sender {
        fullName online lastSeenAt } } } }";
    let history = ada.ask(history, json!({ "id": group })).await;
    let sender = json!({ "fullName": "Bob", "online": false, "lastSeenAt": null });
    assert_eq!(history["messages"]["nodes"][1]["sender"], sender);
}

#[tokio::test]
async fn an_app_with_the_open_directory_can_connect_people() {
    let mut app = TestApp::start().await;
    let (shop, ada, bob) = (app.user("Shop").await, app.user("Ada").await, app.user("Bob").await);
    app.restart_with(&[("DIRECTORY", "closed"), ("DIRECTORY_OPEN_TO", &shop.id)]).await;
    assert_eq!(names(&shop, None).await, ["Ada", "Bob"]);
    assert_eq!(by_id(&ada, &bob.id).await, NOT_FOUND);

    let order = shop.group("Order 7", &[&ada, &bob]).await;

    assert_eq!(ada.members(&order).await, ["Shop*", "Ada", "Bob"]);
    assert_eq!(by_id(&ada, &bob.id).await, FOUND);
}
