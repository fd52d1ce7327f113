//! Which fields depend on who asks, by their marks in the schema (`@viewer`).

use std::collections::{HashMap, HashSet};

use async_graphql::Name;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Selection, SelectionSet, TypeKind, TypeSystemDefinition,
};

/// The directive.
const MARK: &str = "viewer";

/// The types of all fields, and the fields with a mark.
pub(in crate::graphql) struct ViewerMarks {
    types: HashMap<(Name, Name), Name>,
    marked: HashSet<(Name, Name)>,
}

impl ViewerMarks {
    /// The marks in a schema.
    pub(in crate::graphql) fn of(sdl: &str) -> Self {
        let (mut types, mut marked) = (HashMap::new(), HashSet::new());
        for definition in parse_schema(sdl).expect("a schema that was just printed").definitions {
            let TypeSystemDefinition::Type(kind) = definition else { continue };
            let fields = match kind.node.kind {
                TypeKind::Object(object) => object.fields,
                TypeKind::Interface(interface) => interface.fields,
                TypeKind::Scalar | TypeKind::Union(_) | TypeKind::Enum(_) | TypeKind::InputObject(_) => continue,
            };
            for field in fields {
                let key = (kind.node.name.node.clone(), field.node.name.node);
                if field.node.directives.iter().any(|directive| directive.node.name.node == MARK) {
                    marked.insert(key.clone());
                }
                types.insert(key, innermost(field.node.ty.node.base));
            }
        }
        Self { types, marked }
    }

    /// The first field of a subscription's document that depends on who asks, as `Type.field`. Fragments are looked into
    /// where they are defined, whether or not they are used.
    pub(in crate::graphql) fn find(&self, document: &ExecutableDocument) -> Option<String> {
        let root = Name::new("Subscription");
        let operations = document.operations.iter().map(|(_, operation)| (&root, &operation.node.selection_set.node));
        let fragments = document.fragments.values();
        let fragments =
            fragments.map(|fragment| (&fragment.node.type_condition.node.on.node, &fragment.node.selection_set.node));
        operations.chain(fragments).find_map(|(on, set)| self.find_in(on, set))
    }

    /// The recursion depth is that of nested brackets, which the lexical check bounds.
    fn find_in(&self, on: &Name, set: &SelectionSet) -> Option<String> {
        set.items.iter().find_map(|selection| match &selection.node {
            Selection::Field(field) => {
                let key = (on.clone(), field.node.name.node.clone());
                if self.marked.contains(&key) {
                    return Some(format!("{}.{}", key.0, key.1));
                }
                // What the schema does not have is refused by the validation.
                self.find_in(self.types.get(&key)?, &field.node.selection_set.node)
            }
            Selection::InlineFragment(fragment) => {
                let on = fragment.node.type_condition.as_ref().map_or(on, |condition| &condition.node.on.node);
                self.find_in(on, &fragment.node.selection_set.node)
            }
            Selection::FragmentSpread(_) => None,
        })
    }
}

fn innermost(base: BaseType) -> Name {
    match base {
        BaseType::Named(name) => name,
        BaseType::List(list) => innermost(list.base),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn a_mark_is_found_wherever_it_is_selected() {
        let marks = ViewerMarks::of(
            "directive @viewer on FIELD_DEFINITION
             interface Event { cursor: String! }
             type Added implements Event { cursor: String! note: Note! unread: Int! @viewer }
             type Note { text: String by: [Person!]! } type Person { name: String mail: String @viewer }
             type Query { a: Int } type Subscription { events: Event! } schema { query: Query subscription: Subscription }",
        );
        for (document, found) in [
            ("subscription { events { cursor ... on Added { note { text by { name } } } } }", None),
            ("subscription { events { ... on Added { unread } } }", Some("Added.unread")),
            ("subscription { events { ... on Added { note { x: by { y: mail } } } } }", Some("Person.mail")),
            (
                "subscription { events { ...A } } fragment A on Added { note { ...N } } fragment N on Note { by { mail } }",
                Some("Person.mail"),
            ),
            ("subscription { events { ... on Added { ... @include(if: true) { unread } } } }", Some("Added.unread")),
            ("subscription { events { nothing { mail } } }", None),
        ] {
            let document = parse_query(document).expect("a document");
            assert_eq!(marks.find(&document).as_deref(), found, "{document:?}");
        }
    }
}
