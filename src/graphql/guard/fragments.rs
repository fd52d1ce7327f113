//! The order of fragments by their dependencies.

use std::collections::HashMap;

use async_graphql::parser::types::{FragmentDefinition, Selection, SelectionSet};
use async_graphql::{Name, Positioned};

use super::QueryRefusal;

/// All fragments, each after those that it contains. Unused ones are included, as validation walks them too.
///
/// A chain of fragments can be as long as the document, so the walk uses a stack of its own instead of recursion.
pub fn in_order(
    fragments: &HashMap<Name, Positioned<FragmentDefinition>>,
) -> Result<Vec<(&Name, &FragmentDefinition)>, QueryRefusal> {
    let mut order = Vec::with_capacity(fragments.len());
    // Present: visited. True: done.
    let mut seen: HashMap<&str, bool> = HashMap::with_capacity(fragments.len());
    for start in fragments.keys() {
        let mut path = Vec::new();
        let mut next = Some(start);
        loop {
            if let Some((name, fragment)) = next.and_then(|name| fragments.get_key_value(name)) {
                match seen.get(name.as_str()) {
                    Some(true) => {}
                    Some(false) => return Err(QueryRefusal::Circular { fragment: name.clone() }),
                    None => {
                        seen.insert(name, false);
                        path.push((name, &fragment.node, spreads(&fragment.node.selection_set.node)));
                    }
                }
            }
            let Some((name, fragment, inside)) = path.last_mut() else { break };
            next = inside.pop();
            if next.is_none() {
                seen.insert(name, true);
                order.push((*name, *fragment));
                path.pop();
            }
        }
    }
    Ok(order)
}

/// The fragment spreads in a selection set, with repetitions.
///
/// The recursion depth is that of nested brackets, which the lexical check bounds.
pub fn spreads(set: &SelectionSet) -> Vec<&Name> {
    fn collect<'a>(set: &'a SelectionSet, found: &mut Vec<&'a Name>) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => collect(&field.node.selection_set.node, found),
                Selection::InlineFragment(fragment) => collect(&fragment.node.selection_set.node, found),
                Selection::FragmentSpread(spread) => found.push(&spread.node.fragment_name.node),
            }
        }
    }
    let mut found = Vec::new();
    collect(set, &mut found);
    found
}
