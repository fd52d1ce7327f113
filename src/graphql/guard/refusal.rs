//! Why a document is not run.

use std::fmt::{Display, Formatter};

use async_graphql::Name;

/// The message is for the person who wrote the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryRefusal {
    /// It asks for more than a request may: the API's QUERY_TOO_COMPLEX.
    TooMuch {
        /// Of what.
        limit: QueryLimit,
        /// What the document comes to. Sums stop at `usize::MAX`.
        found: usize,
        /// The most that is let through.
        allowed: usize,
    },
    /// A fragment contains itself: a document that is not valid, GRAPHQL_VALIDATION_FAILED. async-graphql's validation
    /// would never come out of it; its limit of depth stops it first, with words that are about depth.
    Circular {
        /// One fragment of the circle.
        fragment: Name,
    },
}

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryLimit {
    /// The size of the text.
    Bytes,
    /// Lexical tokens of the text.
    Tokens,
    /// Brackets in brackets.
    Nesting,
    /// Fields in fields.
    Depth,
    /// Fields and fragments in each other, of all operations.
    Levels,
    /// Fields in fields of `__schema` and `__type`.
    IntrospectionDepth,
    /// Lists of types, or of what leads to types, in each other.
    IntrospectionLists,
    /// Selections of all operations, fragments written out.
    Selections,
    /// Aliases, fragments written out.
    Aliases,
    /// Directives of all operations, fragments written out.
    Directives,
    /// Fields at the root.
    RootFields,
    /// Mutations that take a password.
    AuthMutations,
    /// Objects that can be returned.
    Objects,
    /// Fields of all these objects.
    Values,
    /// Comparisons that validation makes.
    Comparisons,
    /// Bytes of arguments, variables written out.
    Input,
}

impl QueryLimit {
    /// Lets `found` through or refuses.
    pub(in crate::graphql) fn allow(self, found: usize, allowed: usize) -> Result<(), QueryRefusal> {
        if found > allowed { Err(QueryRefusal::TooMuch { limit: self, found, allowed }) } else { Ok(()) }
    }

    /// What was found, and what helps; between them stands how much is allowed.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Bytes => ("is", "bytes long", "split it"),
            Self::Tokens => ("has", "tokens", "split it"),
            Self::Nesting => ("nests", "brackets in each other", "nest less"),
            Self::Depth => ("nests", "fields in each other", "ask for the inner ones in a query of their own"),
            Self::Levels => ("nests", "fields and fragments in each other", "nest fewer fragments"),
            Self::IntrospectionDepth => ("nests", "fields of the introspection in each other", "nest less"),
            Self::IntrospectionLists => ("nests", "lists of types in each other", "ask for each type by its name"),
            Self::Selections => ("selects", "fields and fragments, written out", "spread fewer fragments or split it"),
            Self::Aliases => ("has", "aliases, fragments written out", "split it"),
            Self::Directives => ("has", "directives, fragments written out", "use fewer of them or split it"),
            Self::RootFields => ("selects", "fields at its root", "split it"),
            Self::AuthMutations => ("has", "mutations that take a password", "send one request for each"),
            Self::Objects => ("asks for up to", "objects", "ask for smaller pages or fewer nested lists"),
            Self::Values => ("asks for up to", "values", "select fewer fields or ask for smaller pages"),
            Self::Comparisons => (
                "takes up to",
                "comparisons to validate",
                "repeat fewer fields, arguments and variables, or nest fewer inline fragments",
            ),
            Self::Input => ("has", "bytes of arguments, variables written out", "use large variables once"),
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
