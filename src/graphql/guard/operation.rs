//! The operation that a request runs and the values of its variables, determined as async-graphql does.

use std::collections::HashMap;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, Selection};
use async_graphql::{Name, Value, Variables};

/// The operation of that name, or the only one. async-graphql reports the error if there is none.
pub fn chosen<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Option<&'a OperationDefinition> {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) => {
            if operations.len() == 1 {
                operations.values().next()
            } else {
                None
            }
        }
    };
    operation.map(|operation| &operation.node)
}

/// What the operation is called that `chosen` finds.
pub fn name_of<'a>(document: &'a ExecutableDocument, name: Option<&'a str>) -> Option<&'a str> {
    match &document.operations {
        DocumentOperations::Single(_) => None,
        DocumentOperations::Multiple(operations) => name.or_else(|| operations.keys().next().map(Name::as_str)),
    }
}

/// The first field that an operation selects by itself, outside of fragments.
pub fn first_field(operation: &OperationDefinition) -> Option<&str> {
    operation.selection_set.node.items.iter().find_map(|item| match &item.node {
        Selection::Field(field) => Some(field.node.name.node.as_str()),
        Selection::FragmentSpread(_) | Selection::InlineFragment(_) => None,
    })
}

/// The values of the variables of an operation.
pub struct VariableBindings<'a> {
    given: &'a Variables,
    defaults: HashMap<&'a str, &'a Value>,
}

impl<'a> VariableBindings<'a> {
    /// The values given with a request. Without an operation there are no defaults.
    pub fn new(operation: Option<&'a OperationDefinition>, given: &'a Variables) -> Self {
        let definitions = operation.map_or(&[][..], |operation| &operation.variable_definitions);
        let defaults = definitions.iter().filter_map(|definition| {
            let default = definition.node.default_value.as_ref()?;
            Some((definition.node.name.node.as_str(), &default.node))
        });
        Self { given, defaults: defaults.collect() }
    }

    /// The given value, or the default. If it is `None`, the argument counts as omitted.
    pub fn get(&self, name: &Name) -> Option<&'a Value> {
        self.given(name).or_else(|| self.defaults.get(name.as_str()).copied())
    }

    /// The given value, ignoring defaults.
    pub fn given(&self, name: &Name) -> Option<&'a Value> {
        self.given.get(name)
    }
}
