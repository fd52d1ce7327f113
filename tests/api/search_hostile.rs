//! Hostile searches.

use serde_json::{Value, json};

use crate::support::{TestApp, code};

const SEARCH: &str = "query($query: String!, $first: Int, $after: String) {
    searchMessages(query: $query, first: $first, after: $after) { nodes { text } pageInfo { endCursor } } }";

fn texts(answer: &Value) -> Vec<&str> {
    let nodes = answer["data"]["searchMessages"]["nodes"].as_array().unwrap_or_else(|| panic!("no page: {answer}"));
    nodes.iter().map(|node| node["text"].as_str().expect("a text")).collect()
}

#[tokio::test]
async fn no_character_has_a_special_meaning() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    ada.send(&bob, "near col e not or and drop table").await;
    ada.send(&bob, "hello world").await;
    // But a symbol at a word is found as written.
    for (query, hits) in [
        ("\"", 0),
        ("*", 0),
        ("hello*", 1),
        ("\"hello", 1),
        ("\"world hello\"", 1),
        ("NEAR(", 1),
        ("NEAR(hello world, 5)", 0),
        ("col:e", 1),
        ("words:hello", 0),
        ("rowid:1", 0),
        ("-hello", 1),
        ("NOT hello", 0),
        ("hello OR near", 0),
        ("hello AND world", 0),
        ("^hello", 0),
        ("{words}: hello", 0),
        ("'; DROP TABLE message; --", 0),
        ("'; drop table", 1),
        ("%", 0),
        ("_ello", 0),
        ("hel%", 0),
        ("hello\\", 0),
        ("(((((((((((((((((((hello", 1),
        ("hello + world", 1),
        ("the of and", 0),
        ("", 0),
        ("   \t\n ", 0),
        ("…!?.,;", 0),
        ("\u{E000}", 0),
        ("\u{FFFF}\u{202E}\u{FEFF}", 0),
        ("hello \u{1F600}", 0),
        ("$1 ?1 :a @b", 0),
    ] {
        let answer = bob.execute(SEARCH, json!({ "query": query })).await;
        assert_eq!(texts(&answer).len(), hits, "{query:?}: {answer}");
    }
    let own = bob.execute("{ conversations { nodes { id } } }", json!({})).await;
    let id = own["data"]["conversations"]["nodes"][0]["id"].as_str().expect("an id").replace('-', "");
    assert_eq!(texts(&bob.execute(SEARCH, json!({ "query": id })).await).len(), 0);
}

#[tokio::test]
async fn a_search_names_the_invalid_argument() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    ada.send(&bob, &"a ".repeat(100)).await;
    let lists = "{ users { pageInfo { endCursor } } conversations { pageInfo { endCursor } } }";
    let lists = bob.ask(lists, json!({})).await;
    let history = "query($id: ID!) { messages(conversation: { userId: $id }) { pageInfo { endCursor } } }";
    let history = bob.ask(history, json!({ "id": ada.id })).await;

    for (field, arguments) in [
        ("query", json!({ "query": "a\u{0}b" })),
        ("query", json!({ "query": "a".repeat(201) })),
        ("query", json!({ "query": "猫 ".repeat(5_000) })),
        ("first", json!({ "query": "a", "first": 0 })),
        ("first", json!({ "query": "a", "first": 101 })),
        ("first", json!({ "query": "a", "first": -1 })),
        ("after", json!({ "query": "a", "after": "" })),
        ("after", json!({ "query": "a", "after": "garbage" })),
        ("after", json!({ "query": "a", "after": lists["users"]["pageInfo"]["endCursor"] })),
        ("after", json!({ "query": "a", "after": lists["conversations"]["pageInfo"]["endCursor"] })),
        ("after", json!({ "query": "a", "after": history["messages"]["pageInfo"]["endCursor"] })),
    ] {
        assert_eq!(bob.refused(SEARCH, arguments.clone()).await, format!("BAD_USER_INPUT at {field}"), "{arguments}");
    }
    let longest = bob.execute(SEARCH, json!({ "query": "a ".repeat(100) })).await;
    assert_eq!(texts(&longest).len(), 1);
    // Nor is a hit's cursor one of another list.
    let cursor = &longest["data"]["searchMessages"]["pageInfo"]["endCursor"];
    for list in ["users(after: $c)", "conversations(after: $c)"] {
        let query = format!("query($c: String) {{ {list} {{ nodes {{ id }} }} }}");
        assert_eq!(bob.refused(&query, json!({ "c": cursor })).await, "BAD_USER_INPUT at after", "{list}");
    }
}

#[tokio::test]
async fn message_searches_and_people_searches_share_a_rate() {
    let app = TestApp::limited().await;
    let ada = app.user("Ada").await;
    let mut refused = None;
    for number in 0..1_000 {
        let answer = match number % 2 {
            0 => ada.execute(SEARCH, json!({ "query": "tea" })).await,
            _ => ada.execute("{ users(search: \"b\", first: 1) { totalCount } }", json!({})).await,
        };
        if answer.get("errors").is_some() {
            refused = Some((number, answer));
            break;
        }
    }

    let (passed, answer) = refused.expect("some are too many");
    assert!(passed >= 30, "{passed}");
    assert_eq!(code(&answer), "RATE_LIMITED");
}

#[tokio::test]
async fn a_search_costs_the_size_of_its_page() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let many = |first: usize| {
        format!(
            "{{ searchMessages(query: \"a\", first: {first}) {{ nodes {{ conversation {{ messages(last: 100) {{
            nodes {{ id }} }} }} }} }} }}"
        )
    };

    assert!(ada.execute(&many(90), json!({})).await.get("errors").is_none());
    assert_eq!(ada.fails(&many(100), json!({})).await, "QUERY_TOO_COMPLEX");
}
