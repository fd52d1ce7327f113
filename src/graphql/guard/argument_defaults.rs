//! Nullable variables for arguments that are non-null and have a default, such as `typing: Boolean! = true`. The GraphQL
//! specification allows them (5.8.5), and without a value the argument takes its default. async-graphql knows only the
//! defaults of variables, so such a variable gets the argument's.

use std::collections::HashMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, FieldDefinition, OperationDefinition, Selection, SelectionSet, TypeKind,
    TypeSystemDefinition,
};
use async_graphql::{Name, Positioned, Value};
use async_graphql_value::Value as Argument;

/// The defaults of all non-null arguments, by the names of the field and the argument.
pub(in crate::graphql) struct ArgumentDefaults(HashMap<(Name, Name), Value>);

impl ArgumentDefaults {
    /// The defaults in a schema.
    pub(in crate::graphql) fn of(sdl: &str) -> Self {
        let schema = parse_schema(sdl).expect("a schema that was just printed");
        let types = schema.definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(kind) => Some(kind.node.kind),
            TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
        });
        let fields = types.flat_map(|kind| match kind {
            TypeKind::Object(object) => object.fields,
            TypeKind::Interface(interface) => interface.fields,
            TypeKind::Scalar | TypeKind::Union(_) | TypeKind::Enum(_) | TypeKind::InputObject(_) => Vec::new(),
        });
        Self(fields.flat_map(|field| non_null_defaults(field.node)).collect())
    }

    /// The nullable variables of an operation that are used where an argument has a default, with that default.
    pub(in crate::graphql) fn lent(
        &self,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
    ) -> Vec<(Name, Value)> {
        let mut wanted: HashMap<&Name, Option<&Value>> = HashMap::new();
        for definition in &operation.variable_definitions {
            if definition.node.var_type.node.nullable && definition.node.default_value.is_none() {
                wanted.insert(&definition.node.name.node, None);
            }
        }
        if wanted.is_empty() {
            return Vec::new();
        }
        self.find(&operation.selection_set.node, &mut wanted);
        for fragment in document.fragments.values() {
            self.find(&fragment.node.selection_set.node, &mut wanted);
        }
        wanted.into_iter().filter_map(|(name, default)| Some((name.clone(), default?.clone()))).collect()
    }

    /// The recursion depth is that of nested brackets, which the lexical check bounds.
    fn find<'a>(&'a self, set: &SelectionSet, wanted: &mut HashMap<&Name, Option<&'a Value>>) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    for (argument, value) in &field.node.arguments {
                        if let Argument::Variable(variable) = &value.node
                            && let Some(found) = wanted.get_mut(variable)
                            && let Some(default) = self.0.get(&(field.node.name.node.clone(), argument.node.clone()))
                        {
                            *found = Some(default);
                        }
                    }
                    self.find(&field.node.selection_set.node, wanted);
                }
                Selection::InlineFragment(fragment) => self.find(&fragment.node.selection_set.node, wanted),
                Selection::FragmentSpread(_) => {}
            }
        }
    }
}

fn non_null_defaults(field: FieldDefinition) -> impl Iterator<Item = ((Name, Name), Value)> {
    let name = field.name.node;
    field.arguments.into_iter().filter_map(move |argument| {
        let default = argument.node.default_value.filter(|_| !argument.node.ty.node.nullable)?;
        Some(((name.clone(), argument.node.name.node), default.node))
    })
}

/// Gives variables of the operation of that name, or of the only one, these defaults.
pub(in crate::graphql) fn lend(document: &mut ExecutableDocument, name: Option<&str>, lent: &[(Name, Value)]) {
    let operation = match (&mut document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get_mut(name),
        (DocumentOperations::Multiple(operations), None) => operations.values_mut().next(),
    };
    for definition in operation.into_iter().flat_map(|operation| &mut operation.node.variable_definitions) {
        if let Some((_, default)) = lent.iter().find(|(name, _)| *name == definition.node.name.node) {
            definition.node.default_value = Some(Positioned::new(default.clone(), definition.pos));
        }
    }
}
