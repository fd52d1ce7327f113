//! A copy of a database on PostgreSQL, by a dump or as a template, beside its original: the same state up to the copy, and
//! another one from there on.

use serde_json::{Value, json};

use crate::postgres_nodes::{node, postgres};
use crate::postgres_start::SECRET;
use crate::support::{Line, Message, Person, Postgres, Server, position_of, soon};

const CONSUME: &str = "subscription { events(consumer: \"phone\") { __typename cursor
    ... on FeedReset { reason } ... on MessageAdded { message { text } } } }";
const ACK: &str = "mutation($cursor: String!) { ackEvents(consumer: \"phone\", cursor: $cursor) { cursor } }";
const PAGE: &str = "query($after: String!) { events(after: $after) { events { __typename
    ... on FeedReset { reason } ... on MessageAdded { message { text } } } } }";

/// The text of a message, or the reason of a reset.
fn gist(event: &Value) -> String {
    let gist = event.pointer("/message/text").unwrap_or(&event["reason"]).as_str();
    gist.unwrap_or_else(|| panic!("{event}")).to_owned()
}

/// What a person gets of a page after a cursor.
async fn page(person: &Person, after: &str) -> Vec<String> {
    let page = person.ask(PAGE, json!({ "after": after })).await;
    page["events"]["events"].as_array().expect("a list").iter().map(gist).collect()
}

/// What the consumer gets first, up to where it has caught up or was reset; the cursor there.
async fn consumed(person: &Person, at: &Server) -> (Vec<String>, String) {
    let mut line = soon(Line::open(at.address, &person.token, json!({}))).await.expect("a socket");
    line.subscribe("1", CONSUME, &json!({})).await.expect("the socket takes it");
    let mut events = Vec::new();
    loop {
        let event = soon(line.next()).await.expect("the socket lives")["payload"]["data"]["events"].take();
        let kind = event["__typename"].as_str().expect("a name");
        if kind != "CaughtUp" {
            events.push(gist(&event));
        }
        if kind != "MessageAdded" {
            return (events, event["cursor"].as_str().expect("a cursor").to_owned());
        }
    }
}

/// Sends three messages; the cursor of the last one.
async fn send(from: &Person, to: &Person, text: &str) -> String {
    let mut last = Value::Null;
    for number in 1..=3 {
        last = from.send(&Message::new(to.as_recipient(), format!("{text} {number}"))).await;
    }
    last["feedCursor"].as_str().expect("a cursor").to_owned()
}

fn three(text: &str) -> Vec<String> {
    (1..=3).map(|number| format!("{text} {number}")).collect()
}

/// A database that two people use, and what they know of it.
struct Origin {
    postgres: Postgres,
    server: Server,
    ada: Person,
    bob: Person,
    /// What Bob has handled.
    handled: String,
}

impl Origin {
    async fn begin() -> Self {
        let postgres = postgres().await;
        let mut server = node(&postgres, "data");
        server.start_again().await;
        let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
        consumed(&bob, &server).await;
        let handled = send(&ada, &bob, "before").await;
        bob.ask(ACK, json!({ "cursor": handled })).await;
        Self { postgres, server, ada, bob, handled }
    }

    /// The database `copy` is a copy of this one, which has gone on since.
    async fn differs_from_its_copy(mut self) {
        let (ada, bob, handled) = (&self.ada, &self.bob, &self.handled);
        let there = send(ada, bob, "there").await;
        let images = self.server.folder().join("data").display().to_string();
        let url = self.postgres.url("copy");
        let mut copy =
            Server::start_with(&[("DATABASE_URL", &url), ("JWT_SECRET", SECRET), ("DATA_DIR", &images)]).await;
        let over = |person: &Person| {
            let mut person = person.with_own_connections();
            person.url = copy.url("/graphql");
            person
        };
        let (ada_here, bob_here) = (over(ada), over(bob));

        // What was handled before the copy resumes; what was not yet written in it is of another state.
        assert_eq!(page(&bob_here, handled).await, Vec::<String>::new());
        assert_eq!(page(&bob_here, &there).await, ["FOREIGN"]);
        let (first, at) = consumed(&bob_here, &copy).await;
        assert_eq!(first, ["FOREIGN"]);
        // The same positions are given again.
        let here = send(&ada_here, &bob_here, "here").await;
        assert_eq!(position_of(&here), position_of(&there));
        assert_eq!(page(&bob_here, &there).await, ["FOREIGN"]);
        assert_eq!(page(&bob_here, handled).await, three("here"));
        // One reset, and then the consumer goes on.
        bob_here.ask(ACK, json!({ "cursor": at })).await;
        assert_eq!(consumed(&bob_here, &copy).await.0, three("here"));

        // The original has noticed nothing.
        assert_eq!(page(bob, &here).await, ["FOREIGN"]);
        assert_eq!(page(bob, handled).await, three("there"));
        assert_eq!(consumed(bob, &self.server).await.0, three("there"));
        copy.stop().await;
        self.server.stop().await;
    }
}

#[tokio::test]
async fn a_dump_that_is_restored_beside_its_original_is_another_state() {
    let mut origin = Origin::begin().await;
    let postgres = origin.postgres;
    // The node goes on meanwhile.
    origin.postgres = tokio::task::spawn_blocking(move || {
        let dump = postgres.file("parlour.dump");
        postgres.run("pg_dump", &["--format=custom", "--file", &dump, "chat"]);
        postgres.run("createdb", &["copy"]);
        postgres.run("pg_restore", &["--exit-on-error", "--dbname=copy", &dump]);
        postgres
    })
    .await
    .expect("it is restored");

    origin.differs_from_its_copy().await;
}

#[tokio::test]
async fn a_copy_as_a_template_is_another_state() {
    let mut origin = Origin::begin().await;
    // A template has no connections.
    origin.server.stop().await;
    let postgres = origin.postgres;
    origin.postgres = tokio::task::spawn_blocking(move || {
        postgres.run("createdb", &["--template=chat", "copy"]);
        postgres
    })
    .await
    .expect("it is copied");
    origin.server.start_again().await;

    origin.differs_from_its_copy().await;
}
