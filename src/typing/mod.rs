//! Typing indicators: who is typing. They are published but never stored, and expire by themselves.
//!
//! One task processes all signals in order, so that nobody receives the end of a typing signal before its beginning.

mod broadcaster;
mod typists;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::accounts::Viewer;
use crate::app::App;
use crate::conversations::{self, ActionPlace, MemberAction, Membership, Reference};
use crate::directory;
use crate::entity::conversation::DirectPair;
use crate::error::{Error, Result};
use crate::id::{ConversationId, UserId};
use crate::limits;
use crate::shared_cell::SharedCell;
use broadcaster::Broadcaster;

/// Tracks who is typing on this node. Clones share it.
#[derive(Clone)]
pub struct Typing {
    app: App,
    signals: mpsc::Sender<TypistSignal>,
    /// The receiver, until the background task takes it.
    receiver: Arc<Mutex<Option<mpsc::Receiver<TypistSignal>>>>,
}

/// Somebody began or stopped typing.
#[derive(Debug)]
pub struct TypingChange {
    /// The person.
    pub user: UserId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The two people of a direct conversation.
    pub direct_pair: Option<DirectPair>,
    /// Whether they are typing now.
    pub is_typing: bool,
    /// Frames for this change, shared by equal subscriptions.
    pub shared: SharedCell,
}

/// A subscriber to typing changes.
pub struct Listener {
    inbox: mpsc::Receiver<Arc<TypingChange>>,
    signals: mpsc::Sender<TypistSignal>,
}

impl Listener {
    /// Waits for the next change. `None` for a listener that fell behind and was dropped.
    pub async fn next(&mut self) -> Option<Arc<TypingChange>> {
        let changed = self.inbox.recv().await;
        if changed.is_none() && self.signals.is_closed() {
            // The program is shutting down, and closes its sockets itself.
            return std::future::pending().await;
        }
        changed
    }
}

/// A message to the background task.
enum TypistSignal {
    /// Somebody is typing, as of this uptime of the clock.
    Types { user: UserId, conversation: ConversationId, direct_pair: Option<DirectPair>, at: Duration },
    /// Somebody stopped typing.
    Stops { user: UserId, conversation: ConversationId },
    /// Somebody subscribes.
    Listens { user: UserId, inbox: mpsc::Sender<Arc<TypingChange>> },
}

impl Typing {
    /// Creates the typing service.
    pub fn new(app: App) -> Self {
        let (signals, receiver) = mpsc::channel(limits::TYPING_QUEUE);
        Self { app, signals, receiver: Arc::new(Mutex::new(Some(receiver))) }
    }

    /// Starts or renews a typing signal, which expires after 5 seconds. `Forbidden` to those who may not write there. In a direct conversation that does not exist
    /// yet it is accepted and ignored.
    pub async fn begin(&self, viewer: &Viewer, reference: Reference) -> Result<()> {
        let Some(member) = self.writer(viewer, reference).await? else { return Ok(()) };
        let conversation = member.conversation();
        let is_open = match conversation.direct_pair.as_ref().and_then(|pair| pair.other(viewer.user())) {
            Some(other) => !directory::in_blocks_with(&self.app, viewer.user()).await?.contains(&other),
            None => true,
        };
        if !conversations::may(member.standing(), MemberAction::Send, ActionPlace::of(conversation, is_open)) {
            return Err(Error::Forbidden);
        }
        let (id, direct_pair) = (conversation.id, conversation.direct_pair.clone());
        self.send_signal(TypistSignal::Types {
            user: viewer.user(),
            conversation: id,
            direct_pair,
            at: self.app.clock.uptime(),
        })
    }

    /// Ends a typing signal.
    pub async fn end(&self, viewer: &Viewer, reference: Reference) -> Result<()> {
        let Some(member) = self.writer(viewer, reference).await? else { return Ok(()) };
        self.send_signal(TypistSignal::Stops { user: viewer.user(), conversation: member.conversation().id })
    }

    /// Ends the typing signal of somebody who has sent their message. If the queue is full, the signal expires by
    /// itself.
    pub fn sent(&self, viewer: &Viewer, conversation: ConversationId) {
        if self.send_signal(TypistSignal::Stops { user: viewer.user(), conversation }).is_err() {
            tracing::debug!("the typing queue is full: a signal will expire instead of ending now");
        }
    }

    /// Subscribes to typing changes in the viewer's conversations, as these are at the time of each change; people who
    /// are typing already come first. The viewer's own typing is not included. A listener that falls behind is dropped.
    pub fn listen(&self, viewer: &Viewer) -> Result<Listener> {
        let (sender, inbox) = mpsc::channel(limits::TYPING_QUEUE);
        self.send_signal(TypistSignal::Listens { user: viewer.user(), inbox: sender })?;
        Ok(Listener { inbox, signals: self.signals.clone() })
    }

    /// Publishes typing changes until the program ends.
    pub async fn run_background(self, shutdown: CancellationToken) {
        let taken = self.receiver.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut signals) = taken else { return };
        let mut broadcaster = Broadcaster::new(self.app.clone());
        let mut others = self.app.bus.subscribe();
        // A twentieth of the expiry: the longest that it is exceeded.
        let mut tick = tokio::time::interval(limits::TYPING / 20);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => {
                    // Closed before the inboxes are dropped: by this listeners know why theirs ended.
                    signals.close();
                    return;
                }
                signal = signals.recv() => match signal {
                    Some(signal) => broadcaster.handle(signal).await,
                    None => return,
                },
                signal = others.recv() => if let Ok(signal) = signal {
                    broadcaster.hear(signal).await;
                },
                _ = tick.tick() => broadcaster.end_expired().await,
            }
        }
    }

    /// The membership of a viewer who may write there; `None` if the direct conversation does not exist yet.
    async fn writer(&self, viewer: &Viewer, reference: Reference) -> Result<Option<Membership>> {
        self.app.rates.typing.take(&viewer.user())?;
        let member = conversations::find_membership(&self.app, viewer, reference).await?;
        match reference {
            Reference::Direct(other) if member.is_none() => {
                let can_be_begun = conversations::can_be_begun(&self.app, viewer, other).await?;
                can_be_begun.then_some(None).ok_or(Error::NotFound)
            }
            Reference::Direct(_) | Reference::Id(_) => member.map(Some).ok_or(Error::NotFound),
        }
    }

    fn send_signal(&self, signal: TypistSignal) -> Result<()> {
        self.signals.try_send(signal).map_err(|_| Error::unavailable())
    }
}
