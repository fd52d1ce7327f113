//! The measures of documents, and which documents are rejected.

mod bounds;
mod budget;
mod hostile;
mod introspection;
mod naive;
mod objects;

use async_graphql::parser::parse_query;
use async_graphql::{Name, Value, Variables};

use super::{DocumentMeasure, check};
use crate::graphql::guard::{QueryLimit, QueryRefusal};

fn checked(text: &str, variables: &[(&str, Value)]) -> Result<DocumentMeasure, QueryRefusal> {
    check(&parse_query(text).expect(text), None, &given(variables))
}

fn given(variables: &[(&str, Value)]) -> Variables {
    let mut given = Variables::default();
    for (name, value) in variables {
        given.insert(Name::new(name), value.clone());
    }
    given
}

fn measured(text: &str) -> DocumentMeasure {
    checked(text, &[]).unwrap_or_else(|refusal| panic!("{text}: {refusal}"))
}

fn refused(text: &str) -> Option<QueryLimit> {
    match checked(text, &[]) {
        Ok(_) => None,
        Err(QueryRefusal::TooMuch { limit, .. }) => Some(limit),
        Err(QueryRefusal::Circular { fragment }) => panic!("{text}: {fragment} contains itself"),
    }
}

#[test]
fn everything_is_counted() {
    let text = "
        query Q($first: Int @a) @b {
            me @c { id name: fullName ...F @d ... on User @e { pic: profilePic { url } } }
            users(first: 3) { nodes { ...F } totalCount }
        }
        fragment F on User @f { full: fullName @g }
        query Other { me { id } }";
    let measure = check(&parse_query(text).expect(text), Some("Q"), &Variables::default());
    let expected = DocumentMeasure {
        operations: 2,
        selections: 15,
        levels: 3,
        directives: 9,
        depth: 3,
        aliases: 4,
        root_fields: 2,
        auth_mutations: 0,
        objects: 6,
        values: 14,
    };
    assert_eq!(measure, Ok(expected));
}

#[test]
fn a_value_at_the_limit_passes_and_one_more_does_not() {
    let many = |piece: &str, times| piece.repeat(times);
    let nested = |levels: usize| format!("{{{}a{}}}", "a{".repeat(levels - 1), "}".repeat(levels - 1));
    let inline = |levels| format!("{{{}a{}}}", many("...{", levels), many("}", levels));
    let chain = |levels: usize| {
        let links = (1..levels).map(|n| format!("fragment F{n} on User{{...F{}}}", n + 1)).collect::<String>();
        format!("{{...F1}}{links}fragment F{levels} on User{{id}}")
    };
    // Three, the fields beside the two spreads, plus twice 2,495.
    let spread =
        |fields: usize| format!("{{me{{...F...F{}}}}}fragment F on User{{{}}}", many(" a", fields), many(" a", 2_495));
    for (passes, refuses, limit) in [
        (nested(10), nested(11), QueryLimit::Depth),
        (inline(32), inline(33), QueryLimit::Levels),
        (chain(32), chain(33), QueryLimit::Levels),
        (spread(7), spread(8), QueryLimit::Selections),
        (format!("{{me{{{}}}}}", many(" a:b", 30)), format!("{{me{{{}}}}}", many(" a:b", 31)), QueryLimit::Aliases),
        (format!("{{me{}}}", many("@a", 50)), format!("{{me{}}}", many("@a", 51)), QueryLimit::Directives),
        (format!("{{{}}}", many(" a", 20)), format!("{{{}}}", many(" a", 21)), QueryLimit::RootFields),
    ] {
        assert_eq!(refused(&passes), None, "{passes}");
        assert_eq!(refused(&refuses), Some(limit), "{refuses}");
    }
}

#[test]
fn a_request_signs_in_once() {
    for name in ["signup", "login", "changePassword", "deleteAccount"] {
        let one = format!("mutation {{ a: {name}(x: 1) {{ token }} logout }}");
        assert_eq!(measured(&one).auth_mutations, 1);
        for two in [
            format!("mutation {{ a: {name}(x: 1) {{ token }} b: login {{ token }} }}"),
            format!(
                "mutation {{ ...F ... {{ {name} {{ token }} }} }} fragment F on Mutation {{ b: login {{ token }} }}"
            ),
            format!("mutation {{ ...F ...F }} fragment F on Mutation {{ {name} {{ token }} }}"),
        ] {
            assert_eq!(refused(&two), Some(QueryLimit::AuthMutations), "{two}");
        }
    }
}

#[test]
fn root_fields_are_counted_through_fragments() {
    let text = format!("{{ ...F ...F ... on Query {{ {} }} }} fragment F on Query {{ a b c }}", "d ".repeat(14));
    assert_eq!(measured(&text).root_fields, 20);
    assert_eq!(refused(&text.replace("a b c", "a b c d")), Some(QueryLimit::RootFields));
}

#[test]
fn selections_of_all_operations_count_and_the_rest_only_of_the_one_that_runs() {
    let text = format!("query A {{ me {{ id }} }} query B {{ me {{ {} }} }}", "a: id ".repeat(100));
    let document = parse_query(&text).expect("it is a document");
    let none = Variables::default();
    let of_a = check(&document, Some("A"), &none).expect("A is small");
    assert_eq!((of_a.operations, of_a.aliases, of_a.selections), (2, 0, 103));
    assert!(matches!(
        check(&document, Some("B"), &none),
        Err(QueryRefusal::TooMuch { limit: QueryLimit::Aliases, .. })
    ));
    // The operation is ambiguous, which async-graphql reports after a validation that must be bounded too.
    for unclear in [None, Some("C")] {
        assert_eq!(check(&document, unclear, &none).map(|measure| (measure.selections, measure.depth)), Ok((103, 0)));
    }
}

#[test]
fn a_refusal_gives_advice() {
    let refusal = checked("{ users(first: 100) { nodes { a { b { id } } c { id } d(x: 1) { id } } } }", &[])
        .map(|measure| measure.objects)
        .expect("500 objects");
    assert_eq!(refusal, 500);
    let text = "{ conversations(first: 100) { nodes { messages(first: 100) { nodes { sender { id } } } } } }";
    assert_eq!(
        checked(text, &[]).expect_err("20,100 objects").to_string(),
        "the query can return 20100 objects, at most 10000 are allowed: request smaller pages or fewer nested lists"
    );
    assert_eq!(
        checked("{ ...A } fragment A on Query { ...A }", &[]).expect_err("a circle").to_string(),
        "the fragment A contains itself"
    );
}
