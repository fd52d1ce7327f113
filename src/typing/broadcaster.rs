//! Publishes typing changes to the listeners who may see them.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::app::App;
use crate::bus;
use crate::conversations;
use crate::db;
use crate::directory;
use crate::entity::conversation::DirectPair;
use crate::entity::membership;
use crate::error::Result;
use crate::id::{ConversationId, UserId};
use crate::typing::typists::{TypistKey, Typists};
use crate::typing::{TypingChange, TypistSignal};

/// The state of the background task.
pub(super) struct Broadcaster {
    app: App,
    typists: Typists,
    /// The listeners' inboxes.
    listeners: HashMap<UserId, Vec<mpsc::Sender<Arc<TypingChange>>>>,
}

impl Broadcaster {
    pub(super) fn new(app: App) -> Self {
        Self { app, typists: Typists::default(), listeners: HashMap::new() }
    }

    pub(super) async fn handle(&mut self, signal: TypistSignal) {
        match signal {
            TypistSignal::Types { user, conversation, direct_pair, at } => {
                self.tell_other_nodes((conversation, user), direct_pair.as_ref(), true);
                if let Some(began) = self.typists.begin((conversation, user), direct_pair, at) {
                    self.publish(began).await;
                }
            }
            TypistSignal::Stops { user, conversation } => {
                let key = (conversation, user);
                // Everybody who sends a message stops, and few of them were typing.
                if self.end(key).await {
                    self.tell_other_nodes(key, None, false);
                }
            }
            TypistSignal::Listens { user, inbox } => self.add_listener(user, inbox).await,
        }
    }

    /// Handles what another node says. Nobody keeps it: what is lost is renewed, or expires.
    pub(super) async fn hear(&mut self, said: bus::Signal) {
        if let bus::Signal::Blocked { one, other } = said {
            self.hide(one.into(), other.into()).await;
            return;
        }
        let bus::Signal::Typing { node, user, conversation, pair, is_typing } = said else { return };
        if node == self.app.bus.node() {
            return;
        }
        let key = (conversation.into(), user.into());
        if !is_typing {
            self.end(key).await;
            return;
        }
        let pair = pair.map(|(one, other)| DirectPair::of(one.into(), other.into()));
        if let Some(began) = self.typists.begin(key, pair, self.app.clock.uptime()) {
            self.publish(began).await;
        }
    }

    fn tell_other_nodes(&self, (conversation, user): TypistKey, pair: Option<&DirectPair>, is_typing: bool) {
        let [of, to] = [user.as_bytes(), conversation.as_bytes()].map(|id| Uuid::from_bytes(*id));
        let pair = pair.and_then(|pair| pair.other(user)).map(|other| (of, Uuid::from_bytes(*other.as_bytes())));
        self.app.bus.send(bus::Signal::Typing {
            node: self.app.bus.node(),
            user: of,
            conversation: to,
            pair,
            is_typing,
        });
    }

    /// Ends typing signals that were not renewed in time.
    pub(super) async fn end_expired(&mut self) {
        for key in self.typists.expired(self.app.clock.uptime()) {
            self.end(key).await;
        }
    }

    /// Ends a signal, if its beginning was published.
    async fn end(&mut self, key: TypistKey) -> bool {
        match self.typists.end(key) {
            Some(ended) => {
                self.publish(ended).await;
                true
            }
            None => false,
        }
    }

    /// Ends for each of two people what the other types, if one has blocked the other.
    async fn hide(&mut self, one: UserId, other: UserId) {
        match directory::blocked_among(&self.app.db.reader, one, &[other]).await {
            Ok(blocked) if blocked.is_empty() => return,
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(error = %error, "typing was not hidden at once: {error}");
                return;
            }
        }
        for (typist, viewer) in [(one, other), (other, one)] {
            for ended in self.typists.ends_of(typist) {
                match db::own_memberships(&self.app.db.reader, [(ended.conversation, viewer)]).await {
                    Ok(own) if !own.is_empty() => self.deliver(viewer, &ended),
                    // They never heard of it.
                    Ok(_) => {}
                    Err(error) => tracing::debug!(error = %error, "typing was not hidden at once: {error}"),
                }
            }
        }
    }

    /// Publishes a change to the listening members of the conversation, except the person who types and those who are in a
    /// block with them.
    async fn publish(&mut self, changed: Arc<TypingChange>) {
        if self.listeners.is_empty() {
            return;
        }
        let members = match self.audience(&changed).await {
            Ok(members) => members,
            Err(error) => {
                tracing::warn!(error = ?error, "a typing change could not be published: {error:?}");
                return;
            }
        };
        for member in members {
            self.deliver(member, &changed);
        }
    }

    /// The listening people who may see a change.
    async fn audience(&self, changed: &TypingChange) -> Result<Vec<UserId>> {
        let mut members = members(&self.app, changed.conversation).await?;
        members.retain(|member| *member != changed.user && self.listeners.contains_key(member));
        if !members.is_empty() {
            let blocked = directory::blocked_among(&self.app.db.reader, changed.user, &members).await?;
            members.retain(|member| !blocked.contains(member));
        }
        Ok(members)
    }

    fn deliver(&mut self, listener: UserId, changed: &Arc<TypingChange>) {
        let Some(inboxes) = self.listeners.get_mut(&listener) else { return };
        inboxes.retain(|inbox| inbox.try_send(Arc::clone(changed)).is_ok());
        if inboxes.is_empty() {
            self.listeners.remove(&listener);
        }
    }

    /// Those who type where a person is, and are in no block with them.
    async fn others_typing(&self, user: UserId) -> Result<Vec<Arc<TypingChange>>> {
        let mut others = self.typists.others(user);
        let own = others.iter().map(|began| (began.conversation, user));
        let own = db::own_memberships(&self.app.db.reader, own).await?;
        others.retain(|began| own.contains_key(&(began.conversation, user)));
        let people: Vec<UserId> = others.iter().map(|began| began.user).collect();
        let blocked = directory::blocked_among(&self.app.db.reader, user, &people).await?;
        others.retain(|began| !blocked.contains(&began.user));
        Ok(others)
    }

    /// Adds a listener, and first sends them who is typing already, because those signals are not repeated.
    async fn add_listener(&mut self, user: UserId, inbox: mpsc::Sender<Arc<TypingChange>>) {
        match self.others_typing(user).await {
            Ok(others) => {
                for began in others {
                    // A new inbox has more room than a person can watch. A typist left out here is published again when
                    // they stop.
                    let _ = inbox.try_send(began);
                }
            }
            Err(error) => tracing::warn!(error = %error, "current typists could not be read: {error}"),
        }
        // Closed inboxes are removed when the map would have to grow.
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
