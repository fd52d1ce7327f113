//! The index on SQLite's FTS5. All SQL that is specific to FTS5 is in this module.

pub(super) mod hits;
pub(super) mod maintain;
