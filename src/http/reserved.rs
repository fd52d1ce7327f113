//! A few connections beyond the limit, so that `/healthz` and `/readyz` answer on a full server, and everybody else gets a
//! 503 instead of waiting.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::Request;
use axum::response::Response;
use tokio_util::sync::CancellationToken;

use super::admission::NoRoom;
use super::answer::ResponseMedia;
use super::refusal::HttpRefusal;
use super::request_id::RequestId;
use super::{event_stream, negotiate};
use crate::limits;
use crate::rates::neighbourhood;

/// The connections beyond the limit.
#[derive(Clone, Debug, Default)]
pub(super) struct ReservedPlaces(Arc<Mutex<Reserved>>);

#[derive(Debug, Default)]
struct Reserved {
    /// By number, in the order of arrival.
    taken: BTreeMap<u64, (IpAddr, CancellationToken)>,
    next_number: u64,
}

/// A place, released when this is dropped.
#[derive(Debug)]
pub(super) struct ReservedPlace {
    places: ReservedPlaces,
    number: u64,
    closed: CancellationToken,
}

impl ReservedPlaces {
    /// A place for a connection. If all are taken, the oldest one of the address with the most is closed: no address can
    /// block the probes of another one.
    pub(super) fn take(&self, peer: IpAddr) -> ReservedPlace {
        let closed = CancellationToken::new();
        let mut reserved = self.lock();
        if reserved.taken.len() >= limits::RESERVED_CONNECTIONS {
            reserved.close_oldest_of_fullest();
        }
        let number = reserved.next_number;
        reserved.next_number += 1;
        reserved.taken.insert(number, (neighbourhood(peer), closed.clone()));
        drop(reserved);
        ReservedPlace { places: self.clone(), number, closed }
    }

    fn lock(&self) -> MutexGuard<'_, Reserved> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reserved {
    fn close_oldest_of_fullest(&mut self) {
        let of = |address: IpAddr| self.taken.values().filter(|(other, _)| *other == address).count();
        // `max_by_key` returns the last of equal elements, so this starts with the newest.
        let fullest = self.taken.values().rev().map(|(address, _)| *address).max_by_key(|address| of(*address));
        let oldest = self.taken.iter().find(|(_, (address, _))| Some(*address) == fullest);
        if let Some((_, closed)) = oldest.map(|(number, _)| *number).and_then(|number| self.taken.remove(&number)) {
            closed.cancel();
        }
    }
}

impl ReservedPlace {
    /// Waits until another connection takes the place.
    pub(super) async fn closed(&self) {
        self.closed.cancelled().await;
    }
}

impl Drop for ReservedPlace {
    fn drop(&mut self) {
        self.places.lock().taken.remove(&self.number);
    }
}

/// The answer to a request that is not a probe.
pub(super) fn refuse<B>(no_room: NoRoom, request: &Request<B>) -> Response {
    if event_stream::is_event_source(request) {
        return event_stream::try_again(limits::OVERLOAD_RETRY);
    }
    let message = match no_room {
        NoRoom::InAll => "the server has all the connections that it can hold: try again later",
        NoRoom::OfAddress => {
            "your address has all the connections that one address may have: close some, or try again later"
        }
    };
    let media = negotiate::media(request.headers()).unwrap_or(ResponseMedia::Json);
    HttpRefusal::overloaded(message).into_response(media, &RequestId::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_from_one_address_does_not_take_the_places_of_others() {
        let (places, flood, other) =
            (ReservedPlaces::default(), IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let probe = places.take(other);
        let first: Vec<_> = (1..limits::RESERVED_CONNECTIONS).map(|_| places.take(flood)).collect();
        assert!(first.iter().all(|place| !place.closed.is_cancelled()));

        let second: Vec<_> = (0..limits::RESERVED_CONNECTIONS * 2).map(|_| places.take(flood)).collect();

        assert!(!probe.closed.is_cancelled() && first.iter().all(|place| place.closed.is_cancelled()));
        assert!(second.last().is_some_and(|newest| !newest.closed.is_cancelled()));
        assert_eq!(places.lock().taken.len(), limits::RESERVED_CONNECTIONS);
        drop((probe, first, second));
        assert!(places.lock().taken.is_empty());
    }

    #[test]
    fn with_many_addresses_the_oldest_connection_is_closed() {
        let places = ReservedPlaces::default();
        let of = |number: usize| IpAddr::from([198, 51, 100, u8::try_from(number).expect("few")]);
        let taken: Vec<_> = (0..=limits::RESERVED_CONNECTIONS).map(|number| places.take(of(number))).collect();
        assert!(taken[0].closed.is_cancelled() && taken[1..].iter().all(|place| !place.closed.is_cancelled()));
    }
}
