//! Creating groups.

use std::collections::HashSet;

use crate::accounts::Viewer;
use crate::app::App;
use crate::conversations::direct::reachable;
use crate::conversations::title::Title;
use crate::db::{self, Tx};
use crate::directory;
use crate::entity::conversation::{self, Kind};
use crate::entity::membership::{self, Role};
use crate::error::{Error, Result};
use crate::feed::{self, Audience, Change, EventKind, NewEvent, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{ConversationId, UserId};
use crate::limits;

/// Creates a group owned by the viewer. Duplicates and the viewer's own id are ignored; one unknown, erased or
/// unfindable person rejects the request with `NotFound`.
pub async fn create(app: &App, viewer: &Viewer, title: Title, members: Vec<UserId>) -> Result<conversation::Model> {
    let owner = viewer.user();
    let mut seen = HashSet::from([owner]);
    let members: Vec<_> = members.into_iter().filter(|id| seen.insert(*id)).collect();
    if members.len() >= limits::GROUP_MEMBERS {
        let message = format!("a group has at most {} members, the owner included", limits::GROUP_MEMBERS);
        return Err(Error::input("memberIds", message));
    }
    app.rates.new_group.take(&owner)?;
    if !directory::finds(app, viewer, &members).await? {
        return Err(Error::NotFound);
    }
    count_memberships(app, owner, members.len() + 1).inspect_err(|_| app.rates.new_group.give_back(&owner))?;
    app.feed.append(CreateGroup { owner, title, members }).await
}

/// Counts memberships against a person's rate: adding people to a group writes a row and an event for each.
pub(super) fn count_memberships(app: &App, by: UserId, people: usize) -> Result<()> {
    app.rates.memberships.take_many(&by, u32::try_from(people).unwrap_or(u32::MAX))
}

#[derive(Clone)]
struct CreateGroup {
    owner: UserId,
    title: Title,
    members: Vec<UserId>,
}

impl CreateGroup {
    /// The future members, the owner first.
    fn people(&self) -> impl Iterator<Item = UserId> {
        std::iter::once(self.owner).chain(self.members.iter().copied())
    }
}

impl Change for CreateGroup {
    type Answer = conversation::Model;
    type Write = Self;
    const RANK: Rank = Rank::People;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let found = reachable(tx, changes.iter().flat_map(Self::people)).await?;
        let plan = |change: &Self| {
            if change.people().all(|id| found.contains(&id)) {
                let events = change.members.len() + 1;
                Ok(Plan::Write { write: change.clone(), events })
            } else {
                Err(Error::NotFound)
            }
        };
        Ok(changes.iter().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Self>>) -> Writes<Self> {
        let mut groups = Vec::with_capacity(writes.len());
        let mut stays = Vec::new();
        let mut written = Vec::with_capacity(writes.len());
        for Placed { write, first } in writes {
            let roles = std::iter::once(Role::Owner).chain(std::iter::repeat(Role::Member));
            let last_position = first.position + feed::positions(write.members.len());
            let group = conversation::Model {
                id: ConversationId::new(),
                kind: Kind::Group,
                title: Some(write.title.as_str().to_owned()),
                direct_pair: None,
                last_seq: 0,
                last_position,
                active_position: last_position,
                created_at: tx.now,
                updated_at: tx.now,
            };
            let people = write.people().zip(roles).zip(first.position..);
            stays.extend(people.map(|((user_id, role), from_position)| membership::Model {
                conversation_id: group.id,
                user_id,
                from_position,
                to_position: None,
                role,
                last_read_seq: 0,
                joined_at: tx.now,
            }));
            let events = write.people().map(|user| joined_event(group.id, user, write.owner)).collect();
            groups.push(group.clone());
            written.push(Written { answer: group, events });
        }
        db::insert(tx, groups).await?;
        db::insert(tx, stays).await?;
        Ok(written)
    }
}

/// The event for a person who joins a conversation, by what `by` did.
pub fn joined_event(conversation: ConversationId, user: UserId, by: UserId) -> NewEvent {
    let event = NewEvent::new(EventKind::ConversationAdded, Audience::Person(user));
    NewEvent { conversation: Some(conversation), user: Some(by), ..event }
}
