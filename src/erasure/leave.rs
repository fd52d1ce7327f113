//! Takes an erased person out of their groups and notifies everybody who knows them. Their direct conversations stay,
//! so that the other side can still read them.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Statement};

use crate::conversations::{self, LineKind, SystemLine};
use crate::db::Tx;
use crate::entity::conversation::{self, Kind};
use crate::entity::{erasure, membership, user};
use crate::error::Result;
use crate::feed::{
    self, Audience, Change, Cursor, EventKind, NewEvent, Placed, Plan, Plans, Position, Rank, Writes, Written,
};
use crate::id::{ConversationId, ImageId, UserId};
use crate::images;

/// Groups that are announced by one statement.
const GROUPS: usize = 1_000;

/// Publishes the erasure of a closed account. Idempotent.
pub(super) struct Leave {
    pub(super) user: UserId,
}

/// A person who leaves. Their account is closed, so nothing can be added to these lists meanwhile.
pub(super) struct Leaving {
    user: UserId,
    /// All conversations in which they appear, including groups that they left earlier.
    known_in: Vec<ConversationId>,
    /// The groups that they are in.
    groups: Vec<ConversationId>,
    /// Other groups that show a picture of theirs, which goes.
    pictured: Vec<ConversationId>,
    /// These pictures, and those of the groups that they are in.
    pictures: Vec<ImageId>,
}

/// A group's picture that a person has set.
#[derive(FromQueryResult)]
struct Picture {
    conversation_id: ConversationId,
    image_id: ImageId,
}

impl Change for Leave {
    type Answer = ();
    type Write = Leaving;
    const RANK: Rank = Rank::Departures;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let ids = changes.iter().map(|change| change.user);
        let unpublished = erasure::Entity::find()
            .filter(erasure::Column::UserId.is_in(ids))
            .filter(erasure::Column::PublishedPosition.is_null())
            .all(tx)
            .await?;
        let mut leaving: HashMap<UserId, Leaving> =
            unpublished.into_iter().map(|row| (row.user_id, Leaving::new(row.user_id))).collect();
        for (person, conversation) in feed::known_in(tx, leaving.keys().copied()).await? {
            if let Some(leaving) = leaving.get_mut(&person) {
                leaving.known_in.push(conversation);
            }
        }
        let groups = conversations::current_rows()
            .select_only()
            .columns([membership::Column::UserId, membership::Column::ConversationId])
            .inner_join(conversation::Entity)
            .filter(membership::Column::UserId.is_in(leaving.keys().copied()))
            .filter(conversation::Column::Kind.eq(Kind::Group))
            .into_tuple::<(UserId, ConversationId)>();
        for (person, group) in groups.all(tx).await? {
            if let Some(leaving) = leaving.get_mut(&person) {
                leaving.groups.push(group);
            }
        }
        for leaving in leaving.values_mut() {
            leaving.find_pictures(tx).await?;
        }
        let plan = |change: &Self| {
            Ok(match leaving.remove(&change.user) {
                Some(leaving) => {
                    let events = 1 + 2 * leaving.groups.len() + leaving.pictured.len();
                    Plan::Write { write: leaving, events }
                }
                None => Plan::Done(()),
            })
        };
        Ok(changes.iter().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Leaving>>) -> Writes<Self> {
        let mut written = Vec::with_capacity(writes.len());
        // One after the other: the heir of a group may be the next to leave it.
        for Placed { write: Leaving { user, known_in, groups, pictured, pictures }, first } in writes {
            conversations::hand_on(tx, user).await?;
            end_stays(tx, user, first.position).await?;
            user::Entity::update_many()
                .col_expr(user::Column::ChangedPosition, first.position.into())
                .filter(user::Column::Id.eq(user))
                .exec(tx)
                .await?;
            erasure::Entity::update_many()
                .col_expr(erasure::Column::PublishedPosition, first.position.into())
                .filter(erasure::Column::UserId.eq(user))
                .exec(tx)
                .await?;
            take_down(tx, &pictures).await?;
            let known = Audience::Contacts { person: user, conversations: known_in.into() };
            let gone = NewEvent { user: Some(user), erases: true, ..NewEvent::new(EventKind::UserChanged, known) };
            let mut events = vec![gone];
            announce(tx, user, (&groups, true), first, &mut events).await?;
            announce(tx, user, (&pictured, false), first, &mut events).await?;
            written.push(Written { answer: (), events });
        }
        Ok(written)
    }
}

impl Leaving {
    fn new(user: UserId) -> Self {
        Self { user, known_in: Vec::new(), groups: Vec::new(), pictured: Vec::new(), pictures: Vec::new() }
    }

    async fn find_pictures(&mut self, tx: &Tx) -> Result<(), DbErr> {
        let sql =
            "SELECT c.id AS conversation_id, i.id AS image_id FROM image i JOIN conversation c ON c.picture_id = i.id
                    WHERE i.owner_id = $1";
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [self.user.into()]);
        let groups: HashSet<ConversationId> = self.groups.iter().copied().collect();
        for picture in Picture::find_by_statement(statement).all(tx).await? {
            self.pictures.push(picture.image_id);
            if !groups.contains(&picture.conversation_id) {
                self.pictured.push(picture.conversation_id);
            }
        }
        Ok(())
    }
}

/// Notifies groups that the person has left, with a line of their history, or whose picture went.
async fn announce(
    tx: &Tx,
    user: UserId,
    (groups, has_left): (&[ConversationId], bool),
    first: Cursor,
    events: &mut Vec<NewEvent>,
) -> Result<(), DbErr> {
    for groups in groups.chunks(GROUPS) {
        // As the changes of this batch have left them.
        let rows = conversation::Entity::find().filter(conversation::Column::Id.is_in(groups.iter().copied()));
        let mut rows = rows.all(tx).await?;
        let mut lines = Vec::with_capacity(rows.len());
        for row in &mut rows {
            let at = |events: &[NewEvent]| Cursor { position: first.position + feed::positions(events.len()), ..first };
            row.last_position = at(events).position;
            events.push(conversations::updated_event(row.id, Some(user)));
            if has_left {
                let (line, event) = SystemLine::about(LineKind::MemberLeft, [user]).say(row, user, at(events), tx.now);
                lines.push(line);
                events.push(event);
            }
        }
        tx.advance_conversations(rows).await?;
        tx.insert_messages(lines).await?;
    }
    Ok(())
}

/// Removes the pictures of groups, as far as they still show them.
async fn take_down(tx: &Tx, pictures: &[ImageId]) -> Result<(), DbErr> {
    for pictures in pictures.chunks(GROUPS) {
        conversation::Entity::update_many()
            .col_expr(conversation::Column::PictureId, Expr::value(None::<ImageId>))
            .filter(conversation::Column::PictureId.is_in(pictures.iter().copied()))
            .exec(tx)
            .await?;
    }
    images::detach(tx, pictures).await
}

/// Ends the person's memberships in groups at this position.
async fn end_stays(tx: &Tx, user: UserId, at: Position) -> Result<(), DbErr> {
    let is_group = Query::select()
        .column(conversation::Column::Id)
        .from(conversation::Entity)
        .and_where(conversation::Column::Kind.eq(Kind::Group))
        .to_owned();
    membership::Entity::update_many()
        .col_expr(membership::Column::ToPosition, Expr::value(at))
        .filter(membership::Column::UserId.eq(user))
        .filter(membership::Column::ToPosition.is_null())
        .filter(membership::Column::ConversationId.in_subquery(is_group))
        .exec(tx)
        .await?;
    Ok(())
}
