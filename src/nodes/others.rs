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
}

#[derive(Default)]
struct OtherNode {
    people: HashSet<UserId>,
    /// Since which uptime of this node the table has no row of it: a crash of the database empties it.
    missing: Option<Duration>,
    /// Whether the log has it.
    is_logged: bool,
}

/// Who came to other nodes and who is gone from all of them, as far as it makes a difference.
#[derive(Default)]
struct PresenceChanges(HashMap<UserId, (bool, bool)>);

impl Others {
    pub(super) fn new(own: NodeId) -> Self {
        Self { own, nodes: HashMap::new(), people: HashMap::new() }
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
    /// whose lease has expired are gone. A node that has no row any more gets the time of a lease to write it anew.
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
        let expired: HashSet<NodeId> = rows.iter().filter(|row| row.expires_in <= 0).map(|row| row.id.into()).collect();
        let gone: Vec<NodeId> = self.nodes.keys().filter(|node| !known.contains_key(node)).copied().collect();
        for node in gone {
            let missing = self.nodes.entry(node).or_default();
            let since = *missing.missing.get_or_insert(now);
            let left = limits::NODE_LEASE.saturating_sub(now.saturating_sub(since));
            if expired.contains(&node) || left.is_zero() {
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
