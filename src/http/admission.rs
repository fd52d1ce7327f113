//! Which connections are accepted: as many as the process can hold, with a limit for each address. When the limit is
//! reached, an idle connection is closed to make room.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::config::{Config, Network};
use crate::limits;
use crate::metrics;
use crate::rates::neighbourhood;

/// The connections that are open, by address.
#[derive(Debug)]
pub(super) struct Admission {
    open: Mutex<OpenConnections>,
    most: usize,
    most_of_address: usize,
    /// The per-address limit does not apply to these, as many people are behind each.
    trusted_proxies: Vec<Network>,
}

/// The slot of one open connection, also after its upgrade to a WebSocket; released when dropped.
///
/// A connection is idle or busy. It is idle at first, until it has the headers of a request, and between requests. Only
/// an idle connection can be closed to make room. A WebSocket stays busy.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    admission: Arc<Admission>,
    address: IpAddr,
    number: u64,
    closed: CancellationToken,
}

/// Why a connection is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoRoom {
    /// The process holds as many connections as it can, and none of them is idle.
    InAll,
    /// The address has as many connections as one address may have, and none of them is idle.
    OfAddress,
}

#[derive(Debug, Default)]
struct OpenConnections {
    by_address: HashMap<IpAddr, AddressConnections>,
    /// The addresses that have an idle connection, by how many connections they have.
    with_idle: BTreeSet<(usize, IpAddr)>,
    count: usize,
    next_number: u64,
    warned_at: Option<Instant>,
}

#[derive(Debug, Default)]
struct AddressConnections {
    is_trusted: bool,
    count: usize,
    /// By number, in the order of arrival.
    idle: BTreeMap<u64, CancellationToken>,
}

impl Admission {
    /// Admits up to `most` connections in all.
    pub(super) fn new(most: usize, config: &Config) -> Self {
        let share = (most / limits::ADDRESS_CONNECTIONS_SHARE).max(limits::ADDRESS_CONNECTIONS_LEAST);
        let most_of_address = if config.rate_limits { share.min(config.connections_per_address) } else { usize::MAX };
        let trusted_proxies = config.trusted_proxies.clone();
        metrics::connections_max(most);
        Self { open: Mutex::default(), most, most_of_address, trusted_proxies }
    }

    /// Admits one more connection of a peer, and closes an idle one if there is no room.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Result<ConnectionSlot, NoRoom> {
        let is_trusted = self.trusted_proxies.iter().any(|network| network.contains(peer.to_canonical()));
        let address = neighbourhood(peer);
        let mut open = self.lock();
        let of_address = open.by_address.get(&address).map_or(0, |connections| connections.count);
        if of_address >= self.most_of_address && !is_trusted && !open.close_idle_of(address) {
            metrics::connection_refused("address");
            self.warn(&mut open, NoRoom::OfAddress, address);
            return Err(NoRoom::OfAddress);
        }
        if open.count >= self.most && !open.close_idle() {
            metrics::connection_refused("process");
            self.warn(&mut open, NoRoom::InAll, address);
            return Err(NoRoom::InAll);
        }
        let closed = CancellationToken::new();
        let number = open.add(address, is_trusted, closed.clone());
        Ok(ConnectionSlot { admission: Arc::clone(self), address, number, closed })
    }

    /// Rate limited, or a flood of connections would flood the log as well.
    fn warn(&self, open: &mut OpenConnections, no_room: NoRoom, address: IpAddr) {
        if open.warned_at.is_some_and(|at| at.elapsed() < limits::NO_ROOM_WARNING) {
            return;
        }
        open.warned_at = Some(clock::instant());
        match no_room {
            NoRoom::InAll => tracing::warn!(
                "all {} connections that the process can hold are in use, and none is idle: new ones are answered with 503",
                self.most
            ),
            NoRoom::OfAddress => tracing::warn!(
                client.address = %address,
                "{address} has all {} connections that one address may have, and none is idle: new ones are answered with \
                 503 (if it is a proxy of yours, name it in TRUSTED_PROXIES)",
                self.most_of_address
            ),
        }
    }

    fn lock(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionSlot {
    /// Called when a request has arrived. `false` if the connection was closed in the meantime: do not serve the
    /// request.
    pub(super) fn set_busy(&self) -> bool {
        self.admission.lock().change(self.address, |connections| connections.idle.remove(&self.number));
        !self.closed.is_cancelled()
    }

    /// Called when the request is answered.
    pub(super) fn set_idle(&self) {
        let closed = self.closed.clone();
        self.admission.lock().change(self.address, |connections| connections.idle.insert(self.number, closed));
    }

    /// Waits until the connection is closed to make room for another.
    pub(super) async fn closed(&self) {
        self.closed.cancelled().await;
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.admission.lock().remove(self);
    }
}

impl OpenConnections {
    fn add(&mut self, address: IpAddr, is_trusted: bool, closed: CancellationToken) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        self.count += 1;
        metrics::connections(self.count);
        self.change(address, |connections| {
            connections.is_trusted = is_trusted;
            connections.count += 1;
            connections.idle.insert(number, closed);
        });
        number
    }

    fn remove(&mut self, slot: &ConnectionSlot) {
        self.count -= 1;
        metrics::connections(self.count);
        self.change(slot.address, |connections| {
            connections.idle.remove(&slot.number);
            connections.count -= 1;
        });
    }

    /// Changes the connections of an address, and updates `with_idle`.
    fn change<T>(&mut self, address: IpAddr, change: impl FnOnce(&mut AddressConnections) -> T) -> T {
        let connections = self.by_address.entry(address).or_default();
        if !connections.idle.is_empty() {
            self.with_idle.remove(&(connections.weight(), address));
        }
        let changed = change(connections);
        if !connections.idle.is_empty() {
            self.with_idle.insert((connections.weight(), address));
        } else if connections.count == 0 {
            self.by_address.remove(&address);
        }
        changed
    }

    /// Of the addresses with an idle connection, closes the oldest idle one of the address with the most connections.
    fn close_idle(&mut self) -> bool {
        let fullest = self.with_idle.last().map(|(_, address)| *address);
        fullest.is_some_and(|address| self.close_idle_of(address))
    }

    /// Closes the oldest idle connection of an address.
    fn close_idle_of(&mut self, address: IpAddr) -> bool {
        let oldest = self.change(address, |connections| connections.idle.pop_first());
        if let Some((_, closed)) = &oldest {
            closed.cancel();
        }
        oldest.is_some()
    }
}

impl AddressConnections {
    /// Connections of a trusted proxy are those of many addresses: they are closed last.
    fn weight(&self) -> usize {
        if self.is_trusted { 0 } else { self.count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(most: usize, vars: &[(&str, &str)]) -> Arc<Admission> {
        let lookup = |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Arc::new(Admission::new(most, &Config::from_lookup(lookup).expect("good settings")))
    }

    fn try_admit(admission: &Arc<Admission>, peer: &str) -> Result<ConnectionSlot, NoRoom> {
        admission.admit(peer.parse().expect("an address"))
    }

    fn idle(admission: &Arc<Admission>, peer: &str) -> ConnectionSlot {
        try_admit(admission, peer).expect("there is room")
    }

    fn busy(admission: &Arc<Admission>, peer: &str) -> ConnectionSlot {
        let slot = idle(admission, peer);
        assert!(slot.set_busy());
        slot
    }

    /// The share of one address, of 1,000 connections.
    const SHARE: usize = 1_000 / limits::ADDRESS_CONNECTIONS_SHARE;

    #[test]
    fn an_address_is_limited_to_its_share_and_its_own_idle_connections_make_room() {
        let admission = admission(1_000, &[]);
        let slots: Vec<_> = (0..SHARE).map(|_| busy(&admission, "192.0.2.1")).collect();
        assert_eq!(try_admit(&admission, "192.0.2.1").unwrap_err(), NoRoom::OfAddress);
        idle(&admission, "192.0.2.2");

        slots[7].set_idle();
        slots[8].set_idle();
        let next = idle(&admission, "192.0.2.1");

        assert!(!slots[7].set_busy(), "the oldest is closed");
        assert!(slots[8].set_busy() && next.set_busy());
        assert_eq!(try_admit(&admission, "192.0.2.1").unwrap_err(), NoRoom::OfAddress);
        drop((slots, next));
        let open = admission.lock();
        assert!(open.count == 0 && open.by_address.is_empty() && open.with_idle.is_empty());
    }

    #[test]
    fn an_address_is_limited_by_the_setting() {
        let setting = |name: &str| (name == "CONNECTIONS_PER_ADDRESS").then(|| "40".to_owned());
        let config = Config::from_lookup(setting).expect("good settings");
        let admission = Arc::new(Admission::new(1_000, &config));
        let _slots: Vec<_> = (0..40).map(|_| busy(&admission, "192.0.2.1")).collect();
        assert_eq!(try_admit(&admission, "192.0.2.1").unwrap_err(), NoRoom::OfAddress);
        idle(&admission, "192.0.2.2");
    }

    #[test]
    fn a_customers_ipv6_addresses_have_one_share() {
        let admission = admission(1_000, &[]);
        let of_customer = |host: usize| format!("2001:db8:1:2::{host:x}");
        let _slots: Vec<_> = (0..SHARE).map(|host| busy(&admission, &of_customer(host))).collect();
        assert_eq!(try_admit(&admission, &of_customer(SHARE)).unwrap_err(), NoRoom::OfAddress);
        idle(&admission, "2001:db8:1:3::1");
    }

    #[test]
    fn trusted_proxies_and_servers_without_limits_may_use_all_connections() {
        for vars in [[("TRUSTED_PROXIES", "192.0.2.0/24")], [("RATE_LIMITS", "off")]] {
            let admission = admission(1_000, &vars);
            let _slots: Vec<_> = (0..1_000).map(|_| busy(&admission, "192.0.2.1")).collect();
            assert_eq!(try_admit(&admission, "192.0.2.1").unwrap_err(), NoRoom::InAll);
        }
    }

    #[test]
    fn at_the_limit_an_idle_connection_of_the_fullest_address_is_closed() {
        let admission = admission(100, &[("TRUSTED_PROXIES", "192.0.2.9")]);
        let proxy: Vec<_> = (0..70).map(|_| idle(&admission, "192.0.2.9")).collect();
        let full: Vec<_> = (0..20).map(|_| idle(&admission, "192.0.2.1")).collect();
        let other: Vec<_> = (0..10).map(|_| idle(&admission, "192.0.2.2")).collect();
        assert!(full[1..].iter().all(ConnectionSlot::set_busy));

        let _first = busy(&admission, "192.0.2.3");
        assert!(!full[0].set_busy(), "the idle one of the fullest address is closed");
        let _second = busy(&admission, "192.0.2.4");
        assert!(!other[0].set_busy(), "then one of the next address");
        assert!(other[1..].iter().all(ConnectionSlot::set_busy));
        let _third = busy(&admission, "192.0.2.5");
        assert!(!proxy[0].set_busy(), "those of a proxy are closed last");
        assert!(proxy[1..].iter().all(ConnectionSlot::set_busy));

        assert_eq!(try_admit(&admission, "192.0.2.6").unwrap_err(), NoRoom::InAll);
    }
}
