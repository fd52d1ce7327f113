//! What holds on either database. `TEST_DATABASE=postgres cargo test --test process either::` runs these tests on PostgreSQL;
//! the others are about one database alone, or about what has nothing to do with it.

mod duplicates;
mod exports;
mod going_down;
mod keys;
mod kill;
mod log_events;
mod operator;
mod panics;
mod seed;
mod webhooks;
