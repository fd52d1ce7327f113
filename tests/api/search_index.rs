//! The search index follows the messages, across restarts.

use serde_json::json;

use crate::support::{Person, TestApp, is_postgres, soon, sql_id};

pub const SEARCH: &str = "query($query: String!) { searchMessages(query: $query, first: 100) { nodes { text } } }";

pub async fn count(person: &Person, query: &str) -> usize {
    let found = person.ask(SEARCH, json!({ "query": query })).await;
    found["searchMessages"]["nodes"].as_array().expect("a list").len()
}

/// Searches until there are so many hits: for what is indexed in its own time.
pub async fn comes_to(person: &Person, query: &str, hits: usize) {
    soon(async { while count(person, query).await != hits {} }).await;
}

#[tokio::test]
async fn messages_written_without_an_indexer_are_found_after_a_restart() {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let sent = ada.send(&bob, "tea for two").await;
    assert_eq!(count(&bob, "tea").await, 1);
    app.stop().await;
    let id = sql_id(sent["id"].as_str().expect("an id"));
    app.run_sql(&format!("UPDATE message SET text = 'coffee for two', version = 2 WHERE id = {id}")).await;
    app.run_sql("UPDATE message SET text = 'coffee for one' WHERE text = 'hello'").await;

    app.restart().await;

    let bob = bob.another_device(&app).await;
    comes_to(&bob, "coffee", 2).await;
    assert_eq!(count(&bob, "tea").await, 0);
    assert!(!app.index_holds("tea").await);
}

#[tokio::test]
async fn an_index_with_other_rules_is_rebuilt() {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    for number in 1..=250 {
        ada.send(&bob, &format!("tea {number}")).await;
    }
    assert_eq!(count(&bob, "tea").await, 100);
    app.stop().await;
    app.falsify_index("odd").await;

    app.restart().await;

    let bob = bob.another_device(&app).await;
    comes_to(&bob, "tea 250", 1).await;
    assert_eq!((count(&bob, "tea").await, count(&bob, "tea 1").await), (100, 100));
    assert!(!app.index_holds("odd").await);
}

#[tokio::test]
async fn the_index_follows_every_change_of_messages() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let edit = "mutation($id: ID!, $text: String!) { editMessage(id: $id, text: $text) { id } }";
    let delete = "mutation($id: ID!) { deleteMessage(id: $id) { id } }";
    let words = ["tea", "team", "tease", "cup", "日本", "本日", "日"];
    let mut expected: Vec<Option<String>> = Vec::new();
    let mut ids = Vec::new();
    // The same numbers each time, far enough from any order.
    let mut numbers = (0_usize..).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33);
    let mut next = move |below: usize| numbers.next().expect("no end") % below;
    for step in 0..150 {
        let text = format!("{} {}", words[next(words.len())], words[next(words.len())]);
        match next(4) {
            _ if ids.is_empty() => {}
            0 => {
                let at = next(ids.len());
                ada.ask(delete, json!({ "id": ids[at] })).await;
                expected[at] = None;
            }
            1 => {
                let at = next(ids.len());
                if expected[at].is_some() {
                    ada.ask(edit, json!({ "id": ids[at], "text": text })).await;
                    expected[at] = Some(text.clone());
                }
            }
            _ => {}
        }
        let sent = ada.send(&bob, &text).await;
        ids.push(sent["id"].clone());
        expected.push(Some(text));
        if step % 10 == 0 {
            count(&bob, "tea").await;
        }
    }

    for word in words {
        let is_hit = |text: &str| match word.is_ascii() {
            true => text.split(' ').any(|other| other.starts_with(word)),
            false => text.contains(word),
        };
        let hits: Vec<&str> = expected.iter().rev().flatten().map(String::as_str).filter(|text| is_hit(text)).collect();
        let found = bob.ask(SEARCH, json!({ "query": word })).await;
        let nodes = found["searchMessages"]["nodes"].as_array().expect("a list");
        let found: Vec<&str> = nodes.iter().map(|node| node["text"].as_str().expect("a text")).collect();
        assert_eq!(found, hits[..hits.len().min(100)], "{word}");
    }
    if !is_postgres() {
        app.run_sql("INSERT INTO message_word (message_word) VALUES ('integrity-check')").await;
    }
}
