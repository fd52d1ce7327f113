//! Detects introspection, which a server may disable.

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

/// Whether any operation or fragment of a document selects an introspection field other than `__typename`.
pub fn uses_introspection(document: &ExecutableDocument) -> bool {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    operations.chain(fragments).any(selects_introspection)
}

/// The recursion depth is that of nested brackets, at most 64 by the lexical check. Fragments are checked separately.
fn selects_introspection(set: &SelectionSet) -> bool {
    set.items.iter().any(|selection| match &selection.node {
        Selection::Field(field) => {
            matches!(field.node.name.node.as_str(), "__schema" | "__type")
                || selects_introspection(&field.node.selection_set.node)
        }
        Selection::InlineFragment(fragment) => selects_introspection(&fragment.node.selection_set.node),
        Selection::FragmentSpread(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn introspection_is_detected_everywhere() {
        for (query, asks) in [
            ("{ __schema { types { name } } }", true),
            ("{ me { id } a: __type(name: \"User\") { name } }", true),
            ("{ ... { ... on Query { __schema { __typename } } } }", true),
            ("query A { ...F } query B { me { id } } fragment F on Query { __schema { __typename } }", true),
            ("{ __typename me { __typename } }", false),
            ("{ __schema: me { id } }", false),
        ] {
            assert_eq!(uses_introspection(&parse_query(query).expect("a document")), asks, "{query}");
        }
    }
}
