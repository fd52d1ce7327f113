//! Who came into a group and who left it by an event. Read from the history of memberships, so that a replay says the same
//! and the log need not hold it.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Statement,
};

use crate::app::App;
use crate::entity::membership;
use crate::error::Result;
use crate::feed::Position;
use crate::id::{ConversationId, UserId};
use crate::limits;

/// People, of whom the first are named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The first ones.
    pub first: Vec<UserId>,
    /// How many there are.
    pub count: usize,
}

impl Named {
    /// One person.
    pub fn one(user: UserId) -> Self {
        Self { first: vec![user], count: 1 }
    }

    fn of(mut people: Vec<UserId>) -> Self {
        let count = people.len();
        people.truncate(limits::NAMED_PEOPLE);
        Self { first: people, count }
    }
}

/// Who came into a group by the change that its members heard of at this position: the events by which they joined follow
/// it without a gap.
pub async fn who_came(app: &App, group: ConversationId, at: Position) -> Result<Named> {
    let last = at + Position::try_from(limits::MEMBERS_AT_ONCE).unwrap_or(Position::MAX);
    let joined = membership::Entity::find()
        .select_only()
        .columns([membership::Column::UserId, membership::Column::FromPosition])
        .filter(membership::Column::ConversationId.eq(group))
        .filter(membership::Column::FromPosition.gt(at))
        .filter(membership::Column::FromPosition.lte(last))
        .order_by_asc(membership::Column::FromPosition)
        .into_tuple::<(UserId, Position)>()
        .all(&app.db.reader)
        .await?;
    let without_a_gap = joined.into_iter().zip(at + 1..).take_while(|((_, joined), next)| joined == next);
    Ok(Named::of(without_a_gap.map(|((user, _), _)| user).collect()))
}

/// Who left a group by the change that its members heard of at this position: their own event is the one before. An erased
/// person left all groups at one position, and the groups heard of it after that.
pub async fn who_left(app: &App, group: ConversationId, at: Position, by: Option<UserId>) -> Result<Named> {
    #[derive(FromQueryResult)]
    struct Left {
        user_id: UserId,
    }
    let sql = r#"
        SELECT m.user_id FROM membership m JOIN "user" u ON u.id = m.user_id
         WHERE m.conversation_id = $1 AND (m.to_position = $2 - 1 OR (
           m.user_id = $3 AND m.to_position < $2 AND u.deleted_at IS NOT NULL AND m.to_position = u.changed_position))"#;
    let reader = &app.db.reader;
    let statement =
        Statement::from_sql_and_values(reader.get_database_backend(), sql, [group.into(), at.into(), by.into()]);
    let left: Result<Vec<Left>, DbErr> = Left::find_by_statement(statement).all(reader).await;
    Ok(Named::of(left?.into_iter().map(|left| left.user_id).collect()))
}
