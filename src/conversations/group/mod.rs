//! Changes to a group and its members. They are one type of `Change`, so that each sees the effect of earlier ones in its
//! batch.

mod add;
mod known;
mod remove;
mod role;
mod stay;
mod update;

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use crate::accounts::ConversationsKey;
use crate::app::App;
use crate::audit::{self, AuditAction, AuditRecord, Operator};
use crate::clock::Timestamp;
use crate::conversations::Membership;
use crate::conversations::create::count_memberships;
use crate::conversations::system_line::SystemLine;
use crate::db::{self, Tx};
use crate::directory;
use crate::entity::conversation::{self, Kind};
use crate::entity::membership::{self, Role};
use crate::error::{Error, Result};
use crate::feed::{self, Audience, Change, Cursor, EventKind, NewEvent, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{ConversationId, ImageId, UserId};
use crate::images::{self, ImageAttachment, ImageClaims};
use add::Additions;
pub use add::add;
use known::Group;
pub use remove::remove;
pub use role::set_role;
use stay::{Stay, StayBound, standing};
use update::UpdateStep;
pub use update::{GroupUpdate, shows_picture, update};

/// Who changes a group.
#[derive(Clone, Copy)]
pub enum GroupActor<'a> {
    /// A member, as far as their role allows.
    Member(&'a Membership),
    /// The app's backend, which may do everything with every group.
    Key(ConversationsKey, ConversationId),
    /// The operator, who may do what a key may.
    Operator(&'a Operator, ConversationId),
}

impl GroupActor<'_> {
    /// The person, if it is one.
    fn user(self) -> Option<UserId> {
        match self {
            Self::Member(member) => Some(member.viewer().user()),
            Self::Key(..) | Self::Operator(..) => None,
        }
    }

    fn record(self, step: &GroupStep) -> Option<AuditRecord> {
        let action = match step {
            GroupStep::Update(_) | GroupStep::SetRole(..) => AuditAction::GroupUpdated,
            GroupStep::Add(_) => AuditAction::MembersAdded,
            GroupStep::Remove(_) => AuditAction::MemberRemoved,
        };
        let record = match self {
            Self::Member(member) => member.viewer().record(action, member.conversation().id)?,
            Self::Key(key, group) => key.record(action, group),
            Self::Operator(by, group) => by.record(action, group),
        };
        Some(record.with_detail(step.detail()))
    }
}

/// Applies a change to a group. `NotFound` for a direct conversation.
async fn change(app: &App, by: GroupActor<'_>, step: GroupStep) -> Result<conversation::Model> {
    let group = match by {
        GroupActor::Member(member) => {
            count(app, member, &step).await?;
            member.conversation().id
        }
        GroupActor::Key(key, group) => {
            let people = if let GroupStep::Add(added) = &step { added.people.len() } else { 1 };
            app.rates.key_changes.take_many(&key.id(), u32::try_from(people).unwrap_or(u32::MAX))?;
            group
        }
        GroupActor::Operator(_, group) => group,
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
    if let GroupStep::Add(Additions { people, .. }) = step {
        if !directory::finds(app, member.viewer(), people).await? {
            return Err(Error::NotFound);
        }
        count_memberships(app, by, people.len()).inspect_err(|_| app.rates.group_change.give_back(&by))?;
    }
    Ok(())
}

struct GroupChange {
    group: ConversationId,
    /// `None` is the app's backend, or the operator.
    by: Option<UserId>,
    step: GroupStep,
}

/// What a member asks for.
enum GroupStep {
    Update(UpdateStep),
    Add(Additions),
    Remove(UserId),
    SetRole(UserId, Role),
}

impl GroupStep {
    /// For the audit log.
    fn detail(&self) -> String {
        match self {
            Self::Update(step) => step.fields().join(", "),
            Self::Add(added) => audit::people(&added.people),
            Self::Remove(person) => person.to_string(),
            Self::SetRole(person, role) => {
                let role = match role {
                    Role::Owner => "owner",
                    Role::Admin => "admin",
                    Role::Member => "member",
                };
                format!("{person} is {role}")
            }
        }
    }
}

/// The result of a step: stays that began, ended or changed, the events to publish, and what the group's history says of it.
#[derive(Default)]
struct StepOutcome {
    stays: Vec<Stay>,
    events: Vec<NewEvent>,
    /// They follow the events: who was added receives them, and who left does not.
    lines: Vec<SystemLine>,
    /// The new picture.
    picture: Option<ImageAttachment>,
    /// The previous picture, which is deleted.
    lost: Option<ImageId>,
}

/// An outcome to write, and the group after it.
struct Changed {
    group: conversation::Model,
    /// The sender of the lines: who did it. For a key that is the group's owner, as a message has a sender.
    sender: Option<UserId>,
    outcome: StepOutcome,
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
        let (mut lines, mut pictures, mut lost_pictures) = (Vec::new(), Vec::new(), Vec::new());
        let mut written = Vec::with_capacity(writes.len());
        for Placed { write: Changed { group, sender, outcome }, first: own } in writes {
            let row = groups.get_mut(&group.id).ok_or_else(|| DbErr::Custom("a group has no row".into()))?;
            let conversation::Model { title, metadata, picture_id, posting, retention_days, updated_at, .. } = group;
            *row =
                conversation::Model { title, metadata, picture_id, posting, retention_days, updated_at, ..row.clone() };
            let StepOutcome { stays: changed, mut events, lines: said, picture, lost } = outcome;
            pictures.extend(picture);
            lost_pictures.extend(lost);
            // Before the lines: who joins has read what was before.
            for stay in changed {
                let stay = stay.into_row(row, first);
                stays.insert((stay.conversation_id, stay.user_id, stay.from_position), stay);
            }
            row.last_position = own.position + feed::positions(events.len()) - 1;
            for line in said {
                let Some(sender) = sender else { continue };
                let at = Cursor { position: own.position + feed::positions(events.len()), ..own };
                let (line, event) = line.say(row, sender, at, tx.now);
                lines.push(line);
                events.push(event);
            }
            written.push(Written { answer: row.clone(), events });
        }
        images::attach(tx, pictures).await?;
        images::detach(tx, &lost_pictures).await?;
        db::upsert(tx, groups.into_values().collect(), CHANGED).await?;
        tx.insert_messages(lines).await?;
        // Ended stays are written first, so that somebody who left and rejoined never has two current stays.
        let mut stays: Vec<membership::Model> = stays.into_values().collect();
        stays.sort_by_key(|stay| (stay.to_position.is_none(), stay.from_position));
        db::upsert(tx, stays, [membership::Column::ToPosition, membership::Column::Role]).await?;
        Ok(written)
    }
}

/// The columns of a group that change.
const CHANGED: [conversation::Column; 9] = [
    conversation::Column::Title,
    conversation::Column::Metadata,
    conversation::Column::PictureId,
    conversation::Column::Posting,
    conversation::Column::RetentionDays,
    conversation::Column::UpdatedAt,
    conversation::Column::LastSeq,
    conversation::Column::LastPosition,
    conversation::Column::ActivePosition,
];

/// The data that a batch of changes needs, and its decisions so far.
struct Groups {
    now: Timestamp,
    groups: HashMap<ConversationId, Group>,
    reachable: HashSet<UserId>,
    pictures: ImageClaims,
    /// Who adds whom, of whom one has blocked the other.
    blocked: HashSet<(UserId, UserId)>,
    /// The number of events planned so far.
    events: usize,
}

impl Groups {
    async fn read(tx: &Tx, changes: &[GroupChange]) -> Result<Self, DbErr> {
        let groups = Group::read(tx, changes).await?;
        let added = changes.iter().flat_map(|change| match &change.step {
            GroupStep::Add(added) => added.people.as_slice(),
            GroupStep::Update(_) | GroupStep::Remove(_) | GroupStep::SetRole(..) => &[],
        });
        // Who asks may have been erased meanwhile, and is about to leave.
        let people = added.copied().chain(changes.iter().filter_map(|change| change.by));
        let reachable = db::existing_people(tx, people).await?;
        let pictures = changes.iter().filter_map(|change| match &change.step {
            GroupStep::Update(step) => step.picture(),
            GroupStep::Add(_) | GroupStep::Remove(_) | GroupStep::SetRole(..) => None,
        });
        let pictures = ImageClaims::read(tx, tx.now, pictures).await?;
        let mut blocked = HashSet::new();
        for change in changes {
            let (Some(by), GroupStep::Add(added)) = (change.by, &change.step) else { continue };
            let others = directory::blocked_among(tx, by, &added.people).await?;
            blocked.extend(others.into_iter().map(|other| (by, other)));
        }
        Ok(Self { now: tx.now, groups, reachable, pictures, blocked, events: 0 })
    }

    fn plan(&mut self, change: &GroupChange) -> Result<Plan<GroupChange>> {
        // They were a member when they asked, but an earlier change may have removed them.
        let group = self.groups.get_mut(&change.group).ok_or(Error::NotFound)?;
        let own = match change.by {
            Some(by) if !self.reachable.contains(&by) => return Err(Error::NotFound),
            Some(by) => Some(group.members.get(&by).ok_or(Error::NotFound)?.clone()),
            None => None,
        };
        let own = own.as_ref();
        let outcome = match &change.step {
            GroupStep::Update(step) => update::plan(group, own, step, &mut self.pictures, self.now)?,
            GroupStep::Add(added) if blocks_one_of(&self.blocked, change.by, group, &added.people) => {
                return Err(Error::NotFound);
            }
            GroupStep::Add(added) => add::plan(group, own, added, &self.reachable, self.now, self.events)?,
            GroupStep::Remove(person) => remove::plan(group, own, *person, self.events)?,
            GroupStep::SetRole(person, role) => role::plan(group, own, *person, *role)?,
        };
        if outcome.events.is_empty() {
            return Ok(Plan::Done(group.row.clone()));
        }
        // Nobody is left to read it in an empty group.
        let sender = change.by.or_else(|| group.owner()).filter(|_| !group.is_empty());
        let events = outcome.events.len() + sender.map_or(0, |_| outcome.lines.len());
        self.events += events;
        Ok(Plan::Write { write: Changed { group: group.row.clone(), sender, outcome }, events })
    }
}

/// Whether somebody adds a person who is in a block with them. Who is in the group already is not added.
fn blocks_one_of(blocked: &HashSet<(UserId, UserId)>, by: Option<UserId>, group: &Group, people: &[UserId]) -> bool {
    let Some(by) = by else { return false };
    people.iter().any(|person| !group.members.contains_key(person) && blocked.contains(&(by, *person)))
}

/// The event for the members of a group which, or whose members, changed, by what `by` did; `None` is the app's backend. That of people who were added
/// comes directly before theirs, that of somebody who left directly after it: `who_came` and `who_left` rely on it.
pub fn updated_event(group: ConversationId, by: Option<UserId>) -> NewEvent {
    NewEvent { user: by, ..NewEvent::new(EventKind::ConversationUpdated, Audience::Conversation(group)) }
}
