//! Typing: who is writing just now. It is told and never stored, and ends by itself.
//!
//! One task knows it all and hears of it in one order, so that nobody is told that somebody stopped before they are told
//! that they began.

mod told;
mod typists;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::conversations::{self, Membership, Reference};
use crate::entity::conversation::DirectPair;
use crate::error::{Error, Result};
use crate::id::{ConversationId, UserId};
use crate::limits;
use crate::slot::Slot;
use told::Told;

/// Who types on this node. Clones share it.
#[derive(Clone)]
pub struct Typing {
    app: App,
    signs: mpsc::Sender<Sign>,
    /// What the task takes when it begins.
    waiting: Arc<Mutex<Option<mpsc::Receiver<Sign>>>>,
}

/// Somebody began or stopped.
#[derive(Debug)]
pub struct Changed {
    /// Who.
    pub user: UserId,
    /// Where.
    pub conversation: ConversationId,
    /// The two people, where it is a direct conversation.
    pub direct_pair: Option<DirectPair>,
    /// Whether they are typing now.
    pub is_typing: bool,
    /// What is made of this once for everybody.
    pub shared: Slot,
}

/// Somebody who hears of typing.
pub struct Listener {
    inbox: mpsc::Receiver<Arc<Changed>>,
    signs: mpsc::Sender<Sign>,
}

impl Listener {
    /// Waits for the next who begins or stops. `None` for one who did not keep up.
    pub async fn next(&mut self) -> Option<Arc<Changed>> {
        let changed = self.inbox.recv().await;
        if changed.is_none() && self.signs.is_closed() {
            // The program ends, and sends its sockets away in their turn.
            return std::future::pending().await;
        }
        changed
    }
}

/// What the task hears.
enum Sign {
    /// Somebody types, and did so at this uptime of the clock.
    Types { user: UserId, conversation: ConversationId, direct_pair: Option<DirectPair>, at: Duration },
    /// Somebody types no more.
    Stops { user: UserId, conversation: ConversationId },
    /// Somebody listens from here on.
    Listens { user: UserId, inbox: mpsc::Sender<Arc<Changed>> },
}

impl Typing {
    /// Typing in this program.
    pub fn new(app: App) -> Self {
        let (signs, waiting) = mpsc::channel(limits::TYPING_QUEUE);
        Self { app, signs, waiting: Arc::new(Mutex::new(Some(waiting))) }
    }

    /// A person types in a conversation: for 5 seconds, or for 5 more. In a direct conversation that does not exist yet
    /// there is nobody to tell, which is fine.
    pub async fn begin(&self, user: UserId, reference: Reference) -> Result<()> {
        let Some(member) = self.writer(user, reference).await? else { return Ok(()) };
        let conversation = member.conversation();
        let (id, direct_pair) = (conversation.id, conversation.direct_pair.clone());
        self.sign(Sign::Types { user, conversation: id, direct_pair, at: self.app.clock.uptime() })
    }

    /// A person types no more.
    pub async fn end(&self, user: UserId, reference: Reference) -> Result<()> {
        let Some(member) = self.writer(user, reference).await? else { return Ok(()) };
        self.sign(Sign::Stops { user, conversation: member.conversation().id })
    }

    /// A person has sent what they typed. Where this can't be told, it ends by itself.
    pub fn sent(&self, user: UserId, conversation: ConversationId) {
        if self.sign(Sign::Stops { user, conversation }).is_err() {
            tracing::debug!("that somebody types no more is told later, the queue is full");
        }
    }

    /// Hears who begins and stops in a person's conversations, as they are when it happens, and first of those who are
    /// typing now. Of themself a person is told nothing. Who does not keep up is let go of.
    pub fn listen(&self, user: UserId) -> Result<Listener> {
        let (sender, inbox) = mpsc::channel(limits::TYPING_QUEUE);
        self.sign(Sign::Listens { user, inbox: sender })?;
        Ok(Listener { inbox, signs: self.signs.clone() })
    }

    /// Tells of typing until the program ends.
    pub async fn run_background(self, shutdown: CancellationToken) {
        let taken = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut signs) = taken else { return };
        let mut told = Told::new(self.app.clone());
        // A twentieth of the time: what somebody is shown typing too long at most.
        let mut tick = tokio::time::interval(limits::TYPING / 20);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => {
                    // Before those who listen are let go of: by this they know why.
                    signs.close();
                    return;
                }
                sign = signs.recv() => match sign {
                    Some(sign) => told.hear(sign).await,
                    None => return,
                },
                _ = tick.tick() => told.end_those_who_stopped().await,
            }
        }
    }

    /// Whether the person may write there: `None` where it does not exist yet.
    async fn writer(&self, user: UserId, reference: Reference) -> Result<Option<Membership>> {
        self.app.rates.typing.take(&user)?;
        let member = conversations::find_membership(&self.app, user, reference).await?;
        match reference {
            Reference::Direct(other) if member.is_none() => {
                let can_be_begun = conversations::can_be_begun(&self.app, user, other).await?;
                can_be_begun.then_some(None).ok_or(Error::NotFound)
            }
            Reference::Direct(_) | Reference::Id(_) => member.map(Some).ok_or(Error::NotFound),
        }
    }

    fn sign(&self, sign: Sign) -> Result<()> {
        self.signs.try_send(sign).map_err(|_| Error::unavailable())
    }
}
