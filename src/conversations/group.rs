//! Changes of a group: its title and its members. All of them are one kind of change, so that each sees what those before
//! it in a batch have done.

mod add;
mod remove;
mod rename;

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use crate::app::App;
use crate::clock::Timestamp;
use crate::conversations::create::count_memberships;
use crate::conversations::membership::current_rows;
use crate::conversations::people::reachable;
use crate::conversations::{Membership, Title};
use crate::db::{self, Tx};
use crate::directory;
use crate::entity::conversation::{self, Kind};
use crate::entity::membership::{self, Role};
use crate::error::{Error, Result};
use crate::feed::{
    self, Audience, Change, Kind as EventKind, NewEvent, Placed, Plan, Plans, Position, Rank, Writes, Written,
};
use crate::id::{ConversationId, UserId};
pub use add::add;
pub use remove::remove;
pub use rename::rename;

/// Changes a group in which the member is. A direct conversation is none: `NotFound`.
pub(super) async fn change(app: &App, member: &Membership, step: Step) -> Result<conversation::Model> {
    if member.conversation().kind != Kind::Group {
        return Err(Error::NotFound);
    }
    let by = member.user();
    app.rates.group_change.take(&by)?;
    if let Step::Add(people) = &step {
        if !directory::finds(app, by, people).await? {
            return Err(Error::NotFound);
        }
        count_memberships(app, by, people.len()).inspect_err(|_| app.rates.group_change.give_back(&by))?;
    }
    app.feed.append(GroupChange { group: member.conversation().id, by, step }).await
}

struct GroupChange {
    group: ConversationId,
    by: UserId,
    step: Step,
}

/// What a member wants to do.
pub(super) enum Step {
    Rename(Title),
    Add(Vec<UserId>),
    Remove(UserId),
}

/// A group, as the changes before in a batch have left it.
pub(super) struct Group {
    pub(super) row: conversation::Model,
    pub(super) members: HashMap<UserId, Stay>,
}

/// A stay in a group.
#[derive(Clone)]
pub(super) struct Stay {
    pub(super) user: UserId,
    pub(super) role: Role,
    pub(super) from: StayEdge,
    pub(super) to: Option<StayEdge>,
    pub(super) joined_at: Timestamp,
}

/// Where a stay begins or ends. Known ones are before those of the batch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StayEdge {
    /// A position of the feed.
    At(Position),
    /// An event of this batch, which gets its position when all is planned.
    Event(usize),
}

/// What a step comes to: stays that began, ended or changed, and the events that tell of it.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) stays: Vec<Stay>,
    pub(super) events: Vec<NewEvent>,
}

/// An outcome to write, and the group as it leaves it.
struct Changed {
    group: conversation::Model,
    outcome: Outcome,
}

impl Change for GroupChange {
    type Answer = conversation::Model;
    type Write = Changed;
    const RANK: Rank = Rank::Members;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let mut batch = Groups::read(tx, changes).await?;
        Ok(changes.iter().map(|change| batch.plan(change)).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Changed>>) -> Writes<Self> {
        // What a batch planned in a row gets positions in a row.
        let first = writes.first().map_or(0, |placed| placed.first.position);
        // As the messages of the same batch, which are written by now, have left them.
        let ids: HashSet<ConversationId> = writes.iter().map(|placed| placed.write.group.id).collect();
        let groups = conversation::Entity::find().filter(conversation::Column::Id.is_in(ids)).all(tx).await?;
        let mut groups: HashMap<_, _> = groups.into_iter().map(|row| (row.id, row)).collect();
        let mut stays = HashMap::new();
        let mut written = Vec::with_capacity(writes.len());
        for Placed { write: Changed { group, outcome }, first: own } in writes {
            let row = groups.get_mut(&group.id).ok_or_else(|| DbErr::Custom("a group has no row".into()))?;
            row.title = group.title;
            row.updated_at = group.updated_at;
            row.last_position = own.position + feed::positions(outcome.events.len()) - 1;
            for stay in outcome.stays {
                let stay = stay.into_row(row, first);
                stays.insert((stay.conversation_id, stay.user_id, stay.from_position), stay);
            }
            written.push(Written { answer: row.clone(), events: outcome.events });
        }
        let titled = [conversation::Column::Title, conversation::Column::UpdatedAt, conversation::Column::LastPosition];
        db::upsert(tx, groups.into_values().collect(), titled).await?;
        // Who comes back leaves first: nobody is in a conversation twice.
        let mut stays: Vec<membership::Model> = stays.into_values().collect();
        stays.sort_by_key(|stay| (stay.to_position.is_none(), stay.from_position));
        db::upsert(tx, stays, [membership::Column::ToPosition, membership::Column::Role]).await?;
        Ok(written)
    }
}

/// What a batch of changes needs to know, and what it has decided so far.
struct Groups {
    now: Timestamp,
    groups: HashMap<ConversationId, Group>,
    reachable: HashSet<UserId>,
    /// How many events it has planned.
    events: usize,
}

impl Groups {
    async fn read(tx: &Tx, changes: &[GroupChange]) -> Result<Self, DbErr> {
        let ids: HashSet<ConversationId> = changes.iter().map(|change| change.group).collect();
        let rows = conversation::Entity::find()
            .filter(conversation::Column::Id.is_in(ids.iter().copied()))
            .filter(conversation::Column::Kind.eq(Kind::Group))
            .all(tx)
            .await?;
        let mut groups: HashMap<_, _> =
            rows.into_iter().map(|row| (row.id, Group { row, members: HashMap::new() })).collect();
        // All of them, as the oldest may have to follow an owner who leaves: a thousand a group at most.
        for row in current_rows().filter(membership::Column::ConversationId.is_in(ids)).all(tx).await? {
            if let Some(group) = groups.get_mut(&row.conversation_id) {
                group.members.insert(row.user_id, Stay::known(&row));
            }
        }
        let added = changes.iter().flat_map(|change| match &change.step {
            Step::Add(people) => people.as_slice(),
            Step::Rename(_) | Step::Remove(_) => &[],
        });
        Ok(Self { now: tx.now, groups, reachable: reachable(tx, added.copied()).await?, events: 0 })
    }

    fn plan(&mut self, change: &GroupChange) -> Result<Plan<GroupChange>> {
        // Whoever asked was in it when they did; another change may have come before.
        let group = self.groups.get_mut(&change.group).ok_or(Error::NotFound)?;
        let own = group.members.get(&change.by).ok_or(Error::NotFound)?.clone();
        let outcome = match &change.step {
            Step::Rename(title) => rename::plan(group, &own, title, self.now)?,
            Step::Add(people) => add::plan(group, people, &self.reachable, self.now, self.events)?,
            Step::Remove(person) => remove::plan(group, &own, *person, self.events)?,
        };
        let events = outcome.events.len();
        if events == 0 {
            return Ok(Plan::Done(group.row.clone()));
        }
        self.events += events;
        Ok(Plan::Write { write: Changed { group: group.row.clone(), outcome }, events })
    }
}

impl Stay {
    fn known(row: &membership::Model) -> Self {
        let from = StayEdge::At(row.from_position);
        Self { user: row.user_id, role: row.role, from, to: None, joined_at: row.joined_at }
    }

    /// Its row, when the first event of the batch is at a position. Who is new has read everything; of who is not, the
    /// read mark is left as it is.
    fn into_row(self, group: &conversation::Model, first: Position) -> membership::Model {
        let position = |place| match place {
            StayEdge::At(position) => position,
            StayEdge::Event(event) => first + feed::positions(event),
        };
        membership::Model {
            conversation_id: group.id,
            user_id: self.user,
            from_position: position(self.from),
            to_position: self.to.map(position),
            role: self.role,
            last_read_seq: group.last_seq,
            joined_at: self.joined_at,
        }
    }
}

/// Tells those who are in a group of its new title or members.
pub fn updated(group: ConversationId) -> NewEvent {
    NewEvent::new(EventKind::ConversationUpdated, Audience::Conversation(group))
}
