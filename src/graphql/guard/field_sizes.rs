//! The number of objects that each field can return: the table to extend when the schema gets a new list.

use async_graphql::Value;
use async_graphql::parser::types::Field;
use async_graphql_value::Value as Argument;

use super::operation::VariableBindings;
use crate::limits::{
    CONSUMERS_PER_USER, DEFAULT_PAGE, LINE_PEOPLE, NAMED_PEOPLE, ONLINE_USERS, PAGE_SIZE, REACTION_CHANGES,
    REACTION_EMOJI, SESSIONS_PER_USER, SHOWN_MENTIONS, UPSERT_USERS,
};

/// What a message and an event hold themselves costs less than objects that are read one by one, and most hold little of it:
/// so many of these count as one.
const HELD: usize = 10;

/// How many times the selection of a field is returned, for each object on which the field is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Multiplicity {
    /// Once: a single object, or a part of a connection that does not count.
    Once,
    /// A list without pages, with this maximum length.
    List(usize),
    /// A connection with this page size. Its items are read whatever is selected of them.
    Page(usize),
    /// The items of the connection on which the field is selected.
    EachItem,
}

/// The type on which a field is selected, as far as field names are ambiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParentType {
    /// `Query`.
    Query,
    /// `Subscription`.
    Subscription,
    /// `SystemMessage`.
    SystemMessage,
    /// Anything else.
    Other,
}

impl ParentType {
    /// By the type's name.
    pub(super) fn new(type_name: &str) -> Self {
        match type_name {
            "Query" => Self::Query,
            "Subscription" => Self::Subscription,
            "SystemMessage" => Self::SystemMessage,
            _ => Self::Other,
        }
    }

    /// By the name of the field that returns it, below the root.
    pub(super) fn returned_by(field: &Field) -> Self {
        match field.name.node.as_str() {
            "system" => Self::SystemMessage,
            _ => Self::Other,
        }
    }
}

/// The multiplicity by the field's name and arguments. In this schema names distinguish lists from single objects,
/// except `events`: a page on Query, the items in that page, and one event on Subscription; and `users` and `mentions`, which
/// are others on Query. (`messages`, `conversations` and `mentions` of UnreadSummary are numbers; this is not called for
/// fields without a selection.)
pub(super) fn times(field: &Field, on: ParentType, bindings: &VariableBindings<'_>) -> Multiplicity {
    match field.name.node.as_str() {
        "conversations" | "members" | "messages" | "blockedUsers" | "reports" => {
            page(field, small(DEFAULT_PAGE), bindings)
        }
        "users" => match on {
            ParentType::Query => page(field, small(DEFAULT_PAGE), bindings),
            ParentType::SystemMessage => Multiplicity::List(LINE_PEOPLE / HELD),
            // Of a reaction.
            ParentType::Subscription | ParentType::Other => page(field, 20, bindings),
        },
        "mentions" => match on {
            ParentType::Query => page(field, 20, bindings),
            ParentType::Subscription | ParentType::SystemMessage | ParentType::Other => {
                Multiplicity::List(SHOWN_MENTIONS / HELD)
            }
        },
        "searchMessages" | "pinnedMessages" => page(field, 20, bindings),
        "reactions" => Multiplicity::List(REACTION_EMOJI / HELD),
        "changes" => Multiplicity::List(REACTION_CHANGES / HELD),
        "events" => match on {
            ParentType::Query => page(field, small(PAGE_SIZE), bindings),
            ParentType::Subscription => Multiplicity::Once,
            ParentType::SystemMessage | ParentType::Other => Multiplicity::EachItem,
        },
        "nodes" | "edges" => Multiplicity::EachItem,
        "onlineUsers" => Multiplicity::List(ONLINE_USERS),
        "sessions" => Multiplicity::List(SESSIONS_PER_USER),
        "consumers" => Multiplicity::List(CONSUMERS_PER_USER),
        "added" | "removed" => Multiplicity::List(NAMED_PEOPLE),
        "upsertUsers" => Multiplicity::List(UPSERT_USERS),
        // The few headers of a presigned PUT.
        "headers" => Multiplicity::List(10),
        // Introspection of this schema: about 80 types, with about 5 fields each.
        "types" => Multiplicity::List(100),
        "directives" => Multiplicity::List(10),
        "fields" => Multiplicity::List(5),
        "args" => Multiplicity::List(2),
        "inputFields" | "enumValues" | "interfaces" | "possibleTypes" => Multiplicity::List(3),
        _ => Multiplicity::Once,
    }
}

/// How many objects a field itself counts, each time it is returned. Connections, their edges and page infos do not
/// count, only their items; a total costs as much as an object.
pub(super) fn objects(field: &Field, times: Multiplicity) -> usize {
    match field.name.node.as_str() {
        "totalCount" => 1,
        "edges" | "pageInfo" => 0,
        _ => usize::from(!matches!(times, Multiplicity::Page(_)) && !field.selection_set.node.items.is_empty()),
    }
}

fn page(field: &Field, default: usize, bindings: &VariableBindings<'_>) -> Multiplicity {
    let asked = ["first", "last"].iter().filter_map(|name| size(&field.get_argument(name)?.node, bindings)).max();
    Multiplicity::Page(asked.unwrap_or(default).clamp(1, small(PAGE_SIZE)))
}

/// The page size; `None` if omitted. An invalid size is rejected later and counts as the largest here.
fn size(value: &Argument, bindings: &VariableBindings<'_>) -> Option<usize> {
    let number = match value {
        Argument::Variable(name) => match bindings.get(name)? {
            Value::Null => return None,
            Value::Number(number) => Some(number),
            Value::String(_) | Value::Boolean(_) | Value::Binary(_) | Value::Enum(_) => None,
            Value::List(_) | Value::Object(_) => None,
        },
        Argument::Null => return None,
        Argument::Number(number) => Some(number),
        Argument::String(_) | Argument::Boolean(_) | Argument::Binary(_) | Argument::Enum(_) => None,
        Argument::List(_) | Argument::Object(_) => None,
    };
    Some(number.and_then(|number| usize::try_from(number.as_u64()?).ok()).unwrap_or(small(PAGE_SIZE)))
}

fn small(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
