//! The walk against a naive one that expands fragments.

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{Directive, ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::{Positioned, Variables};
use proptest::prelude::*;

use super::{DocumentMeasure, check};
use crate::graphql::guard::field_sizes::{Multiplicity, ParentType, objects, times};
use crate::graphql::guard::operation::VariableBindings;
use crate::graphql::guard::{QueryLimit, QueryRefusal};

struct Naive<'a> {
    document: &'a ExecutableDocument,
    measure: DocumentMeasure,
    /// The current nesting of fields and fragments.
    around: usize,
}

impl Naive<'_> {
    /// Expands everything from the top down, with the enclosing page size, and returns objects and values.
    fn set(&mut self, set: &SelectionSet, on: ParentType, page: usize, depth: usize) -> (usize, usize) {
        let mut sums = (0, 0);
        self.measure.levels = self.measure.levels.max(self.around);
        self.around += 1;
        for selection in &set.items {
            self.measure.selections += 1;
            let (objects, values) = match &selection.node {
                Selection::Field(field) => self.field(&field.node, on, page, depth + 1),
                Selection::InlineFragment(fragment) => {
                    self.directives(&fragment.node.directives);
                    let condition = fragment.node.type_condition.as_ref();
                    let on = condition.map_or(on, |condition| ParentType::new(&condition.node.on.node));
                    self.set(&fragment.node.selection_set.node, on, page, depth)
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.node.directives);
                    let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) else { continue };
                    self.directives(&fragment.node.directives);
                    let on = ParentType::new(&fragment.node.type_condition.node.on.node);
                    self.set(&fragment.node.selection_set.node, on, page, depth)
                }
            };
            sums = (sums.0 + objects, sums.1 + values);
        }
        self.around -= 1;
        sums
    }

    fn field(&mut self, field: &Field, on: ParentType, page: usize, depth: usize) -> (usize, usize) {
        self.measure.depth = self.measure.depth.max(depth);
        self.measure.root_fields += usize::from(depth == 1);
        let password = ["signup", "login", "changePassword", "deleteAccount"].contains(&field.name.node.as_str());
        self.measure.auth_mutations += usize::from(depth == 1 && password);
        self.measure.aliases += usize::from(field.alias.is_some());
        self.directives(&field.directives);
        if field.selection_set.node.items.is_empty() {
            return (usize::from(field.name.node == "totalCount"), 1);
        }
        let none = Variables::default();
        let times = times(field, on, &VariableBindings::new(None, &none));
        let inside = if let Multiplicity::Page(items) = times { items } else { 100 };
        let (below, values) = self.set(&field.selection_set.node, ParentType::Other, inside, depth);
        let objects = objects(field, times) + below;
        match times {
            Multiplicity::Once => (objects, values + 1),
            Multiplicity::List(length) => (objects * length, (values + 1) * length),
            Multiplicity::Page(items) => (objects.max(items), values + 1),
            Multiplicity::EachItem => (objects * page, (values + 1) * page),
        }
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        self.measure.directives += directives.len();
    }
}

pub(super) fn naive(document: &ExecutableDocument) -> DocumentMeasure {
    let (_, operation) = document.operations.iter().next().expect("it has an operation");
    let mut naive =
        Naive { document, around: 0, measure: DocumentMeasure { operations: 1, ..DocumentMeasure::default() } };
    naive.directives(&operation.node.directives);
    let (objects, values) = naive.set(&operation.node.selection_set.node, ParentType::Query, 100, 0);
    DocumentMeasure { objects, values, ..naive.measure }
}

/// Fragments are named by number, and each spreads only later ones.
fn document() -> impl Strategy<Value = String> {
    let fragment = |number: usize| {
        let on = prop::sample::select(vec!["Query", "User", "UserConnection"]);
        (on, set(number + 1)).prop_map(move |(on, set)| format!(" fragment F{number} on {on} @f {set}"))
    };
    (set(0), fragment(0), fragment(1), fragment(2), fragment(3))
        .prop_map(|(operation, a, b, c, d)| format!("query @q {operation}{a}{b}{c}{d}"))
}

fn set(first_fragment: usize) -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "id",
        "me",
        "users",
        "nodes",
        "edges",
        "node",
        "pageInfo",
        "totalCount",
        "messages",
        "events",
        "sessions",
        "login",
    ]);
    let arguments = prop::sample::select(vec!["", "(first: 1)", "(last: 2)", "(first: 3, after: \"\")", "(x: [{}])"]);
    let alias = prop::sample::select(vec!["", "", "a: ", "b: "]);
    let directives = prop::sample::select(vec!["", "", " @a", " @a(b: 1) @c"]);
    let field = (alias, name, arguments, directives);
    let leaf =
        field.clone().prop_map(|(alias, name, arguments, directives)| format!("{alias}{name}{arguments}{directives}"));
    let spread = (first_fragment..5, prop::sample::select(vec!["", " @d"])).prop_map(|(n, d)| format!("...F{n}{d}"));
    let selection = prop_oneof![3 => leaf, 1 => spread].prop_recursive(3, 16, 3, move |inner| {
        let condition = prop::sample::select(vec!["", " on Query", " on User"]);
        let inside = prop::collection::vec(inner, 1..4).prop_map(|selections| selections.join(" "));
        prop_oneof![
            4 => (field.clone(), inside.clone()).prop_map(|((alias, name, arguments, directives), inside)| {
                format!("{alias}{name}{arguments}{directives} {{ {inside} }}")
            }),
            1 => (condition, inside).prop_map(|(condition, inside)| format!("...{condition} @i {{ {inside} }}")),
        ]
    });
    prop::collection::vec(selection, 1..4).prop_map(|selections| format!("{{ {} }}", selections.join(" ")))
}

fn of(measure: &DocumentMeasure, limit: QueryLimit) -> usize {
    match limit {
        QueryLimit::Selections => measure.selections,
        QueryLimit::Levels => measure.levels,
        QueryLimit::Depth => measure.depth,
        QueryLimit::Aliases => measure.aliases,
        QueryLimit::Directives => measure.directives,
        QueryLimit::RootFields => measure.root_fields,
        QueryLimit::AuthMutations => measure.auth_mutations,
        QueryLimit::Objects => measure.objects,
        QueryLimit::Values => measure.values,
        QueryLimit::Bytes | QueryLimit::Tokens | QueryLimit::Nesting | QueryLimit::IntrospectionDepth => {
            unreachable!("{limit:?}")
        }
        QueryLimit::IntrospectionLists | QueryLimit::Comparisons | QueryLimit::Input => unreachable!("{limit:?}"),
    }
}

proptest! {
    #[test]
    fn the_walk_counts_what_comes_of_writing_fragments_out(text in document()) {
        let document = parse_query(&text).expect(&text);
        let expected = naive(&document);
        match check(&document, None, &Variables::default()) {
            Ok(measure) => prop_assert_eq!(measure, expected, "{}", text),
            Err(QueryRefusal::TooMuch { limit, found, .. }) => prop_assert_eq!(found, of(&expected, limit), "{}", text),
            Err(QueryRefusal::Circular { fragment }) => prop_assert!(false, "{fragment} contains itself: {}", text),
        }
    }
}
