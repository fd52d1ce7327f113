//! The tables: columns and relations, no rules.

#![expect(missing_docs, reason = "the names of columns say what they hold; what a name does not say is told")]

pub mod conversation;
pub mod cursor_key;
pub mod erasure;
pub mod feed_event;
pub mod feed_head;
pub mod image;
pub mod image_deletion;
pub mod image_upload;
pub mod membership;
pub mod message;
pub mod session;
pub mod user;
