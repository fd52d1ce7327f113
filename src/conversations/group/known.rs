//! What a batch of changes has to know of its groups: whoever is named, and who leads. A group may have ten thousand members, who
//! are counted and not read.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveEnum, ColumnTrait, DbErr, EntityTrait, QueryFilter};

use crate::conversations::group::{GroupChange, GroupStep, Stay};
use crate::conversations::membership::current_rows;
use crate::conversations::succession::heirs;
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
    /// How many are in it; `None` where nobody comes or leaves.
    pub(super) count: Option<usize>,
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
        let counts = db::member_counts(tx, counted.iter().copied()).await?;
        let group = |row: conversation::Model| {
            let count = counted.contains(&row.id).then(|| counts.get(&row.id).copied().unwrap_or(0));
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
            // In the words of the index, which does not serve a value that is bound.
            let is_owner = format!("membership.role = {}", Role::Owner.to_value());
            let owners =
                current_rows().filter(membership::Column::ConversationId.is_in(led)).filter(Expr::cust(is_owner));
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
        let (mut moved, mut owner_leaves, mut has_new_owner, mut somebody_leaves) = (0_u32, false, false, false);
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
        let heirs = heirs(tx, self.row.id, first).await?;
        self.members.extend(heirs.iter().map(|row| (row.user_id, Stay::known(row))));
        Ok(())
    }

    /// Whether everybody has left it in this batch.
    pub(super) fn is_empty(&self) -> bool {
        self.count == Some(0)
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

#[cfg(test)]
mod tests {
    use sea_orm::ConnectionTrait;

    use super::*;
    use crate::clock::Timestamp;
    use crate::conversations::succession::seniority;
    use crate::dice::Dice;
    use crate::entity::feed_head;
    use crate::feed::write_all;

    const ROUNDS: usize = 60;

    /// A group of twenty, of whom some lead.
    fn members(dice: &mut Dice, group: ConversationId) -> Vec<membership::Model> {
        let member = |number| membership::Model {
            role: match number {
                0 => Role::Owner,
                _ if dice.below(4) == 0 => Role::Admin,
                _ => Role::Member,
            },
            ..membership::Model::new((group, UserId::new()), [1, 2, 3][dice.below(3)], 0, Timestamp(0))
        };
        (0..20).map(member).collect()
    }

    /// What a key does with the owner and those who come first in the line behind them.
    fn changes(dice: &mut Dice, line: &[membership::Model]) -> Vec<GroupChange> {
        let steps = 2 + dice.below(7);
        let change = |_| {
            let person = line[dice.below(steps + 1)].user_id;
            let step = match dice.below(6) {
                0 => GroupStep::SetRole(person, Role::Owner),
                1 => GroupStep::SetRole(person, Role::Member),
                _ => GroupStep::Remove(person),
            };
            GroupChange { group: line[0].conversation_id, by: None, step }
        };
        (0..steps).map(change).collect()
    }

    /// Who is in the group then, as what.
    async fn left(tx: &Tx, batches: Vec<Vec<GroupChange>>, group: ConversationId) -> Vec<(UserId, Role)> {
        let tx = tx.savepoint().await.expect("a savepoint");
        for batch in batches {
            write_all(&tx, batch).await.expect("changes");
        }
        let rows = current_rows().filter(membership::Column::ConversationId.eq(group)).all(&tx).await.expect("members");
        let mut left: Vec<_> = rows.into_iter().map(|row| (row.user_id, row.role)).collect();
        left.sort_by_key(|(user, _)| *user);
        tx.rollback().await.expect("a rollback");
        left
    }

    #[tokio::test]
    async fn changes_of_one_batch_leave_the_same_owner_as_one_after_the_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let (db, writer) = db::fresh(&folder.path().join("parlour.db")).await;
        let tx = writer.begin(Timestamp(0)).await.expect("a transaction");
        db::insert(&tx, vec![feed_head::Model { id: 1, position: 0 }]).await.expect("a head");
        // The people themselves are not asked.
        tx.execute_unprepared("PRAGMA defer_foreign_keys = ON").await.expect("a setting");
        let mut dice = Dice(22);

        for round in 0..ROUNDS {
            let group = conversation::Model::new(ConversationId::new(), Kind::Group, Timestamp(0));
            let mut line = members(&mut dice, group.id);
            db::insert(&tx, vec![group.clone()]).await.expect("a group");
            db::insert(&tx, line.clone()).await.expect("members");
            line[1..].sort_by_key(|row| seniority(row.role, row.from_position, row.user_id));
            let batch = changes(&mut dice, &line);
            let singles = batch.iter().map(|GroupChange { group, by, step }| {
                let step = match step {
                    GroupStep::SetRole(person, role) => GroupStep::SetRole(*person, *role),
                    GroupStep::Remove(person) => GroupStep::Remove(*person),
                    GroupStep::Update(_) | GroupStep::Add(_) => unreachable!("they move nobody"),
                };
                vec![GroupChange { group: *group, by: *by, step }]
            });
            let one_by_one = left(&tx, singles.collect(), group.id).await;
            let owners = one_by_one.iter().filter(|(_, role)| *role == Role::Owner).count();
            assert_eq!(owners, 1, "round {round}");
            assert_eq!(left(&tx, vec![batch], group.id).await, one_by_one, "round {round}");
        }

        tx.rollback().await.expect("a rollback");
        writer.close().await.expect("it closes");
        db.close().await.expect("it closes");
    }
}
