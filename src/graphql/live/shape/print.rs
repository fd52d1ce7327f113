//! Prints the canonical text of a subscription. It resembles GraphQL but is only compared, never parsed.

use std::collections::HashSet;
use std::fmt::Write;

use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Value};
use async_graphql_value::Value as Argument;

use super::{MalformedSubscription, PICKS, TEXT_BYTES};
use crate::graphql::guard::operation::VariableBindings;

/// The operation, then each fragment that it uses, once, in the order of first use.
pub(super) fn print(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    root: &Field,
    bindings: &VariableBindings<'_>,
) -> Result<String, MalformedSubscription> {
    let mut printer = Printer { text: String::new(), root, bindings, seen: HashSet::new(), reached: Vec::new() };
    printer.text.push_str("subscription");
    printer.directives(&operation.directives)?;
    printer.set(&operation.selection_set.node)?;
    let mut next = 0;
    while let Some(&name) = printer.reached.get(next) {
        next += 1;
        // Validation reports undefined fragments.
        if let Some(fragment) = document.fragments.get(name) {
            printer.write(&["fragment ", name, " on ", &fragment.node.type_condition.node.on.node]);
            printer.directives(&fragment.node.directives)?;
            printer.set(&fragment.node.selection_set.node)?;
        }
    }
    Ok(printer.text)
}

/// Replaces variables as async-graphql does before it calls a resolver: variables without a value are omitted from
/// objects and null in lists. `None` if the argument is omitted.
fn resolve(argument: &Argument, bindings: &VariableBindings<'_>) -> Option<Value> {
    Some(match argument {
        Argument::Variable(name) => return bindings.get(name).cloned(),
        Argument::Null => Value::Null,
        Argument::Number(number) => Value::Number(number.clone()),
        Argument::String(text) => Value::String(text.clone()),
        Argument::Boolean(boolean) => Value::Boolean(*boolean),
        Argument::Binary(bytes) => Value::Binary(bytes.clone()),
        Argument::Enum(name) => Value::Enum(name.clone()),
        Argument::List(items) => {
            Value::List(items.iter().map(|item| resolve(item, bindings).unwrap_or(Value::Null)).collect())
        }
        Argument::Object(fields) => {
            let present = fields.iter().filter_map(|(name, value)| Some((name.clone(), resolve(value, bindings)?)));
            Value::Object(present.collect())
        }
    })
}

struct Printer<'a> {
    text: String,
    root: &'a Field,
    bindings: &'a VariableBindings<'a>,
    seen: HashSet<&'a str>,
    reached: Vec<&'a str>,
}

impl<'a> Printer<'a> {
    fn write(&mut self, parts: &[&str]) {
        self.text.extend(parts.iter().copied());
    }

    /// The recursion depth is that of nested brackets, which the guard bounds.
    fn set(&mut self, set: &'a SelectionSet) -> Result<(), MalformedSubscription> {
        self.text.push('{');
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => self.field(&field.node)?,
                Selection::InlineFragment(fragment) => {
                    self.text.push_str("...");
                    if let Some(condition) = &fragment.node.type_condition {
                        self.write(&["on ", &condition.node.on.node]);
                    }
                    self.directives(&fragment.node.directives)?;
                    self.set(&fragment.node.selection_set.node)?;
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    if self.seen.insert(name) {
                        self.reached.push(name);
                    }
                    // The mark distinguishes it from an inline fragment, even if the fragment is named `on`.
                    self.write(&["...&", name]);
                    self.directives(&spread.node.directives)?;
                }
            }
            self.text.push(' ');
        }
        self.text.push('}');
        Ok(())
    }

    fn field(&mut self, field: &'a Field) -> Result<(), MalformedSubscription> {
        if let Some(alias) = &field.alias {
            self.write(&[&alias.node, ":"]);
        }
        self.text.push_str(&field.name.node);
        let is_root = std::ptr::eq(field, self.root);
        self.arguments(&field.arguments, |name| !is_root || !PICKS.contains(&name))?;
        self.directives(&field.directives)?;
        if !field.selection_set.node.items.is_empty() {
            self.set(&field.selection_set.node)?;
        }
        Ok(())
    }

    fn directives(&mut self, directives: &'a [Positioned<Directive>]) -> Result<(), MalformedSubscription> {
        for directive in directives {
            self.write(&["@", &directive.node.name.node]);
            // async-graphql ignores defaults when it applies @skip and @include: `if: $v` with the default true is not
            // `if: true`. So defaults are marked.
            for (name, argument) in &directive.node.arguments {
                if let Argument::Variable(variable) = &argument.node
                    && self.bindings.given(variable).is_none()
                {
                    self.write(&["!", name.node.as_str()]);
                }
            }
            self.arguments(&directive.node.arguments, |_| true)?;
        }
        Ok(())
    }

    fn arguments(
        &mut self,
        arguments: &[(Positioned<Name>, Positioned<Argument>)],
        is_part: impl Fn(&str) -> bool,
    ) -> Result<(), MalformedSubscription> {
        self.text.push('(');
        for (name, argument) in arguments.iter().filter(|(name, _)| is_part(&name.node)) {
            if let Some(value) = resolve(&argument.node, self.bindings) {
                self.write(&[&name.node, ":"]);
                self.value(&value)?;
                self.text.push(' ');
            }
        }
        self.text.push(')');
        Ok(())
    }

    /// Prints a value so that different values have different texts.
    fn value(&mut self, value: &Value) -> Result<(), MalformedSubscription> {
        if self.text.len() > TEXT_BYTES {
            return Err(MalformedSubscription::TooLarge);
        }
        match value {
            Value::Null => self.text.push_str("null"),
            Value::Boolean(boolean) => self.text.push_str(if *boolean { "true" } else { "false" }),
            Value::Enum(name) => self.text.push_str(name),
            Value::Number(number) => self.debug(number),
            Value::String(text) => self.debug(text),
            Value::Binary(bytes) => self.debug(bytes),
            Value::List(items) => {
                self.text.push('[');
                for item in items {
                    self.value(item)?;
                    self.text.push(' ');
                }
                self.text.push(']');
            }
            Value::Object(fields) => {
                self.text.push('{');
                for (name, value) in fields {
                    // A key that came in a variable can be any text.
                    self.debug(&name.as_str());
                    self.text.push(':');
                    self.value(value)?;
                    self.text.push(' ');
                }
                self.text.push('}');
            }
        }
        Ok(())
    }

    fn debug(&mut self, value: &impl std::fmt::Debug) {
        write!(self.text, "{value:?}").expect("a String takes everything");
    }
}
