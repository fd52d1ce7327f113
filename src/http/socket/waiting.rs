//! Sockets whose `connection_init` has not come yet: nobody knows whose they are, so an address has only some of them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};
use crate::limits;
use crate::rates::neighbourhood;

/// How many sockets of each address wait.
#[derive(Clone, Default)]
pub struct Waiting {
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A socket that waits for as long as this is held.
pub struct Place {
    waiting: Waiting,
    address: IpAddr,
}

impl Waiting {
    /// Takes a place for one more socket of an address, where there is one.
    pub fn enter(&self, address: IpAddr) -> Result<Place> {
        let address = neighbourhood(address);
        let mut by_address = self.lock();
        let sockets = by_address.entry(address).or_default();
        if *sockets >= limits::WAITING_SOCKETS {
            // By then those that wait now have begun or are closed.
            return Err(Error::RateLimited { retry_after: limits::INIT_WAIT });
        }
        *sockets += 1;
        Ok(Place { waiting: self.clone(), address })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // Every change in here is one step, so what a panic left is whole.
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_address = self.waiting.lock();
        if let Some(sockets) = by_address.get_mut(&self.address) {
            *sockets -= 1;
            if *sockets == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}
