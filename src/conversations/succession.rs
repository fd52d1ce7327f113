//! Who owns a group after its owner has left: the oldest admin, or else the oldest other member.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};

use crate::db::Tx;
use crate::entity::membership::{self, Role};
use crate::id::{ConversationId, UserId};

/// The order in which members succeed. [`heirs`] and [`hand_on`] have it as SQL.
pub(super) fn seniority<P: Ord>(role: Role, from: P, user: UserId) -> impl Ord {
    (role != Role::Admin, from, user)
}

/// [`seniority`] of the memberships `heir`, with the role of admins as $2.
const SENIORITY: &str = "CASE WHEN heir.role = $2 THEN 0 ELSE 1 END, heir.from_position, heir.user_id";

/// The first members of a group in the order in which they succeed its owner.
pub(super) async fn heirs(tx: &Tx, group: ConversationId, first: u32) -> Result<Vec<membership::Model>, DbErr> {
    let sql = format!(
        "SELECT heir.* FROM membership heir
          WHERE heir.conversation_id = $1 AND heir.to_position IS NULL AND heir.role <> $3 ORDER BY {SENIORITY} LIMIT $4"
    );
    let values = [group.into(), Role::Admin.into(), Role::Owner.into(), i64::from(first).into()];
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    membership::Model::find_by_statement(statement).all(tx).await
}

/// Hands on each group that a person owns, who is about to leave them. One without other members keeps them as its owner.
pub async fn hand_on(tx: &Tx, user: UserId) -> Result<(), DbErr> {
    let sql = format!(
        "UPDATE membership SET role = $3 WHERE to_position IS NULL AND (conversation_id, user_id) IN (
          SELECT own.conversation_id, (
              SELECT heir.user_id FROM membership heir
               WHERE heir.conversation_id = own.conversation_id AND heir.to_position IS NULL AND heir.user_id <> $1
               ORDER BY {SENIORITY} LIMIT 1)
            FROM membership own WHERE own.user_id = $1 AND own.to_position IS NULL AND own.role = $3)"
    );
    let values = [user.into(), Role::Admin.into(), Role::Owner.into()];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use sea_orm::{ColumnTrait, QueryFilter};

    use super::*;
    use crate::clock::Timestamp;
    use crate::conversations::membership::current_rows;
    use crate::db;
    use crate::dice::Dice;

    /// A group of an owner and others, of whom many have joined at the same time, and some have left.
    fn group(dice: &mut Dice, owner: UserId) -> Vec<membership::Model> {
        let group = ConversationId::new();
        let others = std::iter::repeat_with(UserId::new).take(dice.below(8));
        let mut rows: Vec<_> = std::iter::once(owner)
            .chain(others)
            .map(|user| {
                let from = i64::try_from(dice.below(4)).expect("a position");
                membership::Model {
                    role: if dice.below(3) == 0 { Role::Admin } else { Role::Member },
                    to_position: (dice.below(4) == 0).then_some(9),
                    ..membership::Model::new((group, user), from, 0, Timestamp(0))
                }
            })
            .collect();
        rows[0] = membership::Model { role: Role::Owner, to_position: None, ..rows[0].clone() };
        rows
    }

    #[tokio::test]
    async fn the_same_member_succeeds_whoever_decides_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let (db, writer) = db::fresh(&folder.path().join("parlour.db")).await;
        let tx = writer.begin(Timestamp(0)).await.expect("a transaction");
        // The groups and people themselves are not asked.
        tx.execute_unprepared("PRAGMA defer_foreign_keys = ON").await.expect("a setting");
        let (owner, mut dice) = (UserId::new(), Dice(18));
        let groups: Vec<_> = (0..300).map(|_| group(&mut dice, owner)).collect();
        db::insert(&tx, groups.concat()).await.expect("memberships");

        let mut expected = Vec::new();
        for rows in &groups {
            let mut others: Vec<_> = rows[1..].iter().filter(|row| row.to_position.is_none()).collect();
            others.sort_by_key(|row| seniority(row.role, row.from_position, row.user_id));
            let heirs = heirs(&tx, rows[0].conversation_id, 10).await.expect("heirs");
            assert_eq!(heirs.iter().collect::<Vec<_>>(), others);
            expected.push(others.first().map(|heir| heir.user_id));
        }
        assert!(expected.iter().filter(|heir| heir.is_none()).count() > 10, "some are alone");
        hand_on(&tx, owner).await.expect("an update");
        for (rows, heir) in groups.iter().zip(expected) {
            let owners = current_rows()
                .filter(membership::Column::ConversationId.eq(rows[0].conversation_id))
                .filter(membership::Column::Role.eq(Role::Owner))
                .filter(membership::Column::UserId.ne(owner));
            assert_eq!(owners.one(&tx).await.expect("an owner").map(|row| row.user_id), heir);
        }

        tx.rollback().await.expect("a rollback");
        writer.close().await.expect("it closes");
        db.close().await.expect("it closes");
    }
}
