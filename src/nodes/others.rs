//! What this node knows of the others.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use uuid::Uuid;

use super::Elsewhere;
use crate::bus::NodeId;
use crate::db::{NodePerson, NodeRow};
use crate::id::UserId;
use crate::limits;

/// The other nodes, and who is online on them.
pub(super) struct Others {
    own: NodeId,
    nodes: HashMap<NodeId, OtherNode>,
    /// On how many other nodes somebody is online.
    people: HashMap<UserId, usize>,
    /// When the tables were read last, and since when they could be read without a break, in uptimes of this node.
    readable: Option<Readable>,
}

#[derive(Clone, Copy)]
struct Readable {
    since: Duration,
    last: Duration,
}

#[derive(Default)]
struct OtherNode {
    people: HashSet<UserId>,
    /// Since which uptime of this node the table has no valid row of it: a crash of the database empties it, and a lease
    /// that could not be renewed while the database was away has expired.
    missing: Option<Duration>,
    /// Whether the log has it.
    is_logged: bool,
}

/// Who came to other nodes and who is gone from all of them, as far as it makes a difference.
#[derive(Default)]
struct PresenceChanges(HashMap<UserId, (bool, bool)>);

impl Others {
    pub(super) fn new(own: NodeId) -> Self {
        Self { own, nodes: HashMap::new(), people: HashMap::new(), readable: None }
    }

    /// Takes a signal of a node.
    pub(super) fn moved(&mut self, node: NodeId, came: Vec<Uuid>, went: Vec<Uuid>) -> Vec<Elsewhere> {
        let mut changes = PresenceChanges::default();
        if node != self.own {
            for user in came {
                self.come(node, user.into(), &mut changes);
            }
            for user in went {
                self.go(node, user.into(), &mut changes);
            }
        }
        changes.net()
    }

    /// Takes the tables as they were read. Returns when the first lease runs out, and what has changed. People of a node
    /// whose lease has expired are gone. A node that has no row any more gets the time of a lease to write it anew, and
    /// so does one whose lease has expired while nobody could renew it.
    pub(super) fn read(
        &mut self,
        rows: &[NodeRow],
        people: &[NodePerson],
        now: Duration,
    ) -> (Duration, Vec<Elsewhere>) {
        let mut next = Duration::MAX;
        let mut changes = PresenceChanges::default();
        let mut known: HashMap<NodeId, HashSet<UserId>> = HashMap::new();
        for row in rows.iter().filter(|row| row.expires_in > 0) {
            known.insert(row.id.into(), HashSet::new());
            if NodeId::from(row.id) != self.own {
                // A little later, so that it has surely run out.
                next = next.min(Duration::from_millis(row.expires_in.unsigned_abs()) + limits::NODE_PACE);
            }
        }
        for person in people {
            if let Some(of_node) = known.get_mut(&person.node_id.into()) {
                of_node.insert(person.user_id.into());
            }
        }
        known.remove(&self.own);
        let was_renewable = self.was_read(now) >= limits::NODE_LEASE;
        let expired: HashSet<NodeId> = rows.iter().filter(|row| row.expires_in <= 0).map(|row| row.id.into()).collect();
        let gone: Vec<NodeId> = self.nodes.keys().filter(|node| !known.contains_key(node)).copied().collect();
        for node in gone {
            let missing = self.nodes.entry(node).or_default();
            let since = *missing.missing.get_or_insert(now);
            let left = limits::NODE_LEASE.saturating_sub(now.saturating_sub(since));
            if (was_renewable && expired.contains(&node)) || left.is_zero() {
                self.remove(node, &mut changes);
            } else {
                next = next.min(left);
            }
        }
        for (node, people) in known {
            let OtherNode { people: before, is_logged, .. } = self.nodes.remove(&node).unwrap_or_default();
            self.nodes.insert(node, OtherNode { people: before.clone(), missing: None, is_logged: true });
            if !is_logged {
                let version = rows.iter().find(|row| NodeId::from(row.id) == node).map_or("", |row| &row.version);
                tracing::info!(%node, version, "there is another node, {node}, version {version}");
            }
            for user in people.difference(&before) {
                self.come(node, *user, &mut changes);
            }
            for user in before.difference(&people) {
                self.go(node, *user, &mut changes);
            }
        }
        (next, changes.net())
    }

    /// Notes that the tables were read. Returns for how long this has gone without a break, as far as others may have
    /// noticed one.
    fn was_read(&mut self, now: Duration) -> Duration {
        let is_unbroken = |readable: &Readable| now.saturating_sub(readable.last) <= limits::NODE_RENEWAL * 2;
        let since = self.readable.filter(is_unbroken).map_or(now, |readable| readable.since);
        self.readable = Some(Readable { since, last: now });
        now.saturating_sub(since)
    }

    fn come(&mut self, node: NodeId, user: UserId, changes: &mut PresenceChanges) {
        if self.nodes.entry(node).or_default().people.insert(user) {
            let count = self.people.entry(user).or_default();
            changes.note(user, *count > 0, true);
            *count += 1;
        }
    }

    fn go(&mut self, node: NodeId, user: UserId, changes: &mut PresenceChanges) {
        if self.nodes.get_mut(&node).is_some_and(|known| known.people.remove(&user)) {
            self.leave(user, changes);
        }
    }

    fn remove(&mut self, node: NodeId, changes: &mut PresenceChanges) {
        let OtherNode { people, is_logged, .. } = self.nodes.remove(&node).unwrap_or_default();
        if is_logged {
            tracing::info!(%node, "the node {node} is gone");
        }
        for user in people {
            self.leave(user, changes);
        }
    }

    fn leave(&mut self, user: UserId, changes: &mut PresenceChanges) {
        let Some(count) = self.people.get_mut(&user) else { return };
        *count -= 1;
        let is_left = *count > 0;
        if !is_left {
            self.people.remove(&user);
        }
        changes.note(user, true, is_left);
    }
}

impl PresenceChanges {
    fn note(&mut self, user: UserId, before: bool, after: bool) {
        self.0.entry(user).or_insert((before, after)).1 = after;
    }

    fn net(self) -> Vec<Elsewhere> {
        let changed = self.0.into_iter().filter(|(_, (before, after))| before != after);
        changed.map(|(user, (_, after))| (user, after)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// This node and another one, with somebody who is online there.
    struct Table {
        others: Others,
        other: Uuid,
        user: Uuid,
        now: Duration,
    }

    impl Table {
        fn new() -> Self {
            let others = Others::new(Uuid::now_v7().into());
            Self { others, other: Uuid::now_v7(), user: Uuid::now_v7(), now: SECOND }
        }

        /// Reads the table, in which the other's lease lasts for so long; `None` if it has no row.
        fn read(&mut self, expires_in: Option<i64>) -> Vec<Elsewhere> {
            let row =
                |expires_in| NodeRow { id: self.other, version: String::new(), started_at: 0, position: 0, expires_in };
            let rows: Vec<NodeRow> = expires_in.map(row).into_iter().collect();
            let people = [NodePerson { node_id: self.other, user_id: self.user }];
            self.others.read(&rows, if rows.is_empty() { &[] } else { &people }, self.now).1
        }

        /// Reads it every ten seconds for so long, and what changed.
        fn read_for(&mut self, seconds: u32, expires_in: Option<i64>) -> Vec<Elsewhere> {
            let end = self.now + SECOND * seconds;
            let mut changes = Vec::new();
            while self.now < end {
                self.now += limits::NODE_RENEWAL;
                changes.extend(self.read(expires_in));
            }
            changes
        }
    }

    #[test]
    fn people_of_an_expired_node_are_gone_at_once() {
        let mut table = Table::new();
        assert_eq!(table.read(Some(30_000)), [(table.user.into(), true)]);
        assert_eq!(table.read_for(40, Some(30_000)), []);

        assert_eq!(table.read_for(10, Some(-1)), [(table.user.into(), false)]);
    }

    #[test]
    fn a_lease_that_expired_while_the_database_was_away_has_the_time_of_another_one() {
        let mut table = Table::new();
        table.read(Some(30_000));
        table.read_for(40, Some(30_000));

        table.now += SECOND * 45;
        assert_eq!(table.read(Some(-15_000)), []);
        assert_eq!(table.read(Some(30_000)), [], "it has renewed its lease");

        table.now += SECOND * 45;
        assert_eq!(table.read(Some(-15_000)), []);
        assert_eq!(table.read_for(20, Some(-15_000)), []);
        assert_eq!(table.read_for(10, Some(-15_000)), [(table.user.into(), false)], "it did not come back");
    }

    #[test]
    fn a_node_without_a_row_has_the_time_of_a_lease() {
        let mut table = Table::new();
        table.read(Some(30_000));
        table.read_for(40, Some(30_000));

        assert_eq!(table.read_for(30, None), []);
        assert_eq!(table.read_for(10, None), [(table.user.into(), false)]);
    }
}
