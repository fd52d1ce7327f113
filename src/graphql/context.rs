//! What resolvers get from their context: the program, the loaders, and the viewer if there is one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use async_graphql::Context;

use crate::accounts::{KeyScope, ServerKey, Viewer};
use crate::app::App;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::graphql::Caller;
use crate::graphql::error::{Failure, Result};
use crate::graphql::live::notification::Notification;
use crate::graphql::loaders::Loaders;
use crate::program::Program;

/// Whether a shared execution asked who the viewer is.
#[derive(Debug, Default)]
pub(super) struct AskedForViewer(AtomicBool);

impl AskedForViewer {
    pub(super) fn was_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Until when the result of a shared execution is valid.
#[derive(Debug)]
pub(super) struct ValidUntil(AtomicI64);

/// The time of results that do not expire.
pub(super) const NEVER_EXPIRES: Timestamp = Timestamp(i64::MAX);

impl Default for ValidUntil {
    fn default() -> Self {
        Self(AtomicI64::new(NEVER_EXPIRES.0))
    }
}

impl ValidUntil {
    pub(super) fn time(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

/// Who sent a request.
#[derive(Clone, Copy)]
pub(super) enum Actor<'a> {
    /// A person.
    Viewer(&'a Viewer),
    /// A key of an app's backend.
    Key(&'a ServerKey),
}

/// What resolvers get from their context.
pub(super) trait ContextExt<'a> {
    fn program(&self) -> Result<&'a Program>;
    fn app(&self) -> Result<&'a App>;
    fn loaders(&self) -> Result<&'a Loaders>;
    /// The signed-in viewer. A shared execution has none and records that one was asked for; its result is then
    /// discarded, and each viewer gets their own execution.
    fn viewer(&self) -> Result<&'a Viewer>;
    /// The key of an app's backend that sent the request. `Forbidden` for people.
    fn key(&self) -> Result<&'a ServerKey>;
    /// `Forbidden` to a key without this scope. Others are asked for their rights elsewhere.
    fn key_needs(&self, scope: KeyScope) -> Result<()>;
    /// Whether a key sent it, for itself or for a person. Of events it never did, so that they can be shared.
    fn is_by_key(&self) -> bool;
    /// Who sent the request: for what both people and keys may ask.
    fn actor(&self) -> Result<Actor<'a>>;
    /// The sender of the request. A subscription has none, as its results do not depend on an address.
    fn caller(&self) -> Result<&'a Caller>;
    /// Records that the result is outdated from this time on.
    fn expires_at(&self, at: Timestamp);
    /// Whether this execution is for an event of a conversation that the viewer has left since.
    fn has_left(&self) -> bool;
}

impl<'a> ContextExt<'a> for Context<'a> {
    fn program(&self) -> Result<&'a Program> {
        self.data::<Program>().map_err(|_| missing("the program"))
    }

    fn app(&self) -> Result<&'a App> {
        Ok(&self.program()?.app)
    }

    fn loaders(&self) -> Result<&'a Loaders> {
        self.data::<Loaders>().map_err(|_| missing("loaders"))
    }

    fn viewer(&self) -> Result<&'a Viewer> {
        if let Ok(viewer) = self.data::<Viewer>() {
            return Ok(viewer);
        }
        if let Ok(shared) = self.data::<Arc<AskedForViewer>>() {
            shared.0.store(true, Ordering::Relaxed);
        }
        // A key is no person: what asks for one is not for keys.
        Err(Failure(if self.data::<ServerKey>().is_ok() { Error::Forbidden } else { Error::Unauthenticated }))
    }

    fn key(&self) -> Result<&'a ServerKey> {
        match self.data::<ServerKey>() {
            Ok(key) => Ok(key),
            Err(_) => self.viewer().and(Err(Failure(Error::Forbidden))),
        }
    }

    fn key_needs(&self, scope: KeyScope) -> Result<()> {
        match self.data::<ServerKey>() {
            Ok(key) => Ok(key.needs(scope)?),
            Err(_) => Ok(()),
        }
    }

    fn is_by_key(&self) -> bool {
        let is_acting = || self.data::<Viewer>().is_ok_and(|viewer| viewer.acting_key().is_some());
        self.data::<ServerKey>().is_ok() || is_acting()
    }

    fn actor(&self) -> Result<Actor<'a>> {
        match self.data::<ServerKey>() {
            Ok(key) => Ok(Actor::Key(key)),
            Err(_) => self.viewer().map(Actor::Viewer),
        }
    }

    fn caller(&self) -> Result<&'a Caller> {
        self.data::<Caller>().map_err(|_| Failure(Error::Unauthenticated))
    }

    fn expires_at(&self, at: Timestamp) {
        if let Ok(shared) = self.data::<Arc<ValidUntil>>() {
            shared.0.fetch_min(at.0, Ordering::Relaxed);
        }
    }

    fn has_left(&self) -> bool {
        self.data::<Arc<Notification>>().is_ok_and(|notification| matches!(**notification, Notification::Past(_)))
    }
}

fn missing(what: &str) -> Failure {
    Failure(Error::Internal(anyhow::anyhow!("a request was executed without {what}")))
}
