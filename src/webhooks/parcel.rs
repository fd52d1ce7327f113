//! What goes into one POST.

use bytes::Bytes;

use super::Webhooks;
use crate::error::{Error, Result};
use crate::feed::{Cursor, EventScope, KindSet, Position, Reset};
use crate::graphql::{Json, NotResolved, PostedDocument, PostedEvent};
use crate::limits;

/// A POST before it is signed.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    /// The cursor of its last event, which identifies it.
    pub(super) id: Cursor,
    /// Where the next one begins.
    pub(super) upto: Cursor,
    /// How many events it has.
    pub(super) events: usize,
    /// What it says if it says that something was missed.
    pub(super) reset: Option<Reset>,
    pub(super) body: Bytes,
}

/// Where a parcel begins, and what it may have.
pub(super) struct ParcelRequest<'a> {
    pub(super) document: &'a PostedDocument,
    pub(super) scope: EventScope,
    pub(super) kinds: KindSet,
    /// The most events. With 1 the body is an event, with more a list.
    pub(super) batch_size: usize,
    pub(super) after: Cursor,
    /// Where it ends if it is tried again: the same events make the same id.
    pub(super) upto: Option<Position>,
}

/// What there is to POST.
pub(super) enum NextParcel {
    /// This.
    Ready(Parcel),
    /// Nothing, up to here.
    Nothing(Cursor),
    /// The event at this cursor could not be resolved.
    Unresolved {
        at: Cursor,
        /// After so many tries that failed like this, it is skipped.
        most_tries: u32,
    },
    /// The document is not valid any more.
    Invalid(String),
}

impl Webhooks {
    /// The next parcel. Events are resolved anew for each try, so that what was deleted meanwhile is not sent.
    pub(super) async fn next_parcel(&self, request: &ParcelRequest<'_>) -> Result<NextParcel> {
        let ParcelRequest { document, scope, kinds, batch_size, after, upto } = *request;
        let stretch = self.app().feed.stretch(scope, after, upto, batch_size as u64, kinds).await?;
        if let Some(reset) = stretch.reset {
            return self.reset_parcel(document, batch_size, reset, stretch.reached).await;
        }
        let (mut parts, mut bytes, mut id, mut reached) = (Vec::new(), 0, after, after);
        for event in &stretch.events {
            let resolved = self.resolve(document, &PostedEvent::Happened(event.clone())).await;
            match resolved {
                Ok(Some(part)) => {
                    bytes += part.len();
                    if bytes > limits::WEBHOOK_BODY && !parts.is_empty() {
                        return Ok(NextParcel::Ready(parcel(&parts, batch_size, id, reached, None)));
                    }
                    parts.push(part);
                    id = event.cursor;
                }
                Ok(None) => {}
                // What came before it goes first.
                Err(_) if !parts.is_empty() => {
                    return Ok(NextParcel::Ready(parcel(&parts, batch_size, id, reached, None)));
                }
                Err(NotResolved::Failed { most_tries }) => {
                    return Ok(NextParcel::Unresolved { at: event.cursor, most_tries });
                }
                Err(NotResolved::Away) => return Err(Error::unavailable()),
                Err(NotResolved::Document(why)) => return Ok(NextParcel::Invalid(why)),
            }
            reached = event.cursor;
        }
        Ok(match parts.is_empty() {
            true => NextParcel::Nothing(stretch.reached),
            false => NextParcel::Ready(parcel(&parts, batch_size, id, stretch.reached, None)),
        })
    }

    /// The parcel that says that something was missed, up to this cursor.
    pub(super) async fn reset_parcel(
        &self,
        document: &PostedDocument,
        batch_size: usize,
        reset: Reset,
        at: Cursor,
    ) -> Result<NextParcel> {
        Ok(match self.resolve(document, &PostedEvent::Reset(reset, at)).await {
            Ok(Some(part)) => NextParcel::Ready(parcel(&[part], batch_size, at, at, Some(reset))),
            Ok(None) => NextParcel::Nothing(at),
            Err(NotResolved::Failed { most_tries }) => NextParcel::Unresolved { at, most_tries },
            Err(NotResolved::Away) => return Err(Error::unavailable()),
            Err(NotResolved::Document(why)) => NextParcel::Invalid(why),
        })
    }

    async fn resolve(&self, document: &PostedDocument, event: &PostedEvent) -> Result<Option<Json>, NotResolved> {
        let _turn = self.executions.acquire().await.expect("nobody closes it");
        self.api.resolve_posted(document, event).await
    }
}

fn parcel(parts: &[Json], batch_size: usize, id: Cursor, upto: Cursor, reset: Option<Reset>) -> Parcel {
    let body = match (batch_size, parts) {
        (1, [part]) => Bytes::copy_from_slice(part.as_bytes()),
        _ => format!("[{}]", parts.join(",")).into(),
    };
    Parcel { id, upto, events: parts.len(), reset, body }
}
