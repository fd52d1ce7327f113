//! Creating groups.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::accounts::{ConversationsKey, ExternalId, KeyScope, Viewer};
use crate::app::App;
use crate::audit::AuditAction;
use crate::conversations::system_line::{LineKind, SystemLine};
use crate::conversations::title::Title;
use crate::conversations::{Reference, membership};
use crate::db::{self, Tx};
use crate::directory;
use crate::entity::conversation::{self, Kind};
use crate::entity::membership::{self as stay, Role};
use crate::error::{Error, Result};
use crate::feed::{self, Audience, Change, Cursor, EventKind, NewEvent, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{ConversationId, UserId};
use crate::limits;

/// A group to create.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// The id chosen by the client, by which a retry is recognised.
    pub id: Option<ConversationId>,
    /// The id in the app's backend, by which a retry is recognised as well.
    pub external_id: Option<ExternalId>,
    /// The title.
    pub title: Title,
    /// The other members.
    pub members: Vec<UserId>,
    /// The app's own data: a JSON object.
    pub metadata: Option<String>,
}

impl NewGroup {
    /// A group with these members, and nothing that an app adds.
    pub fn of(title: Title, members: Vec<UserId>) -> Self {
        Self { id: None, external_id: None, title, members, metadata: None }
    }
}

/// Creates a group owned by the viewer. Duplicates and the viewer's own id are ignored; one unknown, erased or
/// unfindable person rejects the request with `NotFound`. Again with the same id returns the group as it is now, or
/// `NotFound` if the viewer has left it. `Forbidden` if a person names an id of the app's.
pub async fn create(app: &App, viewer: &Viewer, new: NewGroup) -> Result<conversation::Model> {
    if new.external_id.is_some() {
        viewer.acting_key().ok_or(Error::Forbidden)?.needs(KeyScope::Conversations)?;
    }
    let owner = viewer.user();
    let group = CreateGroup::new(app.config.group_members, owner, Some(owner), new)?;
    if let Some(made) = Made::read(&app.db.reader, std::slice::from_ref(&group)).await?.of(&group)? {
        return Ok(membership(app, viewer, Reference::Id(made.id)).await?.conversation().clone());
    }
    app.rates.new_group.take(&owner)?;
    if !directory::finds(app, viewer, &group.members).await? {
        return Err(Error::NotFound);
    }
    let people = group.members.len() + 1;
    count_memberships(app, owner, people).inspect_err(|_| app.rates.new_group.give_back(&owner))?;
    let record = viewer.record(AuditAction::GroupCreated, group.id);
    app.feed.append_recorded(group, record).await
}

/// Creates a group for the app's backend, owned by a person of its choice. Otherwise like [`create`], with all people
/// findable.
pub async fn create_by_key(
    app: &App,
    key: ConversationsKey,
    owner: UserId,
    new: NewGroup,
) -> Result<conversation::Model> {
    let group = CreateGroup::new(app.config.group_members, owner, None, new)?;
    app.rates.key_changes.take_many(&key.id(), u32::try_from(group.members.len() + 1).unwrap_or(u32::MAX))?;
    let record = key.record(AuditAction::GroupCreated, group.id);
    app.feed.append_recorded(group, [record]).await
}

/// Counts memberships against a person's rate: adding people to a group writes a row and an event for each.
pub(super) fn count_memberships(app: &App, by: UserId, people: usize) -> Result<()> {
    app.rates.memberships.take_many(&by, u32::try_from(people).unwrap_or(u32::MAX))
}

#[derive(Clone)]
struct CreateGroup {
    id: ConversationId,
    /// Whether the client has chosen the id.
    is_named: bool,
    external_id: Option<String>,
    owner: UserId,
    /// Who creates it; `None` is the app's backend.
    by: Option<UserId>,
    title: Title,
    members: Vec<UserId>,
    metadata: Option<String>,
}

impl CreateGroup {
    /// A group in which at most so many people are.
    fn new(most: usize, owner: UserId, by: Option<UserId>, new: NewGroup) -> Result<Self> {
        let mut seen = HashSet::from([owner]);
        let members: Vec<_> = new.members.into_iter().filter(|id| seen.insert(*id)).collect();
        let most = most.min(limits::MEMBERS_AT_ONCE);
        if members.len() >= most {
            let message = format!("a new group has at most {most} members, the owner included");
            return Err(Error::input("memberIds", message));
        }
        Ok(Self {
            id: new.id.unwrap_or_else(ConversationId::new),
            is_named: new.id.is_some(),
            external_id: new.external_id.map(|id| id.as_str().to_owned()),
            owner,
            by,
            title: new.title,
            members,
            metadata: new.metadata,
        })
    }

    /// The future members, the owner first.
    fn people(&self) -> impl Iterator<Item = UserId> {
        std::iter::once(self.owner).chain(self.members.iter().copied())
    }

    fn row(&self, tx: &Tx) -> conversation::Model {
        conversation::Model {
            title: Some(self.title.as_str().to_owned()),
            external_id: self.external_id.clone(),
            metadata: self.metadata.clone(),
            ..conversation::Model::new(self.id, Kind::Group, tx.now)
        }
    }
}

/// What has the ids that new groups are given: groups that were created before, and other things.
struct Made {
    groups: Vec<conversation::Model>,
    /// Who created each of them.
    creators: HashMap<ConversationId, UserId>,
    used: HashSet<Uuid>,
}

impl Made {
    async fn read(db: &impl sea_orm::ConnectionTrait, changes: &[CreateGroup]) -> Result<Self, DbErr> {
        let named: Vec<Uuid> = changes.iter().filter(|change| change.is_named).map(|change| change.id.into()).collect();
        let external: Vec<&str> = changes.iter().filter_map(|change| change.external_id.as_deref()).collect();
        if named.is_empty() && external.is_empty() {
            return Ok(Self { groups: Vec::new(), creators: HashMap::new(), used: HashSet::new() });
        }
        // First, so that a group that is committed meanwhile is not taken for something else.
        let used = db::ids_in_use(db, &named).await?;
        let is_it = Condition::any()
            .add(conversation::Column::Id.is_in(named.iter().copied()))
            .add(conversation::Column::ExternalId.is_in(external));
        let groups = conversation::Entity::find()
            .filter(conversation::Column::Kind.eq(Kind::Group))
            .filter(is_it)
            .all(db)
            .await?;
        let mut creators = HashMap::new();
        for group in &groups {
            // The first who joined a group is its creator, wherever they are now.
            let first = stay::Entity::find()
                .filter(stay::Column::ConversationId.eq(group.id))
                .order_by_asc(stay::Column::FromPosition)
                .one(db);
            creators.extend(first.await?.map(|first| (group.id, first.user_id)));
        }
        Ok(Self { groups, creators, used })
    }

    /// The group that an earlier request with the same ids has made; an error if something else has one of them.
    fn of(&self, change: &CreateGroup) -> Result<Option<conversation::Model>> {
        let taken = || Error::input("id", "something else has this id: choose a new UUIDv7");
        let external = change.external_id.as_deref();
        if let Some(made) =
            self.groups.iter().find(|made| external.is_some() && made.external_id.as_deref() == external)
        {
            let is_same = !change.is_named || made.id == change.id;
            return if is_same { Ok(Some(made.clone())) } else { Err(taken()) };
        }
        if !change.is_named || !self.used.contains(&Uuid::from(change.id)) {
            return Ok(None);
        }
        let made = self.groups.iter().find(|made| made.id == change.id);
        match made.filter(|made| self.creators.get(&made.id) == Some(&change.owner)) {
            // An id of the app's cannot be added later.
            Some(made) if external.is_none() => Ok(Some(made.clone())),
            Some(_) | None => Err(taken()),
        }
    }

    fn add(&mut self, group: conversation::Model, creator: UserId) {
        self.creators.insert(group.id, creator);
        self.used.insert(group.id.into());
        self.groups.push(group);
    }
}

/// What a [`CreateGroup`] writes.
enum GroupWrite {
    New(Box<CreateGroup>),
    /// An earlier change of the batch makes it.
    Repeat(ConversationId),
}

impl Change for CreateGroup {
    type Answer = conversation::Model;
    type Write = GroupWrite;
    const RANK: Rank = Rank::People;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let found = db::existing_people(tx, changes.iter().flat_map(Self::people)).await?;
        let mut blocked = HashSet::new();
        for change in changes {
            let Some(by) = change.by else { continue };
            let others = directory::blocked_among(tx, by, &change.members).await?;
            blocked.extend(others.into_iter().map(|other| (by, other)));
        }
        let mut made = Made::read(tx, changes).await?;
        let mut new = HashSet::new();
        let mut plan = |change: &Self| {
            if let Some(before) = made.of(change)? {
                return Ok(match new.contains(&before.id) {
                    true => Plan::Write { write: GroupWrite::Repeat(before.id), events: 0 },
                    false => Plan::Done(before),
                });
            }
            let is_blocked = |member: &UserId| change.by.is_some_and(|by| blocked.contains(&(by, *member)));
            if !change.people().all(|id| found.contains(&id)) || change.members.iter().any(is_blocked) {
                return Err(Error::NotFound);
            }
            if change.is_named || change.external_id.is_some() {
                made.add(change.row(tx), change.owner);
                new.insert(change.id);
            }
            // Those by which they join, and the line of the history.
            let events = change.members.len() + 2;
            Ok(Plan::Write { write: GroupWrite::New(Box::new(change.clone())), events })
        };
        Ok(changes.iter().map(&mut plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<GroupWrite>>) -> Writes<Self> {
        let mut groups: Vec<conversation::Model> = Vec::with_capacity(writes.len());
        let (mut stays, mut lines) = (Vec::new(), Vec::new());
        let mut written = Vec::with_capacity(writes.len());
        for Placed { write, first } in writes {
            let new = match write {
                GroupWrite::New(new) => new,
                GroupWrite::Repeat(id) => {
                    let before = groups.iter().find(|group| group.id == id).cloned();
                    let before = before.ok_or_else(|| DbErr::Custom("a repeated group was not made".into()))?;
                    written.push(Written::silent(before));
                    continue;
                }
            };
            let roles = std::iter::once(Role::Owner).chain(std::iter::repeat(Role::Member));
            let mut group = new.row(tx);
            let people = new.people().zip(roles).zip(first.position..);
            stays.extend(people.map(|((user, role), from_position)| stay::Model {
                role,
                ..stay::Model::new((group.id, user), from_position, 0, tx.now)
            }));
            let mut events: Vec<_> = new.people().map(|user| joined_event(group.id, user, new.by)).collect();
            let line = SystemLine::about(LineKind::GroupCreated, new.members.iter().copied()).with_title(&new.title);
            let at = Cursor { position: first.position + feed::positions(events.len()), ..first };
            let (line, event) = line.say(&mut group, new.owner, at, tx.now);
            lines.push(line);
            events.push(event);
            groups.push(group.clone());
            written.push(Written { answer: group, events });
        }
        db::insert(tx, groups).await?;
        db::insert(tx, stays).await?;
        tx.insert_messages(lines).await?;
        Ok(written)
    }
}

/// The event for a person who joins a conversation, by what `by` did; `None` is the app's backend.
pub fn joined_event(conversation: ConversationId, user: UserId, by: Option<UserId>) -> NewEvent {
    let event = NewEvent::new(EventKind::ConversationAdded, Audience::Person(user));
    NewEvent { conversation: Some(conversation), user: by, ..event }
}
