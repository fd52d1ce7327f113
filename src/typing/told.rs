//! What was told of typing, and to whom.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use tokio::sync::mpsc;

use crate::app::App;
use crate::conversations;
use crate::entity::membership;
use crate::error::Result;
use crate::id::{ConversationId, UserId};
use crate::limits;
use crate::slot::Slot;
use crate::typing::{Changed, Sign};

/// Belongs to the one task.
pub(super) struct Told {
    app: App,
    /// Those who type, as it was told, and when each said so last.
    typing: HashMap<(ConversationId, UserId), (Arc<Changed>, Duration)>,
    /// Those who listen.
    listeners: HashMap<UserId, Vec<mpsc::Sender<Arc<Changed>>>>,
}

impl Told {
    pub(super) fn new(app: App) -> Self {
        Self { app, typing: HashMap::new(), listeners: HashMap::new() }
    }

    pub(super) async fn hear(&mut self, sign: Sign) {
        match sign {
            Sign::Types { user, conversation, direct_pair, at } => {
                let is_full = self.typing.len() >= limits::TYPISTS;
                match self.typing.get_mut(&(conversation, user)) {
                    Some((_, since)) => *since = at,
                    None if is_full => tracing::debug!("somebody types whom there is no place to remember"),
                    None => {
                        let shared = Slot::default();
                        let began = Arc::new(Changed { user, conversation, direct_pair, is_typing: true, shared });
                        self.typing.insert((conversation, user), (Arc::clone(&began), at));
                        self.tell(began).await;
                    }
                }
            }
            Sign::Stops { user, conversation } => self.end(conversation, user).await,
            Sign::Listens { user, inbox } => self.greet(user, inbox).await,
        }
    }

    /// Those who have not said for a while that they type.
    pub(super) async fn end_those_who_stopped(&mut self) {
        let now = self.app.clock.uptime();
        let is_over = |since: &Duration| now.saturating_sub(*since) >= limits::TYPING;
        let over: Vec<_> =
            self.typing.iter().filter(|(_, (_, since))| is_over(since)).map(|(place, _)| *place).collect();
        for (conversation, user) in over {
            self.end(conversation, user).await;
        }
    }

    async fn end(&mut self, conversation: ConversationId, user: UserId) {
        if let Some((began, _)) = self.typing.remove(&(conversation, user)) {
            let direct_pair = began.direct_pair.clone();
            let shared = Slot::default();
            self.tell(Arc::new(Changed { user, conversation, direct_pair, is_typing: false, shared })).await;
        }
    }

    /// Tells the others who are in the conversation now and listen.
    async fn tell(&mut self, changed: Arc<Changed>) {
        if self.listeners.is_empty() {
            return;
        }
        let members = match members(&self.app, changed.conversation).await {
            Ok(members) => members,
            Err(error) => {
                tracing::warn!(error = ?error, "somebody's typing could not be told: {error:?}");
                return;
            }
        };
        for member in members.into_iter().filter(|member| *member != changed.user) {
            let Some(inboxes) = self.listeners.get_mut(&member) else { continue };
            inboxes.retain(|inbox| inbox.try_send(Arc::clone(&changed)).is_ok());
            if inboxes.is_empty() {
                self.listeners.remove(&member);
            }
        }
    }

    /// Begins to tell somebody, first of those who are typing already: they do not say so again.
    async fn greet(&mut self, user: UserId, inbox: mpsc::Sender<Arc<Changed>>) {
        let others = self.typing.values().map(|(began, _)| began).filter(|began| began.user != user);
        let others: Vec<Arc<Changed>> = others.cloned().collect();
        let places = others.iter().map(|began| began.conversation);
        match conversations::find_own(&self.app.db.reader, [user], places).await {
            Ok(own) => {
                for began in others.into_iter().filter(|began| own.contains_key(&(began.conversation, user))) {
                    // A new inbox has room for more than a person can see at once; who is left out is told when they stop.
                    let _ = inbox.try_send(began);
                }
            }
            Err(error) => tracing::warn!(error = %error, "it could not be told who is typing: {error}"),
        }
        // Those who went are let go of when the map would have to grow.
        if self.listeners.len() == self.listeners.capacity() {
            self.listeners.retain(|_, inboxes| {
                inboxes.retain(|inbox| !inbox.is_closed());
                !inboxes.is_empty()
            });
        }
        let inboxes = self.listeners.entry(user).or_default();
        inboxes.retain(|inbox| !inbox.is_closed());
        inboxes.push(inbox);
    }
}

async fn members(app: &App, conversation: ConversationId) -> Result<Vec<UserId>> {
    let members = conversations::current_rows().filter(membership::Column::ConversationId.eq(conversation));
    Ok(members.select_only().column(membership::Column::UserId).into_tuple().all(&app.db.reader).await?)
}
