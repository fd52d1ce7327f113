//! The shape of a subscription: its canonical text. Subscriptions of one shape share executions and frames.

mod print;
mod root;

use std::fmt::{Display, Formatter};

use async_graphql::Variables;
use async_graphql::parser::types::ExecutableDocument;

pub(super) use root::lift as lift_root;

use crate::graphql::guard::operation::{self, VariableBindings};

/// The arguments of the root field that select events without changing their results: not part of the shape.
const PICKS: [&str; 4] = ["after", "consumer", "conversation", "kinds"];

/// The limit of a canonical text, ten times the largest useful subscription. Only a large variable in many places
/// exceeds it.
const TEXT_BYTES: usize = 64 * 1024;

/// A subscription without the parts that do not change its results.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shape {
    /// Two valid subscriptions with the same text give the same data for the same event, unless it depends on the
    /// viewer. Only the `locations` of errors can differ. It says nothing about validity: each document is validated by
    /// itself.
    pub text: String,
}

impl Shape {
    /// The shape of the operation that the request runs. The document must have passed the guard, which bounds the
    /// recursion.
    pub(super) fn of(
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

/// Why a document is not a valid subscription (GRAPHQL_VALIDATION_FAILED).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MalformedSubscription {
    /// No operation has that name, or there are several and no name was given.
    NoOperation,
    /// It is a query or a mutation.
    NoSubscription,
    /// It selects only undefined fragments.
    NoField,
    /// It selects several fields. The specification would merge two of one response key, which nobody writes.
    ManyFields,
    /// It selects `__typename`.
    Introspection,
    /// `@skip` or `@include` is on the root field or on a fragment around it.
    Conditional,
    /// Its arguments are too large, as a large variable is used in many places.
    TooLarge,
}

impl Display for MalformedSubscription {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoOperation => "operationName must name an operation of the document",
            Self::NoSubscription => "this operation is not a subscription",
            Self::NoField => "a subscription must select one root field; this one selects none",
            Self::ManyFields => "a subscription must select one root field: subscribe to each field separately",
            Self::Introspection => "the root field of a subscription cannot be an introspection field",
            Self::Conditional => "the root field of a subscription cannot have @skip or @include",
            Self::TooLarge => "the arguments of this subscription are too large: use large variables only once",
        })
    }
}

impl std::error::Error for MalformedSubscription {}

#[cfg(test)]
mod tests;
