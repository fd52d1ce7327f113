//! A TCP proxy between two parties, to cut, delay, hold or swallow what they say: between clients and nodes it is the load
//! balancer, between a node and PostgreSQL it is the network.
//!
//! ```text
//!  client ── Up ──▶ ┐        ┌ ──▶ one of the targets, in turn
//!                   │  Wire  │
//!        ◀─ Down ── ┘        └ ◀──
//! ```

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::commits::{AtCommit, Commits};

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// What the client says.
    Up,
    /// What the server says.
    Down,
}

/// What happens to the bytes of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// They go on at once.
    Open,
    /// They go on later.
    Delayed(Duration),
    /// They wait: the line is half open.
    Held,
    /// They are lost, and nobody is told.
    Swallowed,
    /// The next ones are lost with the line, for both parties.
    Fatal,
}

/// Lines that carry in one direction only.
pub struct LostLines(Vec<usize>);

/// The proxy.
pub struct Wire {
    /// Where clients connect to.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    targets: Mutex<Vec<SocketAddr>>,
    turn: AtomicUsize,
    /// What new lines begin with.
    flows: Mutex<[Flow; 2]>,
    lines: Mutex<HashMap<usize, Line>>,
    commits: Commits,
}

/// A client's connection and ours to a target.
#[derive(Clone)]
struct Line {
    target: SocketAddr,
    flows: [Arc<watch::Sender<Flow>>; 2],
    cut: CancellationToken,
}

impl Wire {
    /// A proxy to these targets. A line goes to the next one that accepts it.
    pub async fn to(targets: Vec<SocketAddr>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (turn, flows, lines) = (AtomicUsize::new(0), Mutex::new([Flow::Open; 2]), Mutex::default());
        let targets = Mutex::new(targets);
        let shared = Arc::new(Shared { targets, turn, flows, lines, commits: Commits::default() });
        Self { address, shared: Arc::clone(&shared), task: tokio::spawn(shared.accept(listener)) }
    }

    /// Cuts all lines: both parties get a reset.
    pub fn cut(&self) {
        self.shared.lines().values().for_each(|line| line.cut.cancel());
    }

    /// Takes a target out, as a load balancer does that finds it dead: its lines are cut, and new ones go to others.
    pub fn take_out(&self, target: SocketAddr) {
        lock(&self.shared.targets).retain(|known| *known != target);
        self.shared.lines().values().filter(|line| line.target == target).for_each(|line| line.cut.cancel());
    }

    /// Brings a target back.
    pub fn bring_back(&self, target: SocketAddr) {
        lock(&self.shared.targets).push(target);
    }

    /// Sets what happens in a direction, on these lines and new ones.
    pub fn set(&self, direction: Direction, flow: Flow) {
        lock(&self.shared.flows)[direction as usize] = flow;
        for line in self.shared.lines().values() {
            line.flows[direction as usize].send_replace(flow);
        }
    }

    /// Sets what happens in both directions, on these lines and new ones.
    pub fn set_both(&self, flow: Flow) {
        self.set(Direction::Up, flow);
        self.set(Direction::Down, flow);
    }

    /// Holds the lines of now for ever, without an end or a reset; new ones are not affected.
    pub fn strand(&self) {
        for line in self.shared.lines().values() {
            for flow in &line.flows {
                flow.send_replace(Flow::Held);
            }
        }
    }

    /// Loses what is said in a direction, on the lines of now and for ever: no party learns of it. New ones are not affected.
    pub fn lose(&self, direction: Direction) -> LostLines {
        let lines = self.shared.lines();
        for line in lines.values() {
            line.flows[direction as usize].send_replace(Flow::Swallowed);
        }
        LostLines(lines.keys().copied().collect())
    }

    /// Waits until lines have ended, whichever party ended them.
    pub async fn have_ended(&self, LostLines(lines): &LostLines, within: Duration) {
        let ended = async {
            while lines.iter().any(|line| self.shared.lines().contains_key(line)) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(within, ended).await.expect("somebody gives up on each of them");
    }

    /// What happens to the next commit of a node's writer on its way to PostgreSQL.
    pub fn at_next_commit(&self, fate: AtCommit) {
        self.shared.commits.arm(fate);
    }

    /// Waits until the commit has met its fate.
    pub async fn has_met_commit(&self) {
        super::soon(self.shared.commits.met()).await;
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
        self.cut();
    }
}

impl Shared {
    fn lines(&self) -> MutexGuard<'_, HashMap<usize, Line>> {
        lock(&self.lines)
    }

    async fn accept(self: Arc<Self>, listener: TcpListener) {
        loop {
            let (client, _) = listener.accept().await.expect("a connection");
            tokio::spawn(Arc::clone(&self).serve(client));
        }
    }

    async fn serve(self: Arc<Self>, client: TcpStream) {
        let _ = client.set_zero_linger();
        let number = self.turn.fetch_add(1, Ordering::Relaxed);
        // Without a target, the client is sent away.
        let Some((server, target)) = self.connect(number).await else { return };
        let _ = (server.set_zero_linger(), server.set_nodelay(true), client.set_nodelay(true));
        let flows = lock(&self.flows).map(|flow| Arc::new(watch::Sender::new(flow)));
        let line = Line { target, flows, cut: CancellationToken::new() };
        self.lines().insert(number, line.clone());
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::select! {
            () = line.cut.cancelled() => {}
            // As soon as one party has closed, the other is cut.
            () = self.carry(Direction::Up, from_client, to_server, &line) => {}
            () = self.carry(Direction::Down, from_server, to_client, &line) => {}
        }
        self.lines().remove(&number);
    }

    async fn connect(&self, turn: usize) -> Option<(TcpStream, SocketAddr)> {
        let targets = lock(&self.targets).clone();
        for number in 0..targets.len() {
            let target = targets[(turn + number) % targets.len()];
            if let Ok(server) = TcpStream::connect(target).await {
                return Some((server, target));
            }
        }
        None
    }

    async fn carry(&self, direction: Direction, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, line: &Line) {
        let mut flow = line.flows[direction as usize].subscribe();
        let mut buffer = vec![0; 64 * 1024];
        let mut is_writer = false;
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            if direction == Direction::Up {
                let fate = match self.commits.meets(&buffer[..read], &mut is_writer) {
                    None => None,
                    Some(AtCommit::LoseIt) => return,
                    Some(AtCommit::LoseTheAnswer) => Some((Direction::Down, Flow::Fatal)),
                    Some(AtCommit::AnswerNever) => Some((Direction::Down, Flow::Held)),
                    Some(AtCommit::HoldIt) => Some((Direction::Up, Flow::Held)),
                };
                if let Some((direction, flow)) = fate {
                    line.flows[direction as usize].send_replace(flow);
                }
            }
            let now = match flow.wait_for(|flow| *flow != Flow::Held).await {
                Ok(now) => *now,
                Err(_) => return,
            };
            match now {
                Flow::Open | Flow::Held => {}
                Flow::Delayed(time) => tokio::time::sleep(time).await,
                Flow::Swallowed => continue,
                Flow::Fatal => return,
            }
            if to.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
