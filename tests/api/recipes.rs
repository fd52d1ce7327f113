//! The subscriptions of the documentation's recipes are executed once for all subscribers.

use std::path::Path;

use parlour::graphql::Json;
use serde_json::{Value, json};

use crate::support::{Ear, TestApp, soon};

fn page(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("a page")
}

/// A recipe of the documentation, word for word.
fn recipe(on: &str, name: &str) -> String {
    let text = page(on);
    let (_, block) = text.split_once(&format!("<!-- recipe: {name} -->\n")).expect("the recipe");
    block.split("```").nth(1).expect("a block").to_owned()
}

/// What stands between two strings.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before}"));
    rest.split_once(after).expect("an end").0
}

fn kind(payload: &Json) -> String {
    let payload: Value = serde_json::from_str(payload).expect("JSON");
    assert_eq!(payload.get("errors"), None, "{payload}");
    payload["data"]["events"]["__typename"].as_str().expect("a type").to_owned()
}

/// The kinds of the events up to one of this kind, each of which was made once for both subscribers.
async fn shared(subscribers: &mut [Ear], name: &str, until: &str) -> Vec<String> {
    let [one, other] = subscribers else { panic!("two subscribers") };
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|last| last != until) {
        let (to_one, to_other) = (soon(one.next()).await, soon(other.next()).await);
        assert!(Json::ptr_eq(&to_one, &to_other), "{name}: made for each: {to_one}");
        kinds.push(kind(&to_one));
    }
    kinds
}

#[tokio::test]
async fn subscribers_share_every_event_that_the_recipes_select() {
    let apollo = recipe("docs/clients.md", "apollo-feed.js");
    let fragment = between(&apollo, "MESSAGE = gql`", "`");
    let feed = between(&apollo, "FEED = gql`", "`").replace("${MESSAGE}", fragment);
    // As Apollo Client sends it.
    let feed = feed.replace("events {", "events { __typename");
    let bot = recipe("docs/clients.md", "bot.py");
    let bot = between(&bot, "EVENTS = \"\"\"", "\"\"\"").to_owned();
    let rust = recipe("docs/clients.md", "follow.graphql");
    let rust = rust.strip_prefix("graphql\n").expect("its language").to_owned();
    let shell = recipe("docs/clients.md", "follow.sh");
    let shell = between(&shell, "query='", "'").to_owned();
    let readme = page("README.md");
    let first = format!("subscription {{ events {{ {}", between(&readme, "subscription { events { ", "\n"));
    for (name, document) in [("Apollo", feed), ("bot", bot), ("Rust", rust), ("shell", shell), ("README", first)] {
        let app = TestApp::start().await;
        let (ada, bob, carol) = (app.user("Ada").await, app.user("Bob").await, app.user("Carol").await);
        // Who is added receives an event that is for them alone, so the group is there before.
        let tea = ada.group("Tea", &[&bob]).await;
        let counted = app.counted().await;
        let mut subscribers = Vec::new();
        for person in [&ada, &bob] {
            let mut subscriber = Ear::listen(&counted, &person.token, &document).await;
            assert_eq!(kind(&soon(subscriber.next()).await), "CaughtUp");
            subscribers.push(subscriber);
        }

        // What each of the two receives, in the order of the feed.
        let sent = ada.send_to(&tea, "hello").await;
        let reply = json!({ "to": { "conversationId": tea }, "text": "yes", "replyToId": sent["id"] });
        bob.send_input(reply).await;
        let id = json!({ "id": sent["id"] });
        ada.ask("mutation($id: ID!) { addReaction(messageId: $id, emoji: \"👍\") { id } }", id.clone()).await;
        ada.ask("mutation($id: ID!) { pinMessage(messageId: $id) { id } }", id.clone()).await;
        // Here, as the deleted message has no reactions any more.
        let mut kinds = shared(&mut subscribers, name, "PinsChanged").await;
        ada.ask("mutation($id: ID!) { editMessage(id: $id, text: \"good day\") { id } }", id.clone()).await;
        ada.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", id).await;
        let read = "mutation($id: ID!) { markRead(conversation: { conversationId: $id }, upToSeq: 4) { id } }";
        ada.ask(read, json!({ "id": tea })).await;
        let add = "mutation($id: ID!, $who: [ID!]!) { addMembers(conversationId: $id, userIds: $who) { id } }";
        ada.ask(add, json!({ "id": tea, "who": [carol.id] })).await;
        ada.ask("mutation { updateProfile(input: { fullName: \"Ada Lovelace\" }) { id } }", json!({})).await;

        kinds.extend(shared(&mut subscribers, name, "UserChanged").await);
        kinds.dedup();
        // Who pins and who is added is said by an event, and by a line in the history.
        let expected = [
            "MessageAdded",
            "ReactionsChanged",
            "PinsChanged",
            "MessageAdded",
            "MessageChanged",
            "ReadMarkMoved",
            "ConversationChanged",
            "MessageAdded",
            "UserChanged",
        ];
        assert_eq!(kinds, expected);

        drop(subscribers);
        counted.finish().await;
    }
}
