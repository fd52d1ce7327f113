//! For random selections, a subscription delivers what a query would return.

use serde_json::{Value, json};

use crate::support::{Person, Socket, TestApp};

const ROUNDS: usize = 30;
/// Documents that both subscribe to at once.
const DOCUMENTS: usize = 10;

/// Makes selections. The fragments and variables that one uses are declared in its document.
struct Writer {
    aliases: u32,
    conditions: u32,
}

impl Writer {
    fn one_in(&self, times: u32) -> bool {
        getrandom::u32().expect("random numbers").is_multiple_of(times)
    }

    fn pick<'a>(&self, from: &[&'a str]) -> &'a str {
        let random = getrandom::u32().expect("random numbers");
        from[usize::try_from(random).expect("32 bits") % from.len()]
    }

    fn alias(&mut self, field: &str, always: bool) -> String {
        if self.aliases < 25 && (always || self.one_in(3)) {
            self.aliases += 1;
            return format!("a{}: {field}", self.aliases);
        }
        field.to_owned()
    }

    fn condition(&mut self) -> &'static str {
        if self.conditions >= 10 || !self.one_in(6) {
            return "";
        }
        self.conditions += 1;
        self.pick(&["@include(if: $yes)", "@include(if: $no)", "@skip(if: $yes)", "@skip(if: $no)"])
    }

    fn message(&mut self, depth: u32) -> String {
        let mut fields = vec!["id".to_owned()];
        for _ in 0..3 {
            let plain = ["seq", "text", "version", "createdAt", "editedAt", "feedCursor", "conversationId"];
            let field = match self.pick(&["plain", "sender", "replyTo", "conversation", "inline", "fragment"]) {
                "sender" => format!("{} {} {{ {} }}", self.alias("sender", false), self.condition(), self.user()),
                "replyTo" if depth > 0 => {
                    format!("{} {} {{ {} }}", self.alias("replyTo", false), self.condition(), self.message(depth - 1))
                }
                "conversation" if depth > 0 => {
                    let inside = self.conversation(depth - 1);
                    format!("{} {} {{ {inside} }}", self.alias("conversation", false), self.condition())
                }
                "inline" if depth > 0 => {
                    format!("... on Message {} {{ {} }}", self.condition(), self.message(depth - 1))
                }
                "fragment" => format!("...M {}", self.condition()),
                _ => {
                    let field = self.pick(&plain);
                    format!("{} {}", self.alias(field, false), self.condition())
                }
            };
            fields.push(field);
        }
        fields.join(" ")
    }

    fn user(&mut self) -> String {
        let field = self.pick(&["fullName", "email", "online", "createdAt", "...U"]);
        let field = if field == "...U" { field.to_owned() } else { self.alias(field, false) };
        format!("id {field} {}", self.condition())
    }

    fn conversation(&mut self, depth: u32) -> String {
        let mut fields = vec!["id".to_owned()];
        for _ in 0..3 {
            let plain = ["kind", "title", "memberCount", "lastSeq", "lastReadSeq", "unreadCount", "createdAt"];
            let field = match self.pick(&["plain", "plain", "otherUser", "members", "messages", "lastMessage"]) {
                "otherUser" => format!("{} {} {{ {} }}", self.alias("otherUser", false), self.condition(), self.user()),
                // Without an alias, two with other arguments could not stand beside each other.
                "members" if self.aliases < 25 => {
                    let size = self.pick(&["1", "2"]);
                    let user = self.user();
                    let field = self.alias(&format!("members(first: {size})"), true);
                    format!("{field} {{ nodes {{ role lastReadSeq user {{ {user} }} }} }}")
                }
                "messages" if depth > 0 && self.aliases < 25 => {
                    let page = self.pick(&["last: 1", "last: 2", "first: 1"]);
                    let message = self.message(depth - 1);
                    let field = self.alias(&format!("messages({page})"), true);
                    format!("{field} {{ nodes {{ {message} }} }}")
                }
                "lastMessage" if depth > 0 => {
                    format!("{} {{ {} }}", self.alias("lastMessage", false), self.message(depth - 1))
                }
                _ => {
                    let field = self.pick(&plain);
                    format!("{} {}", self.alias(field, false), self.condition())
                }
            };
            fields.push(field);
        }
        fields.join(" ")
    }
}

/// A subscription and a query that select the same.
struct Document {
    subscription: String,
    query: String,
}

impl Document {
    fn random() -> Self {
        let selection = Writer { aliases: 0, conditions: 0 }.message(2);
        let declared = |first: &str| {
            let used = ["yes", "no"].into_iter().filter(|name| selection.contains(&format!("${name}")));
            used.fold(first.to_owned(), |all, name| format!("{all}, ${name}: Boolean!"))
        };
        let mut fragments = String::new();
        if selection.contains("...M") {
            fragments += " fragment M on Message { seq sender { email } replyTo { sender { email } text } }";
        }
        if selection.contains("...U") {
            fragments += " fragment U on User { email fullName }";
        }
        let subscription = format!(
            "subscription({}) {{ messageAdded(after: $after) {{ {selection} }} }}{fragments}",
            declared("$after: String")
        );
        let query = format!("query({}) {{ message(id: $id) {{ {selection} }} }}{fragments}", declared("$id: ID!"));
        Self { subscription, query }
    }
}

fn variables(document: &str, name: &str, value: &Value) -> Value {
    let mut variables = json!({ name: value });
    for (name, value) in [("yes", true), ("no", false)] {
        if document.contains(&format!("${name}:")) {
            variables[name] = json!(value);
        }
    }
    variables
}

/// What a query answers, as it comes.
async fn asked(app: &TestApp, person: &Person, query: &str, id: &Value) -> String {
    let body = json!({ "query": query, "variables": variables(query, "id", id) });
    let request = app.http().post(app.url("/graphql")).bearer_auth(&person.token).json(&body);
    let text = request.send().await.expect("an answer").text().await.expect("a text");
    inside(&text, r#"{"data":{"message":"#, "}}").to_owned()
}

fn inside<'a>(text: &'a str, head: &str, tail: &str) -> &'a str {
    text.strip_prefix(head).and_then(|text| text.strip_suffix(tail)).unwrap_or_else(|| panic!("{text}"))
}

/// What a subscription of this round delivers, and the number of its document. One of an earlier round that is being
/// completed may still have its say.
async fn hear(socket: &mut Socket, round: usize) -> (usize, String) {
    loop {
        let text = socket.next_text().await;
        let message: Value = serde_json::from_str(&text).expect("JSON");
        let id = message["id"].as_str().expect("an id");
        let (of, number) = id.split_once('.').expect("a round and a number");
        if of == round.to_string() {
            let head = format!(r#"{{"id":"{id}","type":"next","payload":{{"data":{{"messageAdded":"#);
            return (number.parse().expect("a number"), inside(&text, &head, "}}}").to_owned());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shared_frames_equal_individual_executions_byte_for_byte() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let (mut at_ada, mut at_bob) = (ada.socket().await, bob.socket().await);
    let mut reply_to = ada.send(&bob, "the first").await["id"].clone();

    for round in 0..ROUNDS {
        if round % 10 == 9 {
            // A socket takes 250 frames at once.
            (at_ada, at_bob) = (ada.socket().await, bob.socket().await);
        }
        let documents: Vec<Document> = (0..DOCUMENTS).map(|_| Document::random()).collect();
        let after = json!(ada.feed_cursor().await);
        for (number, document) in documents.iter().enumerate() {
            let query = &document.subscription;
            for socket in [&mut at_ada, &mut at_bob] {
                socket.subscribe(&format!("{round}.{number}"), query, variables(query, "after", &after)).await;
            }
        }

        let (from, to) = if round % 2 == 0 { (&ada, &bob) } else { (&bob, &ada) };
        let input = json!({ "to": { "userId": to.id }, "text": "hello", "replyToId": reply_to });
        let id = from.send_input(input).await["id"].clone();

        for (person, socket) in [(&ada, &mut at_ada), (&bob, &mut at_bob)] {
            for _ in 0..DOCUMENTS {
                let (number, received) = hear(socket, round).await;
                let Document { query, .. } = &documents[number];
                assert_eq!(received, asked(&app, person, query, &id).await, "{} received by {query}", person.name);
            }
            for number in 0..DOCUMENTS {
                socket.complete(&format!("{round}.{number}")).await;
            }
        }
        reply_to = id;
    }
}
