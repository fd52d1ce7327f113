//! What an app's key may ask for: one table, and everything that is not in it is refused before anything is executed.
//!
//! The functions of the slices take proofs of their own, so this is the first of two doors. It is the one that no
//! resolver can forget: a new field of the root is closed to keys until it has a line here.

use std::collections::HashSet;

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet};

use crate::accounts::{KeyScope, ServerKey};

/// A field of the root that keys may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRight {
    /// `Query` or `Mutation`, and the field: `Query.user`.
    pub field: &'static str,
    /// The scope with which a key may ask for itself.
    pub scope: Option<KeyScope>,
    /// Whether a key of the scope `act-as` may ask for it in a person's place.
    pub in_place_of_a_person: bool,
}

/// For everybody, so for every key. `me` is null to a key that asks for itself, as to a visitor.
const OPEN: [&str; 5] = ["__schema", "__type", "__typename", "serverInfo", "me"];

const fn own(field: &'static str, scope: KeyScope) -> KeyRight {
    KeyRight { field, scope: Some(scope), in_place_of_a_person: false }
}

const fn person(field: &'static str) -> KeyRight {
    KeyRight { field, scope: None, in_place_of_a_person: true }
}

const fn both(field: &'static str, scope: KeyScope) -> KeyRight {
    KeyRight { field, scope: Some(scope), in_place_of_a_person: true }
}

/// What keys may ask for. `docs/adopt.md` has it for people, and a test compares them.
pub const KEY_RIGHTS: &[KeyRight] = &[
    both("Query.user", KeyScope::Users),
    both("Query.userByExternalId", KeyScope::Users),
    own("Mutation.upsertUsers", KeyScope::Users),
    own("Mutation.endSessions", KeyScope::Users),
    own("Mutation.eraseUser", KeyScope::Users),
    both("Query.conversation", KeyScope::Conversations),
    both("Mutation.createConversation", KeyScope::Conversations),
    both("Mutation.updateConversation", KeyScope::Conversations),
    both("Mutation.addMembers", KeyScope::Conversations),
    both("Mutation.removeMember", KeyScope::Conversations),
    both("Query.message", KeyScope::Messages),
    both("Query.messages", KeyScope::Messages),
    both("Mutation.deleteMessage", KeyScope::Messages),
    person("Query.users"),
    person("Query.conversations"),
    person("Query.searchMessages"),
    person("Query.unread"),
    person("Mutation.sendMessage"),
    person("Mutation.editMessage"),
    person("Mutation.markRead"),
    person("Mutation.createImageUpload"),
];

/// In whose name a key asks.
#[derive(Clone, Copy)]
pub enum KeyRole<'a> {
    /// In its own.
    Itself(&'a ServerKey),
    /// In a person's.
    Person,
}

impl KeyRole<'_> {
    /// Whether it may ask for a field of the root.
    fn may(self, root: &str, field: &str) -> bool {
        if OPEN.contains(&field) {
            return true;
        }
        let right = KEY_RIGHTS.iter().find(|right| right.field.split_once('.') == Some((root, field)));
        match self {
            Self::Itself(key) => right.and_then(|right| right.scope).is_some_and(|scope| key.has(scope)),
            Self::Person => right.is_some_and(|right| right.in_place_of_a_person),
        }
    }
}

/// Whether a key may execute an operation: all of its fields, wherever they are selected.
pub fn allows(role: KeyRole<'_>, document: &ExecutableDocument, operation: &OperationDefinition) -> bool {
    let root = match operation.ty {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => return false,
    };
    let mut seen = HashSet::new();
    all_fields(&operation.selection_set.node, document, &mut seen, &mut |field| role.may(root, field))
}

/// Whether this is true of all fields of a selection, those of its fragments included. Each fragment is visited once, so
/// that cycles end, which validation then refuses.
fn all_fields<'a>(
    set: &'a SelectionSet,
    document: &'a ExecutableDocument,
    seen: &mut HashSet<&'a str>,
    is_fine: &mut impl FnMut(&str) -> bool,
) -> bool {
    set.items.iter().all(|item| match &item.node {
        Selection::Field(field) => is_fine(&field.node.name.node),
        Selection::InlineFragment(fragment) => all_fields(&fragment.node.selection_set.node, document, seen, is_fine),
        Selection::FragmentSpread(spread) => {
            let name = &spread.node.fragment_name.node;
            match document.fragments.get(name) {
                Some(fragment) if seen.insert(name) => {
                    all_fields(&fragment.node.selection_set.node, document, seen, is_fine)
                }
                Some(_) | None => true,
            }
        }
    })
}
