//! The counts of a part of a document, with fragments expanded. All sums saturate.

use super::field_sizes::Multiplicity;
use crate::limits::PAGE_SIZE;

/// The counts of one selection set or one selection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SelectionSum {
    /// Fields, inline fragments and spreads.
    pub selections: usize,
    /// Fields with an alias.
    pub aliases: usize,
    /// Directives.
    pub directives: usize,
    /// Uses of variables.
    pub variables: usize,
    /// Nested fields, except introspection.
    pub depth: usize,
    /// Nested fields with a selection, inline fragments and spreads.
    pub levels: usize,
    /// Nested introspection fields.
    pub introspection_depth: usize,
    /// Nested introspection lists that can form a cycle.
    pub introspection_lists: usize,
    /// Fields on this level.
    pub fields: usize,
    /// Mutations on this level that take a password.
    pub auth_mutations: usize,
    /// Objects that can be returned.
    pub objects: PagedCount,
    /// Fields of these objects, including scalars.
    pub values: PagedCount,
}

impl SelectionSum {
    /// The same counts, nested in one more field or fragment.
    pub(super) fn deeper(self) -> Self {
        Self { levels: self.levels.saturating_add(1), ..self }
    }

    /// Adds the counts of a sibling.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            variables: self.variables.saturating_add(other.variables),
            depth: self.depth.max(other.depth),
            levels: self.levels.max(other.levels),
            introspection_depth: self.introspection_depth.max(other.introspection_depth),
            introspection_lists: self.introspection_lists.max(other.introspection_lists),
            fields: self.fields.saturating_add(other.fields),
            auth_mutations: self.auth_mutations.saturating_add(other.auth_mutations),
            objects: self.objects.and(other.objects),
            values: self.values.and(other.values),
        }
    }
}

/// A count that depends on the page size of the enclosing connection, which is unknown inside a fragment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PagedCount {
    once: usize,
    each_item: usize,
}

impl PagedCount {
    /// A count that does not depend on a page.
    pub(super) fn once(once: usize) -> Self {
        Self { once, each_item: 0 }
    }

    fn and(self, other: Self) -> Self {
        Self { once: self.once.saturating_add(other.once), each_item: self.each_item.saturating_add(other.each_item) }
    }

    fn with_page(self, items: usize) -> usize {
        self.each_item.saturating_mul(items).saturating_add(self.once)
    }

    /// The count outside of any connection, where items occur only in invalid documents: with the largest page.
    pub(super) fn total(self) -> usize {
        self.with_page(usize::try_from(PAGE_SIZE).unwrap_or(usize::MAX))
    }

    /// The count of a field that counts `itself` and contains `self`.
    pub(super) fn in_field(self, times: Multiplicity, itself: usize) -> Self {
        let all = |inside: usize| inside.saturating_add(itself);
        match times {
            Multiplicity::Once => Self::once(all(self.total())),
            Multiplicity::List(length) => Self::once(all(self.total()).saturating_mul(length)),
            Multiplicity::Page(items) => Self::once(all(self.with_page(items))),
            Multiplicity::EachItem => Self { once: 0, each_item: all(self.total()) },
        }
    }

    /// At least so many.
    pub(super) fn at_least(self, least: usize) -> Self {
        Self { once: self.once.max(least), ..self }
    }
}
