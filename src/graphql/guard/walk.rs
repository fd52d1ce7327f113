//! One walk over a document. Each fragment is measured once and its counts are reused at each spread, so the walk is
//! linear in the size of the document, whatever its expanded size.
//!
//! The recursion depth is that of nested brackets, at most 64 by the lexical check.

use std::collections::HashMap;

use async_graphql::parser::types::{
    Directive, Field, FragmentDefinition, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Value};
use async_graphql_value::Value as Argument;

use super::field_sizes::{self, Multiplicity, ParentType};
use super::operation::VariableBindings;
use super::sum::{PagedCount, SelectionSum};

/// The state of the walk.
pub(super) struct CostWalk<'a> {
    bindings: &'a VariableBindings<'a>,
    fragments: HashMap<&'a str, SelectionSum>,
    variables: HashMap<&'a str, usize>,
    fields: usize,
    most_arguments: usize,
    /// The size of all arguments with variables expanded, roughly in bytes of JSON: async-graphql's validation copies a
    /// variable's value to every use.
    pub input: usize,
}

impl<'a> CostWalk<'a> {
    /// A new walk.
    pub(super) fn new(bindings: &'a VariableBindings<'a>) -> Self {
        Self { bindings, fragments: HashMap::new(), variables: HashMap::new(), fields: 0, most_arguments: 0, input: 0 }
    }

    /// Measures a fragment. The fragments that it contains must have been measured before.
    pub(super) fn fragment(&mut self, name: &'a Name, fragment: &'a FragmentDefinition) {
        let directives = self.directives(&fragment.directives);
        let sum = directives
            .and(self.set(&fragment.selection_set.node, ParentType::new(&fragment.type_condition.node.on.node)));
        self.fragments.insert(name, sum);
    }

    /// Measures an operation, after all fragments.
    pub(super) fn operation(&mut self, operation: &'a OperationDefinition) -> SelectionSum {
        let on = match operation.ty {
            OperationType::Query => ParentType::Query,
            OperationType::Mutation => ParentType::Other,
            OperationType::Subscription => ParentType::Subscription,
        };
        let mut sum = self.directives(&operation.directives);
        for definition in &operation.variable_definitions {
            sum = sum.and(self.directives(&definition.node.directives));
        }
        sum.and(self.set(&operation.selection_set.node, on))
    }

    /// The maximum number of errors of the validation rule that fields of one name must be identical. In every
    /// selection set, and again in each enclosing inline fragment, it compares each field with the first of that name:
    /// the names, the number of arguments, and each argument of the first. 4 kB can cause millions of errors.
    pub(super) fn comparisons(&self) -> usize {
        self.fields.saturating_mul(self.most_arguments.saturating_add(2))
    }

    fn set(&mut self, set: &'a SelectionSet, on: ParentType) -> SelectionSum {
        let mut sum = SelectionSum::default();
        for selection in &set.items {
            let each = match &selection.node {
                Selection::Field(field) => self.field(&field.node, on),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let on = condition.map_or(on, |condition| ParentType::new(&condition.node.on.node));
                    let directives = self.directives(&fragment.node.directives);
                    directives.and(self.set(&fragment.node.selection_set.node, on).deeper())
                }
                Selection::FragmentSpread(spread) => {
                    // Validation reports undefined fragments.
                    let inside = self.fragments.get(spread.node.fragment_name.node.as_str()).copied();
                    let inside = inside.map_or_else(SelectionSum::default, SelectionSum::deeper);
                    self.directives(&spread.node.directives).and(inside)
                }
            };
            sum = sum.and(each).and(SelectionSum { selections: 1, ..SelectionSum::default() });
        }
        self.fields = self.fields.saturating_add(sum.fields);
        sum
    }

    fn field(&mut self, field: &'a Field, on: ParentType) -> SelectionSum {
        let name = field.name.node.as_str();
        let inside = self.set(&field.selection_set.node, ParentType::returned_by(field));
        let leaf = field.selection_set.node.items.is_empty();
        let times = if leaf { Multiplicity::Once } else { field_sizes::times(field, on, self.bindings) };
        let mut objects = inside.objects.in_field(times, field_sizes::objects(field, times));
        if let Multiplicity::Page(items) = times {
            objects = objects.at_least(items);
        }
        let mut sum = SelectionSum {
            aliases: inside.aliases.saturating_add(usize::from(field.alias.is_some())),
            depth: inside.depth + 1,
            levels: inside.levels.saturating_add(usize::from(!leaf)),
            introspection_lists: inside.introspection_lists + usize::from(can_form_a_cycle(name)),
            fields: 1,
            auth_mutations: usize::from(takes_a_password(name)),
            objects,
            values: inside.values.in_field(times, 1),
            ..inside
        };
        if matches!(name, "__schema" | "__type") {
            sum.introspection_depth = sum.depth;
            sum.depth = 1;
            sum.objects = PagedCount::default();
        }
        sum.and(self.directives(&field.directives)).and(self.arguments(&field.arguments))
    }

    fn directives(&mut self, directives: &'a [Positioned<Directive>]) -> SelectionSum {
        let mut sum = SelectionSum { directives: directives.len(), ..SelectionSum::default() };
        for directive in directives {
            sum = sum.and(self.arguments(&directive.node.arguments));
        }
        sum
    }

    fn arguments(&mut self, arguments: &'a [(Positioned<Name>, Positioned<Argument>)]) -> SelectionSum {
        self.most_arguments = self.most_arguments.max(arguments.len());
        let variables = arguments.iter().map(|(_, argument)| self.argument(&argument.node)).sum();
        SelectionSum { variables, ..SelectionSum::default() }
    }

    /// Adds the size of an argument, and counts the variables in it.
    fn argument(&mut self, argument: &'a Argument) -> usize {
        let (weight, variables) = match argument {
            Argument::Variable(name) => (self.variable(name), 1),
            Argument::Null | Argument::Number(_) | Argument::Boolean(_) => (1, 0),
            Argument::String(text) => (1 + text.len(), 0),
            Argument::Enum(name) => (1 + name.len(), 0),
            Argument::Binary(bytes) => (1 + bytes.len(), 0),
            Argument::List(items) => (1, items.iter().map(|item| self.argument(item)).sum()),
            Argument::Object(fields) => {
                let keys: usize = fields.keys().map(|key| key.len()).sum();
                (1 + keys, fields.values().map(|value| self.argument(value)).sum())
            }
        };
        self.input = self.input.saturating_add(weight);
        variables
    }

    fn variable(&mut self, name: &'a Name) -> usize {
        let bindings = self.bindings;
        *self.variables.entry(name).or_insert_with(|| bindings.get(name).map_or(1, weight))
    }
}

/// The recursion depth is that of `serde_json`, at most 128.
fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Number(_) | Value::Boolean(_) => 1,
        Value::String(text) => 1 + text.len(),
        Value::Enum(name) => 1 + name.len(),
        Value::Binary(bytes) => 1 + bytes.len(),
        Value::List(items) => 1 + items.iter().map(weight).sum::<usize>(),
        Value::Object(fields) => 1 + fields.iter().map(|(key, value)| key.len() + weight(value)).sum::<usize>(),
    }
}

fn takes_a_password(name: &str) -> bool {
    matches!(name, "signup" | "login" | "changePassword" | "deleteAccount")
}

/// The same fields as in graphql-js' `MaxIntrospectionDepthRule`.
fn can_form_a_cycle(name: &str) -> bool {
    matches!(name, "fields" | "inputFields" | "interfaces" | "possibleTypes")
}
