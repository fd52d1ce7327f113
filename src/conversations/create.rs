//! Makes a group.

use std::collections::HashSet;

use crate::app::App;
use crate::conversations::people::reachable;
use crate::conversations::title::Title;
use crate::db::{self, Tx};
use crate::directory;
use crate::entity::conversation::{self, Kind};
use crate::entity::membership::{self, Role};
use crate::error::{Error, Result};
use crate::feed::{self, Audience, Change, Kind as EventKind, NewEvent, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{ConversationId, UserId};
use crate::limits;

/// Makes a group that `owner` owns. Doubles and the owner's own id are passed over; an unknown or erased person,
/// or one whom the owner does not find, refuses all: `NotFound`.
pub async fn create(app: &App, owner: UserId, title: Title, members: Vec<UserId>) -> Result<conversation::Model> {
    let mut seen = HashSet::from([owner]);
    let members: Vec<_> = members.into_iter().filter(|id| seen.insert(*id)).collect();
    if members.len() >= limits::GROUP_MEMBERS {
        let message = format!("a group has at most {} members, the owner included", limits::GROUP_MEMBERS);
        return Err(Error::input("memberIds", message));
    }
    app.rates.new_group.take(&owner)?;
    if !directory::finds(app, owner, &members).await? {
        return Err(Error::NotFound);
    }
    count_memberships(app, owner, members.len() + 1).inspect_err(|_| app.rates.new_group.give_back(&owner))?;
    app.feed.append(CreateGroup { owner, title, members }).await
}

/// Counts rows and events that a person makes by putting so many people into a group.
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
    /// Everybody who will be in it, the owner first.
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
            let events = write.people().map(|user| joined(group.id, user)).collect();
            groups.push(group.clone());
            written.push(Written { answer: group, events });
        }
        db::insert(tx, groups).await?;
        db::insert(tx, stays).await?;
        Ok(written)
    }
}

/// Tells a person that they are in a conversation from here on.
pub fn joined(conversation: ConversationId, user: UserId) -> NewEvent {
    let told = NewEvent::new(EventKind::ConversationAdded, Audience::Person(user));
    NewEvent { conversation: Some(conversation), user: Some(user), ..told }
}
