//! The number of objects that can be returned.

use std::collections::HashSet;

use async_graphql::parser::types::{BaseType, Selection, Type, TypeKind, TypeSystemDefinition};
use async_graphql::parser::{parse_query, parse_schema};
use async_graphql::{Value, Variables};

use super::{checked, measured, refused};
use crate::graphql::guard::QueryLimit;
use crate::graphql::guard::field_sizes::{Multiplicity, ParentType, times};
use crate::graphql::guard::operation::VariableBindings;

#[test]
fn objects_are_counted_and_scalars_are_free() {
    for (text, objects) in [
        ("{ __typename feedCursor }", 0),
        ("{ me { id fullName } }", 1),
        ("{ me { profilePic { url(maxWidth: 100) } } unread { messages conversations } }", 3),
        ("{ users { nodes { id } } }", 50),
        ("{ users(first: 7) { nodes { id profilePic { url } } } }", 14),
        ("{ users(first: 7) { edges { node { id } cursor } } }", 7),
        ("{ users(first: 7) { edges { node { id profilePic { url } } } nodes { id } } }", 21),
        ("{ users(first: 7) { edges { cursor } pageInfo { hasNextPage } } }", 7),
        ("{ users(first: 7) { nodes { id } totalCount } }", 8),
        ("{ users(first: 1) { totalCount } }", 1),
        ("{ users(first: 7) { totalCount } }", 7),
        ("{ mentions { nodes { id mentions { id } } } }", 20 * 2),
        ("{ message(id: 1) { reactions { count users { nodes { id } totalCount } } } }", 1 + 2 * 22),
        ("{ message(id: 1) { reactions { users(first: 3) { nodes { id } } } } }", 1 + 2 * 4),
        ("{ conversations { nodes { lastMessage { id } members(first: 5) { nodes { user { id } } } } } }", 50 * 12),
        ("{ conversation(by: {}) { messages(last: 9) { nodes { id } } } }", 10),
        ("{ searchMessages(query: \"a\") { nodes { id } } }", 20),
        ("{ messages(conversation: {}) { nodes { id } } }", 50),
        ("{ messages(conversation: {}, aroundSeq: 3) { nodes { id } } }", 50),
        ("{ messages(conversation: {}, aroundSeq: 3, last: 4) { nodes { id } } }", 4),
        ("{ messages(conversation: {}, first: 3, last: 4) { nodes { id } } }", 4),
        ("{ sessions { id } }", 50),
        ("{ events(after: \"\") { events { cursor } hasMore } }", 100),
        ("{ events(after: \"\", first: 3) { events { ... on MessageAdded { message { id } } } } }", 6),
        ("subscription { events { ... on MessageAdded { message { sender { id } } } } }", 3),
        ("subscription { ...F } fragment F on Subscription { events { cursor } }", 1),
        (
            "{ ...F } fragment F on Query { events(after: \"\", first: 2) { ...P } } fragment P on FeedPage { events { cursor } }",
            2,
        ),
        (
            "{ a: users(first: 2) { ...U } b: users(first: 3) { ...U } } fragment U on UserConnection { nodes { id } }",
            5,
        ),
        ("subscription { onlineUsers { id profilePic { url } } }", 2_000),
        ("mutation { createImageUpload(input: {}) { url headers { name } } }", 11),
        ("{ me @skip(if: true) { id } }", 1),
    ] {
        assert_eq!(measured(text).objects, objects, "{text}");
    }
}

#[test]
fn a_page_is_as_large_as_it_can_be() {
    for (first, objects) in [
        ("first: 1", 1),
        ("first: 100", 100),
        ("first: 0", 1),
        ("first: 101", 100),
        ("first: -5", 100),
        ("first: 2147483648", 100),
        ("first: 1.5", 100),
        ("first: \"3\"", 100),
        ("first: [3]", 100),
        ("first: null", 50),
        ("first: $given", 3),
        ("first: $empty", 50),
        ("first: $defaulted", 4),
        ("first: $overridden", 5),
        ("first: $absent", 50),
        ("first: $wrong", 100),
    ] {
        let text = format!(
            "query($given: Int, $empty: Int, $defaulted: Int = 4, $overridden: Int = 4, $absent: Int, $wrong: Int) {{
                users({first}) {{ nodes {{ id }} }}
            }}"
        );
        let given = [("given", 3.into()), ("empty", Value::Null), ("overridden", 5.into()), ("wrong", "3".into())];
        assert_eq!(checked(&text, &given).map(|measure| measure.objects), Ok(objects), "{first}");
    }
}

#[test]
fn the_cost_has_a_limit() {
    let text = |first| {
        format!("{{ conversations(first: 100) {{ nodes {{ messages(first: {first}) {{ nodes {{ id }} }} }} }} }}")
    };
    assert_eq!(measured(&text(99)).objects, 10_000);
    assert_eq!(refused(&text(100)), Some(QueryLimit::Objects));
    let thrice =
        "{ conversations(first: 100) { nodes { messages(first: 100) { nodes { conversation { members(first: 100)
        { nodes { user { id } } } } } } } } }";
    assert_eq!(refused(thrice), Some(QueryLimit::Objects));
}

#[test]
fn repeated_fields_have_a_limit() {
    let text = |ids: usize| {
        format!(
            "{{ conversations(first: 100) {{ nodes {{ messages(first: 99) {{ nodes {{ {} }} }} }} }} }}",
            "id ".repeat(ids)
        )
    };
    assert_eq!(refused(&text(19)), None);
    assert_eq!(refused(&text(20)), Some(QueryLimit::Values));
}

/// The table in `field_sizes` is by name, so a new list of the schema needs a line.
#[test]
fn every_list_of_the_schema_is_in_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
    let schema = parse_schema(std::fs::read_to_string(path).expect(path)).expect(path);
    let types: Vec<_> = schema
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => Some((definition.node.name.node.as_str(), &definition.node.kind)),
            TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
        })
        .collect();
    let composite: HashSet<&str> = types
        .iter()
        .filter(|(_, kind)| matches!(kind, TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_)))
        .map(|(name, _)| *name)
        .collect();
    let pages = |name: &str| name.ends_with("Connection") || name == "FeedPage";
    let mut checked = 0;
    for (owner, kind) in types {
        let fields = match kind {
            TypeKind::Object(object) => &object.fields,
            TypeKind::Interface(interface) => &interface.fields,
            TypeKind::Scalar | TypeKind::Union(_) | TypeKind::Enum(_) | TypeKind::InputObject(_) => continue,
        };
        for field in fields {
            let (named, is_list) = named(&field.node.ty.node);
            if !composite.contains(named) {
                continue;
            }
            checked += 1;
            let name = field.node.name.node.as_str();
            let found = times_of(name, ParentType::new(owner));
            let right = match found {
                Multiplicity::Once => !is_list && !pages(named),
                Multiplicity::List(_) => is_list,
                Multiplicity::Page(_) => pages(named) && !is_list,
                Multiplicity::EachItem => is_list && pages(owner),
            };
            assert!(right, "{owner}.{name} is {} and counted as {found:?}: see pages.rs", field.node.ty.node);
        }
    }
    assert!(checked > 50, "{checked} fields are too few: is this the schema?");
}

fn named(of: &Type) -> (&str, bool) {
    match &of.base {
        BaseType::Named(name) => (name, false),
        BaseType::List(inner) => (named(inner).0, true),
    }
}

fn times_of(name: &str, on: ParentType) -> Multiplicity {
    let document = parse_query(format!("{{ {name} {{ a }} }}")).expect("it is a document");
    let (_, operation) = document.operations.iter().next().expect("it has an operation");
    let selection = &operation.node.selection_set.node.items[0].node;
    let Selection::Field(field) = selection else { panic!("it has a field") };
    times(&field.node, on, &VariableBindings::new(None, &Variables::default()))
}
