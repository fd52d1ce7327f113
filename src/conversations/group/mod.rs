//! Changes to a group's title and members. They are one type of `Change`, so that each sees the effect of earlier ones
//! in its batch.

mod add;
mod remove;

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use crate::accounts::ConversationsKey;
use crate::app::App;
use crate::audit::{AuditAction, AuditRecord};
use crate::clock::Timestamp;
use crate::conversations::create::count_memberships;
use crate::conversations::direct::reachable;
use crate::conversations::membership::current_rows;
use crate::conversations::permission::{Permission, Place, Standing, may};
use crate::conversations::{Membership, Title};
use crate::db::{self, Tx};
use crate::directory;
use crate::entity::conversation::{self, Kind};
use crate::entity::membership::{self, Role};
use crate::error::{Error, Result};
use crate::feed::{self, Audience, Change, EventKind, NewEvent, Placed, Plan, Plans, Position, Rank, Writes, Written};
use crate::id::{ConversationId, UserId};
pub use add::add;
pub use remove::remove;

/// Renames a group, for those who may: `Forbidden`. The same title changes nothing. `NotFound` for a direct
/// conversation.
pub async fn rename(app: &App, by: GroupActor<'_>, title: Title) -> Result<conversation::Model> {
    change(app, by, GroupStep::Rename(title)).await
}

/// Who changes a group.
#[derive(Clone, Copy)]
pub enum GroupActor<'a> {
    /// A member, as far as their role allows.
    Member(&'a Membership),
    /// The app's backend, which may do everything with every group.
    Key(ConversationsKey, ConversationId),
}

impl GroupActor<'_> {
    /// The person, if it is one.
    fn user(self) -> Option<UserId> {
        match self {
            Self::Member(member) => Some(member.viewer().user()),
            Self::Key(..) => None,
        }
    }

    fn record(self, step: &GroupStep) -> Option<AuditRecord> {
        let action = match step {
            GroupStep::Rename(_) => AuditAction::GroupUpdated,
            GroupStep::Add(_) => AuditAction::MembersAdded,
            GroupStep::Remove(_) => AuditAction::MemberRemoved,
        };
        match self {
            Self::Member(member) => member.viewer().record(action, member.conversation().id),
            Self::Key(key, group) => Some(key.record(action, group)),
        }
    }
}

/// Applies a change to a group. `NotFound` for a direct conversation.
pub(super) async fn change(app: &App, by: GroupActor<'_>, step: GroupStep) -> Result<conversation::Model> {
    let group = match by {
        GroupActor::Member(member) => {
            count(app, member, &step).await?;
            member.conversation().id
        }
        GroupActor::Key(key, group) => {
            let people = if let GroupStep::Add(people) = &step { people.len() } else { 1 };
            app.rates.key_changes.take_many(&key.id(), u32::try_from(people).unwrap_or(u32::MAX))?;
            group
        }
    };
    let record = by.record(&step);
    app.feed.append_recorded(GroupChange { group, by: by.user(), step }, record).await
}

/// Counts a member's change, and checks what can be checked before.
async fn count(app: &App, member: &Membership, step: &GroupStep) -> Result<()> {
    if member.conversation().kind != Kind::Group {
        return Err(Error::NotFound);
    }
    let by = member.viewer().user();
    app.rates.group_change.take(&by)?;
    if let GroupStep::Add(people) = step {
        if !directory::finds(app, member.viewer(), people).await? {
            return Err(Error::NotFound);
        }
        count_memberships(app, by, people.len()).inspect_err(|_| app.rates.group_change.give_back(&by))?;
    }
    Ok(())
}

struct GroupChange {
    group: ConversationId,
    /// `None` is the app's backend.
    by: Option<UserId>,
    step: GroupStep,
}

/// What a member asks for.
pub(super) enum GroupStep {
    Rename(Title),
    Add(Vec<UserId>),
    Remove(UserId),
}

/// A group, as earlier changes of the batch have left it.
pub(super) struct Group {
    pub(super) row: conversation::Model,
    pub(super) members: HashMap<UserId, Stay>,
}

/// One membership, from joining to leaving.
#[derive(Clone)]
pub(super) struct Stay {
    pub(super) user: UserId,
    pub(super) role: Role,
    pub(super) from: StayBound,
    pub(super) to: Option<StayBound>,
    pub(super) joined_at: Timestamp,
}

/// The point in the feed at which a stay begins or ends. Known positions sort before events of the batch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StayBound {
    /// A known position.
    At(Position),
    /// The index of an event of this batch. Its position is assigned after planning.
    Event(usize),
}

/// The result of a step: stays that began, ended or changed, and the events to publish.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) stays: Vec<Stay>,
    pub(super) events: Vec<NewEvent>,
}

/// An outcome to write, and the group after it.
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
        // All changes of a batch get consecutive positions.
        let first = writes.first().map_or(0, |placed| placed.first.position);
        // Read again: messages of the same batch have been written since the group was planned.
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
        // Ended stays are written first, so that somebody who left and rejoined never has two current stays.
        let mut stays: Vec<membership::Model> = stays.into_values().collect();
        stays.sort_by_key(|stay| (stay.to_position.is_none(), stay.from_position));
        db::upsert(tx, stays, [membership::Column::ToPosition, membership::Column::Role]).await?;
        Ok(written)
    }
}

/// The data that a batch of changes needs, and its decisions so far.
struct Groups {
    now: Timestamp,
    groups: HashMap<ConversationId, Group>,
    reachable: HashSet<UserId>,
    /// The number of events planned so far.
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
        // All members, because the oldest one succeeds an owner who leaves: a thousand per group at most.
        for row in current_rows().filter(membership::Column::ConversationId.is_in(ids)).all(tx).await? {
            if let Some(group) = groups.get_mut(&row.conversation_id) {
                group.members.insert(row.user_id, Stay::known(&row));
            }
        }
        let added = changes.iter().flat_map(|change| match &change.step {
            GroupStep::Add(people) => people.as_slice(),
            GroupStep::Rename(_) | GroupStep::Remove(_) => &[],
        });
        Ok(Self { now: tx.now, groups, reachable: reachable(tx, added.copied()).await?, events: 0 })
    }

    fn plan(&mut self, change: &GroupChange) -> Result<Plan<GroupChange>> {
        // They were a member when they asked, but an earlier change may have removed them.
        let group = self.groups.get_mut(&change.group).ok_or(Error::NotFound)?;
        let own = match change.by {
            Some(by) => Some(group.members.get(&by).ok_or(Error::NotFound)?.clone()),
            None => None,
        };
        let own = own.as_ref();
        let outcome = match &change.step {
            GroupStep::Rename(title) => plan_rename(group, own, title, self.now)?,
            GroupStep::Add(people) => add::plan(group, own, people, &self.reachable, self.now, self.events)?,
            GroupStep::Remove(person) => remove::plan(group, own, *person, self.events)?,
        };
        let events = outcome.events.len();
        if events == 0 {
            return Ok(Plan::Done(group.row.clone()));
        }
        self.events += events;
        Ok(Plan::Write { write: Changed { group: group.row.clone(), outcome }, events })
    }
}

/// `own` is the membership of who asks, unless that is a key.
fn plan_rename(group: &mut Group, own: Option<&Stay>, title: &Title, now: Timestamp) -> Result<Outcome> {
    if !may(standing(own), Permission::Update, Place::of(&group.row)) {
        return Err(Error::Forbidden);
    }
    if group.row.title.as_deref() == Some(title.as_str()) {
        return Ok(Outcome::default());
    }
    group.row.title = Some(title.as_str().to_owned());
    group.row.updated_at = now;
    Ok(Outcome { stays: Vec::new(), events: vec![updated_event(group.row.id, own.map(|own| own.user))] })
}

/// As what somebody acts whose membership this is; a key has none.
pub(super) fn standing(own: Option<&Stay>) -> Standing {
    own.map_or(Standing::App, |own| Standing::Member(own.role))
}

impl Stay {
    fn known(row: &membership::Model) -> Self {
        let from = StayBound::At(row.from_position);
        Self { user: row.user_id, role: row.role, from, to: None, joined_at: row.joined_at }
    }

    /// The row to write; `first` is the position of the batch's first event. A new member starts with everything read.
    /// The upsert leaves the rest of an existing one alone.
    fn into_row(self, group: &conversation::Model, first: Position) -> membership::Model {
        let position = |bound| match bound {
            StayBound::At(position) => position,
            StayBound::Event(event) => first + feed::positions(event),
        };
        membership::Model {
            to_position: self.to.map(position),
            role: self.role,
            ..membership::Model::new((group.id, self.user), position(self.from), group.last_seq, self.joined_at)
        }
    }
}

/// The event for the members of a group whose title or members changed, by what `by` did; `None` is the app's backend. That of people who were added
/// comes directly before theirs, that of somebody who left directly after it: `who_came` and `who_left` rely on it.
pub fn updated_event(group: ConversationId, by: Option<UserId>) -> NewEvent {
    NewEvent { user: by, ..NewEvent::new(EventKind::ConversationUpdated, Audience::Conversation(group)) }
}
