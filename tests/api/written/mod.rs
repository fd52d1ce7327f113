//! What is written at once is what would be resolved: random documents both ways, byte for byte.

mod at_once;
mod document;

use async_graphql::{Request, Value as Resolved, Variables};
use parlour::graphql::{Api, Caller, ResolveAll, to_json};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{PASSWORD, TestApp, pictures, sql_id};
use document::{Author, Fields, random};

/// Documents of a test; `DOCUMENTS` in the environment sets another number, such as 5,000.
const DOCUMENTS: usize = 500;

/// Texts that JSON has to escape, and others.
const TEXTS: [&str; 6] = ["tea?", "\"tea\" \\ /", "tea\n\ttea", "😀 tea \u{2028}", "ｔｅａ <b>&amp;</b>", "чай tea"];

/// A caller, and the ids in the documents: another person, a conversation, and messages.
struct Scene {
    callers: Vec<Caller>,
    others: Vec<String>,
    places: Vec<String>,
    messages: Vec<String>,
}

impl Scene {
    fn variables(&self, of: &str) -> Value {
        let one = |of: &[String]| of[random(of.len())].clone();
        let all = [
            ("other", json!(one(&self.others))),
            ("here", json!(one(&self.places))),
            ("absent", json!(Uuid::now_v7())),
            ("message", json!(one(&self.messages))),
            ("seq", if random(4) == 0 { Value::Null } else { json!(random(9)) }),
            ("yes", json!(true)),
            ("no", json!(false)),
        ];
        all.into_iter().filter(|(name, _)| of.contains(&format!("${name}:"))).map(|(n, v)| (n.to_owned(), v)).collect()
    }
}

/// Whether something in a value was written at once.
fn has_written(value: &Resolved) -> bool {
    match value {
        Resolved::Binary(_) => true,
        Resolved::List(items) => items.iter().any(has_written),
        Resolved::Object(fields) => fields.values().any(has_written),
        _ => false,
    }
}

async fn answer(api: &Api, caller: &Caller, request: Request) -> (bool, String) {
    let response = api.execute(request, caller.clone()).await.response;
    (has_written(&response.data), String::from_utf8(to_json(&response)).expect("text"))
}

/// An answer without the places of its errors in lists: where several rows of a list fail, the first that fails ends the
/// list, and it depends on when their look-ups are answered which one that is.
fn without_rows(answer: &str) -> Value {
    let mut answer: Value = serde_json::from_str(answer).expect("JSON");
    let errors = answer["errors"].as_array_mut().expect("errors");
    for path in errors.iter_mut().filter_map(|error| error["path"].as_array_mut()) {
        path.retain(Value::is_string);
    }
    errors.sort_by_key(Value::to_string);
    answer
}

/// Everything that a message, a person or a conversation can be.
async fn set(app: &mut TestApp) -> (Vec<String>, Scene) {
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let (carl, dora, eve) = (app.user("Carl").await, app.user("Dora").await, app.user("Eve").await);
    eve.ask(r#"mutation { updateProfile(input: { fullName: "Eve \"E\" ✓" }) { id } }"#, json!({})).await;
    let group = ada.group("Tea \"time\"", &[&bob, &carl, &dora]).await;
    let empty = bob.group("Nothing", &[&ada]).await;
    let direct = ada.send(&bob, "tea").await["conversationId"].as_str().expect("an id").to_owned();
    let mut messages = Vec::new();
    let mut before = Value::Null;
    for text in TEXTS {
        for (from, to) in [(&ada, json!({ "userId": bob.id })), (&bob, json!({ "userId": ada.id }))] {
            before = from.send_input(json!({ "to": to, "text": text, "replyToId": before })).await["id"].clone();
            messages.push(before.clone());
        }
        for from in [&carl, &dora, &bob] {
            messages.push(from.send_to(&group, text).await["id"].clone());
        }
    }
    ada.ask("mutation($id: ID!) { editMessage(id: $id, text: \"milk\") { id } }", json!({ "id": messages[0] })).await;
    bob.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": messages[1] })).await;
    let everything = json!({ "to": { "conversationId": group }, "text": "tea for all", "type": "card",
        "metadata": { "a": [1.5, null, "\n"] }, "mentionIds": [ada.id, dora.id], "mentionEveryone": true });
    let called = json!({ "to": { "conversationId": direct }, "text": "tea for you", "mentionIds": [ada.id] });
    messages.extend([bob.send_input(everything).await["id"].clone(), bob.send_input(called).await["id"].clone()]);
    for (person, emoji) in [(&ada, "👍"), (&dora, "👍"), (&carl, ":party:"), (&bob, ":party:"), (&carl, "❤")] {
        let query = "mutation($id: ID!, $emoji: String!) { addReaction(messageId: $id, emoji: $emoji) { id } }";
        person.ask(query, json!({ "id": messages[messages.len() - 2], "emoji": emoji })).await;
    }
    let image = bob.send_image(app, &ada, &pictures::png(120, 80)).await["id"].clone();
    let reply = json!({ "to": { "userId": bob.id }, "text": "tea in a picture", "replyToId": image });
    messages.extend([image, ada.send_input(reply).await["id"].clone()]);
    bob.try_set_picture(app, &pictures::jpeg(40, 40)).await;
    let read = "mutation($to: ConversationRef!) { markRead(conversation: $to, upToSeq: 3) { id } }";
    ada.ask(read, json!({ "to": { "conversationId": group } })).await;
    dora.ask("mutation($password: String!) { deleteAccount(password: $password) }", json!({ "password": PASSWORD }))
        .await;
    app.stop().await;
    // Of Carl nothing is cleared yet.
    let erased = format!("INSERT INTO erasure (user_id, erased_at) VALUES ({}, 1795498310123)", sql_id(&carl.id));
    // Nobody can send these characters.
    let escaped = "UPDATE message SET text = 'tea \u{1}\u{1f}\u{7f}\u{85}' WHERE seq = 4";
    // What an app adds.
    let of_the_app = format!(
        "UPDATE \"user\" SET is_bot = true, external_id = 'u|1 \"', metadata = '{{\"a\":[1,null,{{\"ü\":\"\\n\"}}]}}' WHERE id = {}",
        sql_id(&bob.id)
    );
    let of_groups = "UPDATE conversation SET external_id = 'order', metadata = '{\"b\":1.5}' WHERE title = 'Nothing'";
    for statement in [erased.as_str(), escaped, &of_the_app, of_groups] {
        app.database().await.execute_unprepared(statement).await.expect("it is written");
    }
    let messages = messages.iter().map(|id| id.as_str().expect("an id").to_owned()).collect();
    let others = [&ada, &bob, &carl, &dora, &eve].map(|person| person.id.clone()).into();
    let tokens = [&ada, &bob, &eve].map(|person| person.token.clone()).into();
    (tokens, Scene { callers: Vec::new(), others, places: vec![group, empty, direct], messages })
}

async fn compare(settings: &[(&str, &str)]) {
    let mut app = TestApp::start_with(settings).await;
    let (tokens, mut scene) = set(&mut app).await;
    let counted = app.counted().await;
    for token in tokens {
        scene.callers.push(counted.caller(&token).await);
    }
    let visitor = Caller { viewer: None, ..scene.callers[0].clone() };
    scene.callers.push(visitor);
    let (hot, ordinary) = (counted.api.clone(), counted.without_hot_reads());
    let fields = Fields::of_the_schema();
    let (mut written, mut faultless) = (0, 0);
    let documents = std::env::var("DOCUMENTS").ok().and_then(|number| number.parse().ok()).unwrap_or(DOCUMENTS);

    for _ in 0..documents {
        let document = Author::document(&fields);
        let variables = scene.variables(&document);
        let caller = &scene.callers[random(16).min(3)];
        let caller = if random(2) == 0 { &scene.callers[0] } else { caller };
        let request = || Request::new(&document).variables(Variables::from_json(variables.clone()));

        let (is_written, at_once) = answer(&hot, caller, request()).await;
        let (is_resolved, resolved) = answer(&ordinary, caller, request().data(ResolveAll)).await;

        match at_once.starts_with("{\"data\":") {
            true => {
                faultless += 1;
                assert_eq!(at_once, resolved, "{document}\n{variables}");
            }
            false => assert_eq!(without_rows(&at_once), without_rows(&resolved), "{document}\n{variables}"),
        }
        assert!(!is_resolved);
        written += usize::from(is_written);
    }

    drop((hot, ordinary));
    counted.finish().await;
    println!("of {documents} documents {written} were written at once, and {faultless} had no errors");
    assert!(written > documents / 8 && faultless > documents / 4, "{written} {faultless}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_documents_give_the_same_bytes_at_once_and_resolved() {
    compare(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_documents_give_the_same_bytes_where_presence_is_for_some() {
    compare(&[("DIRECTORY", "shared")]).await;
}
