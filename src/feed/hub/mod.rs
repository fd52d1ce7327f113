//! The hub: puts committed events, in position order, into the inboxes of their audience, and keeps recent ones.
//! ```text
//!  writer ─ publish ─▶ hub { ring: 41 … 44 (head), members: conversation ▸ people, people: person ▸ inboxes } ─▶ inboxes
//!  log ─── keep_up ──▶ (what other nodes wrote)
//! ```
//! Example: head is 44. Event 45 follows on it and is delivered; 47 does not (another process wrote 46), so `keep_up`
//! reads both from the log. To a listener with cursor 42 the ring has all that it missed; one with cursor 7 reads the log.

mod keep_up;
mod refresh;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use sea_orm::DbErr;
use tokio::sync::Notify;

use crate::db::Db;
use crate::error::Result;
use crate::feed::cursor::{Cursor, Position};
use crate::feed::event::{Audience, Event, EventKind};
use crate::feed::inbox::{Edge, Inbox, Put};
use crate::feed::log;
use crate::feed::replays::ReplayTurns;
use crate::feed::rounds::Rounds;
use crate::id::{ConversationId, UserId};
use crate::limits;

/// This node's hub.
pub(super) struct Hub {
    state: Mutex<HubState>,
    rounds: Rounds,
    /// Notified when events were missed.
    behind: Notify,
    /// Notified when the head has moved.
    moved: Notify,
    /// Whether an event contradicted the ring.
    is_in_doubt: AtomicBool,
}

struct HubState {
    /// The newest event that was delivered.
    head: Cursor,
    /// The newest events; the last is at `head`.
    ring: VecDeque<Arc<Event>>,
    /// The cursor of the event before the ring.
    before_ring: Cursor,
    /// People with at least one listener.
    people: HashMap<UserId, Person>,
    /// The listening members of each conversation, and the position at which each joined.
    members: HashMap<ConversationId, HashMap<UserId, Position>>,
}

/// A person with at least one listener.
#[derive(Default)]
struct Person {
    inboxes: Vec<Arc<Inbox>>,
    conversations: HashSet<ConversationId>,
    /// Whether they left a conversation while they listened.
    has_left: Arc<AtomicBool>,
}

/// A listener's registration with the hub. Its inbox gets events in position order; if it can't keep up, the hub evicts it
/// and the inbox ends after what is already in it.
pub(super) struct Attachment {
    hub: Arc<Hub>,
    user: UserId,
    has_left: Arc<AtomicBool>,
    pub(super) inbox: Arc<Inbox>,
    /// The inbox has events after this; the replay delivers those up to it.
    pub(super) since: Cursor,
    /// What was missed, if the ring had all of it.
    pub(super) missed: Option<Vec<Arc<Event>>>,
}

impl Attachment {
    /// Whether the person left a conversation while they listened; events of it may still be in the inbox.
    pub(super) fn has_left(&self, conversation: ConversationId) -> bool {
        // Most have left nothing, and need no lock.
        if !self.has_left.load(Ordering::Relaxed) {
            return false;
        }
        let state = self.hub.lock();
        !state.people.get(&self.user).is_some_and(|person| person.conversations.contains(&conversation))
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.inbox.close();
        let mut state = self.hub.lock();
        let Some(person) = state.people.get_mut(&self.user) else { return };
        person.inboxes.retain(|inbox| !Arc::ptr_eq(inbox, &self.inbox));
        if person.inboxes.is_empty() {
            state.remove_person(self.user);
        }
    }
}

impl Hub {
    pub(super) fn new(head: Cursor) -> Self {
        let state = HubState::at(head);
        let (rounds, is_in_doubt) = Default::default();
        Self { state: Mutex::new(state), rounds, behind: Notify::new(), moved: Notify::new(), is_in_doubt }
    }

    /// The cursor of the newest event that was delivered.
    pub(super) fn head(&self) -> Cursor {
        self.lock().head
    }

    /// Takes committed events, and the one before them where it is known. Those that do not follow on the head are left
    /// to [`keep_up`](Self::keep_up): another process has written in between, or the log is not the one that this hub
    /// knows.
    pub(super) fn publish(&self, before: Option<Cursor>, events: Vec<Event>) {
        let mut called = Vec::new();
        let mut state = self.lock();
        if before.into_iter().chain(events.iter().map(|event| event.cursor)).any(|cursor| state.contradicts(cursor)) {
            drop(state);
            self.is_in_doubt.store(true, Ordering::Relaxed);
            self.behind.notify_one();
            return;
        }
        for event in events {
            match event.position().cmp(&(state.head.position + 1)) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => state.apply(Arc::new(event), &mut called),
                std::cmp::Ordering::Greater => {
                    self.behind.notify_one();
                    break;
                }
            }
        }
        drop(state);
        self.moved.notify_waiters();
        self.rounds.begin(called);
    }

    /// Registers a listener, with what it missed after `after` if the ring has all of it.
    pub(super) async fn attach(
        self: &Arc<Self>,
        db: &Db,
        turns: &ReplayTurns,
        user: UserId,
        after: Option<Cursor>,
        edge: Option<&Arc<dyn Edge>>,
    ) -> Result<Attachment> {
        if let Some(attachment) = self.try_attach(user, after, edge, None) {
            return Ok(attachment);
        }
        // Of many subscriptions that a person begins at once, the first ones read for all.
        let (hub, db, edge) = (Arc::clone(self), db.clone(), edge.cloned());
        let reading = async move {
            let mut membership = None;
            loop {
                if let Some(attachment) = hub.try_attach(user, after, edge.as_ref(), membership.take()) {
                    return Ok::<_, DbErr>(attachment);
                }
                membership = Some(log::membership(&db, user).await?);
            }
        };
        turns.read(user, reading).await
    }

    /// Registers it if the hub knows the person's conversations, or learns them from what was read.
    fn try_attach(
        self: &Arc<Self>,
        user: UserId,
        after: Option<Cursor>,
        edge: Option<&Arc<dyn Edge>>,
        membership: Option<log::MembershipSnapshot>,
    ) -> Option<Attachment> {
        let mut state = self.lock();
        if let Some(membership) = membership {
            state.get_to_know(user, membership);
        }
        let missed = after.and_then(|after| state.missed(user, after));
        let since = state.head;
        let person = state.people.get_mut(&user)?;
        let has_left = Arc::clone(&person.has_left);
        let inbox = Arc::new(Inbox::new(since, edge.cloned(), Arc::clone(&has_left)));
        person.inboxes.push(Arc::clone(&inbox));
        Some(Attachment { hub: Arc::clone(self), user, has_left, inbox, since, missed })
    }

    fn lock(&self) -> MutexGuard<'_, HubState> {
        // A panic with this lock held ends the process (see `Feed::start`), so a poisoned state is never used.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl HubState {
    /// Of a hub without listeners.
    fn at(head: Cursor) -> Self {
        let (ring, people, members) = Default::default();
        Self { head, ring, before_ring: head, people, members }
    }

    /// Applies an event to the members and the ring, and delivers it. Inboxes whose edges are to be served go to
    /// `called`.
    fn apply(&mut self, event: Arc<Event>, called: &mut Vec<Arc<Inbox>>) {
        self.head = event.cursor;
        if let Some(user) = event.joins()
            && let Some(conversation) = event.fact.conversation
            && let Some(person) = self.people.get_mut(&user)
        {
            person.conversations.insert(conversation);
            self.members.entry(conversation).or_default().insert(user, event.position());
        }
        self.refresh(&event);
        self.deliver(&event, called);
        if let Some(user) = event.leaves()
            && let Some(conversation) = event.fact.conversation
        {
            self.leave(user, conversation);
        }
        self.remove_erased_person(&event);
        if self.ring.len() == limits::RING_EVENTS
            && let Some(oldest) = self.ring.pop_front()
        {
            self.before_ring = oldest.cursor;
        }
        self.ring.push_back(event);
    }

    fn deliver(&mut self, event: &Arc<Event>, called: &mut Vec<Arc<Inbox>>) {
        let people = &mut self.people;
        let mut put = |user: &UserId| {
            if let Some(person) = people.get_mut(user) {
                person.put(event, called);
            }
        };
        match &event.fact.audience {
            Audience::Person(user) => put(user),
            Audience::Conversation(conversation) => {
                for (user, joined) in self.members.get(conversation).into_iter().flatten() {
                    if *joined < event.position() {
                        put(user);
                    }
                }
            }
            Audience::Contacts { person, conversations } => {
                let members = conversations.iter().filter_map(|id| self.members.get(id)).flat_map(HashMap::keys);
                let everyone: HashSet<UserId> = members.copied().chain([*person]).collect();
                everyone.iter().for_each(put);
            }
        }
    }

    fn leave(&mut self, user: UserId, conversation: ConversationId) {
        if let Some(person) = self.people.get_mut(&user) {
            person.conversations.remove(&conversation);
            person.has_left.store(true, Ordering::Relaxed);
        }
        if let Some(members) = self.members.get_mut(&conversation) {
            members.remove(&user);
            if members.is_empty() {
                self.members.remove(&conversation);
            }
        }
    }

    /// Learns a person's conversations as they were read at a position, and applies later changes from the ring. If the
    /// ring no longer reaches back to that position, it learns nothing: read again.
    fn get_to_know(&mut self, user: UserId, membership: log::MembershipSnapshot) {
        if self.people.contains_key(&user) || membership.at < self.before_ring.position {
            return;
        }
        let mut conversations: HashMap<ConversationId, Position> = membership.conversations.into_iter().collect();
        for event in self.ring.iter().filter(|event| event.position() > membership.at) {
            let Some(conversation) = event.fact.conversation else { continue };
            if event.joins() == Some(user) {
                conversations.insert(conversation, event.position());
            } else if event.leaves() == Some(user) {
                conversations.remove(&conversation);
            }
        }
        for (conversation, joined) in &conversations {
            self.members.entry(*conversation).or_default().insert(user, *joined);
        }
        let person = Person { conversations: conversations.into_keys().collect(), ..Person::default() };
        self.people.insert(user, person);
    }

    fn remove_person(&mut self, user: UserId) {
        let Some(person) = self.people.remove(&user) else { return };
        for conversation in person.conversations {
            self.leave(user, conversation);
        }
    }

    /// What a listener missed after a cursor, oldest first; `None` if the ring does not have all of it.
    fn missed(&self, user: UserId, after: Cursor) -> Option<Vec<Arc<Event>>> {
        let person = self.people.get(&user)?;
        let behind = usize::try_from(self.head.position - after.position).ok()?;
        let from = self.ring.len().checked_sub(behind)?;
        let at = if from == 0 { self.before_ring } else { self.ring.get(from - 1)?.cursor };
        if at != after {
            return None;
        }
        let mut newer = HashSet::new();
        let mut missed: Vec<_> = self
            .ring
            .iter()
            .skip(from)
            .rev()
            .filter(|event| self.is_missed_by(user, person, event))
            .filter(|event| {
                let fact = &event.fact;
                !fact.is_replaced_by_newer() || newer.insert((fact.kind, fact.conversation, fact.user))
            })
            .cloned()
            .collect();
        missed.reverse();
        (missed.len() <= limits::INBOX_EVENTS).then_some(missed)
    }

    /// Whether a replay delivers the event to the person: it is of a conversation that they are in now, since they joined.
    fn is_missed_by(&self, user: UserId, person: &Person, event: &Event) -> bool {
        match &event.fact.audience {
            Audience::Person(recipient) => {
                let is_in = event.fact.conversation.is_none_or(|id| person.conversations.contains(&id));
                *recipient == user && (is_in || event.fact.kind == EventKind::ConversationRemoved)
            }
            Audience::Conversation(conversation) => {
                let joined = self.members.get(conversation).and_then(|members| members.get(&user));
                joined.is_some_and(|joined| *joined < event.position())
            }
            Audience::Contacts { person: changed, conversations } => {
                *changed == user || conversations.iter().any(|id| person.conversations.contains(id))
            }
        }
    }
}

impl Person {
    /// Puts the event into every inbox. A listener whose inbox is full is evicted: it reads on from the log.
    fn put(&mut self, event: &Arc<Event>, called: &mut Vec<Arc<Inbox>>) {
        self.inboxes.retain(|inbox| match inbox.put(event) {
            Put::Kept => true,
            Put::Calls => {
                called.push(Arc::clone(inbox));
                true
            }
            Put::Refused => false,
        });
    }
}
