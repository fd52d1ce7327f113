//! The index on SQLite's FTS5: its own SQL, and nothing else is in here.

pub(super) mod hits;
pub(super) mod maintain;
