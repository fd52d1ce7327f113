//! Whether a document asks for the schema, which a server may keep to itself.

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

/// Whether any operation or fragment of a document selects a field of the introspection, `__typename` apart.
pub fn is_asked_for(document: &ExecutableDocument) -> bool {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    operations.chain(fragments).any(asks)
}

/// Recurses as deep as brackets nest: 64 levels, by the lexical check. Fragments are looked at by themselves.
fn asks(set: &SelectionSet) -> bool {
    set.items.iter().any(|selection| match &selection.node {
        Selection::Field(field) => {
            matches!(field.node.name.node.as_str(), "__schema" | "__type") || asks(&field.node.selection_set.node)
        }
        Selection::InlineFragment(fragment) => asks(&fragment.node.selection_set.node),
        Selection::FragmentSpread(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn it_is_found_wherever_it_is_hidden() {
        for (query, asks) in [
            ("{ __schema { types { name } } }", true),
            ("{ me { id } a: __type(name: \"User\") { name } }", true),
            ("{ ... { ... on Query { __schema { __typename } } } }", true),
            ("query A { ...F } query B { me { id } } fragment F on Query { __schema { __typename } }", true),
            ("{ __typename me { __typename } }", false),
            ("{ __schema: me { id } }", false),
        ] {
            assert_eq!(is_asked_for(&parse_query(query).expect("a document")), asks, "{query}");
        }
    }
}
