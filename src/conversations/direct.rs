//! Direct conversations. The first message creates one.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use crate::accounts::Viewer;
use crate::app::App;
use crate::clock::Timestamp;
use crate::conversations::membership::{current_rows, find_membership};
use crate::conversations::{Membership, Reference};
use crate::db::{self, HotSource};
use crate::directory;
use crate::entity::conversation::{self, DirectPair, Kind};
use crate::entity::membership;
use crate::error::{Error, Result};
use crate::id::{ConversationId, UserId};

/// The direct conversations of a batch of messages: those that exist, and those that the batch creates.
pub struct Directs {
    known: HashMap<DirectPair, conversation::Model>,
    /// The people on either side who exist and are not erased.
    people: HashSet<UserId>,
    /// Pairs of whom one has blocked the other.
    blocked: HashSet<DirectPair>,
}

impl Directs {
    /// Reads the conversations of these pairs. `named` are the pairs of conversations that the batch names by id.
    pub async fn read(
        db: &impl HotSource,
        pairs: impl IntoIterator<Item = DirectPair>,
        named: impl IntoIterator<Item = DirectPair>,
    ) -> Result<Self, DbErr> {
        let pairs: HashSet<_> = pairs.into_iter().collect();
        let all: HashSet<DirectPair> = named.into_iter().chain(pairs.iter().cloned()).collect();
        let people: HashSet<UserId> = all.iter().flat_map(DirectPair::people).collect();
        if people.is_empty() {
            return Ok(Self { known: HashMap::new(), people, blocked: HashSet::new() });
        }
        let blocked = db::blocked_pairs(db, all).await?;
        let known = db::direct_conversations(db, pairs).await?;
        let people = db::existing_people(db, people).await?;
        let known = known.into_iter().filter_map(|row| Some((row.direct_pair.clone()?, row))).collect();
        Ok(Self { known, people, blocked })
    }

    /// Whether both sides of a conversation can still write and read. Always true of a group.
    pub fn is_open(&self, conversation: &conversation::Model) -> bool {
        conversation.direct_pair.iter().all(|pair| pair.people().all(|id| self.people.contains(&id)))
    }

    /// Whether the two of a conversation can reach each other: both are there, and neither has blocked the other. Always
    /// true of a group.
    pub fn can_reach(&self, conversation: &conversation::Model) -> bool {
        self.is_open(conversation) && !self.is_blocked(conversation)
    }

    fn is_blocked(&self, conversation: &conversation::Model) -> bool {
        conversation.direct_pair.as_ref().is_some_and(|pair| self.blocked.contains(pair))
    }

    /// The conversations that existed when they were read.
    pub fn known(&self) -> impl Iterator<Item = &conversation::Model> {
        self.known.values()
    }

    /// The conversation of two people, if there is one.
    pub fn find(&self, one: UserId, other: UserId) -> Option<&conversation::Model> {
        self.known.get(&DirectPair::of(one, other))
    }

    /// The conversation of two people, and whether it is new. `NotFound` if one of them is unknown or erased.
    pub fn between(&mut self, one: UserId, other: UserId, now: Timestamp) -> Result<(conversation::Model, bool)> {
        if ![one, other].iter().all(|id| self.people.contains(id)) {
            return Err(Error::NotFound);
        }
        let pair = DirectPair::of(one, other);
        if let Some(known) = self.known.get(&pair) {
            return Ok((known.clone(), false));
        }
        let new = conversation::Model {
            direct_pair: Some(pair.clone()),
            ..conversation::Model::new(ConversationId::new(), Kind::Direct, now)
        };
        self.known.insert(pair, new.clone());
        Ok((new, true))
    }
}

/// The viewer's direct conversations with these people, each with the person.
pub async fn directs_of(app: &App, viewer: &Viewer, others: &[UserId]) -> Result<Vec<(UserId, Membership)>> {
    let user = viewer.user();
    let others = others.iter().copied().filter(|other| *other != user);
    if app.db.hot.is_ready() {
        let mut found = Vec::new();
        for other in others {
            let own = find_membership(app, viewer, Reference::Direct(other)).await?;
            found.extend(own.map(|own| (other, own)));
        }
        return Ok(found);
    }
    let pairs = others.map(|other| DirectPair::of(user, other));
    let _turn = app.db.turn().await;
    let rows = current_rows()
        .find_also_related(conversation::Entity)
        .filter(membership::Column::UserId.eq(user))
        .filter(conversation::Column::DirectPair.is_in(pairs))
        .all(&app.db.reader)
        .await?;
    let own = |(row, conversation): (membership::Model, Option<conversation::Model>)| {
        let conversation = conversation?;
        let other = conversation.direct_pair.as_ref()?.other(user)?;
        Some((other, Membership::of_rows(viewer, row, conversation)))
    };
    Ok(rows.into_iter().filter_map(own).collect())
}

/// Whether the viewer has a direct conversation with a person.
pub async fn have_met(app: &App, viewer: &Viewer, other: UserId) -> Result<bool> {
    let _turn = app.db.turn().await;
    let between = conversation::Column::DirectPair.eq(DirectPair::of(viewer.user(), other));
    Ok(conversation::Entity::find().filter(between).one(&app.db.reader).await?.is_some())
}

/// Whether the viewer can start a direct conversation with a person: they may find them and can reach them. `RateLimited`
/// if they look up too many.
pub async fn can_be_begun(app: &App, viewer: &Viewer, other: UserId) -> Result<bool> {
    let is_found = other != viewer.user() && directory::finds(app, viewer, &[other]).await?;
    Ok(is_found && directory::reachable(app, viewer, &[other]).await?.contains(&other))
}
