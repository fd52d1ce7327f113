//! Blocks: neither side begins a conversation with the other, writes in the direct one, adds the other to a group, calls
//! the other, finds them in the list of people, or sees them typing or online. The one who is blocked is not notified.
//!
//! All of it is asked of the rows, so it holds on every node from the commit on. A signal on the bus only makes lists of
//! who is online, and typing that is shown already, follow at once.

mod change;

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Statement, Value,
};

pub(super) use change::have_shared_a_conversation;
pub(crate) use change::{began, block, unblock};

use crate::accounts::Viewer;
use crate::app::App;
use crate::db::{self, HotSource};
use crate::directory::PeopleSortKey;
use crate::entity::conversation::DirectPair;
use crate::entity::{user, user_block};
use crate::error::Result;
use crate::id::{ConversationId, UserId};
use crate::page::Page;

use user_block::Column::{BlockedId, BlockerId};

/// Those of these pairs of whom one has blocked the other. For changes, in their transaction.
pub(crate) async fn blocked_pairs(
    db: &impl HotSource,
    pairs: impl IntoIterator<Item = DirectPair>,
) -> Result<HashSet<DirectPair>, DbErr> {
    let pairs: HashSet<DirectPair> = pairs.into_iter().collect();
    if let Some(hot) = db.hot() {
        let blocked = |pair: DirectPair| hot.is_blocked(&pair).map(|is_blocked| is_blocked.then_some(pair));
        return pairs.into_iter().filter_map(|pair| blocked(pair).transpose()).collect();
    }
    let pairs: Vec<DirectPair> = pairs.into_iter().collect();
    let mut blocked = HashSet::new();
    // Each pair is four values.
    for pairs in pairs.chunks(db::VALUES / 4) {
        let both_ways = pairs.iter().flat_map(|pair| {
            let people: Vec<UserId> = pair.people().collect();
            let [one, other] = [people.first().copied(), people.last().copied()];
            one.zip(other).into_iter().flat_map(|(one, other)| [(one, other), (other, one)])
        });
        let key = Expr::tuple([Expr::col(BlockerId), Expr::col(BlockedId)]);
        let rows = user_block::Entity::find().filter(key.in_tuples(both_ways)).all(db).await?;
        blocked.extend(rows.iter().map(|row| DirectPair::of(row.blocker_id, row.blocked_id)));
    }
    Ok(blocked)
}

/// Of members of conversations, each with those of the other members who are in a block with them. For changes, in their
/// transaction.
pub(crate) async fn members_in_blocks_with(
    db: &impl HotSource,
    of: HashSet<(ConversationId, UserId)>,
) -> Result<HashMap<(ConversationId, UserId), Vec<UserId>>, DbErr> {
    let mut blocked: HashMap<(ConversationId, UserId), Vec<UserId>> = HashMap::new();
    if let Some(hot) = db.hot() {
        for (conversation, person) in of {
            blocked.insert((conversation, person), hot.members_in_blocks_with(conversation, person)?);
        }
        return Ok(blocked);
    }
    #[derive(FromQueryResult)]
    struct BlockedMember {
        conversation_id: ConversationId,
        person_id: UserId,
        other_id: UserId,
    }
    let of: Vec<(ConversationId, UserId)> = of.into_iter().collect();
    for of in of.chunks(db::VALUES / 2) {
        let places: Vec<String> =
            (0..of.len()).map(|place| format!("(${}, ${})", 2 * place + 1, 2 * place + 2)).collect();
        let values = of.iter().flat_map(|(conversation, person)| [Value::from(*conversation), Value::from(*person)]);
        let sql = format!(
            "WITH asked (conversation_id, person_id) AS (VALUES {})
             SELECT asked.conversation_id, asked.person_id, m.user_id AS other_id FROM asked
               JOIN user_block b ON b.blocker_id = asked.person_id
               JOIN membership m ON m.conversation_id = asked.conversation_id AND m.user_id = b.blocked_id
              WHERE m.to_position IS NULL
             UNION SELECT asked.conversation_id, asked.person_id, m.user_id AS other_id FROM asked
               JOIN user_block b ON b.blocked_id = asked.person_id
               JOIN membership m ON m.conversation_id = asked.conversation_id AND m.user_id = b.blocker_id
              WHERE m.to_position IS NULL",
            places.join(", ")
        );
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        for row in BlockedMember::find_by_statement(statement).all(db).await? {
            blocked.entry((row.conversation_id, row.person_id)).or_default().push(row.other_id);
        }
    }
    Ok(blocked)
}

/// Those of the others who have blocked a person, or whom the person has blocked.
pub(crate) async fn blocked_among(
    db: &impl ConnectionTrait,
    person: UserId,
    others: &[UserId],
) -> Result<HashSet<UserId>, DbErr> {
    let mut blocked = HashSet::new();
    for others in others.chunks(db::VALUES / 4) {
        let by_person = BlockerId.eq(person).and(BlockedId.is_in(others.iter().copied()));
        let of_person = BlockedId.eq(person).and(BlockerId.is_in(others.iter().copied()));
        let rows = user_block::Entity::find().filter(Condition::any().add(by_person).add(of_person)).all(db).await?;
        blocked.extend(rows.iter().map(|row| row.other(person)));
    }
    Ok(blocked)
}

/// Whether the viewer can write to a person: neither of them is in a block with the other, and the person is not erased.
pub(crate) async fn can_reach(app: &App, viewer: &Viewer, other: UserId) -> Result<bool> {
    let db = &app.db.reader;
    let person = user::Entity::find_by_id(other).filter(user::Column::DeletedAt.is_null()).one(db).await?;
    Ok(person.is_some() && blocked_among(db, viewer.user(), &[other]).await?.is_empty())
}

/// Everybody who has blocked a person, or whom the person has blocked.
pub(crate) async fn in_blocks_with(app: &App, person: UserId) -> Result<HashSet<UserId>> {
    if let Some(people) = app.db.hot.in_blocks_with(person) {
        return Ok(people.into_iter().collect());
    }
    let either = Condition::any().add(BlockerId.eq(person)).add(BlockedId.eq(person));
    let rows = user_block::Entity::find().filter(either).all(&app.db.reader).await?;
    Ok(rows.iter().map(|row| row.other(person)).collect())
}

/// A condition for the people of a list who are in no block with the viewer.
pub(super) fn not_in_blocks_with(viewer: UserId) -> Condition {
    let column = |column| user_block::Entity::find().select_only().column(column);
    let blocked = QueryTrait::into_query(column(BlockedId).filter(BlockerId.eq(viewer)));
    let blockers = QueryTrait::into_query(column(BlockerId).filter(BlockedId.eq(viewer)));
    Condition::all().add(user::Column::Id.not_in_subquery(blocked)).add(user::Column::Id.not_in_subquery(blockers))
}

/// The people whom the viewer has blocked, by name; `after` is the key of the last one on the previous page. Erased people
/// are among them, until they are unblocked.
pub(crate) async fn blocked(
    app: &App,
    viewer: &Viewer,
    first: u32,
    after: Option<PeopleSortKey>,
) -> Result<Page<user::Model>> {
    let all = user::Entity::find().filter(user::Column::Id.in_subquery(by(viewer)));
    super::people::page(app, all, first, after).await
}

/// How many people the viewer has blocked.
pub(crate) async fn blocked_count(app: &App, viewer: &Viewer) -> Result<u64> {
    Ok(user_block::Entity::find().filter(BlockerId.eq(viewer.user())).count(&app.db.reader).await?)
}

fn by(viewer: &Viewer) -> SelectStatement {
    let own = user_block::Entity::find().select_only().column(BlockedId).filter(BlockerId.eq(viewer.user()));
    QueryTrait::into_query(own.order_by_asc(BlockedId))
}
