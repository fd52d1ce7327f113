//! Updates the ring when a message or person changes: a replay shows everything as it is at the time of the replay.

use std::collections::HashSet;
use std::sync::Arc;

use super::HubState;
use crate::feed::event::{Audience, Event, EventKind, NewEvent};
use crate::id::ConversationId;

impl HubState {
    /// A replay shows messages and people as they are now, and a deleted text not at all. So events of a changed message
    /// get its new row, and the frames of events that may show it are dropped. One that is gone is not shown.
    pub(super) fn refresh(&mut self, change: &Event) {
        if change.fact.erases {
            // Any event may show the person's texts, in a reply for instance: drop all rows and frames.
            for event in &mut self.ring {
                *event = Arc::new(Event::new(event.cursor, NewEvent { row: None, ..event.fact.clone() }));
            }
            return;
        }
        let of = change.fact.conversation.as_slice();
        let places = match (change.fact.kind, &change.fact.audience) {
            (
                EventKind::MessageChanged
                | EventKind::ReactionsChanged
                | EventKind::PinsChanged
                | EventKind::ConversationUpdated
                | EventKind::HistoryTrimmed,
                _,
            ) => of,
            (EventKind::UserChanged, Audience::Contacts { conversations, .. }) => conversations,
            _ => return,
        };
        let places: HashSet<ConversationId> = places.iter().copied().collect();
        let trimmed_before = change.fact.trimmed_before();
        for event in &mut self.ring {
            let fact = &event.fact;
            let is_trimmed = fact.conversation == change.fact.conversation
                && fact.row.as_ref().zip(trimmed_before).is_some_and(|(row, before)| row.seq < before);
            if is_trimmed {
                *event = Arc::new(Event::new(event.cursor, NewEvent { row: None, ..fact.clone() }));
                continue;
            }
            let is_same = fact.message.is_some() && fact.message == change.fact.message;
            let shows_it = match fact.conversation {
                Some(conversation) => places.contains(&conversation),
                None => fact.user.is_some() && fact.user == change.fact.user,
            };
            if is_same || (shows_it && !event.shared.is_empty()) {
                let row = if is_same { change.fact.row.clone() } else { fact.row.clone() };
                *event = Arc::new(Event::new(event.cursor, NewEvent { row, ..fact.clone() }));
            }
        }
    }

    /// Nothing more is delivered to an erased person, not even on a device whose socket is not closed yet.
    pub(super) fn remove_erased_person(&mut self, event: &Event) {
        if let (true, Audience::Contacts { person, conversations }) = (event.fact.erases, &event.fact.audience) {
            for conversation in conversations.iter() {
                self.leave(*person, *conversation);
            }
        }
    }
}
