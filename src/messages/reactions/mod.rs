//! Reactions to messages. The first one is published at once; those that follow within a quarter of a second come together,
//! in one event.

mod detail;
mod emoji;
mod react;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use moka::sync::Cache;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use crate::accounts::Viewer;
use crate::app::App;
use crate::clock;
use crate::entity::{message, reaction, user};
use crate::error::{Error, Result};
use crate::feed::Position;
use crate::id::{MessageId, UserId};
use crate::limits;
use crate::messages;
use crate::page::Page;
pub use detail::{ReactionStep, reaction_steps};
pub use emoji::Emoji;
use react::{React, ReactionWish, takes_reactions};

/// Adds and removes reactions, each message's four times a second at most.
#[derive(Clone)]
pub struct Reactions {
    app: App,
    paces: Cache<MessageId, Arc<Pace>>,
}

/// What happens with the reactions to one message.
struct Pace {
    waiting: Mutex<VecDeque<Waiting>>,
    /// When reactions may be written again. Locked by the request that writes those that wait.
    next: tokio::sync::Mutex<Instant>,
}

/// A step that is not written yet, and its caller.
struct Waiting {
    step: ReactionWish,
    reply: oneshot::Sender<Result<message::Model>>,
}

impl Reactions {
    /// Creates the service.
    pub fn new(app: App) -> Self {
        // Longer than any request waits. Evicting an entry only lets an event be published early.
        let paces = Cache::builder().time_to_idle(40 * limits::REACTION_PACE).max_capacity(100_000).build();
        Self { app, paces }
    }

    /// Adds a reaction of the viewer's; again is no change. The message afterwards.
    pub async fn add(&self, viewer: &Viewer, message: MessageId, emoji: Emoji) -> Result<message::Model> {
        self.change(viewer, message, emoji, true).await
    }

    /// Takes back a reaction of the viewer's; again is no change. The message afterwards.
    pub async fn remove(&self, viewer: &Viewer, message: MessageId, emoji: Emoji) -> Result<message::Model> {
        self.change(viewer, message, emoji, false).await
    }

    async fn change(&self, viewer: &Viewer, id: MessageId, emoji: Emoji, adds: bool) -> Result<message::Model> {
        let user = viewer.user();
        self.app.rates.react.take(&user)?;
        // Decided where it is written as well. Here it keeps those out who have no business in the queue of a message.
        takes_reactions(&messages::find(&self.app, viewer, id).await?.ok_or(Error::NotFound)?)?;
        let new = || Arc::new(Pace { waiting: Mutex::default(), next: tokio::sync::Mutex::new(clock::instant()) });
        let pace = self.paces.get_with(id, new);
        loop {
            let (reply, mut answer) = oneshot::channel();
            pace.wait(Waiting { step: ReactionWish { user, emoji: emoji.clone(), adds }, reply })?;
            let mut next = pace.next.lock().await;
            loop {
                match answer.try_recv() {
                    // The previous holder of the lock has written it for everybody who waited.
                    Ok(answer) => return answer,
                    // It went away meanwhile, and nobody knows whether it was written: again is no change.
                    Err(oneshot::error::TryRecvError::Closed) => break,
                    Err(oneshot::error::TryRecvError::Empty) => {}
                }
                sleep_until(*next).await;
                *next = clock::instant() + limits::REACTION_PACE;
                self.write(id, pace.take()).await;
            }
        }
    }

    /// Writes what has waited, and answers everybody.
    async fn write(&self, message: MessageId, waiting: Vec<Waiting>) {
        let (steps, replies): (Vec<ReactionWish>, Vec<_>) =
            waiting.into_iter().map(|waiting| (waiting.step, waiting.reply)).unzip();
        let answers = self.app.feed.append(React { message, steps, is_erasure: false }).await;
        let answers: Vec<Result<message::Model>> = match answers {
            Ok(answers) => answers,
            Err(error) => replies.iter().map(|_| Err(unshare(&error))).collect(),
        };
        for (reply, answer) in replies.into_iter().zip(answers) {
            // A caller who went away does not need the answer; the reaction stands.
            let _ = reply.send(answer);
        }
    }
}

impl Pace {
    fn wait(&self, waiting: Waiting) -> Result<()> {
        let mut all = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= limits::REACTION_CALLERS {
            return Err(Error::unavailable());
        }
        all.push_back(waiting);
        Ok(())
    }

    /// As much of what waits as one event publishes.
    fn take(&self) -> Vec<Waiting> {
        let mut all = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.len().min(limits::REACTION_CHANGES);
        all.drain(..count).collect()
    }
}

/// What fails for all of them needs an error for each.
fn unshare(error: &Error) -> Error {
    match error {
        Error::Unavailable { retry_after } => Error::Unavailable { retry_after: *retry_after },
        other => Error::Internal(anyhow::anyhow!("reactions were not written: {other:?}")),
    }
}

/// What the viewer reacts with to each of these messages. The caller has checked that they may see them.
pub async fn own_reactions(
    app: &App,
    viewer: &Viewer,
    messages: &[MessageId],
) -> Result<HashMap<MessageId, Vec<String>>> {
    if let Some(own) = app.db.hot.reactions_of(viewer.user(), messages) {
        return Ok(own.into_iter().collect());
    }
    let rows = reaction::Entity::find()
        .filter(reaction::Column::MessageId.is_in(messages.iter().copied()))
        .filter(reaction::Column::UserId.eq(viewer.user()))
        .all(&app.db.reader)
        .await?;
    let mut own: HashMap<MessageId, Vec<String>> = HashMap::new();
    for row in rows {
        own.entry(row.message_id).or_default().push(row.emoji);
    }
    Ok(own)
}

/// The people who reacted to a message with an emoji, the first ones first, except erased ones. `after` is the place of the
/// last one on the previous page. The caller has checked that the message may be seen.
pub async fn reactors(
    app: &App,
    message: MessageId,
    emoji: &str,
    first: u32,
    after: Option<(Position, UserId)>,
) -> Result<Page<(Position, user::Model)>> {
    let mut rows = reaction::Entity::find()
        .find_also_related(user::Entity)
        .filter(reaction::Column::MessageId.eq(message))
        .filter(reaction::Column::Emoji.eq(emoji))
        .filter(user::Column::DeletedAt.is_null());
    if let Some((position, user)) = after {
        let place = [reaction::Column::Position, reaction::Column::UserId];
        let place = Expr::tuple(place.map(|column| Expr::col((reaction::Entity, column))));
        rows = rows.filter(place.gt(Expr::tuple([Expr::val(position), Expr::val(user)])));
    }
    let rows = rows
        .order_by_asc(reaction::Column::Position)
        .order_by_asc(reaction::Column::UserId)
        .limit(u64::from(first) + 1)
        .all(&app.db.reader)
        .await?;
    let rows = rows.into_iter().filter_map(|(row, user)| Some((row.position, user?))).collect();
    Ok(Page::cut(rows, first, after.is_some()))
}

/// Takes back all reactions of an erased person, some at a time, and publishes it.
pub async fn take_back(app: &App, person: UserId) -> Result<()> {
    loop {
        let some = reaction::Entity::find()
            .filter(reaction::Column::UserId.eq(person))
            .limit(u64::try_from(limits::REACTION_CHANGES).unwrap_or(u64::MAX))
            .all(&app.db.reader)
            .await?;
        if some.is_empty() {
            return Ok(());
        }
        let mut of: HashMap<MessageId, Vec<ReactionWish>> = HashMap::new();
        for row in some {
            let emoji = Emoji::stored(row.emoji);
            of.entry(row.message_id).or_default().push(ReactionWish { user: person, emoji, adds: false });
        }
        let all = of.into_iter().map(|(message, steps)| app.feed.append(React { message, steps, is_erasure: true }));
        futures_util::future::try_join_all(all).await?;
    }
}
