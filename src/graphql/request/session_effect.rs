//! What an operation did to the session of the client: GraphQL records it, and HTTP makes a cookie of it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Context;

use crate::clock::Timestamp;

/// What an operation did to the session. Its token does not print.
#[derive(Clone, PartialEq, Eq)]
pub enum SessionEffect {
    /// There is a new token, of a new session or of the same one.
    Set {
        /// The token.
        token: String,
        /// When the session ends.
        expires_at: Timestamp,
    },
    /// The session has ended.
    Clear,
}

impl fmt::Debug for SessionEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Set { .. } => "Set",
            Self::Clear => "Clear",
        })
    }
}

/// Where the resolvers of one operation record the effect. The last one counts.
#[derive(Clone, Default)]
pub(in crate::graphql) struct SessionEffects(Arc<Mutex<Option<SessionEffect>>>);

impl SessionEffects {
    pub(in crate::graphql) fn take(&self) -> Option<SessionEffect> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl SessionEffect {
    /// Records the effect for the answer.
    pub(in crate::graphql) fn record(self, ctx: &Context<'_>) {
        if let Ok(effects) = ctx.data::<SessionEffects>() {
            *effects.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(self);
        }
    }
}
