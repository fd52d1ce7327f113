//! The index on PostgreSQL: a `tsvector` for each message, with a GIN index. All SQL of it is in this module.

pub(super) mod hits;
pub(super) mod maintain;
