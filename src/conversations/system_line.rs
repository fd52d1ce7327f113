//! System lines: messages that nobody wrote and that say what happened in a conversation. They have a seq and are delivered
//! like all others; what they say is typed, so that clients word it.

use std::sync::Arc;

use sea_orm::ActiveEnum;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::conversations::Title;
use crate::entity::conversation;
use crate::entity::membership::Role;
use crate::entity::message;
use crate::feed::{Audience, Cursor, EventKind, NewEvent};
use crate::id::{MessageId, UserId};
use crate::limits;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum LineKind {
    GroupCreated,
    MembersAdded,
    MemberLeft,
    MembersRemoved,
    TitleChanged,
    PictureChanged,
    RoleChanged,
    MessagePinned,
}

/// What a system line says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemLine {
    /// What happened.
    pub kind: LineKind,
    /// Whom it is about: the first ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    users: Vec<Uuid>,
    /// How many it is about.
    #[serde(default)]
    pub user_count: usize,
    /// The new title. An erasure of who set it takes it: see [`message::Model::bury`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The new role, by its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<i16>,
}

impl SystemLine {
    /// One that is about nobody.
    pub fn of(kind: LineKind) -> Self {
        Self { kind, users: Vec::new(), user_count: 0, title: None, role: None }
    }

    /// One that is about these people.
    pub fn about(kind: LineKind, people: impl IntoIterator<Item = UserId>) -> Self {
        let mut users: Vec<Uuid> = people.into_iter().map(Uuid::from).collect();
        let user_count = users.len();
        users.truncate(limits::LINE_PEOPLE);
        Self { users, user_count, ..Self::of(kind) }
    }

    /// With a new title.
    pub fn with_title(self, title: &Title) -> Self {
        Self { title: Some(title.as_str().to_owned()), ..self }
    }

    /// With a new role.
    pub fn with_role(self, role: Role) -> Self {
        Self { role: Some(role.to_value()), ..self }
    }

    /// What a message says, if it is a system line of a kind that this version knows.
    pub fn of_message(row: &message::Model) -> Option<Self> {
        serde_json::from_str(row.system_line.as_deref()?).ok()
    }

    /// Whom it is about: the first ones.
    pub fn users(&self) -> impl Iterator<Item = UserId> {
        self.users.iter().copied().map(UserId::from)
    }

    /// The new role, where it is about one.
    pub fn role(&self) -> Option<Role> {
        Role::try_from_value(&self.role?).ok()
    }

    /// Makes it the newest message of a conversation: its row, and the event for the members. The conversation's row is
    /// advanced, and has to be the one that the batch writes.
    pub fn say(
        self,
        conversation: &mut conversation::Model,
        sender: UserId,
        at: Cursor,
        now: Timestamp,
    ) -> (message::Model, NewEvent) {
        conversation.last_seq += 1;
        conversation.last_position = at.position;
        conversation.active_position = at.position;
        let row = message::Model {
            id: MessageId::new(),
            conversation_id: conversation.id,
            seq: conversation.last_seq,
            sender_id: sender,
            text: None,
            reply_to_id: None,
            image_id: None,
            version: 1,
            position: at.position,
            nonce: at.nonce.into(),
            created_at: now,
            edited_at: None,
            deleted_at: None,
            message_type: None,
            metadata: None,
            // Names, numbers and texts: JSON has all of them.
            system_line: Some(serde_json::to_string(&self).unwrap_or_default()),
            mentions: None,
            mentions_everyone: false,
            reactions: None,
            pinned_at: None,
        };
        let event = NewEvent::new(EventKind::MessageAdded, Audience::Conversation(conversation.id));
        let event = NewEvent { message: Some(row.id), row: Some(Arc::new(row.clone())), ..event };
        (row, event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::conversation::Kind;
    use crate::id::ConversationId;

    fn said(line: SystemLine) -> message::Model {
        let mut group = conversation::Model::new(ConversationId::new(), Kind::Group, Timestamp(1));
        line.say(&mut group, UserId::new(), Cursor { position: 7, nonce: 1 }, Timestamp(2)).0
    }

    #[test]
    fn what_is_said_is_read_back() {
        let people: Vec<UserId> = (0..12).map(|_| UserId::new()).collect();
        let line = SystemLine::about(LineKind::MembersAdded, people.iter().copied()).with_role(Role::Admin);
        let row = said(line.clone());
        assert_eq!((row.seq, row.position, row.text.as_deref()), (1, 7, None));
        let read = SystemLine::of_message(&row).expect("a line");
        assert_eq!(read, line);
        assert!(read.users().eq(people.iter().copied().take(10)) && read.user_count == 12);
        assert_eq!(read.role(), Some(Role::Admin));
    }

    #[test]
    fn a_line_of_an_erased_person_stays_without_a_title() {
        let title = Title::parse("Tea").expect("a title");
        let mut row = said(SystemLine::of(LineKind::TitleChanged).with_title(&title));
        row.bury(Timestamp(9));
        row.bury(Timestamp(9));
        assert_eq!(SystemLine::of_message(&row), Some(SystemLine::of(LineKind::TitleChanged)));
        assert_eq!((row.version, row.deleted_at), (2, None));

        let mut row = said(SystemLine::of(LineKind::MemberLeft));
        let before = row.clone();
        row.bury(Timestamp(9));
        assert_eq!(row, before);
    }

    #[test]
    fn a_line_of_a_later_version_is_none() {
        let mut row = said(SystemLine::of(LineKind::MemberLeft));
        row.system_line = Some(r#"{"kind":"call_ended","user_count":0}"#.into());
        assert_eq!(SystemLine::of_message(&row), None);
    }
}
