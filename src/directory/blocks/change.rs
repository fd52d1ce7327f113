//! Blocking and unblocking somebody.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::accounts::Viewer;
use crate::app::App;
use crate::bus::Signal;
use crate::db::{self, Tx};
use crate::directory;
use crate::entity::{membership, user, user_block};
use crate::error::{Error, Result};
use crate::feed::{Audience, Change, EventKind, NewEvent, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::UserId;
use crate::limits;

/// Blocks somebody whom the viewer finds, or knows from a conversation: else `NotFound`. Again is no change.
pub(crate) async fn block(app: &App, viewer: &Viewer, user: UserId) -> Result<user::Model> {
    if user == viewer.user() {
        return Err(Error::input("userId", "you cannot block yourself"));
    }
    set(app, viewer, user, true).await
}

/// Ends a block. Of somebody who is not blocked, it is no change.
pub(crate) async fn unblock(app: &App, viewer: &Viewer, user: UserId) -> Result<user::Model> {
    set(app, viewer, user, false).await
}

async fn set(app: &App, viewer: &Viewer, user: UserId, is_blocked: bool) -> Result<user::Model> {
    app.rates.block.take(&viewer.user())?;
    let is_known = !directory::blocked_among(&app.db.reader, viewer.user(), &[user]).await?.is_empty()
        || directory::is_known(app, viewer, user).await?;
    if !is_known {
        return Err(Error::NotFound);
    }
    let user = app.feed.append(SetBlock { by: viewer.user(), user, is_blocked }).await?;
    let [one, other] = [viewer.user(), user.id].map(|id| Uuid::from_bytes(*id.as_bytes()));
    app.bus.announce(Signal::Blocked { one, other });
    Ok(user)
}

struct SetBlock {
    by: UserId,
    user: UserId,
    is_blocked: bool,
}

/// A block that begins or ends.
struct BlockWrite {
    by: UserId,
    user: user::Model,
    is_blocked: bool,
}

impl Change for SetBlock {
    type Answer = user::Model;
    type Write = BlockWrite;
    /// Whatever else is in its batch was planned without it, so that comes before it.
    const RANK: Rank = Rank::Departures;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let ids: HashSet<UserId> = changes.iter().flat_map(|change| [change.by, change.user]).collect();
        let people = user::Entity::find().filter(user::Column::Id.is_in(ids)).all(tx).await?;
        let people: HashMap<UserId, user::Model> = people.into_iter().map(|row| (row.id, row)).collect();
        let mut blocks = Blocks::read(tx, changes).await?;
        let plan = |change: &Self| {
            let lives = |id: &UserId| people.get(id).is_some_and(|row| row.deleted_at.is_none());
            let user = people.get(&change.user).cloned().ok_or(Error::NotFound)?;
            let is_blocked = blocks.there.contains(&(change.by, change.user));
            if is_blocked == change.is_blocked {
                return Ok(Plan::Done(user));
            }
            if !lives(&change.by) || (change.is_blocked && !lives(&change.user)) {
                return Err(Error::NotFound);
            }
            blocks.set(change)?;
            let write = BlockWrite { by: change.by, user, is_blocked: change.is_blocked };
            Ok(Plan::Write { write, events: 1 })
        };
        Ok(changes.iter().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<BlockWrite>>) -> Writes<Self> {
        let (mut last, mut heard) = (HashMap::new(), HashMap::new());
        let mut written = Vec::with_capacity(writes.len());
        for Placed { write: BlockWrite { by, user, is_blocked }, first } in writes {
            last.insert((by, user.id), is_blocked);
            heard.insert(by, first.position);
            let event = NewEvent::new(EventKind::BlockChanged, Audience::Person(by));
            let detail = Some(if is_blocked { BLOCKED } else { UNBLOCKED }.into());
            let event = NewEvent { user: Some(user.id), detail, ..event };
            written.push(Written { answer: user, events: vec![event] });
        }
        let mut new = Vec::new();
        for ((blocker_id, blocked_id), is_blocked) in last {
            // Of several changes of one pair the last one counts, so a row may be there already.
            user_block::Entity::delete_by_id((blocker_id, blocked_id)).exec(tx).await?;
            new.extend(is_blocked.then_some(user_block::Model { blocker_id, blocked_id, created_at: tx.now }));
        }
        db::insert(tx, new).await?;
        // Who comes back after the log was trimmed gets a reset.
        for (by, position) in heard {
            let update = user::Entity::update_many().col_expr(user::Column::ChangedPosition, Expr::value(position));
            update.filter(user::Column::Id.eq(by)).exec(tx).await?;
        }
        Ok(written)
    }
}

/// What the log keeps of a block, and of its end.
const BLOCKED: &str = r#"{"blocked":true}"#;
const UNBLOCKED: &str = r#"{"blocked":false}"#;

/// Whether the detail of an event says that a block began.
pub(crate) fn began(detail: Option<&str>) -> bool {
    detail == Some(BLOCKED)
}

/// The blocks of a batch, as earlier changes have left them.
struct Blocks {
    there: HashSet<(UserId, UserId)>,
    /// How many each has.
    counts: HashMap<UserId, u64>,
}

impl Blocks {
    async fn read(tx: &Tx, changes: &[SetBlock]) -> Result<Self, DbErr> {
        let blockers: HashSet<UserId> = changes.iter().map(|change| change.by).collect();
        let blocked: HashSet<UserId> = changes.iter().map(|change| change.user).collect();
        let rows = user_block::Entity::find()
            .filter(user_block::Column::BlockerId.is_in(blockers.iter().copied()))
            .filter(user_block::Column::BlockedId.is_in(blocked));
        let there = rows.all(tx).await?.into_iter().map(|row| (row.blocker_id, row.blocked_id)).collect();
        #[derive(FromQueryResult)]
        struct Count {
            blocker_id: UserId,
            count: i64,
        }
        let counts = user_block::Entity::find()
            .select_only()
            .column(user_block::Column::BlockerId)
            .column_as(user_block::Column::BlockedId.count(), "count")
            .filter(user_block::Column::BlockerId.is_in(blockers))
            .group_by(user_block::Column::BlockerId)
            .into_model::<Count>();
        let counts = counts.all(tx).await?.into_iter();
        let counts = counts.map(|row| (row.blocker_id, db::count(row.count))).collect();
        Ok(Self { there, counts })
    }

    /// Begins or ends a block, of which the opposite is there.
    fn set(&mut self, change: &SetBlock) -> Result<()> {
        let count = self.counts.entry(change.by).or_default();
        if change.is_blocked {
            if *count >= limits::BLOCKS_PER_USER {
                let message = format!("you can block at most {} people", limits::BLOCKS_PER_USER);
                return Err(Error::input("userId", message));
            }
            *count += 1;
            self.there.insert((change.by, change.user));
        } else {
            *count = count.saturating_sub(1);
            self.there.remove(&(change.by, change.user));
        }
        Ok(())
    }
}

/// Whether the viewer is in a conversation in which a person is or was: their messages are there.
pub(in crate::directory) async fn have_shared_a_conversation(app: &App, viewer: &Viewer, user: UserId) -> Result<bool> {
    let own = Query::select()
        .column(membership::Column::ConversationId)
        .from(membership::Entity)
        .and_where(membership::Column::UserId.eq(viewer.user()))
        .and_where(membership::Column::ToPosition.is_null())
        .to_owned();
    let shared = membership::Entity::find()
        .filter(membership::Column::UserId.eq(user))
        .filter(membership::Column::ConversationId.in_subquery(own));
    Ok(shared.one(&app.db.reader).await?.is_some())
}
