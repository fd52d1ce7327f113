//! One's own side of a conversation: what one wants to be notified of, and where one keeps it.

use std::collections::{HashMap, HashSet};

use crate::app::App;
use crate::clock::Timestamp;
use crate::conversations::Membership;
use crate::db::{self, Tx};
use crate::entity::conversation::{self, Kind};
use crate::entity::membership::{self, Notifications};
use crate::error::{Error, Result};
use crate::feed::{Audience, Change, EventKind, NewEvent, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{ConversationId, UserId};

/// The changes of one's own side; `None` leaves a field as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnSideUpdate {
    /// Whose messages one wants to be notified of.
    pub notifications: Option<Notifications>,
    /// Until when one wants to be notified of none, or no such time.
    pub muted_until: Option<Option<Timestamp>>,
    /// Whether it is archived.
    pub archived: Option<bool>,
    /// Whether it is a favourite.
    pub favorite: Option<bool>,
    /// Whether it is marked as unread.
    pub marked_unread: Option<bool>,
}

/// Changes the viewer's own side. What is the same already changes nothing. What is archived again is archived with all
/// that came since.
pub async fn update_own_side(app: &App, own: &Membership, update: OwnSideUpdate) -> Result<()> {
    let user = own.viewer().user();
    app.rates.own_side.take(&user)?;
    app.feed.append(UpdateOwnSide { user, conversation: own.conversation().id, update }).await
}

/// Whether a conversation is in its member's archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Archived {
    /// It is not: they did not put it there, or it came back.
    No,
    /// It is.
    Yes,
    /// It is unless a message after this seq calls them.
    UnlessCalledSince(i32),
}

/// Whether a conversation is in its member's archive. It comes back by itself, and nothing is written then: a message costs
/// the same however many have archived its group.
pub fn archived(own: &Membership) -> Archived {
    let conversation = own.conversation();
    match (own.row().archived_seq, conversation.kind) {
        (None, _) => Archived::No,
        (Some(since), _) if conversation.last_seq <= since => Archived::Yes,
        (Some(_), Kind::Direct) => Archived::No,
        (Some(since), Kind::Group) => Archived::UnlessCalledSince(since),
    }
}

/// The event for a person whose own side of a conversation changed.
pub fn membership_event(conversation: ConversationId, user: UserId) -> NewEvent {
    let event = NewEvent::new(EventKind::MembershipChanged, Audience::Person(user));
    NewEvent { conversation: Some(conversation), user: Some(user), ..event }
}

struct UpdateOwnSide {
    user: UserId,
    conversation: ConversationId,
    update: OwnSideUpdate,
}

/// A membership to write, with its conversation.
struct OwnSide {
    row: membership::Model,
    conversation: conversation::Model,
}

impl Change for UpdateOwnSide {
    type Answer = ();
    type Write = OwnSide;
    /// Before read marks, which take the mark of what is unread away.
    const RANK: Rank = Rank::Messages;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let mut rows = db::own_memberships(tx, changes.iter().map(|change| (change.conversation, change.user))).await?;
        let ids: HashSet<ConversationId> = changes.iter().map(|change| change.conversation).collect();
        let known = db::conversations(tx, ids).await?;
        let known: HashMap<ConversationId, conversation::Model> = known.into_iter().map(|row| (row.id, row)).collect();
        let mut plan = |change: &Self| {
            let row = rows.get_mut(&(change.conversation, change.user)).ok_or(Error::NotFound)?;
            let conversation = known.get(&change.conversation).ok_or(Error::NotFound)?;
            let before = row.clone();
            change.apply(row, conversation);
            if *row == before {
                return Ok(Plan::Done(()));
            }
            Ok(Plan::Write { write: OwnSide { row: row.clone(), conversation: conversation.clone() }, events: 1 })
        };
        Ok(changes.iter().map(&mut plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<OwnSide>>) -> Writes<Self> {
        let (mut rows, mut advanced) = (HashMap::new(), HashMap::new());
        let mut written = Vec::with_capacity(writes.len());
        for Placed { write: OwnSide { row, conversation }, first } in writes {
            written.push(Written { answer: (), events: vec![membership_event(conversation.id, row.user_id)] });
            let conversation = conversation::Model { last_position: first.position, ..conversation };
            advanced.insert(conversation.id, conversation);
            rows.insert((row.conversation_id, row.user_id), row);
        }
        let own = [
            membership::Column::Notifications,
            membership::Column::MutedUntil,
            membership::Column::ArchivedSeq,
            membership::Column::IsFavorite,
            membership::Column::IsMarkedUnread,
        ];
        db::upsert(tx, rows.into_values().collect(), own).await?;
        tx.set_last_positions(advanced.into_values().collect()).await?;
        Ok(written)
    }
}

impl UpdateOwnSide {
    fn apply(&self, row: &mut membership::Model, conversation: &conversation::Model) {
        let OwnSideUpdate { notifications, muted_until, archived, favorite, marked_unread } = self.update;
        row.notifications = notifications.unwrap_or(row.notifications);
        row.muted_until = muted_until.unwrap_or(row.muted_until);
        row.is_favorite = favorite.unwrap_or(row.is_favorite);
        row.is_marked_unread = marked_unread.unwrap_or(row.is_marked_unread);
        match archived {
            Some(true) => row.archived_seq = Some(conversation.last_seq),
            Some(false) => row.archived_seq = None,
            None => {}
        }
    }
}
