//! What keys reach: the table of the code is the table of the docs, and what happens is what it says.

use parlour::accounts::KeyScope;
use parlour::graphql::guard::rights::{KEY_RIGHTS, KeyRight};
use serde_json::{Value, json};

use crate::authority::table::{CALLS, Visitor};
use crate::support::{Backend, Person, TestApp, code};

/// What every key reaches.
const OPEN: [&str; 2] = ["Query.serverInfo", "Query.me"];

fn right(field: &str) -> Option<&'static KeyRight> {
    KEY_RIGHTS.iter().find(|right| right.field == field)
}

fn operation(right: &KeyRight) -> &'static str {
    right.field.split_once('.').expect("a root and a field").1
}

#[test]
fn the_table_of_the_docs_is_the_table_of_the_code() {
    let docs = include_str!("../../docs/adopt.md");
    for scope in KeyScope::ALL {
        let row = format!("| `{scope}` | ");
        let row = docs.lines().find_map(|line| line.strip_prefix(&row)).unwrap_or_else(|| panic!("no row for {scope}"));
        let mut written: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let in_code = KEY_RIGHTS.iter().filter(|right| match scope {
            KeyScope::ActAs => right.in_place_of_a_person,
            _ => right.scope == Some(scope),
        });
        let mut in_code: Vec<&str> = in_code.map(operation).collect();
        written.sort_unstable();
        in_code.sort_unstable();
        assert_eq!(written, in_code, "{scope}");
    }
    for right in KEY_RIGHTS {
        assert!(CALLS.iter().any(|call| call.0 == right.field), "{} is no field", right.field);
    }
}

/// Ada and Bob's conversation and a message in it.
struct Scene {
    ada: Person,
    conversation: String,
    message: String,
}

impl Scene {
    async fn set(app: &TestApp) -> Self {
        let (ada, bob) = app.direct("Ada", "Bob").await;
        let conversation = ada.group("Tea", &[&bob]).await;
        let message = ada.send_to(&conversation, "a secret").await["id"].as_str().expect("an id").to_owned();
        Self { ada, conversation, message }
    }

    fn named(&self, document: &str) -> String {
        let document = document.replace("PERSON", &self.ada.id).replace("CONVERSATION", &self.conversation);
        document.replace("MESSAGE", &self.message).replace("SESSION", &self.message)
    }

    /// What others may not have changed.
    async fn state(&self) -> Value {
        let everything = "{ me { fullName updatedAt } conversations { nodes { id lastSeq updatedAt memberCount
            messages { nodes { id text version } } } } }";
        self.ada.ask(everything, json!({})).await
    }
}

/// Whether a call was let in, whatever came of it. Otherwise nothing of it is executed, so that there are no data.
fn is_let_in(answer: &Value) -> bool {
    answer.get("data").is_some() || code(answer) != "FORBIDDEN"
}

/// The calls of people's own sessions come last, and those that end somebody not at all.
fn calls() -> impl Iterator<Item = &'static (&'static str, Visitor, &'static str)> {
    CALLS.iter().filter(|call| !["Mutation.eraseUser", "Mutation.endSessions"].contains(&call.0))
}

#[tokio::test]
async fn a_key_of_each_scope_reaches_what_the_table_says_and_nothing_else() {
    for scope in KeyScope::ALL {
        let app = TestApp::start().await;
        let scene = Scene::set(&app).await;
        let backend = app.backend_with(&[scope]).await;
        let mut before = scene.state().await;
        for (field, _, document) in calls() {
            let may = OPEN.contains(field) || right(field).is_some_and(|right| right.scope == Some(scope));
            let answer = backend.execute(&scene.named(document), json!({})).await;
            assert_eq!(is_let_in(&answer), may, "{scope} {field}: {answer}");
            if may {
                before = scene.state().await;
            } else {
                assert_eq!(answer.get("data"), None, "{scope} {field}: it is refused as a whole");
            }
        }
        assert_eq!(scene.state().await, before, "{scope}");
        assert_eq!(backend.ask("{ me { id } __typename }", json!({})).await["me"], Value::Null, "a key is nobody");
    }
}

#[tokio::test]
async fn a_key_in_a_persons_place_reaches_what_the_table_says_and_nothing_else() {
    let app = TestApp::start().await;
    let scene = Scene::set(&app).await;
    let backend = app.backend_with(&KeyScope::ALL).await;
    for (field, _, document) in calls() {
        let may = *field == "Query.serverInfo" || right(field).is_some_and(|right| right.in_place_of_a_person);
        let answer = backend.execute_as(&scene.ada.id, &scene.named(document), json!({})).await;
        assert_eq!(is_let_in(&answer), may, "{field}: {answer}");
    }
    let both = "mutation { unread: markRead(conversation: { conversationId: \"C\" }, upToSeq: 1) { id } ...Out }
        fragment Out on Mutation { revokeOtherSessions }"
        .replace('C', &scene.conversation);
    let refused = backend.execute_as(&scene.ada.id, &both, json!({})).await;
    assert_eq!((code(&refused), refused.get("data")), ("FORBIDDEN", None), "{refused}");
    assert_eq!(scene.ada.ask("{ sessions { id } }", json!({})).await["sessions"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_is_a_persons_own_and_what_another_scope_is_for_is_refused_inside_too() {
    let app = TestApp::start().await;
    let scene = Scene::set(&app).await;
    let conversations: Backend<'_> = app.backend_with(&[KeyScope::Conversations]).await;
    let messages = app.backend_with(&[KeyScope::Messages]).await;
    let both = app.backend_with(&[KeyScope::Conversations, KeyScope::Messages]).await;
    let conversation = |inside: &str| {
        format!("{{ conversation(by: {{ conversationId: \"{}\" }}) {{ {inside} }} }}", scene.conversation)
    };

    for inside in
        ["unreadCount", "lastReadSeq", "otherUser { id }", "lastMessage { text }", "messages { nodes { text } }"]
    {
        assert_eq!(conversations.fails(&conversation(inside), json!({})).await, "FORBIDDEN", "{inside}");
    }
    let members = conversation("id title memberCount members { nodes { user { fullName } } }");
    let seen = conversations.ask(&members, json!({}));
    let members = &seen.await["conversation"]["members"]["nodes"];
    assert_eq!(members[0]["user"]["fullName"], "Ada");
    let with_text = both.ask(&conversation("lastMessage { text } messages { nodes { text } }"), json!({})).await;
    assert_eq!(with_text["conversation"]["messages"]["nodes"][1]["text"], "a secret");
    let message = format!("{{ message(id: \"{}\") {{ text conversation {{ title }} }} }}", scene.message);
    assert_eq!(messages.fails(&message, json!({})).await, "FORBIDDEN");
    assert_eq!(both.ask(&message, json!({})).await["message"]["conversation"]["title"], "Tea");
}
