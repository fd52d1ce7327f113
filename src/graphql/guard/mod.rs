//! What a document may ask for. Its text is checked before it is parsed, and what it comes to before it is
//! validated: async-graphql's parser and validation do their work first and look at limits after it.
//!
//! In this order, for HTTP, WebSocket and SSE alike:
//! `lexical::check(text)`, then parse, then `cost::check(document, operation_name, variables)`, then execute.

pub mod cost;
pub(super) mod documents;
mod field_sizes;
pub mod fragments;
pub mod introspection;
pub mod lexical;
pub mod operation;
pub(super) mod variables;

mod refusal;
mod sum;
mod walk;

pub use refusal::{QueryLimit, QueryRefusal};
