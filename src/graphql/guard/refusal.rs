//! Why a document is rejected.

use std::fmt::{Display, Formatter};

use async_graphql::Name;

/// Why a document is rejected. The message is for its author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryRefusal {
    /// It exceeds a limit (QUERY_TOO_COMPLEX).
    TooMuch {
        /// The limit.
        limit: QueryLimit,
        /// The document's value. Sums saturate at `usize::MAX`.
        found: usize,
        /// The maximum.
        allowed: usize,
    },
    /// A fragment contains itself (GRAPHQL_VALIDATION_FAILED). async-graphql's validation would not terminate; its
    /// depth limit stops it first, with a misleading message.
    Circular {
        /// One fragment of the cycle.
        fragment: Name,
    },
}

/// A limit on documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryLimit {
    /// The size of the text.
    Bytes,
    /// Lexical tokens of the text.
    Tokens,
    /// Nested brackets.
    Nesting,
    /// Nested fields.
    Depth,
    /// Nested fields and fragments, of all operations.
    Levels,
    /// Nested fields of `__schema` and `__type`.
    IntrospectionDepth,
    /// Nested introspection lists that lead to types.
    IntrospectionLists,
    /// Selections of all operations, with fragments expanded.
    Selections,
    /// Aliases, with fragments expanded.
    Aliases,
    /// Directives of all operations, with fragments expanded.
    Directives,
    /// Fields at the root.
    RootFields,
    /// Mutations that take a password.
    AuthMutations,
    /// Objects that can be returned.
    Objects,
    /// Fields of all these objects.
    Values,
    /// Comparisons during validation.
    Comparisons,
    /// Bytes of arguments, with variables expanded.
    Input,
}

impl QueryLimit {
    /// Checks `found` against the limit.
    pub(in crate::graphql) fn allow(self, found: usize, allowed: usize) -> Result<(), QueryRefusal> {
        if found > allowed { Err(QueryRefusal::TooMuch { limit: self, found, allowed }) } else { Ok(()) }
    }

    /// The verb and noun for what was found, and advice.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Bytes => ("is", "bytes long", "split it"),
            Self::Tokens => ("has", "tokens", "split it"),
            Self::Nesting => ("has", "levels of brackets", "nest fewer"),
            Self::Depth => ("has", "levels of fields", "request the inner fields in a separate query"),
            Self::Levels => ("has", "levels of fields and fragments", "nest fewer fragments"),
            Self::IntrospectionDepth => ("has", "levels of introspection fields", "nest fewer"),
            Self::IntrospectionLists => ("has", "levels of type lists", "request each type by its name"),
            Self::Selections => {
                ("selects", "fields and fragments after expansion", "use fewer fragment spreads or split it")
            }
            Self::Aliases => ("has", "aliases after expansion of fragments", "split it"),
            Self::Directives => ("has", "directives after expansion of fragments", "use fewer of them or split it"),
            Self::RootFields => ("selects", "fields at its root", "split it"),
            Self::AuthMutations => ("has", "mutations that take a password", "send one request for each"),
            Self::Objects => ("can return", "objects", "request smaller pages or fewer nested lists"),
            Self::Values => ("can return", "values", "select fewer fields or request smaller pages"),
            Self::Comparisons => (
                "needs",
                "comparisons to validate",
                "repeat fewer fields, arguments and variables, or nest fewer inline fragments",
            ),
            Self::Input => ("has", "bytes of arguments after expansion of variables", "use large variables only once"),
        }
    }
}

impl Display for QueryRefusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooMuch { limit, found, allowed } => {
                let (verb, of_what, advice) = limit.words();
                write!(f, "the query {verb} {found} {of_what}, at most {allowed} are allowed: {advice}")
            }
            Self::Circular { fragment } => write!(f, "the fragment {fragment} contains itself"),
        }
    }
}

impl std::error::Error for QueryRefusal {}
