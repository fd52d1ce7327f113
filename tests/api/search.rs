//! Searching messages.

use serde_json::{Value, json};

use crate::support::{Person, TestApp, soon};

const SEARCH: &str = "query($query: String!, $in: ConversationRef, $first: Int, $after: String) {
    searchMessages(query: $query, conversation: $in, first: $first, after: $after) {
        edges { cursor node { text } } nodes { id seq text sender { fullName } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
const EDIT: &str = "mutation($id: ID!, $text: String!) { editMessage(id: $id, text: $text) { id } }";
const DELETE: &str = "mutation($id: ID!) { deleteMessage(id: $id) { id } }";

/// The texts of a page of hits.
fn texts(page: &Value) -> Vec<&str> {
    let nodes = page["nodes"].as_array().expect("a list");
    nodes.iter().map(|node| node["text"].as_str().expect("a text")).collect()
}

async fn search(person: &Person, arguments: Value) -> Value {
    person.ask(SEARCH, arguments).await["searchMessages"].take()
}

/// The texts that a person finds in all their conversations.
async fn found(person: &Person, query: &str) -> Vec<String> {
    let page = search(person, json!({ "query": query, "first": 100 })).await;
    texts(&page).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn both_people_find_a_message_in_any_language() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    for (text, queries) in [
        ("我有一只猫", ["猫", "一只"]),
        ("寿司を食べたいです", ["寿", "食べ"]),
        ("カタカナのテスト", ["テ", "ﾃｽﾄ"]),
        ("저는 학교에 갑니다", ["학교", "교"]),
        ("ผมพูดว่าสวัสดีครับ", ["สวัสดี", "ครับ"]),
        ("Donaudampfschifffahrtsgesellschaft und Grüße", ["donaudampf", "GRÜSSE"]),
        ("Новые книги лежат здесь", ["книг", "НОВЫЕ"]),
        ("وصلتني رسالتك أمس", ["رسالت", "أمس"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनि"]),
        ("party 🎉👍🏽", ["🎉", "👍"]),
    ] {
        ada.send(&bob, text).await;
        for query in queries {
            assert_eq!(found(&bob, query).await, [text], "{query}");
            assert_eq!(found(&ada, query).await, [text], "{query}");
        }
    }
}

#[tokio::test]
async fn all_words_must_match_as_prefixes() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    for text in ["the quick brown fox", "a quick answer", "the brown bear", "quickly now"] {
        ada.send(&bob, text).await;
    }

    assert_eq!(found(&bob, "quick").await, ["quickly now", "a quick answer", "the quick brown fox"]);
    assert_eq!(found(&bob, "bro qui").await, ["the quick brown fox"]);
    assert_eq!(found(&bob, "b").await, ["the brown bear", "the quick brown fox"]);
    assert_eq!(found(&bob, "uick").await, Vec::<String>::new());
    assert_eq!(found(&bob, "quick bear").await, Vec::<String>::new());
}

#[tokio::test]
async fn dense_scripts_match_contiguous_characters_only() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    ada.send(&bob, "东京和京都").await;
    ada.send(&bob, "北京").await;

    assert_eq!(found(&bob, "京").await, ["北京", "东京和京都"]);
    assert_eq!(found(&bob, "京都").await, ["东京和京都"]);
    // Every two adjacent characters occur, but not all in a row.
    assert_eq!(found(&bob, "东京都").await, Vec::<String>::new());
}

#[tokio::test]
async fn an_edited_message_is_found_by_its_new_words_only() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let sent = ada.send(&bob, "lunch at noon").await;
    assert_eq!(found(&bob, "noon").await, ["lunch at noon"]);

    ada.ask(EDIT, json!({ "id": sent["id"], "text": "lunch at one" })).await;
    ada.ask(EDIT, json!({ "id": sent["id"], "text": "lunch at two" })).await;

    assert_eq!(found(&bob, "noon").await, Vec::<String>::new());
    assert_eq!(found(&bob, "one").await, Vec::<String>::new());
    assert_eq!(found(&bob, "lunch two").await, ["lunch at two"]);
}

#[tokio::test]
async fn a_deleted_message_is_removed_from_the_index() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let sent = ada.send(&bob, "the xylophone is mine").await;
    ada.send(&bob, "the xenon is not").await;
    assert_eq!(found(&bob, "xylophone").await, ["the xylophone is mine"]);
    // The index stores each word without the prefix that it shares with the one before.
    assert!(app.index_holds("ylophone").await);

    ada.ask(DELETE, json!({ "id": sent["id"] })).await;

    assert_eq!(found(&bob, "xylophone").await, Vec::<String>::new());
    assert_eq!(found(&bob, "x").await, ["the xenon is not"]);
    assert!(!app.index_holds("ylophone").await);
}

#[tokio::test]
async fn results_are_newest_first_and_stable_while_messages_arrive() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    for number in 1..=5 {
        ada.send(&bob, &format!("tea {number}")).await;
        ada.send(&bob, "coffee").await;
    }

    let first = search(&bob, json!({ "query": "tea", "first": 2 })).await;
    assert_eq!(texts(&first), ["tea 5", "tea 4"]);
    let info = |page: &Value| (page["pageInfo"]["hasPreviousPage"] == true, page["pageInfo"]["hasNextPage"] == true);
    assert_eq!(info(&first), (false, true));
    assert_eq!(first["pageInfo"]["endCursor"], first["edges"][1]["cursor"]);
    ada.send(&bob, "tea 6").await;

    let after = |page: &Value| page["pageInfo"]["endCursor"].clone();
    let second = search(&bob, json!({ "query": "tea", "first": 2, "after": after(&first) })).await;
    assert_eq!((texts(&second), info(&second)), (vec!["tea 3", "tea 2"], (true, true)));
    let last = search(&bob, json!({ "query": "tea", "first": 2, "after": after(&second) })).await;
    assert_eq!((texts(&last), info(&last)), (vec!["tea 1"], (true, false)));
    let exact = search(&bob, json!({ "query": "tea", "first": 1, "after": after(&second) })).await;
    assert_eq!((texts(&exact), info(&exact)), (vec!["tea 1"], (true, false)));
    let none = search(&bob, json!({ "query": "tea", "first": 1, "after": after(&last) })).await;
    assert_eq!((texts(&none), info(&none)), (vec![], (true, false)));
    // A page after a hit that no longer exists.
    let other = search(&bob, json!({ "query": "tea 6", "first": 1, "after": after(&first) })).await;
    assert_eq!((texts(&other), info(&other)), (vec![], (true, false)));
}

#[tokio::test]
async fn the_default_page_has_twenty_hits() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    for number in 1..=21 {
        ada.send(&bob, &format!("tea {number}")).await;
    }

    let page = search(&bob, json!({ "query": "tea" })).await;

    assert_eq!((texts(&page).len(), &page["pageInfo"]["hasNextPage"]), (20, &json!(true)));
    assert_eq!(texts(&search(&bob, json!({ "query": "tea", "first": 21 })).await).len(), 21);
}

#[tokio::test]
async fn a_hit_is_opened_by_its_seq() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    for text in ["one", "two", "three", "four", "five"] {
        ada.send(&bob, text).await;
    }
    let hit = search(&bob, json!({ "query": "three" })).await["nodes"][0].take();
    assert_eq!(hit["sender"]["fullName"], "Ada");

    let context = "query($ada: ID!, $seq: Int) {
        messages(conversation: { userId: $ada }, aroundSeq: $seq, first: 3) { nodes { text } } }";
    let around = bob.ask(context, json!({ "ada": ada.id, "seq": hit["seq"] })).await;

    assert_eq!(texts(&around["messages"]), ["two", "three", "four"]);
}

#[tokio::test]
async fn one_conversation_is_searched_by_its_id_or_its_person() {
    let app = TestApp::start().await;
    let (ada, bob, carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);
    let sent = ada.send(&bob, "tea with Bob").await;
    ada.send(&carl, "tea with Carl").await;
    let group = ada.group("Tea", &[&bob]).await;
    ada.send_to(&group, "tea with all").await;
    let within = async |place: Value| {
        let page = search(&ada, json!({ "query": "tea", "in": place })).await;
        texts(&page).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };

    assert_eq!(within(json!({ "userId": bob.id })).await, ["tea with Bob"]);
    assert_eq!(within(json!({ "conversationId": sent["conversationId"] })).await, ["tea with Bob"]);
    assert_eq!(within(json!({ "conversationId": group })).await, ["tea with all"]);
    assert_eq!(found(&ada, "tea").await, ["tea with all", "tea with Carl", "tea with Bob"]);
}

#[tokio::test]
async fn other_peoples_conversations_are_not_found() {
    let app = TestApp::start().await;
    let (ada, bob, eve) = (app.user("Ada").await, app.user("Bob").await, app.user("Eve").await);
    let sent = ada.send(&bob, "a secret").await;
    eve.send(&ada, "hello").await;

    assert_eq!(found(&eve, "secret").await, Vec::<String>::new());
    let theirs = eve.bytes(SEARCH, json!({ "query": "a", "in": { "conversationId": sent["conversationId"] } })).await;
    for nothing in [
        json!({ "conversationId": "019bfc3e-0000-7000-8000-00000000000a" }),
        json!({ "conversationId": "no id" }),
        json!({ "userId": bob.id }),
        json!({ "userId": eve.id }),
    ] {
        assert_eq!(theirs, eve.bytes(SEARCH, json!({ "query": "a", "in": nothing })).await, "{nothing}");
    }
    let page = json!({ "edges": [], "nodes": [], "pageInfo": {
        "hasNextPage": false, "hasPreviousPage": false, "startCursor": null, "endCursor": null } });
    assert_eq!(serde_json::from_str::<Value>(&theirs).expect("JSON"), json!({ "data": { "searchMessages": page } }));
}

#[tokio::test]
async fn a_new_member_finds_earlier_messages_and_a_former_member_none() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let group = ada.group("Tea", &[&bob]).await;
    ada.send_to(&group, "tea?").await;
    assert_eq!(found(&bob, "tea").await, ["tea?"]);

    app.remove_from_all(&bob).await;
    assert_eq!(found(&bob, "tea").await, Vec::<String>::new());
    let there = search(&bob, json!({ "query": "tea", "in": { "conversationId": group } })).await;
    assert_eq!(texts(&there), Vec::<&str>::new());

    app.add_to(&group, &bob).await;
    assert_eq!(found(&bob, "tea").await, ["tea?"]);
}

#[tokio::test]
async fn with_very_many_conversations_only_the_most_recent_are_searched() {
    let app = TestApp::start().await;
    let (ada, bob, eve) = (app.user("Ada").await, app.user("Bob").await, app.user("Eve").await);
    ada.send(&bob, "tea with Bob").await;
    eve.send(&bob, "tea with Eve").await;
    app.fill_sidebar(&ada, parlour::limits::SEARCH_PLACES).await;

    assert_eq!(found(&ada, "tea").await, ["tea with Bob"]);
    assert_eq!(found(&bob, "tea").await, ["tea with Eve", "tea with Bob"]);
    // More conversations than are searched have newer messages; in Bob's own conversation his message is found.
    app.run_sql("UPDATE conversation SET active_position = active_position + 1000 WHERE title = 'Quiet'").await;
    assert_eq!(found(&ada, "tea").await, Vec::<String>::new());
    let there = search(&ada, json!({ "query": "tea", "in": { "userId": bob.id } })).await;
    assert_eq!(texts(&there), ["tea with Bob"]);
}

/// More conversations than are searched at a time, so that several rounds must yield one order.
#[tokio::test]
async fn hits_of_many_conversations_are_the_newest_first_on_every_page() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let count = parlour::limits::SEARCH_AT_ONCE + 20;
    app.fill_sidebar(&ada, count as u64).await;
    app.fill_conversations(&ada, "tea").await;
    ada.send(&bob, "coffee").await;
    // Messages are indexed in order, so all are indexed by then.
    soon(async { while found(&ada, "coffee").await.is_empty() {} }).await;
    let numbers = |page: &Value| -> Vec<usize> {
        texts(page).iter().map(|text| text.trim_start_matches("tea ").parse().expect("a number")).collect()
    };

    let mut seen = Vec::new();
    let mut after = Value::Null;
    for _ in 0.. {
        let page = search(&ada, json!({ "query": "tea", "first": 60, "after": after })).await;
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !seen.is_empty());
        seen.extend(numbers(&page));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }

    // Two messages in each of them, in two rounds.
    let expected: Vec<usize> = (1..=2 * count).rev().collect();
    assert_eq!(seen, expected);
    assert_eq!(numbers(&search(&ada, json!({ "query": "tea 7" , "first": 100 })).await).last(), Some(&7));
}

#[tokio::test]
async fn every_word_in_the_index_has_its_conversation() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let sent = ada.send(&bob, "tea for two, 日本の茶").await;
    let group = ada.group("Tea", &[&bob]).await;
    ada.send_to(&group, "tea for all").await;
    assert_eq!(found(&bob, "tea").await.len(), 2);
    let conversations = [sent["conversationId"].as_str().expect("an id").replace('-', ""), group.replace('-', "")];

    let words = app.indexed_words().await;

    // By what follows, searches that are not of these conversations have nothing to do with them.
    assert!(words.len() >= 9, "{words:?}");
    for word in &words {
        assert!(conversations.iter().any(|id| word.starts_with(id.as_str())), "{word}");
    }
}
