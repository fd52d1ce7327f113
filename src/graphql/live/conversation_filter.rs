//! Which conversations a `messageAdded` or a `typingChanged` covers.

use crate::accounts::Viewer;
use crate::app::App;
use crate::conversations::{self, Reference};
use crate::detached::detached;
use crate::entity::conversation::DirectPair;
use crate::error::Error;
use crate::feed::{Cursor, Event, EventKind};
use crate::graphql::Api;
use crate::graphql::error::{Failure, Result};
use crate::graphql::schema::reference::ConversationRef;
use crate::id::ConversationId;
use crate::typing::TypingChange;

/// Which conversations a subscription covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::graphql) enum ConversationFilter {
    /// All conversations of the viewer.
    Everywhere,
    /// One conversation.
    In(ConversationId),
    /// A direct conversation that does not exist yet.
    Between(DirectPair),
}

/// What an event means for a `messageAdded`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::graphql) enum Relevance {
    /// It is delivered.
    Deliver,
    /// It may create the conversation that did not exist: see [`ConversationFilter::may_begin`].
    MayCreate,
    /// The viewer has left: nothing more is delivered.
    End,
    /// It concerns other conversations, or is no new message.
    Ignore,
}

impl ConversationFilter {
    /// The filter for the argument of a client. `NotFound` if the viewer may not see the conversation.
    pub(in crate::graphql) async fn find(
        api: &Api,
        viewer: &Viewer,
        reference: Option<ConversationRef>,
    ) -> Result<Self> {
        let Some(reference) = reference else { return Ok(Self::Everywhere) };
        let (app, viewer) = (api.0.program.app.clone(), viewer.clone());
        let look_up = async move {
            let reference = reference.find(&app, false).await?.ok_or(Failure(Error::NotFound))?;
            Self::look_up(&app, &viewer, reference).await
        };
        detached(look_up).await
    }

    async fn look_up(app: &App, viewer: &Viewer, reference: Reference) -> Result<Self> {
        if let Some(membership) = conversations::find_membership(app, viewer, reference).await? {
            return Ok(Self::In(membership.conversation().id));
        }
        match reference {
            Reference::Direct(other) if conversations::can_be_begun(app, viewer, other).await? => {
                Ok(Self::Between(DirectPair::of(viewer.user(), other)))
            }
            Reference::Direct(_) | Reference::Id(_) => Err(Failure(Error::NotFound)),
        }
    }

    /// What an event means for a subscription with this filter.
    pub(in crate::graphql) fn relevance(&self, event: &Event) -> Relevance {
        match event.fact.kind {
            EventKind::MessageAdded if self.has(event) => Relevance::Deliver,
            EventKind::ConversationAdded if matches!(self, Self::Between(_)) => Relevance::MayCreate,
            EventKind::ConversationRemoved if self.has(event) && *self != Self::Everywhere => Relevance::End,
            EventKind::Origin
            | EventKind::MessageAdded
            | EventKind::MessageChanged
            | EventKind::ReadMarkMoved
            | EventKind::ConversationAdded
            | EventKind::ConversationUpdated
            | EventKind::ConversationRemoved
            | EventKind::UserChanged
            | EventKind::ReactionsChanged
            | EventKind::PinsChanged
            | EventKind::MembershipChanged
            | EventKind::BlockChanged
            | EventKind::HistoryTrimmed => Relevance::Ignore,
        }
    }

    /// Whether an event is of these conversations.
    fn has(&self, event: &Event) -> bool {
        match self {
            Self::Everywhere => true,
            Self::In(conversation) => event.fact.conversation == Some(*conversation),
            Self::Between(_) => false,
        }
    }

    /// Whether the viewer has left the conversation at a position of the feed.
    pub(in crate::graphql) async fn is_left(&self, api: &Api, viewer: &Viewer, by: Cursor) -> Result<bool, Error> {
        match self {
            Self::In(id) => {
                let (app, viewer, id) = (api.0.program.app.clone(), viewer.clone(), *id);
                detached(async move { conversations::has_left(&app, &viewer, id, by.position).await }).await
            }
            Self::Everywhere | Self::Between(_) => Ok(false),
        }
    }

    /// Whether a change of typing is of these conversations.
    pub(in crate::graphql) fn has_typing(&self, changed: &TypingChange) -> bool {
        match self {
            Self::Everywhere => true,
            Self::In(conversation) => changed.conversation == *conversation,
            Self::Between(pair) => changed.direct_pair.as_ref() == Some(pair),
        }
    }

    /// Looks up the conversation that did not exist when the subscription began: it may have been created before the
    /// feed was followed, so that no event reports it.
    pub(in crate::graphql) async fn may_have_begun(&mut self, api: &Api, viewer: &Viewer) -> Result<(), Error> {
        let Self::Between(pair) = self else { return Ok(()) };
        let Some(other) = pair.other(viewer.user()) else { return Ok(()) };
        let (app, viewer) = (api.0.program.app.clone(), viewer.clone());
        let lookup = async move { conversations::find_membership(&app, &viewer, Reference::Direct(other)).await };
        if let Some(membership) = detached(lookup).await? {
            *self = Self::In(membership.conversation().id);
        }
        Ok(())
    }

    /// Checks whether the conversation that the viewer has joined is the one that did not exist.
    pub(in crate::graphql) async fn may_begin(&mut self, api: &Api, event: &Event) -> Result<(), Error> {
        let (Self::Between(pair), Some(id)) = (&*self, event.fact.conversation) else { return Ok(()) };
        let app = api.0.program.app.clone();
        let rows = detached(async move { conversations::by_ids(&app, &[id]).await }).await?;
        if rows.iter().any(|row| row.direct_pair.as_ref() == Some(pair)) {
            *self = Self::In(id);
        }
        Ok(())
    }
}
