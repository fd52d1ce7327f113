//! What the hot changes read by its key, either way.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Statement, Value};

use super::{HotSource, VALUES, count};
use crate::entity::conversation::DirectPair;
use crate::entity::{conversation, membership, message, user, user_block};
use crate::id::{ConversationId, MessageId, UserId};

/// The messages with these ids.
pub async fn messages(
    db: &impl HotSource,
    ids: impl IntoIterator<Item = MessageId>,
) -> Result<Vec<message::Model>, DbErr> {
    let ids: Vec<MessageId> = ids.into_iter().collect();
    match db.hot() {
        Some(hot) => hot.messages(&ids),
        None => message::Entity::find().filter(message::Column::Id.is_in(ids)).all(db).await,
    }
}

/// The conversations with these ids. Without ids it runs no statement.
pub async fn conversations(
    db: &impl HotSource,
    ids: impl IntoIterator<Item = ConversationId>,
) -> Result<Vec<conversation::Model>, DbErr> {
    let ids: Vec<ConversationId> = ids.into_iter().collect();
    match db.hot() {
        _ if ids.is_empty() => Ok(Vec::new()),
        Some(hot) => hot.conversations(&ids),
        None => conversation::Entity::find().filter(conversation::Column::Id.is_in(ids)).all(db).await,
    }
}

/// The direct conversations of these pairs. Without pairs it runs no statement.
pub async fn direct_conversations(
    db: &impl HotSource,
    pairs: impl IntoIterator<Item = DirectPair>,
) -> Result<Vec<conversation::Model>, DbErr> {
    let pairs: Vec<DirectPair> = pairs.into_iter().collect();
    match db.hot() {
        _ if pairs.is_empty() => Ok(Vec::new()),
        Some(hot) => hot.directs(&pairs),
        None => conversation::Entity::find().filter(conversation::Column::DirectPair.is_in(pairs)).all(db).await,
    }
}

/// The people among these who exist and are not erased.
pub async fn existing_people(
    db: &impl HotSource,
    people: impl IntoIterator<Item = UserId>,
) -> Result<HashSet<UserId>, DbErr> {
    let people: HashSet<UserId> = people.into_iter().collect();
    if let Some(hot) = db.hot() {
        let if_exists = |person| hot.exists(person).map(|exists| exists.then_some(person));
        return people.into_iter().filter_map(|person| if_exists(person).transpose()).collect();
    }
    let people: Vec<UserId> = people.into_iter().collect();
    let mut found = HashSet::with_capacity(people.len());
    // A batch of changes may name more people than one statement takes.
    for people in people.chunks(VALUES) {
        let rows = user::Entity::find()
            .select_only()
            .column(user::Column::Id)
            .filter(user::Column::Id.is_in(people.iter().copied()))
            .filter(user::Column::DeletedAt.is_null())
            .into_tuple::<UserId>()
            .all(db)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

/// The current memberships of these people, each in this conversation. Erased people have none, even if a change of
/// theirs is still queued.
pub async fn own_memberships(
    db: &impl HotSource,
    of: impl IntoIterator<Item = (ConversationId, UserId)>,
) -> Result<HashMap<(ConversationId, UserId), membership::Model>, DbErr> {
    let of: HashSet<(ConversationId, UserId)> = of.into_iter().collect();
    let rows = match db.hot() {
        _ if of.is_empty() => Vec::new(),
        Some(hot) => hot.own(&of)?,
        None => {
            // All of them in all of these, which are more.
            let conversations: HashSet<ConversationId> = of.iter().map(|(conversation, _)| *conversation).collect();
            let people: HashSet<UserId> = of.iter().map(|(_, person)| *person).collect();
            membership::Entity::find()
                .filter(membership::Column::ToPosition.is_null())
                .filter(membership::Column::ConversationId.is_in(conversations))
                .filter(membership::Column::UserId.is_in(people))
                .inner_join(user::Entity)
                .filter(user::Column::DeletedAt.is_null())
                .all(db)
                .await?
        }
    };
    Ok(rows
        .into_iter()
        .map(|row| ((row.conversation_id, row.user_id), row))
        .filter(|(own, _)| of.contains(own))
        .collect())
}

/// The number of members of each conversation.
pub async fn member_counts(
    db: &impl HotSource,
    conversations: impl IntoIterator<Item = ConversationId>,
) -> Result<HashMap<ConversationId, usize>, DbErr> {
    if let Some(hot) = db.hot() {
        return conversations.into_iter().map(|id| Ok((id, hot.members(id)?))).collect();
    }
    #[derive(FromQueryResult)]
    struct Count {
        conversation_id: ConversationId,
        members: i64,
    }
    let counts = membership::Entity::find()
        .filter(membership::Column::ToPosition.is_null())
        .select_only()
        .column(membership::Column::ConversationId)
        .column_as(membership::Column::UserId.count(), "members")
        .filter(membership::Column::ConversationId.is_in(conversations))
        .group_by(membership::Column::ConversationId)
        .into_model::<Count>()
        .all(db)
        .await?;
    Ok(counts.into_iter().map(|row| (row.conversation_id, count(row.members))).collect())
}

/// Those of these pairs of whom one has blocked the other. For changes, in their transaction.
pub async fn blocked_pairs(
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
    for pairs in pairs.chunks(VALUES / 4) {
        let both_ways = pairs.iter().flat_map(|pair| {
            let people: Vec<UserId> = pair.people().collect();
            let [one, other] = [people.first().copied(), people.last().copied()];
            one.zip(other).into_iter().flat_map(|(one, other)| [(one, other), (other, one)])
        });
        let key = Expr::tuple([Expr::col(user_block::Column::BlockerId), Expr::col(user_block::Column::BlockedId)]);
        let rows = user_block::Entity::find().filter(key.in_tuples(both_ways)).all(db).await?;
        blocked.extend(rows.iter().map(|row| DirectPair::of(row.blocker_id, row.blocked_id)));
    }
    Ok(blocked)
}

/// Of members of conversations, each with those of the other members who are in a block with them. For changes, in their
/// transaction.
pub async fn members_in_blocks_with(
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
    for of in of.chunks(VALUES / 2) {
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
