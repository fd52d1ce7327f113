//! What a batch of changes has to know of its groups: whoever is named, and who leads. A group may have ten thousand members, who
//! are counted and not read.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::conversations::group::{GroupChange, GroupStep, Stay};
use crate::conversations::membership::{current_rows, member_counts};
use crate::db::{self, Tx};
use crate::entity::conversation::{self, Kind};
use crate::entity::membership::{self, Role};
use crate::id::{ConversationId, UserId};

/// A group, as earlier changes of the batch have left it.
pub(super) struct Group {
    pub(super) row: conversation::Model,
    /// Those members whom a change of the batch can concern: everybody whom one names, the owner where a change is nobody's or
    /// makes another one, and those who can succeed an owner who leaves.
    pub(super) members: HashMap<UserId, Stay>,
    /// How many are in it; 1 where nobody comes or leaves, as only that there is somebody is asked then.
    pub(super) count: usize,
}

impl Group {
    /// The groups of these changes.
    pub(super) async fn read(tx: &Tx, changes: &[GroupChange]) -> Result<HashMap<ConversationId, Self>, DbErr> {
        let ids: HashSet<ConversationId> = changes.iter().map(|change| change.group).collect();
        let rows = conversation::Entity::find()
            .filter(conversation::Column::Id.is_in(ids.iter().copied()))
            .filter(conversation::Column::Kind.eq(Kind::Group))
            .all(tx)
            .await?;
        let counted = changes.iter().filter(|change| matches!(change.step, GroupStep::Add(_) | GroupStep::Remove(_)));
        let counted: HashSet<ConversationId> = counted.map(|change| change.group).collect();
        let counts = member_counts(tx, counted.iter().copied()).await?;
        let group = |row: conversation::Model| {
            let count = if counted.contains(&row.id) { counts.get(&row.id).copied().unwrap_or(0) } else { 1 };
            (row.id, Self { row, members: HashMap::new(), count })
        };
        let mut groups: HashMap<_, _> = rows.into_iter().map(group).collect();
        let named: HashSet<UserId> = changes.iter().flat_map(GroupChange::names).collect();
        let named: Vec<UserId> = named.into_iter().collect();
        let mut rows = Vec::new();
        // A batch has fewer groups than that.
        for some in named.chunks(db::VALUES / 2) {
            let some = current_rows()
                .filter(membership::Column::ConversationId.is_in(ids.iter().copied()))
                .filter(membership::Column::UserId.is_in(some.iter().copied()));
            rows.extend(some.all(tx).await?);
        }
        let has_new_owner = |change: &GroupChange| matches!(change.step, GroupStep::SetRole(_, Role::Owner));
        let led = changes.iter().filter(|change| change.by.is_none() || has_new_owner(change));
        let led: HashSet<ConversationId> = led.map(|change| change.group).collect();
        if !led.is_empty() {
            let owners = current_rows()
                .filter(membership::Column::ConversationId.is_in(led))
                .filter(membership::Column::Role.eq(Role::Owner));
            rows.extend(owners.all(tx).await?);
        }
        for row in rows {
            if let Some(group) = groups.get_mut(&row.conversation_id) {
                group.members.insert(row.user_id, Stay::known(&row));
            }
        }
        for group in groups.values_mut() {
            group.read_heirs(tx, changes).await?;
        }
        Ok(groups)
    }

    /// Reads who can succeed the owner, if the owner, or who becomes it in this batch, may leave.
    async fn read_heirs(&mut self, tx: &Tx, changes: &[GroupChange]) -> Result<(), DbErr> {
        let (mut moved, mut owner_leaves, mut has_new_owner, mut somebody_leaves) = (0_u64, false, false, false);
        for change in changes.iter().filter(|change| change.group == self.row.id) {
            match &change.step {
                GroupStep::Remove(person) => {
                    somebody_leaves = true;
                    owner_leaves |= self.members.get(person).is_some_and(|stay| stay.role == Role::Owner);
                    moved += 1;
                }
                GroupStep::SetRole(_, role) => {
                    has_new_owner |= *role == Role::Owner;
                    moved += 1;
                }
                GroupStep::Update(_) | GroupStep::Add(_) => {}
            }
        }
        let needs_heir = owner_leaves || (has_new_owner && somebody_leaves);
        if !needs_heir {
            return Ok(());
        }
        // A change takes at most two people out of the line: whom it names, and an owner or an heir. So one of these is left
        // in it after all of them, and precedes everybody who is not read.
        let first = 2 * moved + 1;
        let heirs = current_rows()
            .filter(membership::Column::ConversationId.eq(self.row.id))
            .filter(membership::Column::Role.ne(Role::Owner))
            .order_by_desc(membership::Column::Role.eq(Role::Admin))
            .order_by_asc(membership::Column::FromPosition)
            .order_by_asc(membership::Column::UserId)
            .limit(first);
        self.members.extend(heirs.all(tx).await?.iter().map(|row| (row.user_id, Stay::known(row))));
        Ok(())
    }

    /// The owner, if it is known.
    pub(super) fn owner(&self) -> Option<UserId> {
        self.members.values().find(|stay| stay.role == Role::Owner).map(|stay| stay.user)
    }
}

impl GroupChange {
    /// Who asks, and whom it is about.
    fn names(&self) -> impl Iterator<Item = UserId> {
        let people = match &self.step {
            GroupStep::Add(added) => added.people.as_slice(),
            GroupStep::Remove(person) | GroupStep::SetRole(person, _) => std::slice::from_ref(person),
            GroupStep::Update(_) => &[],
        };
        people.iter().copied().chain(self.by)
    }
}
