//! A new version on the database of an earlier one: everything is there, and clients resume.
//!
//! `released/` has a database of each version, made small: four people, one of them erased, in a group of twelve messages, of
//! which two are deleted, and a direct conversation.

use std::fs::File;
use std::io::copy;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::support::{Line, Message, Person, Server, soon};

/// What signed the tokens of these databases.
const SECRET: &str = "the secret of a database that is kept for a test";

/// The databases, each with the newest cursor of Linus, who has read two messages of the group.
const RELEASED: [(&str, &str); 1] = [("m0014", "xEUyVRkJbme3hM8CPAwZvZk6VYFnEjVU")];

/// A server on a copy of a released database.
async fn upgraded(version: &str) -> Server {
    let mut server = Server::prepare(&[("JWT_SECRET", SECRET)]);
    let data = server.folder().join("data");
    std::fs::create_dir_all(&data).expect("a folder");
    let released = format!("{}/tests/process/released/{version}.db.gz", env!("CARGO_MANIFEST_DIR"));
    let mut kept = GzDecoder::new(File::open(released).expect("a database"));
    copy(&mut kept, &mut File::create(data.join("parlour.db")).expect("a file")).expect("a copy");
    server.start_again().await;
    server
}

#[tokio::test]
async fn the_database_of_every_released_version_is_migrated_with_all_that_is_in_it() {
    for (version, cursor) in RELEASED {
        let mut server = upgraded(version).await;
        let linus = Person::sign_in(&server, "linus@example.com").await;
        let ada = Person::sign_in(&server, "ada@example.com").await;

        let seen = linus
            .ask(
                "{ conversations(first: 5) { nodes { title unreadCount lastSeq viewerCan members { nodes { role user { fullName } } }
                messages { nodes { seq text countsAsUnread sender { fullName } } } } } unread { messages } }",
                json!({}),
            )
            .await;
        let group = &seen["conversations"]["nodes"][0];
        assert_eq!(group["title"], "Tea", "{version}: {seen}");
        let texts: Vec<&Value> =
            group["messages"]["nodes"].as_array().expect("a list").iter().map(|m| &m["text"]).collect();
        assert_eq!(texts.len(), 12);
        assert_eq!(texts[6], "edited");
        assert_eq!(
            texts.iter().filter(|text| text.is_null()).count(),
            6,
            "two were deleted, four are of somebody erased"
        );
        assert_eq!(group["unreadCount"], 4, "of the ten after the second, six are tombstones");
        assert_eq!(seen["unread"]["messages"], 4);

        for (search, found) in [("tea", 6), ("C++", 6), ("edited", 1)] {
            let hits =
                ada.ask("query($q: String!) { searchMessages(query: $q) { nodes { id } } }", json!({ "q": search }));
            let hits = hits.await["searchMessages"]["nodes"].as_array().map(Vec::len);
            // Ada has written three of those that are left, and reads all of them.
            assert!(hits.is_some_and(|hits| hits > 0 && hits <= found), "{version}: {search} finds {hits:?}");
        }
        let people = ada.ask("{ users(search: \"garcia\") { nodes { fullName } } }", json!({})).await;
        assert_eq!(people["users"]["nodes"], json!([{ "fullName": "José García" }]), "found without accents");

        // A client that was away during the upgrade misses nothing.
        let group = linus.ask("{ conversations { nodes { id title } } }", json!({})).await;
        let id = group["conversations"]["nodes"][0]["id"].as_str().expect("an id").to_owned();
        ada.send(&Message::new(json!({ "conversationId": id }), "after the upgrade")).await;
        let mut line = soon(Line::open(server.address, &linus.token, json!({}))).await.expect("a socket");
        let events = "subscription($after: String) { events(after: $after) { __typename ... on MessageAdded { message { text } } } }";
        line.subscribe("1", events, &json!({ "after": cursor })).await.expect("the socket takes it");
        let mut received = Vec::new();
        soon(async {
            loop {
                let event = line.next().await.expect("a frame")["payload"]["data"]["events"].take();
                let kind = event["__typename"].as_str().unwrap_or_default().to_owned();
                received.push(event);
                if kind == "CaughtUp" || kind == "FeedReset" {
                    break;
                }
            }
        })
        .await;
        let texts: Vec<&Value> = received.iter().filter_map(|event| event.pointer("/message/text")).collect();
        assert_eq!(texts, ["after the upgrade"], "{version}: {received:?}");
        server.stop().await;
    }
}
