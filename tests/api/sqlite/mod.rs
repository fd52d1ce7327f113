//! What is SQLite's own. With `TEST_DATABASE=postgres` there is nothing of it to test, and these tests end at once.

mod compile_options;
mod search_index;
