//! A client that follows the feed, reconnects by itself, and records what it receives.

use std::net::SocketAddr;
use std::time::Duration;

use parlour::feed::Position;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::{Closed, Line, Person, Record, soon, up_to};

/// Which subscription is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// `events`.
    Events,
    /// `messageAdded`, of all conversations.
    Messages,
}

impl Feed {
    fn document(self) -> &'static str {
        match self {
            Self::Events => {
                "subscription($after: String) { events(after: $after) { __typename cursor
                    ... on MessageAdded { message { id seq conversationId } } ... on FeedReset { reason } } }"
            }
            Self::Messages => {
                "subscription($after: String) { messageAdded(after: $after) { id seq conversationId feedCursor } }"
            }
        }
    }
}

/// The first delay before reconnecting, and the longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));

/// A client that follows the feed in a task of its own.
pub struct Listener {
    cuts: mpsc::Sender<()>,
    received: watch::Receiver<Position>,
    task: JoinHandle<Record>,
}

impl Listener {
    /// Starts following after a cursor.
    pub fn start(address: SocketAddr, person: &Person, feed: Feed, after: &str) -> Self {
        let (cuts, orders) = mpsc::channel(1);
        let (tell, received) = watch::channel(0);
        let client = Client {
            address,
            token: person.token.clone(),
            feed,
            after: after.to_owned(),
            record: Record::new(person, feed),
            tell,
        };
        Self { cuts, received, task: tokio::spawn(client.follow(orders)) }
    }

    /// Cuts the connection, whatever it is doing.
    pub async fn cut(&self) {
        self.cuts.send(()).await.expect("it still follows");
    }

    /// The last position that it received.
    pub fn position(&self) -> Position {
        *self.received.borrow()
    }

    /// Waits until it has received this position, stops it, and returns its record.
    pub async fn received_up_to(mut self, position: Position) -> Record {
        soon(self.received.wait_for(|received| *received >= position)).await.expect("it still follows");
        drop(self.cuts);
        soon(self.task).await.expect("it ends without a panic")
    }
}

struct Client {
    address: SocketAddr,
    token: String,
    feed: Feed,
    /// The operation's own variable, sent unchanged at each reconnect as stock clients do.
    after: String,
    record: Record,
    tell: watch::Sender<Position>,
}

impl Client {
    async fn follow(mut self, mut orders: mpsc::Receiver<()>) -> Record {
        let mut wait = BACK_OFF.0;
        loop {
            let before = self.record.len();
            let closed = tokio::select! {
                order = orders.recv() => match order {
                    Some(()) => Closed(1006),
                    None => return self.record,
                },
                closed = self.listen() => closed,
            };
            self.record.lost_connection(closed);
            wait = if self.record.len() > before { BACK_OFF.0 } else { (wait * 2).min(BACK_OFF.1) };
            tokio::time::sleep(up_to(wait)).await;
        }
    }

    /// Listens until the connection is lost.
    async fn listen(&mut self) -> Closed {
        match self.try_listen().await {
            Ok(never) => match never {},
            Err(closed) => closed,
        }
    }

    async fn try_listen(&mut self) -> Result<std::convert::Infallible, Closed> {
        let resume_from = match self.record.cursor() {
            Some(cursor) => json!({ "1": cursor }),
            None => json!({}),
        };
        let mut line = Line::open(self.address, &self.token, json!({ "resumeFrom": resume_from })).await?;
        line.subscribe("1", self.feed.document(), &json!({ "after": self.after })).await?;
        loop {
            let message = line.next().await?;
            match message["type"].as_str() {
                Some("next") => self.receive(&message["payload"]),
                Some("ping") => line.say(json!({ "type": "pong" })).await?,
                _ => panic!("a subscription that can resume does not end: {message}"),
            }
        }
    }

    fn receive(&mut self, payload: &Value) {
        assert!(payload.get("errors").is_none(), "{payload}");
        let position = match self.feed {
            Feed::Events => self.record.event(&payload["data"]["events"]),
            Feed::Messages => self.record.message(&payload["data"]["messageAdded"]),
        };
        self.tell.send_replace(position);
    }
}
