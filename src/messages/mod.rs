//! Messages: sending, editing, deleting and reading them, and read marks.

mod find;
mod history;
mod read_marks;
mod revise;
mod send;
mod text;
mod unread;

pub use find::{by_ids, find, newest_of};
pub use history::{Window, history};
pub use read_marks::ReadMarks;
pub use revise::{delete, edit};
pub use send::{NewMessage, send};
pub use text::MessageText;
pub use unread::{Unread, unread};

use crate::entity::message;
use crate::feed::{Audience, Kind, NewEvent};

/// The event for a new or changed message, addressed to the conversation's members.
fn message_event(kind: Kind, message: &message::Model) -> NewEvent {
    let event = NewEvent::new(kind, Audience::Conversation(message.conversation_id));
    NewEvent { message: Some(message.id), row: Some(std::sync::Arc::new(message.clone())), ..event }
}
