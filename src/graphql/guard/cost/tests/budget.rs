//! The charge of documents to a user's budget.

use async_graphql::parser::parse_query;
use async_graphql::{Name, Value, Variables};

use super::{check, measured};
use crate::limits::{OBJECTS, QUERY_COMPLEXITY};

const FEED: &str = include_str!("../../../../../web/src/feed/feed.graphql");
const PEOPLE: &str = include_str!("../../../../../web/src/people/people.graphql");

/// The charge of an operation of the chat client.
fn client(documents: &str, operation: &str) -> u32 {
    let document = parse_query(format!("{FEED} {documents}")).expect("a document");
    let mut variables = Variables::default();
    variables.insert(Name::new("size"), Value::from(50));
    check(&document, Some(operation), &variables).expect("it is taken").cost()
}

#[test]
fn a_document_is_charged_its_objects_and_at_least_one() {
    assert_eq!(measured("{ feedCursor }").cost(), 1);
    assert_eq!(measured("{ users(first: 7) { nodes { id } } }").cost(), 7);
    assert_eq!(
        measured("{ conversations(first: 100) { nodes { messages(first: 99) { nodes { id } } } } }").cost(),
        10_000
    );
}

#[test]
fn many_fields_of_few_objects_are_as_much_as_more_objects() {
    let fields = "id ".repeat(1_000);
    assert_eq!(measured(&format!("{{ me {{ {fields} }} }}")).cost(), 50);
    assert_eq!(measured(&format!("{{ users(first: 10) {{ nodes {{ {fields} }} }} }}")).cost(), 500);
    // It is validated but not executed.
    assert_eq!(measured(&format!("query A {{ me {{ id }} }} query B {{ me {{ {fields} }} }}")).cost(), 50);
}

#[test]
fn nothing_that_passes_the_guard_is_more_than_the_budget_holds() {
    // Otherwise the error would advise a retry that always fails.
    assert!(QUERY_COMPLEXITY <= usize::try_from(OBJECTS.burst).expect("a small number"));
}

#[test]
fn the_chat_client_opens_twenty_times_at_once() {
    let opening = client("", "Snapshot") + client("", "HistoryPage") + client("", "Members");
    assert!(opening * 20 <= OBJECTS.burst, "{opening}");
    // A user who scrolls or searches as fast as possible reads ten pages per second.
    let a_second =
        u32::try_from(std::time::Duration::from_secs(1).as_nanos() / OBJECTS.every.as_nanos()).expect("it fits");
    for (documents, page) in [("", "HistoryPage"), (PEOPLE, "FindPeople"), (PEOPLE, "FindMessages")] {
        let cost = client(documents, page);
        assert!(cost * 10 <= a_second, "{page}: {cost}");
    }
}
