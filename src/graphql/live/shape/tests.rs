//! Which subscriptions have the same shape.

use async_graphql::parser::parse_query;
use async_graphql::{Name, Variables};
use proptest::prelude::*;
use serde_json::json;

use super::{MalformedSubscription, Shape, lift_root};

fn shape(text: &str, variables: serde_json::Value) -> Shape {
    Shape::of(&parse_query(text).expect(text), None, &Variables::from_json(variables))
        .unwrap_or_else(|malformed| panic!("{text}: {malformed}"))
}

fn text(of: &str) -> String {
    shape(of, json!({})).text
}

fn malformed(text: &str) -> Option<MalformedSubscription> {
    Shape::of(&parse_query(text).expect(text), None, &Variables::default()).err()
}

const BASE: &str = r#"subscription { messageAdded { id text image { url(maxWidth: 100) } ... on Message { seq } } }"#;

#[test]
fn parts_that_do_not_change_the_result_are_ignored() {
    for same in [
        "subscription { messageAdded { id text image { url(maxWidth: 100) } ... on Message { seq } } }",
        "subscription Named { messageAdded { id text image { url(maxWidth: 100) } ... on Message { seq } } }",
        "subscription{messageAdded{id,text,image{url(maxWidth:100)}...on Message{seq}}} # why",
        r#"subscription { messageAdded(after: "x") { id text image { url(maxWidth: 100) } ... on Message { seq } } }"#,
        "subscription($a: ID!) { messageAdded(conversation: {userId: $a}, after: $b)
            { id text image { url(maxWidth: 100) } ... on Message { seq } } }",
        "subscription($w: Int = 100) { messageAdded { id text image { url(maxWidth: $w) } ... on Message { seq } } }",
        "subscription($any: Int! = 100, $unused: Int) { messageAdded { id text image { url(maxWidth: $any) }
            ... on Message { seq } } } fragment Unused on User { id }",
    ] {
        assert_eq!(text(same), text(BASE), "{same}");
    }
    let given =
        "subscription($w: Int = 7) { messageAdded { id text image { url(maxWidth: $w) } ... on Message { seq } } }";
    assert_eq!(shape(given, json!({"w": 100, "other": 1})).text, text(BASE));
    assert_ne!(text(given), text(BASE));
}

#[test]
fn parts_that_change_the_result_count() {
    let different = [
        BASE,
        "subscription { messageAdded { text id image { url(maxWidth: 100) } ... on Message { seq } } }",
        "subscription { messageAdded { id text image { url(maxWidth: 101) } ... on Message { seq } } }",
        "subscription { messageAdded { id text image { url(maxWidth: 100.0) } ... on Message { seq } } }",
        "subscription { messageAdded { id text image { url(maxWidth: \"100\") } ... on Message { seq } } }",
        "subscription { messageAdded { id text image { url(maxWidth: null) } ... on Message { seq } } }",
        "subscription { messageAdded { id text image { url } ... on Message { seq } } }",
        "subscription { messageAdded { id text image { url(minWidth: 100) } ... on Message { seq } } }",
        "subscription { messageAdded { id text image { url(maxWidth: 100) } ... { seq } } }",
        "subscription { messageAdded { id text image { url(maxWidth: 100) } ... on Other { seq } } }",
        "subscription { messageAdded { id text image { url(maxWidth: 100) } seq } }",
        "subscription { messageAdded { id text image { url(maxWidth: 100) } ...Message } } fragment Message on M { seq }",
        "subscription { messageAdded { id text image { url(maxWidth: 100) } ...Message } } fragment Message on M { id }",
        "subscription { messageAdded { id text image { url(maxWidth: 100) } ...Message } } fragment Message on N { id }",
        "subscription { messageAdded { i: id text image { url(maxWidth: 100) } ... on Message { seq } } }",
        "subscription { m: messageAdded { id text image { url(maxWidth: 100) } ... on Message { seq } } }",
        "subscription { messageAdded { id @skip(if: true) text image { url(maxWidth: 100) } ... on Message { seq } } }",
        "subscription { messageAdded { id @skip(if: false) text image { url(maxWidth: 100) } ... on Message { seq } } }",
        "subscription { messageAdded { id @include(if: true) text image { url(maxWidth: 100) } ... on Message { seq } } }",
        "subscription { messageAdded { id text image { url(maxWidth: 100) } ... on Message @skip(if: true) { seq } } }",
        "subscription { messageAdded(other: 1) { id text image { url(maxWidth: 100) } ... on Message { seq } } }",
        "subscription { messageAdded { id text image(after: 1) { url(maxWidth: 100) } ... on Message { seq } } }",
        "subscription { messageAdded { id text image(conversation: 1) { url(maxWidth: 100) } ... on Message { seq } } }",
        "subscription { messageChanged { id text image { url(maxWidth: 100) } ... on Message { seq } } }",
        "subscription @live { messageAdded { id text image { url(maxWidth: 100) } ... on Message { seq } } }",
    ];
    for (at, one) in different.iter().enumerate() {
        for other in &different[at + 1..] {
            assert_ne!(text(one), text(other), "{one} and {other}");
        }
    }
}

#[test]
fn different_values_have_different_texts() {
    let document = "subscription($v: Any) { presenceChanged(userIds: $v) { online } }";
    let mut texts: Vec<_> = [
        json!({}),
        json!({"v": null}),
        json!({"v": "null"}),
        json!({"v": true}),
        json!({"v": "true"}),
        json!({"v": 1}),
        json!({"v": 1.0}),
        json!({"v": "1"}),
        json!({"v": ["a", "b"]}),
        json!({"v": ["a b"]}),
        json!({"v": ["a\" \"b"]}),
        json!({"v": [["a"], "b"]}),
        json!({"v": [["a", "b"]]}),
        json!({"v": "a\\"}),
        json!({"v": "a\\\\"}),
        json!({"v": "a\n"}),
        json!({"v": "a\\n"}),
        json!({"v": {}}),
        json!({"v": []}),
        json!({"v": {"a": 1, "b": 2}}),
        json!({"v": {"a": {"b": 2}}}),
        json!({"v": {"a\":1 \"b": 2}}),
        json!({"v": "x) { online } }"}),
    ]
    .into_iter()
    .map(|variables| shape(document, variables).text)
    .collect();
    texts.push(text("subscription { presenceChanged(userIds: a) { online } }"));
    texts.push(text("subscription { presenceChanged(userIds: [a]) { online } }"));
    let count = texts.len();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), count, "{texts:#?}");
}

#[test]
fn variables_without_a_value_are_omitted_as_in_async_graphql() {
    let of = |arguments: &str| text(&format!("subscription($no: Int) {{ a(b: 1 {arguments}) {{ c }} }}"));
    assert_eq!(of("c: $no"), of(""));
    assert_eq!(of("c: {d: 1, e: $no}"), of("c: {d: 1}"));
    assert_eq!(of("c: [1, $no]"), of("c: [1, null]"));
    assert_ne!(of("c: null"), of(""));
}

/// async-graphql skips `@include(if: $v)` if `$v` is not given, whatever its default.
#[test]
fn a_condition_with_a_default_differs_from_a_given_one() {
    let on_default = "subscription($v: Boolean = true) { messageAdded { id @include(if: $v) } }";
    let literal = text("subscription { messageAdded { id @include(if: true) } }");
    assert_ne!(text(on_default), literal);
    assert_eq!(shape(on_default, json!({"v": true})).text, literal);
    assert_ne!(shape(on_default, json!({"v": false})).text, literal);
}

#[test]
fn fragments_are_printed_once_in_the_order_of_first_use() {
    let one = "subscription { m { ...A ...B ...A } } fragment A on M { ...B } fragment B on M { id }";
    let other = "fragment B on M { id } subscription { m { ...A ...B ...A } } fragment A on M { ...B }";
    assert_eq!(text(one), text(other));
    assert_eq!(text(one).matches("fragment A").count(), 1);
    let inside = |seq: &str| {
        text(&format!("subscription {{ m {{ ...A }} }} fragment A on M {{ ...B }} fragment B on M {{ {seq} }}"))
    };
    assert_ne!(inside("seq"), inside("id"));
}

#[test]
fn arguments_that_select_the_events_are_ignored() {
    let document = r#"subscription($c: ID, $a: String = "b") {
        new: messageAdded(conversation: {conversationId: $c, userId: $no}, after: $a) { id }
    }"#;
    let plain = text("subscription { new: messageAdded { id } }");
    for variables in [json!({"c": "x"}), json!({"a": null}), json!({})] {
        assert_eq!(shape(document, variables).text, plain);
    }
}

#[test]
fn a_root_field_in_fragments_is_found() {
    for document in [
        "subscription { ...F } fragment F on Subscription { a: events(after: \"x\") { cursor } }",
        "subscription { ... on Subscription { a: events(after: \"x\") { cursor } } }",
        "subscription { ... { ...F } } fragment F on Subscription { ...G } fragment G on Subscription {
            ... { a: events(after: \"x\") { cursor } } }",
        "subscription { ...F ...F } fragment F on Subscription { a: events(after: \"x\") { cursor } }",
    ] {
        let found = shape(document, json!({}));
        assert_eq!(found.text, text(&document.replace("\"x\"", "\"y\"")), "{document}");
        assert_ne!(found.text, text(&document.replace("cursor", "cursor __typename")), "{document}");
        let mut lifted = parse_query(document).expect(document);
        assert_eq!(lift_root(&mut lifted, None), Ok(()));
        let lifted = Shape::of(&lifted, None, &Variables::default()).expect(document);
        assert_eq!(lifted.text, text("subscription { a: events { cursor } }"), "{document}");
    }
}

#[test]
fn a_lifted_root_field_keeps_what_belongs_to_it() {
    let mut document = parse_query(
        "subscription N($v: Int) { ...F } query Q { ...R } fragment F on Subscription { a(b: $v) { ...A } }
        fragment A on M { b { ...B } } fragment B on M { id } fragment R on Query { ...S } fragment S on Query { id }",
    )
    .expect("it is a document");
    lift_root(&mut document, Some("N")).expect("it has a root field");
    let mut kept: Vec<_> = document.fragments.keys().map(Name::as_str).collect();
    kept.sort_unstable();
    assert_eq!(kept, ["A", "B"]);
    let names: Vec<_> = document.operations.iter().map(|(name, _)| name.map(Name::as_str)).collect();
    assert_eq!(names, [Some("N")]);
    let found = Shape::of(&document, Some("N"), &Variables::from_json(json!({"v": 1}))).expect("it is a subscription");
    let plain = "subscription { a(b: 1) { ...A } } fragment A on M { b { ...B } } fragment B on M { id }";
    assert_eq!(found.text, text(plain));
}

#[test]
fn root_fragments_that_fail_validation_are_not_lifted() {
    for document in [
        "subscription { ... on Query { a } }",
        "subscription { ... @unknown { a } }",
        "subscription { ...F @unknown } fragment F on Subscription { a }",
        "subscription { ...F } fragment F on Subscription @unknown { a }",
        "subscription { ...F } fragment F on Message { a }",
        "subscription { a { ...F } } fragment F on Message { b } fragment Unused on Message { b }",
    ] {
        let before = parse_query(document).expect(document);
        let mut after = before.clone();
        assert_eq!(lift_root(&mut after, None), Ok(()), "{document}");
        assert_eq!(format!("{before:?}").len(), format!("{after:?}").len(), "{document}");
    }
    let mut query = parse_query("{ a }").expect("it is a document");
    assert_eq!(lift_root(&mut query, None), Err(MalformedSubscription::NoSubscription));
}

#[test]
fn documents_that_are_no_subscription_are_refused() {
    for (document, why) in [
        ("query { me { id } }", MalformedSubscription::NoSubscription),
        ("mutation { logout }", MalformedSubscription::NoSubscription),
        ("subscription { a b }", MalformedSubscription::ManyFields),
        ("subscription { a { id } a { id } }", MalformedSubscription::ManyFields),
        ("subscription { a ...F } fragment F on Subscription { b }", MalformedSubscription::ManyFields),
        ("subscription { ... { a } ... { b } }", MalformedSubscription::ManyFields),
        ("subscription { __typename }", MalformedSubscription::Introspection),
        ("subscription { a: __typename }", MalformedSubscription::Introspection),
        ("subscription { ...F } fragment F on Subscription { __typename }", MalformedSubscription::Introspection),
        ("subscription { __schema { types { name } } }", MalformedSubscription::Introspection),
        ("subscription { a @skip(if: false) }", MalformedSubscription::Conditional),
        ("subscription { a @include(if: true) }", MalformedSubscription::Conditional),
        ("subscription { ... @include(if: true) { a } }", MalformedSubscription::Conditional),
        ("subscription { ...F @skip(if: false) } fragment F on Subscription { a }", MalformedSubscription::Conditional),
        ("subscription { ...F } fragment F on Subscription { a @skip(if: false) }", MalformedSubscription::Conditional),
        ("subscription { ...F }", MalformedSubscription::NoField),
        ("subscription { ...F } fragment F on Subscription { ...F }", MalformedSubscription::NoField),
        ("subscription A { a } subscription B { b }", MalformedSubscription::NoOperation),
    ] {
        assert_eq!(malformed(document), Some(why), "{document}");
    }
    let two = parse_query("subscription A { a } query B { b }").expect("it is a document");
    let of = |name| Shape::of(&two, name, &Variables::default()).map(|shape| shape.text);
    assert_eq!(of(Some("A")), Ok(text("subscription { a }")));
    assert_eq!(of(Some("B")), Err(MalformedSubscription::NoSubscription));
    assert_eq!(of(Some("C")), Err(MalformedSubscription::NoOperation));
    assert_eq!(malformed("subscription { a @live { b @skip(if: true) } }"), None);
}

#[test]
fn a_text_has_a_bound() {
    let document = format!("subscription($v: S) {{ a {{ {} }} }}", "b(c: $v) ".repeat(100));
    let variables = Variables::from_json(json!({"v": "x".repeat(10_000)}));
    let found = Shape::of(&parse_query(document).expect("it is a document"), None, &variables);
    assert_eq!(found.err(), Some(MalformedSubscription::TooLarge));
}

#[test]
fn nested_fragments_are_not_expanded() {
    let mut document = String::from("subscription { a { ...F0 } }");
    for level in 0..22 {
        document += &format!(" fragment F{level} on M {{ ...F{0} ...F{0} }}", level + 1);
    }
    assert!(text(&(document + " fragment F22 on M { id }")).len() < 2_000);
}

/// A selection with a value, once inline and once as a variable.
fn twins() -> impl Strategy<Value = (String, String, serde_json::Value)> {
    let value = prop_oneof![
        any::<i32>().prop_map(|number| json!(number)),
        any::<bool>().prop_map(|boolean| json!(boolean)),
        "[ -~]{0,12}".prop_map(|text| json!(text)),
        Just(json!(null)),
        prop::collection::vec("[ -~]{0,5}", 0..3).prop_map(|texts| json!(texts)),
    ];
    let space = prop::sample::select(vec![" ", "\n", " , ", " # { \" \n", "\r\n\t", "\u{feff} "]);
    (value, "[a-c]{1,3}", space, any::<bool>()).prop_map(|(value, name, space, alias)| {
        let field = if alias { "x: b" } else { "b" };
        let literal = format!("subscription {{ {name} {{ {field}(c: {value}) ...F }} }} fragment F on M {{ id }}");
        let variable = format!("subscription N($q: T) {{ {name} {{ {field}(c: $q) ...F }} }} fragment F on M {{ id }}");
        // async-graphql's parser accepts no comment behind `on`.
        let spaced = variable.replace(' ', space).replace(&format!("on{space}M"), "on M");
        (literal, spaced, json!({ "q": value }))
    })
}

proptest! {
    #[test]
    fn a_value_is_the_same_in_a_variable((literal, variable, variables) in twins()) {
        prop_assert_eq!(shape(&literal, json!({})).text, shape(&variable, variables).text, "{}", variable);
    }

    #[test]
    fn different_documents_have_different_texts((one, _, _) in twins(), (other, _, _) in twins()) {
        prop_assert_eq!(one == other, text(&one) == text(&other), "{} and {}", one, other);
    }
}
