//! Checks of variables that async-graphql does not make.

use std::collections::HashSet;

use async_graphql::parser::types::{BaseType, OperationDefinition};
use async_graphql::{Name, ServerError, Value, Variables};

use crate::graphql::error::invalid;

/// Checks that all required variables are present (GraphQL specification, 6.1.2), and returns the defaults of the
/// others. `names` are all names of the schema.
pub(in crate::graphql) fn complete(
    operation: &OperationDefinition,
    given: &Variables,
    names: &HashSet<String>,
) -> Result<Vec<(Name, Value)>, ServerError> {
    let mut defaults = Vec::new();
    for definition in &operation.variable_definitions {
        let (name, kind) = (&definition.node.name.node, &definition.node.var_type.node);
        // async-graphql panics on a default of an unknown type.
        if !names.contains(base_name(&kind.base)) {
            return Err(invalid(format!("Unknown type \"{kind}\"")));
        }
        match (given.get(name), &definition.node.default_value) {
            // Its @skip and @include ignore defaults, so they are passed like given variables.
            (None, Some(default)) => defaults.push((name.clone(), default.node.clone())),
            (None, None) if !kind.nullable => {
                return Err(invalid(format!("Variable \"${name}\" of required type \"{kind}\" was not provided.")));
            }
            (Some(Value::Null), _) if !kind.nullable => {
                return Err(invalid(format!("Variable \"${name}\" of non-null type \"{kind}\" must not be null.")));
            }
            (None | Some(_), _) => {}
        }
    }
    Ok(defaults)
}

fn base_name(base: &BaseType) -> &str {
    match base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => base_name(&inner.base),
    }
}
