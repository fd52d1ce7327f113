//! Limits the sockets of an address that have not sent `connection_init` yet: until then their user is unknown.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};
use crate::limits;
use crate::rates::neighbourhood;

/// The number of such sockets for each address.
#[derive(Clone, Default)]
pub(super) struct HandshakePermits {
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// Held by a socket until its `connection_init` has arrived.
pub(super) struct HandshakePermit {
    permits: HandshakePermits,
    address: IpAddr,
}

impl HandshakePermits {
    /// A permit for one more socket of an address.
    pub(super) fn acquire(&self, address: IpAddr) -> Result<HandshakePermit> {
        let address = neighbourhood(address);
        let mut by_address = self.lock();
        let sockets = by_address.entry(address).or_default();
        if *sockets >= limits::WAITING_SOCKETS {
            // After this time the present ones have either signed in or are closed.
            return Err(Error::RateLimited { retry_after: limits::INIT_WAIT });
        }
        *sockets += 1;
        Ok(HandshakePermit { permits: self.clone(), address })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // Every change in here is one step, so what a panic left is whole.
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for HandshakePermit {
    fn drop(&mut self) {
        let mut by_address = self.permits.lock();
        if let Some(sockets) = by_address.get_mut(&self.address) {
            *sockets -= 1;
            if *sockets == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}
