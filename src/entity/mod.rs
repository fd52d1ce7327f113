//! The tables: columns and relations, no rules.

#![expect(missing_docs, reason = "columns are documented where their names do not say what they hold")]

pub mod audit_entry;
pub mod consumer;
pub mod conversation;
pub mod cursor_key;
pub mod data_export;
pub mod erasure;
pub mod feed_event;
pub mod feed_head;
pub mod image;
pub mod image_deletion;
pub mod image_place;
pub mod image_upload;
pub mod membership;
pub mod mention;
pub mod message;
pub mod name_change;
pub mod name_part;
pub mod rate;
pub mod reaction;
pub mod report;
pub mod server_key;
pub mod server_role;
pub mod session;
pub mod user;
pub mod user_block;
pub mod webhook;
