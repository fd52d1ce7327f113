//! The events a client has received, and whether they are complete and in order.

use std::collections::{HashMap, HashSet};

use parlour::feed::Position;
use serde_json::Value;

use super::{Closed, Feed, Log, Person, position_of};

/// One event, as a client received it.
struct Received {
    position: Position,
    kind: String,
    /// Id, conversation and seq, if it is a message.
    message: Option<(String, String, i64)>,
}

/// What a client has received, in order.
pub struct Record {
    pub name: String,
    user: String,
    feed: Feed,
    received: Vec<Received>,
    cursor: Option<String>,
    position: Position,
    backwards: usize,
    /// How each connection was lost.
    lost_connections: Vec<Closed>,
}

impl Record {
    pub fn new(person: &Person, feed: Feed) -> Self {
        let (name, user) = (person.name.clone(), person.id.clone());
        let (received, lost_connections) = (Vec::new(), Vec::new());
        Self { name, user, feed, received, cursor: None, position: 0, backwards: 0, lost_connections }
    }

    /// The cursor to resume from.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    pub fn len(&self) -> usize {
        self.received.len()
    }

    pub fn lost_connection(&mut self, closed: Closed) {
        self.lost_connections.push(closed);
    }

    /// How often the connection was lost.
    pub fn cuts(&self) -> usize {
        self.lost_connections.len()
    }

    /// Records what `events` emitted; returns its position.
    pub fn event(&mut self, event: &Value) -> Position {
        let cursor = text(&event["cursor"]);
        let kind = text(&event["__typename"]);
        assert_ne!(kind, "FeedReset", "{} could not resume: {event}", self.name);
        if kind == "CaughtUp" {
            // Not an event: it may repeat the position of the last one.
            let position = position_of(&cursor);
            self.backwards += usize::from(position < self.position);
            (self.position, self.cursor) = (position, Some(cursor));
            return position;
        }
        let message = event.get("message").map(reported);
        self.add(cursor, kind, message)
    }

    /// Records what `messageAdded` emitted; returns its position.
    pub fn message(&mut self, message: &Value) -> Position {
        self.add(text(&message["feedCursor"]), "MessageAdded".to_owned(), Some(reported(message)))
    }

    fn add(&mut self, cursor: String, kind: String, message: Option<(String, String, i64)>) -> Position {
        let position = position_of(&cursor);
        self.backwards += usize::from(position <= self.position);
        (self.position, self.cursor) = (position, Some(cursor));
        self.received.push(Received { position, kind, message });
        position
    }

    /// Each event that the person may receive after a position was received once, in order, and nothing else.
    pub fn is_complete(&self, log: &Log, after: Position) {
        let events =
            log.receivable_by(&self.user, after).filter(|event| self.feed == Feed::Events || event.is_message());
        let due: Vec<Position> = events.map(|event| event.position).collect();
        let received: Vec<Position> = self.received.iter().map(|event| event.position).collect();
        let (due_once, received_once) = (HashSet::<_>::from_iter(&due), HashSet::<_>::from_iter(&received));
        let lost = due_once.difference(&received_once).count();
        let strange = received_once.difference(&due_once).count();
        let repeated = received.len() - received_once.len();
        let out_of_order = self.backwards + received.windows(2).filter(|pair| pair[0] > pair[1]).count();
        assert_eq!(
            (lost, repeated, out_of_order, strange),
            (0, 0, 0, 0),
            "{}: lost, repeated, out of order, not theirs; of {} events, over {} connections",
            self.name,
            due.len(),
            self.cuts() + 1
        );
        assert_eq!(received, due);
        self.agrees_with_the_log(log);
        self.has_no_gap();
    }

    /// Each message was delivered at its own position.
    fn agrees_with_the_log(&self, log: &Log) {
        for event in &self.received {
            let message = event.message.as_ref().map(|(id, _, _)| id.as_str());
            let logged = log.at(event.position);
            assert_eq!((event.kind == "MessageAdded", message), (logged.is_message(), logged.message.as_deref()));
        }
    }

    /// In each conversation the seqs follow each other. The first one of a group says that it was created, which may be before.
    fn has_no_gap(&self) {
        let mut last: HashMap<&str, i64> = HashMap::new();
        for (id, conversation, seq) in self.received.iter().filter_map(|event| event.message.as_ref()) {
            let last = last.entry(conversation).or_insert(*seq - 1);
            assert_eq!(*seq, *last + 1, "{}: {id} in {conversation}", self.name);
            *last = *seq;
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn reported(message: &Value) -> (String, String, i64) {
    let seq = message["seq"].as_i64().unwrap_or_else(|| panic!("no seq: {message}"));
    (text(&message["id"]), text(&message["conversationId"]), seq)
}
