//! What is written at once, and not resolved: every field that can be, and the pages' own documents.

use async_graphql::{Request, Value as Resolved, Variables};
use parlour::graphql::{Api, Caller, to_json};
use serde_json::{Value, json};

use super::document::Fields;
use super::set;
use crate::support::{TestApp, is_postgres};

/// Objects of each type, with `FIELD` for one of their fields, and those fields that are always resolved: lists, which are
/// read when they are selected.
const OBJECTS: [(&str, &str, &[&str]); 10] = [
    ("Conversation", "{ conversations { nodes { FIELD } } }", &["members", "messages", "pinnedMessages"]),
    ("Conversation", "{ GROUP { nodes { conversation { FIELD } } } }", &["members", "messages", "pinnedMessages"]),
    ("Message", "{ GROUP { nodes { FIELD } } }", &[]),
    ("User", "{ GROUP { edges { node { sender { FIELD } } } } }", &[]),
    ("User", "{ conversations { nodes { otherUser { FIELD } } } }", &[]),
    ("Image", "{ DIRECT { nodes { image { FIELD } } } }", &[]),
    ("Reaction", "{ GROUP { nodes { reactions { FIELD } } } }", &["users"]),
    ("SystemMessage", "{ GROUP { nodes { system { FIELD } } } }", &[]),
    ("OwnMembership", "{ conversations { nodes { own { FIELD } } } }", &[]),
    ("Member", "{ conversation(by: { conversationId: \"HERE\" }) { members { nodes { FIELD } } } }", &[]),
];

/// Whether all of a value was written at once.
fn is_written(value: &Resolved) -> bool {
    match value {
        Resolved::Binary(_) => true,
        Resolved::Object(fields) => fields.values().all(is_written),
        _ => false,
    }
}

/// The data of an answer, and the same as JSON.
async fn data(api: &Api, caller: &Caller, request: Request) -> (Resolved, Value) {
    let response = api.execute(request, caller.clone()).await.response;
    assert!(response.is_ok(), "{response:?}");
    let mut json: Value = serde_json::from_slice(&to_json(&response)).expect("JSON");
    (response.data, json["data"].take())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_field_that_is_no_page_is_written_at_once() {
    // Only a file has what it refers to at once.
    if is_postgres() {
        return;
    }
    let mut app = TestApp::start().await;
    let (tokens, scene) = set(&mut app).await;
    let counted = app.counted().await;
    let ada = counted.caller(&tokens[0]).await;
    let page = |place: &str| format!("messages(conversation: {{ conversationId: \"{place}\" }}, last: 100)");
    let [group, _, direct] = scene.places.as_slice() else { panic!("{:?}", scene.places) };
    let fields = Fields::of_the_schema();
    let mut resolved = Vec::new();

    for (of, document, always_resolved) in OBJECTS {
        let document = document.replace("GROUP", &page(group)).replace("DIRECT", &page(direct)).replace("HERE", group);
        for (field, object) in fields.of(of) {
            let selection = if object.is_some() { format!("{field} {{ __typename }}") } else { field.clone() };
            let (value, json) = data(&counted.api, &ada, Request::new(document.replace("FIELD", &selection))).await;
            assert!(json.to_string().contains(&format!("{{\"{field}\":")), "no {of} has {field}: {json}");
            if is_written(&value) == always_resolved.contains(&field.as_str()) {
                resolved.push(format!("{of}.{field}"));
            }
        }
    }

    counted.finish().await;
    assert!(resolved.is_empty(), "these are resolved, or written although they are pages: {resolved:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lists_of_the_chat_pages_are_written_at_once() {
    if is_postgres() {
        return;
    }
    let mut app = TestApp::start().await;
    let (tokens, scene) = set(&mut app).await;
    let counted = app.counted().await;
    let ada = counted.caller(&tokens[0]).await;
    let block = format!("mutation {{ blockUser(userId: \"{}\") {{ id }} }}", scene.others[4]);
    data(&counted.api, &ada, Request::new(block)).await;
    let operations = include_str!("../../../web/src/feed/feed.graphql");
    let here = json!({ "conversationId": scene.places[0] });
    let pages = [
        ("Snapshot", json!({}), ["me", "blockedUsers", "conversations"].as_slice()),
        ("HistoryPage", json!({ "conversation": here, "around": 9, "size": 50 }), &["messages"]),
        ("Send", json!({ "input": { "to": here, "text": "tea?", "replyToId": scene.messages[2] } }), &["sendMessage"]),
    ];

    for (name, variables, lists) in pages {
        let request = Request::new(operations).operation_name(name).variables(Variables::from_json(variables));
        let (value, json) = data(&counted.api, &ada, request).await;
        let Resolved::Object(fields) = value else { panic!("{value:?}") };
        for list in lists {
            assert!(is_written(&fields[*list]), "{list} of {name} is resolved: {json}");
        }
    }
    counted.finish().await;
}
