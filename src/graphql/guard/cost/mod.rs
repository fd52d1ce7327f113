//! The cost of a document with its fragments expanded, computed after parsing and before validation.
//!
//! async-graphql's own limits are not enough: they expand fragments without memoisation, so that 700 bytes of nested
//! fragments take 15 s of CPU before a limit applies. Some of its validation is quadratic or worse. So everything that
//! grows faster than the document is bounded here, in one linear walk.

use async_graphql::Variables;
use async_graphql::parser::types::ExecutableDocument;

use super::operation::{self, VariableBindings};
use super::sum::SelectionSum;
use super::walk::CostWalk;
use super::{QueryLimit, QueryRefusal, fragments};
use crate::limits::{
    BODY_BYTES, QUERY_ALIASES, QUERY_COMPLEXITY, QUERY_DEPTH, QUERY_DIRECTIVES, QUERY_LEVELS, QUERY_ROOT_FIELDS,
    QUERY_SELECTIONS,
};

/// graphql-js' introspection query has 15.
const INTROSPECTION_DEPTH: usize = 20;
/// As in graphql-js' `MaxIntrospectionDepthRule`; its introspection query has 1.
const INTROSPECTION_LISTS: usize = 2;
/// One request may guess one password.
const AUTH_MUTATIONS: usize = 1;
/// Each selected field is resolved, repeated ones too, in about a microsecond.
const VALUES: usize = 20 * QUERY_COMPLEXITY;
/// At worst each is an error of some 300 bytes. A document of 2,000 tokens without repetition has fewer.
const COMPARISONS: usize = 20_000;
/// Fields that cost as much as an object: the ratio of the two limits.
const VALUES_PER_OBJECT: usize = VALUES / QUERY_COMPLEXITY;
/// The size of a request, enough if each variable is used once.
const INPUT: usize = BODY_BYTES;

/// The measures of a document. Those that concern validation are of all operations, the others of the one that runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DocumentMeasure {
    /// Operations in the document, of which one runs.
    pub operations: usize,
    /// Fields, inline fragments and spreads of all operations: validation walks them all.
    pub selections: usize,
    /// Nesting of fields and fragments, of all operations.
    pub levels: usize,
    /// Directives of all operations.
    pub directives: usize,
    /// Nesting of fields, except introspection.
    pub depth: usize,
    /// Aliases.
    pub aliases: usize,
    /// Fields at the root.
    pub root_fields: usize,
    /// Mutations that take a password.
    pub auth_mutations: usize,
    /// The objects that the operation can return. Fields with `@skip` or `@include` count as selected, and fragments on
    /// different types are added.
    pub objects: usize,
    /// The fields of these objects.
    pub values: usize,
}

impl DocumentMeasure {
    /// The charge to the sender's budget, in objects: those that the operation can return, or more for few objects with
    /// many fields or for much validation. From 1 to [`QUERY_COMPLEXITY`].
    pub fn cost(&self) -> u32 {
        let fields = self.values.max(self.selections) / VALUES_PER_OBJECT;
        u32::try_from(self.objects.max(fields).max(1)).unwrap_or(u32::MAX)
    }
}

/// Accepts a document for validation and execution, or rejects it.
///
/// The text must have passed [`super::lexical::check`], which bounds the recursion in here.
pub fn check(
    document: &ExecutableDocument,
    operation_name: Option<&str>,
    variables: &Variables,
) -> Result<DocumentMeasure, QueryRefusal> {
    let chosen = operation::chosen(document, operation_name);
    let bindings = VariableBindings::new(chosen, variables);
    let mut walk = CostWalk::new(&bindings);
    for (name, fragment) in fragments::in_order(&document.fragments)? {
        walk.fragment(name, fragment);
    }
    let mut all = SelectionSum::default();
    let mut run = SelectionSum::default();
    for (_, operation) in document.operations.iter() {
        let sum = walk.operation(&operation.node);
        all = all.and(sum);
        if chosen.is_some_and(|chosen| std::ptr::eq(chosen, &operation.node)) {
            run = sum;
        }
    }

    QueryLimit::Selections.allow(all.selections, QUERY_SELECTIONS)?;
    // An undefined variable is an error for each operation that uses it.
    QueryLimit::Comparisons.allow(walk.comparisons().saturating_add(all.variables), COMPARISONS)?;
    QueryLimit::Input.allow(walk.input, INPUT)?;
    QueryLimit::Levels.allow(all.levels, QUERY_LEVELS)?;
    QueryLimit::Directives.allow(all.directives, QUERY_DIRECTIVES)?;
    QueryLimit::Depth.allow(run.depth, QUERY_DEPTH)?;
    QueryLimit::IntrospectionDepth.allow(run.introspection_depth, INTROSPECTION_DEPTH)?;
    QueryLimit::IntrospectionLists.allow(run.introspection_lists, INTROSPECTION_LISTS)?;
    QueryLimit::Aliases.allow(run.aliases, QUERY_ALIASES)?;
    QueryLimit::RootFields.allow(run.fields, QUERY_ROOT_FIELDS)?;
    QueryLimit::AuthMutations.allow(run.auth_mutations, AUTH_MUTATIONS)?;
    QueryLimit::Objects.allow(run.objects.total(), QUERY_COMPLEXITY)?;
    QueryLimit::Values.allow(run.values.total(), VALUES)?;

    Ok(DocumentMeasure {
        operations: document.operations.iter().len(),
        selections: all.selections,
        levels: all.levels,
        directives: all.directives,
        depth: run.depth,
        aliases: run.aliases,
        root_fields: run.fields,
        auth_mutations: run.auth_mutations,
        objects: run.objects.total(),
        values: run.values.total(),
    })
}

#[cfg(test)]
mod tests;
