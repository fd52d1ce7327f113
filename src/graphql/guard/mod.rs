//! Limits on documents. The text is checked before it is parsed, and the cost before it is validated, because
//! async-graphql's parser and validation check their limits only after the work.
//!
//! The order, over HTTP and WebSocket alike: `lexical::escapes::replace(text)`, `lexical::check(text)`, parse,
//! `cost::check(document, operation_name, variables)`, execute.

pub(super) mod argument_defaults;
pub mod cost;
pub(super) mod documents;
mod field_sizes;
pub mod fragments;
pub mod introspection;
pub mod lexical;
pub mod operation;
pub(super) mod variables;
pub(super) mod viewer_marks;

mod refusal;
pub mod rights;
mod sum;
mod walk;

pub use refusal::{QueryLimit, QueryRefusal};
