//! The records about archives: who asked for one, who makes it, and which of its objects are there.
//!
//! An object is on the list of deletions before it is written, due when the archive expires. So it goes by itself, whatever
//! becomes of its maker.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::db::{self, Tx};
use crate::entity::data_export::{self, Column, Entity};
use crate::entity::{image_deletion, user};
use crate::error::{Error, Result};
use crate::feed::{Change, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{ExportId, UserId};
use crate::limits;
use crate::storage::{Key, Shelf};

/// A step in the life of an archive.
#[derive(Clone, Copy)]
pub(super) enum ExportStep {
    /// Somebody asks for one. `RateLimited` while there is one, if rates are limited.
    Ask { user: UserId, is_limited: bool },
    /// Somebody wants to make it: `Unavailable` while somebody else does.
    Claim,
    /// Its maker goes on, in this attempt, and will write an object if it has a number for it. `NotFound` if nobody wants it
    /// any more, or somebody else has begun anew.
    GoOn { attempt: i32, piece: Option<u32> },
    /// All of it is written: so many bytes.
    End { attempt: i32, bytes: u64 },
}

/// An archive that fails so often is not begun again: a key has a byte for the attempt.
const MOST_ATTEMPTS: i32 = 255;

/// A step of the archive with this id.
pub(super) struct ExportRecord {
    pub(super) id: ExportId,
    pub(super) step: ExportStep,
}

/// What a step writes.
pub(super) struct RecordedExport {
    row: data_export::Model,
    /// An object that will be written.
    expected: Option<Key>,
    /// Whose objects are not needed any more.
    obsolete: Option<ExportId>,
}

impl Change for ExportRecord {
    type Answer = data_export::Model;
    type Write = RecordedExport;
    const RANK: Rank = Rank::People;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let people = changes.iter().filter_map(|change| match change.step {
            ExportStep::Ask { user, .. } => Some(user),
            ExportStep::Claim | ExportStep::GoOn { .. } | ExportStep::End { .. } => None,
        });
        let people: Vec<UserId> = people.collect();
        let living = user::Entity::find().filter(user::Column::Id.is_in(people.iter().copied()));
        let living = living.filter(user::Column::DeletedAt.is_null()).all(tx).await?;
        let living: Vec<UserId> = living.into_iter().map(|row| row.id).collect();
        let known = Condition::any()
            .add(Column::Id.is_in(changes.iter().map(|change| change.id)))
            .add(Column::UserId.is_in(people));
        let rows = Entity::find().filter(known).all(tx).await?;
        let mut rows: HashMap<UserId, data_export::Model> = rows.into_iter().map(|row| (row.user_id, row)).collect();
        let plan = |change: &Self| {
            let write = match change.step {
                ExportStep::Ask { user, .. } if !living.contains(&user) => return Err(Error::Unauthenticated),
                ExportStep::Ask { user, is_limited } => change.asked(user, rows.get(&user), is_limited, tx)?,
                ExportStep::Claim | ExportStep::GoOn { .. } | ExportStep::End { .. } => {
                    let row = rows.values().find(|row| row.id == change.id).filter(|row| row.expires_at > tx.now);
                    change.made(row.ok_or(Error::NotFound)?.clone(), tx)?
                }
            };
            rows.insert(write.row.user_id, write.row.clone());
            Ok(Plan::Write { write, events: 0 })
        };
        Ok(changes.iter().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<RecordedExport>>) -> Writes<Self> {
        let mut written = Vec::with_capacity(writes.len());
        for Placed { write: RecordedExport { row, expected, obsolete }, .. } in writes {
            if let Some(id) = obsolete {
                release(tx, id).await?;
            }
            if let Some(key) = expected {
                let listed = image_deletion::Model { key: key.to_string(), due_at: row.expires_at, tries: 0 };
                db::upsert(tx, vec![listed], [image_deletion::Column::DueAt]).await?;
            }
            let all = [
                Column::Id,
                Column::CreatedAt,
                Column::ExpiresAt,
                Column::Attempt,
                Column::BuildingUntil,
                Column::PieceBytes,
                Column::ByteSize,
            ];
            db::upsert(tx, vec![row.clone()], all).await?;
            written.push(Written::silent(row));
        }
        Ok(written)
    }
}

impl ExportRecord {
    fn asked(
        &self,
        user: UserId,
        known: Option<&data_export::Model>,
        is_limited: bool,
        tx: &Tx,
    ) -> Result<RecordedExport> {
        let current = known.filter(|row| row.expires_at > tx.now);
        if let Some(row) = current.filter(|_| is_limited) {
            return Err(Error::RateLimited { retry_after: row.expires_at.since(tx.now) });
        }
        let row = data_export::Model {
            user_id: user,
            id: self.id,
            created_at: tx.now,
            expires_at: tx.now + limits::EXPORT_KEPT,
            attempt: 0,
            building_until: tx.now,
            piece_bytes: i64::try_from(limits::EXPORT_PIECE).unwrap_or(i64::MAX),
            byte_size: None,
        };
        Ok(RecordedExport { row, expected: None, obsolete: current.map(|row| row.id) })
    }

    /// A step of its maker.
    fn made(&self, mut row: data_export::Model, tx: &Tx) -> Result<RecordedExport> {
        let is_begun = row.attempt;
        let still =
            |attempt| if attempt == is_begun && row.byte_size.is_none() { Ok(()) } else { Err(Error::NotFound) };
        let (mut expected, mut obsolete) = (None, None);
        match self.step {
            ExportStep::Ask { .. } => {}
            ExportStep::Claim
                if row.byte_size.is_some() || row.building_until > tx.now || row.attempt >= MOST_ATTEMPTS =>
            {
                return Err(Error::unavailable());
            }
            ExportStep::Claim => {
                row.attempt += 1;
                obsolete = Some(row.id);
            }
            ExportStep::GoOn { attempt, piece } => {
                still(attempt)?;
                expected = piece.map(|piece| key(row.id, attempt, piece));
            }
            ExportStep::End { attempt, bytes } => {
                still(attempt)?;
                row.byte_size = Some(i64::try_from(bytes).unwrap_or(i64::MAX));
            }
        }
        row.building_until = tx.now + limits::EXPORT_LEASE;
        Ok(RecordedExport { row, expected, obsolete })
    }
}

/// The key of a piece: the archive's id, whose last four bytes have the attempt and the number in their place. So the keys
/// of all pieces of an archive stand together, and no two attempts write the same one.
pub(super) fn key(id: ExportId, attempt: i32, piece: u32) -> Key {
    let mut bytes = *id.as_bytes();
    bytes[12] = attempt.to_le_bytes()[0];
    bytes[13..].copy_from_slice(&piece.to_be_bytes()[1..]);
    Key::new(Shelf::Exports, Uuid::from_bytes(bytes))
}

/// Makes all objects of an archive due for deletion now.
async fn release(tx: &Tx, id: ExportId) -> Result<(), DbErr> {
    let at = |end: [u8; 4]| {
        let mut bytes = *id.as_bytes();
        bytes[12..].copy_from_slice(&end);
        Key::new(Shelf::Exports, Uuid::from_bytes(bytes)).to_string()
    };
    image_deletion::Entity::update_many()
        .col_expr(image_deletion::Column::DueAt, tx.now.into())
        .filter(image_deletion::Column::Key.between(at([0; 4]), at([0xff; 4])))
        .exec(tx)
        .await?;
    Ok(())
}

/// Deletes the archive of somebody who is erased, made or not.
pub(crate) async fn erase(tx: &Tx, user: UserId) -> Result<(), DbErr> {
    if let Some(row) = Entity::find_by_id(user).one(tx).await? {
        release(tx, row.id).await?;
        Entity::delete_by_id(user).exec(tx).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_an_archive_stand_together_and_differ() {
        let id = ExportId::new();
        let keys = [(1, 0), (1, 1), (1, 0xff_ffff), (2, 0), (255, 7)].map(|(attempt, piece)| key(id, attempt, piece));
        let texts: Vec<String> = keys.iter().map(Key::to_string).collect();
        assert!(texts.is_sorted_by(|one, next| one < next), "{texts:?}");
        let common = &format!("exports/{id}")[.."exports/".len() + 28];
        assert!(texts.iter().all(|text| text.starts_with(common)), "{texts:?}");
        assert!(keys.iter().all(|key| Key::parse(&key.to_string()) == Some(*key)));
    }
}
