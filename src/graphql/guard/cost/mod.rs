//! What a document comes to when its fragments are written out, counted after the parse and before validation.
//!
//! async-graphql's own limits do not do it: they walk fragments without a memory, so that 700 bytes of fragments in
//! fragments take 15 s of CPU before any of them speaks. Some of its validation is quadratic and worse besides.
//! So everything that grows faster than the document is bounded here, in one linear walk.

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

/// graphql-js' introspection query comes to 15.
const INTROSPECTION_DEPTH: usize = 20;
/// As in graphql-js' `MaxIntrospectionDepthRule`; its introspection query comes to 1.
const INTROSPECTION_LISTS: usize = 2;
/// A request is one guess of a password.
const AUTH_MUTATIONS: usize = 1;
/// Fields are resolved as often as they are selected, repeated ones too, at about a microsecond each.
const VALUES: usize = 20 * QUERY_COMPLEXITY;
/// Each is an error of some 300 bytes at worst. A document of 2,000 tokens without repetition stays below.
const COMPARISONS: usize = 20_000;
/// Fields that are as much work as an object: as the limits of both have it.
const VALUES_PER_OBJECT: usize = VALUES / QUERY_COMPLEXITY;
/// What fits into a request when each variable is used once.
const INPUT: usize = BODY_BYTES;

/// What a document comes to. What validation walks is of all operations, the rest of the one that is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DocumentMeasure {
    /// Operations in the document, of which one is run.
    pub operations: usize,
    /// Fields, inline fragments and spreads of all operations: validation walks them all.
    pub selections: usize,
    /// Fields and fragments in each other, of all operations.
    pub levels: usize,
    /// Directives of all operations.
    pub directives: usize,
    /// Fields in fields, introspection apart.
    pub depth: usize,
    /// Aliases.
    pub aliases: usize,
    /// Fields at the root.
    pub root_fields: usize,
    /// Mutations that take a password.
    pub auth_mutations: usize,
    /// The document's cost: the objects that it can return. `@skip` and `@include` are taken for selected, and
    /// fragments on different types are added.
    pub objects: usize,
    /// All fields of these objects.
    pub values: usize,
}

impl DocumentMeasure {
    /// What a document takes of the budget of whoever sends it, in objects: those that it can return, or more where it
    /// has few objects of many fields, or much to validate. At least one, and at most [`QUERY_COMPLEXITY`].
    pub fn cost(&self) -> u32 {
        let fields = self.values.max(self.selections) / VALUES_PER_OBJECT;
        u32::try_from(self.objects.max(fields).max(1)).unwrap_or(u32::MAX)
    }
}

/// Lets a document through to validation and execution, or refuses it.
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
    // A variable that is not defined is an error for each operation that comes by it.
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
