//! Compares the claims of this node with the rows, where other nodes claim consumers too.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::sleep;
use uuid::Uuid;

use super::claims::{ClaimHandle, Claims};
use crate::app::App;
use crate::bus::Signal;
use crate::entity::consumer::{self, Column};
use crate::id::UserId;
use crate::limits;

/// People in one statement.
const AT_ONCE: usize = 1_000;

/// Watches until it is dropped. What the bus brings is early; the table is read every second anyway.
pub(super) async fn keep_watching(app: &App, claims: &Claims) {
    if !app.db.is_shared() {
        return std::future::pending().await;
    }
    let mut signals = app.bus.subscribe();
    loop {
        let of = tokio::select! {
            () = sleep(limits::CONSUMER_WATCH) => None,
            signal = signals.recv() => match signal {
                Ok(Signal::Consumer(user)) => Some(UserId::from(user)),
                Ok(_) => continue,
                Err(RecvError::Lagged(_)) => None,
                Err(RecvError::Closed) => return std::future::pending().await,
            },
        };
        let held = claims.written(of);
        if let Err(error) = end_those_that_were_taken(app, &held).await {
            tracing::debug!(error = %error, "the claims of consumers could not be compared, it is tried again");
        }
    }
}

async fn end_those_that_were_taken(app: &App, held: &[ClaimHandle]) -> Result<(), DbErr> {
    let people: HashSet<UserId> = held.iter().map(|claim| claim.key().0).collect();
    let people: Vec<UserId> = people.into_iter().collect();
    for some in people.chunks(AT_ONCE) {
        let rows = consumer::Entity::find()
            .select_only()
            .columns([Column::UserId, Column::Name, Column::ClaimId])
            .filter(Column::UserId.is_in(some.iter().copied()))
            .into_tuple::<(UserId, String, Option<Uuid>)>()
            .all(&app.db.reader)
            .await?;
        let claimed: HashMap<(UserId, String), Option<Uuid>> =
            rows.into_iter().map(|(user, name, claim)| ((user, name), claim)).collect();
        for claim in held {
            let (user, name) = claim.key();
            // One whose row was deleted goes on: nobody else has claimed it.
            let by = claimed.get(&(*user, name.as_str().to_owned())).copied().flatten();
            if by.is_some_and(|by| by != claim.id) {
                claim.end();
            }
        }
    }
    Ok(())
}
