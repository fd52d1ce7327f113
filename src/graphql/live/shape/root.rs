//! Finds the one root field of a subscription, also in fragments.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
};
use async_graphql::{Name, Positioned};

use super::MalformedSubscription;
use crate::graphql::guard::{fragments, operation};

/// The root field of a subscription.
pub(super) struct RootField<'a> {
    /// The field itself.
    pub field: &'a Positioned<Field>,
    /// Whether it is inside fragments that contain nothing else.
    liftable: bool,
}

/// Finds the root field of an operation.
pub(super) fn find<'a>(
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
) -> Result<RootField<'a>, MalformedSubscription> {
    if operation.ty != OperationType::Subscription {
        return Err(MalformedSubscription::NoSubscription);
    }
    let mut found = None;
    let mut in_fragments = false;
    let mut plain = true;
    let mut sets = vec![&operation.selection_set.node];
    let mut seen = HashSet::new();
    while let Some(set) = sets.pop() {
        for selection in &set.items {
            if is_conditional(selection.node.directives()) {
                return Err(MalformedSubscription::Conditional);
            }
            let (condition, inside) = match &selection.node {
                Selection::Field(field) if field.node.name.node.starts_with("__") => {
                    return Err(MalformedSubscription::Introspection);
                }
                Selection::Field(field) => {
                    if found.replace(field).is_some() {
                        return Err(MalformedSubscription::ManyFields);
                    }
                    continue;
                }
                Selection::InlineFragment(fragment) => {
                    (fragment.node.type_condition.as_ref(), &fragment.node.selection_set.node)
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let Some(fragment) = document.fragments.get(name).filter(|_| seen.insert(name)) else { continue };
                    plain &= fragment.node.directives.is_empty();
                    (Some(&fragment.node.type_condition), &fragment.node.selection_set.node)
                }
            };
            in_fragments = true;
            plain &= condition.is_none_or(|condition| condition.node.on.node == "Subscription");
            plain &= selection.node.directives().is_empty();
            sets.push(inside);
        }
    }
    let field = found.ok_or(MalformedSubscription::NoField)?;
    Ok(RootField { field, liftable: in_fragments && plain })
}

fn is_conditional(directives: &[Positioned<Directive>]) -> bool {
    directives.iter().any(|directive| matches!(directive.node.name.node.as_str(), "skip" | "include"))
}

/// Moves the root field out of its fragments: async-graphql ignores fragments at the root of a subscription and ends it
/// silently. Other documents do not change, including those whose root fragments fail validation.
///
/// Other operations and unused fragments of a changed document are dropped and not validated.
pub(crate) fn lift(
    document: &mut ExecutableDocument,
    operation_name: Option<&str>,
) -> Result<(), MalformedSubscription> {
    let chosen = operation::chosen(document, operation_name).ok_or(MalformedSubscription::NoOperation)?;
    let root = find(document, chosen)?;
    if !root.liftable {
        return Ok(());
    }
    let place = root.field.pos;
    let mut operation = chosen.clone();
    operation.selection_set.node.items = vec![Positioned::new(Selection::Field(root.field.clone()), place)];

    let mut kept = HashMap::new();
    let mut waiting = fragments::spreads(&operation.selection_set.node);
    while let Some(name) = waiting.pop() {
        if let Some(fragment) = document.fragments.get(name).filter(|_| !kept.contains_key(name)) {
            kept.insert(name.clone(), fragment.clone());
            waiting.extend(fragments::spreads(&fragment.node.selection_set.node));
        }
    }
    let operation = Positioned::new(operation, place);
    document.operations = match operation_name {
        Some(name) => DocumentOperations::Multiple(HashMap::from([(Name::new(name), operation)])),
        None => DocumentOperations::Single(operation),
    };
    document.fragments = kept;
    Ok(())
}
