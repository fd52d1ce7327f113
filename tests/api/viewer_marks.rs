//! The mark `@viewer` in the schema says which fields depend on who asks; an execution without anybody finds out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, FieldDefinition, TypeKind, TypeSystemDefinition};
use parlour::feed::{EventScope, KindSet, Reset};
use parlour::graphql::PostedEvent;
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::support::TestApp;

/// A field of an object, and how it is selected from an event on.
struct Field {
    place: String,
    is_marked: bool,
    event: String,
    document: String,
}

/// The objects of the schema with their fields, and the kinds of events.
fn objects() -> (BTreeMap<String, Vec<FieldDefinition>>, Vec<String>) {
    let (mut objects, mut events) = (BTreeMap::new(), Vec::new());
    for definition in parse_schema(parlour::graphql::sdl()).expect("a schema").definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let name = definition.node.name.node.to_string();
        if let TypeKind::Object(object) = definition.node.kind {
            if object.implements.iter().any(|interface| interface.node == "FeedEvent") {
                events.push(name.clone());
            }
            objects.insert(name, object.fields.into_iter().map(|field| field.node).collect());
        }
    }
    (objects, events)
}

fn innermost(base: &BaseType) -> &str {
    match base {
        BaseType::Named(name) => name,
        BaseType::List(list) => innermost(&list.base),
    }
}

/// All fields that can be selected in events, each by its shortest ways past no other mark.
fn fields() -> Vec<Field> {
    let (objects, events) = objects();
    let mut fields = Vec::new();
    for event in &events {
        let mut seen = BTreeSet::new();
        let mut next = VecDeque::from([(event.clone(), Vec::<String>::new())]);
        while let Some((object, path)) = next.pop_front() {
            if !seen.insert(object.clone()) {
                continue;
            }
            for field in &objects[&object] {
                let (name, target) = (field.name.node.to_string(), innermost(&field.ty.node.base));
                let is_object = objects.contains_key(target);
                let is_marked = field.directives.iter().any(|directive| directive.node.name.node == "viewer");
                let below = if is_object { format!("{name} {{ __typename }}") } else { name.clone() };
                let selected = path.iter().rev().fold(below, |inner, outer| format!("{outer} {{ {inner} }}"));
                fields.push(Field {
                    place: format!("{object}.{name}"),
                    is_marked,
                    event: event.clone(),
                    document: format!("subscription {{ events {{ ... on {event} {{ {selected} }} }} }}"),
                });
                if is_object && !is_marked {
                    next.push_back((target.to_owned(), [path.as_slice(), &[name]].concat()));
                }
            }
        }
    }
    fields
}

#[tokio::test]
async fn a_field_is_marked_if_its_execution_asks_who_the_viewer_is() {
    // Where the directory is not open, presence depends on who asks.
    let app = TestApp::start_with(&[("DIRECTORY", "shared")]).await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let group = ada.group("Tea", &[&bob]).await;
    let sent = ada.ask(
        "mutation($to: ID!) { sendMessage(input: { to: { conversationId: $to }, text: \"one\" }) { id } }",
        json!({ "to": group }),
    );
    let sent = sent.await["sendMessage"]["id"].clone();
    bob.ask(
        "mutation($to: ID!, $id: ID!) { sendMessage(input: { to: { conversationId: $to }, text: \"two\", replyToId: $id }) { id } }",
        json!({ "to": group, "id": sent }),
    )
    .await;
    ada.ask("mutation($id: ID!) { editMessage(id: $id, text: \"uno\") { id } }", json!({ "id": sent })).await;
    ada.ask(
        "mutation($id: ID!) { markRead(conversation: { conversationId: $id }, upToSeq: 2) { id } }",
        json!({ "id": group }),
    )
    .await;
    bob.ask("mutation($id: ID!) { addReaction(messageId: $id, emoji: \"👍\") { id } }", json!({ "id": sent })).await;
    ada.rename(&group, "Coffee").await;
    ada.ask("mutation($id: ID!) { pinMessage(messageId: $id) { id } }", json!({ "id": sent })).await;
    ada.remove(&group, &bob).await;
    bob.ask("mutation { updateProfile(input: { fullName: \"Bobby\" }) { id } }", json!({})).await;
    let db = app.database().await;
    db.execute_unprepared("UPDATE \"user\" SET last_seen_at = 1").await.expect("they were seen");
    db.close().await.expect("it closes");

    let program = app.counted().await;
    let feed = &program.api.program().app.feed;
    let oldest = feed.oldest().await.expect("the log");
    let stretch = feed.stretch(EventScope::Everybody, oldest, None, 1_000, KindSet::ALL).await.expect("events");
    let newest = stretch.reached;
    let events = stretch.events.into_iter().map(PostedEvent::Happened);
    let events: Vec<PostedEvent> = events.chain([PostedEvent::Reset(Reset::Foreign, newest)]).collect();
    assert!(events.len() > 10, "{events:?}");

    let (mut asking, mut marked, mut refused) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    // The one is never in the log, the other is for one person alone: neither is POSTed without a bot.
    for field in fields().into_iter().filter(|field| !["CaughtUp", "MembershipChanged"].contains(&field.event.as_str()))
    {
        for event in &events {
            let asks = program.api.asks_for_viewer(&field.document, event).await;
            if asks.unwrap_or_else(|error| panic!("{}: {error}", field.document)) {
                asking.insert(field.place.clone());
            }
        }
        if field.is_marked {
            marked.insert(field.place.clone());
        }
        if let Err(why) = program.api.posted_document(&field.document, None).await {
            assert!(why.contains(&field.place), "{why}");
            refused.insert(field.place);
        }
    }

    assert_eq!(asking, marked, "what asks, and what is marked");
    assert_eq!(refused, marked);
    assert!(marked.contains("User.email") && marked.contains("Conversation.unreadCount"), "{marked:?}");
}

#[test]
fn the_default_document_of_webhooks_covers_all_events() {
    let (_, events) = objects();
    let missing: Vec<String> = events
        .into_iter()
        .filter(|event| {
            event != "CaughtUp"
                && event != "MembershipChanged"
                && !parlour::webhooks::DEFAULT_DOCUMENT.contains(&format!("on {event} "))
        })
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}
