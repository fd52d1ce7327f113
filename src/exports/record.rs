//! The records about archives: who asked for one, who makes it, and which of its objects are there.
//!
//! An object is on the list of deletions before it is written, due when the archive expires. So it goes by itself, whatever
//! becomes of its maker. It is never due before its maker is done with it.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::{self, Tx};
use crate::entity::data_export::{self, Column, Entity};
use crate::entity::{image_deletion, server_key, session, user};
use crate::error::{Error, Result};
use crate::feed::{Change, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{ExportId, SessionId, UserId};
use crate::limits;
use crate::storage::{Key, Shelf};

/// A step in the life of an archive.
#[derive(Clone, Copy)]
pub(super) enum ExportStep {
    /// Somebody asks for one, in this session if they have one. `RateLimited` while there is one that they can fetch, if
    /// rates are limited.
    Ask { user: UserId, session: Option<SessionId>, is_limited: bool },
    /// Somebody wants to make it: no row is answered if it is made, or somebody else does.
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
    obsolete: Option<data_export::Model>,
}

impl Change for ExportRecord {
    /// The row; none if there is nothing to do.
    type Answer = Option<data_export::Model>;
    type Write = RecordedExport;
    const RANK: Rank = Rank::People;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let asking = changes.iter().filter_map(|change| match change.step {
            ExportStep::Ask { user, session, .. } => Some((user, session)),
            ExportStep::Claim | ExportStep::GoOn { .. } | ExportStep::End { .. } => None,
        });
        let (people, sessions): (Vec<UserId>, Vec<Option<SessionId>>) = asking.unzip();
        let living = user::Entity::find().filter(user::Column::Id.is_in(people.iter().copied()));
        let living = living.filter(user::Column::DeletedAt.is_null()).all(tx).await?;
        let living: Vec<UserId> = living.into_iter().map(|row| row.id).collect();
        let sessions = open_sessions(tx, sessions.into_iter().flatten(), tx.now).await?;
        let known = Condition::any()
            .add(Column::Id.is_in(changes.iter().map(|change| change.id)))
            .add(Column::UserId.is_in(people));
        let rows = Entity::find().filter(known).all(tx).await?;
        let mut open = open_to(tx, &rows, tx.now).await?;
        let mut rows: HashMap<UserId, data_export::Model> = rows.into_iter().map(|row| (row.user_id, row)).collect();
        let plan = |change: &Self| {
            let write = match change.step {
                ExportStep::Ask { user, session, is_limited } => {
                    if !living.contains(&user) || session.is_some_and(|session| !sessions.contains(&session)) {
                        return Err(Error::Unauthenticated);
                    }
                    let current = rows.get(&user).filter(|row| row.expires_at > tx.now);
                    if let Some(row) = current.filter(|_| is_limited && open.contains(&user)) {
                        return Err(Error::RateLimited { retry_after: row.expires_at.since(tx.now) });
                    }
                    let asked = change.asked(user, session, current, is_limited, tx);
                    open.insert(user);
                    asked
                }
                ExportStep::Claim | ExportStep::GoOn { .. } | ExportStep::End { .. } => {
                    let row = rows.values().find(|row| row.id == change.id).filter(|row| row.expires_at > tx.now);
                    match change.made(row.ok_or(Error::NotFound)?.clone(), tx)? {
                        Some(write) => write,
                        None => return Ok(Plan::Done(None)),
                    }
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
            if let Some(before) = obsolete {
                release(tx, &before).await?;
            }
            if let Some(key) = expected {
                let due_at = std::cmp::max(row.expires_at, tx.now + limits::EXPORT_LEASE);
                let listed = image_deletion::Model { key: key.to_string(), due_at, tries: 0 };
                db::upsert(tx, vec![listed], [image_deletion::Column::DueAt]).await?;
            }
            let all = [
                Column::Id,
                Column::SessionId,
                Column::CreatedAt,
                Column::ExpiresAt,
                Column::Attempt,
                Column::BuildingUntil,
                Column::PieceBytes,
                Column::ByteSize,
            ];
            db::upsert(tx, vec![row.clone()], all).await?;
            written.push(Written::silent(Some(row)));
        }
        Ok(written)
    }
}

impl ExportRecord {
    /// A new archive, or the current one for another session than the one that asked for it, which has ended.
    fn asked(
        &self,
        user: UserId,
        session: Option<SessionId>,
        current: Option<&data_export::Model>,
        is_limited: bool,
        tx: &Tx,
    ) -> RecordedExport {
        if let (Some(row), true, true) = (current, is_limited, session.is_some()) {
            // Whoever knows the address of before must not get at it again.
            let expires_at = row.expires_at - limits::EXPORT_ADDRESS_STEP;
            if expires_at > tx.now {
                let row = data_export::Model { session_id: session, expires_at, ..row.clone() };
                return RecordedExport { row, expected: None, obsolete: None };
            }
        }
        let row = data_export::Model {
            user_id: user,
            id: self.id,
            session_id: session,
            created_at: tx.now,
            expires_at: tx.now + limits::EXPORT_KEPT,
            attempt: 0,
            building_until: tx.now,
            piece_bytes: i64::try_from(limits::EXPORT_PIECE).unwrap_or(i64::MAX),
            byte_size: None,
        };
        RecordedExport { row, expected: None, obsolete: current.cloned() }
    }

    /// A step of its maker; `None` for one who is not needed.
    fn made(&self, mut row: data_export::Model, tx: &Tx) -> Result<Option<RecordedExport>> {
        let is_begun = row.attempt;
        let still =
            |attempt| if attempt == is_begun && row.byte_size.is_none() { Ok(()) } else { Err(Error::NotFound) };
        let (mut expected, mut obsolete) = (None, None);
        match self.step {
            ExportStep::Ask { .. } => {}
            ExportStep::Claim
                if row.byte_size.is_some() || row.building_until > tx.now || row.attempt >= MOST_ATTEMPTS =>
            {
                return Ok(None);
            }
            ExportStep::Claim => {
                obsolete = Some(row.clone());
                row.attempt += 1;
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
        Ok(Some(RecordedExport { row, expected, obsolete }))
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

/// The owners of these archives who may fetch them: their address lives as long as the session that asked for it, as long
/// as the tokens that the app has issued until then, or as long as the key of a bot.
pub(super) async fn open_to(
    on: &impl ConnectionTrait,
    rows: &[data_export::Model],
    now: Timestamp,
) -> Result<HashSet<UserId>, DbErr> {
    let people = user::Entity::find()
        .filter(user::Column::Id.is_in(rows.iter().map(|row| row.user_id)))
        .filter(user::Column::DeletedAt.is_null())
        .filter(user::Column::DisabledAt.is_null());
    let people: HashMap<UserId, user::Model> = people.all(on).await?.into_iter().map(|row| (row.id, row)).collect();
    let bots = bots_with_keys(on, people.values().filter(|row| row.is_bot).map(|row| row.id)).await?;
    let sessions = open_sessions(on, rows.iter().filter_map(|row| row.session_id), now).await?;
    let is_open = |row: &&data_export::Model| match (people.get(&row.user_id), row.session_id) {
        (None, _) => false,
        (Some(_), Some(session)) => sessions.contains(&session),
        (Some(person), None) if person.is_bot => bots.contains(&person.id),
        (Some(person), None) => person.tokens_from.is_none_or(|from| row.created_at >= from),
    };
    Ok(rows.iter().filter(is_open).map(|row| row.user_id).collect())
}

/// Those of these bots whose key was not revoked. A bot never gets another one.
async fn bots_with_keys(
    on: &impl ConnectionTrait,
    bots: impl Iterator<Item = UserId>,
) -> Result<HashSet<UserId>, DbErr> {
    let bots: Vec<UserId> = bots.collect();
    if bots.is_empty() {
        return Ok(HashSet::new());
    }
    let keys = server_key::Entity::find().filter(server_key::Column::BotId.is_in(bots)).all(on).await?;
    Ok(keys.into_iter().filter_map(|row| row.bot_id).collect())
}

/// Those of these sessions that have not ended.
async fn open_sessions(
    on: &impl ConnectionTrait,
    ids: impl Iterator<Item = SessionId>,
    now: Timestamp,
) -> Result<HashSet<SessionId>, DbErr> {
    let ids: Vec<SessionId> = ids.collect();
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let open = session::Entity::find().filter(session::Column::Id.is_in(ids));
    let open = open.filter(session::Column::ExpiresAt.gt(now)).all(on).await?;
    Ok(open.into_iter().map(|row| row.id).collect())
}

/// Makes all objects of an archive due for deletion: now, or where it may still be written, after the last one can be. One that
/// was deleted before it was written would stay.
async fn release(tx: &Tx, row: &data_export::Model) -> Result<(), DbErr> {
    let at = |end: [u8; 4]| {
        let mut bytes = *row.id.as_bytes();
        bytes[12..].copy_from_slice(&end);
        Key::new(Shelf::Exports, Uuid::from_bytes(bytes)).to_string()
    };
    let due_at = if row.byte_size.is_some() { tx.now } else { tx.now + limits::EXPORT_LEASE };
    // In the order of the bytes, as they are compared where the keys are made.
    let key = tx.dialect().by_bytes(image_deletion::Column::Key);
    image_deletion::Entity::update_many()
        .col_expr(image_deletion::Column::DueAt, due_at.into())
        .filter(key.between(at([0; 4]), at([0xff; 4])))
        .exec(tx)
        .await?;
    Ok(())
}

/// Deletes the archive of somebody who is erased, made or not.
pub(crate) async fn erase(tx: &Tx, user: UserId) -> Result<(), DbErr> {
    if let Some(row) = Entity::find_by_id(user).one(tx).await? {
        release(tx, &row).await?;
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
