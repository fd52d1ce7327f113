//! Which fragments contain which.

use std::collections::HashMap;

use async_graphql::parser::types::{FragmentDefinition, Selection, SelectionSet};
use async_graphql::{Name, Positioned};

use super::QueryRefusal;

/// Each after those that it contains, as they can be measured. All of them, also those that no operation uses:
/// validation walks these too.
///
/// A chain of fragments can be as long as the document, so it is followed on a stack of our own.
pub fn in_order(
    fragments: &HashMap<Name, Positioned<FragmentDefinition>>,
) -> Result<Vec<(&Name, &FragmentDefinition)>, QueryRefusal> {
    let mut order = Vec::with_capacity(fragments.len());
    // Present: begun. True: done.
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

/// The fragments that stand in a selection set, as often as they do.
///
/// The recursion is as deep as brackets nest, which the lexical check bounds.
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
