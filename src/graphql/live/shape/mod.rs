//! The identity of a subscription: those of one shape are executed once an event, and get the same bytes.

mod print;
mod root;

use std::fmt::{Display, Formatter};

use async_graphql::Variables;
use async_graphql::parser::types::ExecutableDocument;

pub use root::lift as lift_root;

use crate::graphql::guard::operation::{self, VariableBindings};

/// The arguments of the root field that pick the events and leave their answers alone: no part of the shape.
const PICKS: [&str; 2] = ["after", "conversation"];

/// A canonical text is not longer: the largest subscription that makes sense has a tenth of it. Only a large variable
/// that stands in many places gets beyond.
const TEXT_BYTES: usize = 64 * 1024;

/// A subscription without what does not change its answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Two valid subscriptions with one text answer the same event with the same data, if the viewer is out of it.
    /// Only the `locations` of errors can differ. It says nothing about validity: validate each document by itself.
    pub text: String,
}

impl Shape {
    /// Of the operation that the request runs. The document must have passed the guard, which bounds the recursion.
    pub fn of(
        document: &ExecutableDocument,
        operation_name: Option<&str>,
        variables: &Variables,
    ) -> Result<Self, MalformedSubscription> {
        let operation = operation::chosen(document, operation_name).ok_or(MalformedSubscription::NoOperation)?;
        let field = &root::find(document, operation)?.field.node;
        let bindings = VariableBindings::new(Some(operation), variables);
        Ok(Self { text: print::print(document, operation, field, &bindings)? })
    }
}

/// Why a document is no subscription: it is not valid, GRAPHQL_VALIDATION_FAILED.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MalformedSubscription {
    /// There is no operation of that name, or there are several and no name.
    NoOperation,
    /// It is a query or a mutation.
    NoSubscription,
    /// Nothing but fragments that are not defined.
    NoField,
    /// More than one. The specification would let two of one response key pass, to be merged; nobody writes that.
    ManyFields,
    /// `__typename`.
    Introspection,
    /// `@skip` or `@include`: on the root field, or on a fragment around it.
    Conditional,
    /// A large variable stands in many places.
    TooLarge,
}

impl Display for MalformedSubscription {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoOperation => "name one of the document's operations in operationName",
            Self::NoSubscription => "this operation is not a subscription",
            Self::NoField => "a subscription selects one field at its root, this one selects none",
            Self::ManyFields => "a subscription selects one field at its root: subscribe to each by itself",
            Self::Introspection => "a subscription selects one field at its root, and not an introspection field",
            Self::Conditional => "the root field of a subscription takes no @skip or @include: leave it out instead",
            Self::TooLarge => "the arguments of this subscription are too large, use large variables once",
        })
    }
}

impl std::error::Error for MalformedSubscription {}

#[cfg(test)]
mod tests;
