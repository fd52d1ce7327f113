//! People at one node or another.

use std::net::SocketAddr;

use super::Person;

/// The same person over separate connections to another address: a node's, or the proxy's.
pub fn via(person: &Person, address: SocketAddr) -> Person {
    let mut person = person.with_own_connections();
    person.url = format!("http://{address}/graphql");
    person
}
