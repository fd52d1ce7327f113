//! The operation that a request runs, and the values of its variables: both found as async-graphql finds them.

use std::collections::HashMap;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition};
use async_graphql::{Name, Value, Variables};

/// The operation of that name, or the only one. `None` is left to async-graphql to report.
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

/// What the variables of an operation stand for.
pub struct VariableBindings<'a> {
    given: &'a Variables,
    defaults: HashMap<&'a str, &'a Value>,
}

impl<'a> VariableBindings<'a> {
    /// Of no operation: without defaults.
    pub fn new(operation: Option<&'a OperationDefinition>, given: &'a Variables) -> Self {
        let definitions = operation.map_or(&[][..], |operation| &operation.variable_definitions);
        let defaults = definitions.iter().filter_map(|definition| {
            let default = definition.node.default_value.as_ref()?;
            Some((definition.node.name.node.as_str(), &default.node))
        });
        Self { given, defaults: defaults.collect() }
    }

    /// The value given, else the default. `None`: what the variable stands at counts as left out.
    pub fn get(&self, name: &Name) -> Option<&'a Value> {
        self.given(name).or_else(|| self.defaults.get(name.as_str()).copied())
    }

    /// The value given, defaults apart.
    pub fn given(&self, name: &Name) -> Option<&'a Value> {
        self.given.get(name)
    }
}
