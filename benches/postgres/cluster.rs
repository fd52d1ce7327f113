//! A PostgreSQL server and nodes, which are processes, on one of its databases.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use tempfile::TempDir;

use super::postgres::Postgres;

/// A server with a database for the nodes.
pub struct Cluster {
    postgres: Postgres,
    /// A connection of our own, to look into the database.
    pub database: DatabaseConnection,
    /// What all nodes share: the database knows in which folder its images are.
    data: TempDir,
}

/// A running node. It ends when this is dropped.
pub struct Node {
    pub address: SocketAddr,
    child: Child,
}

impl Cluster {
    /// Starts a server on which a commit waits for the disk. Nodes are started by [`nodes`](Self::nodes).
    pub async fn prepare() -> Self {
        let postgres = Postgres::durable();
        let admin = Database::connect(postgres.url("postgres")).await.expect("the server answers");
        for name in ["parlour", "pgbench"] {
            admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a database");
        }
        let database = Database::connect(postgres.url("parlour")).await.expect("the server answers");
        let data = tempfile::tempdir().expect("a folder");
        Self { postgres, database, data }
    }

    /// The address of one of its databases: `parlour` is the nodes' own.
    pub fn url(&self, database: &str) -> String {
        self.postgres.url(database)
    }

    /// Its port on this machine.
    pub fn port(&self) -> u16 {
        self.postgres.port()
    }

    /// Starts this many nodes, and waits until they are ready.
    pub async fn nodes(&self, count: usize) -> Vec<Node> {
        let nodes: Vec<Node> = (0..count).map(|_| self.start(Some(self.url("parlour")))).collect();
        for node in &nodes {
            node.is_ready().await;
        }
        nodes
    }

    /// Starts a node on SQLite, to compare with.
    pub async fn on_sqlite(&self) -> Node {
        let node = self.start(None);
        node.is_ready().await;
        node
    }

    fn start(&self, database_url: Option<String>) -> Node {
        let port =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr()).expect("a port").port();
        let child = Command::new(env!("CARGO_BIN_EXE_parlour"))
            .current_dir(self.data.path())
            .env("PORT", port.to_string())
            .env("DATA_DIR", self.data.path())
            .env_remove("DATABASE_URL")
            .envs(database_url.map(|url| ("DATABASE_URL", url)))
            .env("JWT_SECRET", "a secret of the benchmark, which all of its nodes share")
            .env("RATE_LIMITS", "off")
            .env("RUST_LOG", "warn")
            .stdout(Stdio::null())
            .spawn()
            .expect("the node");
        Node { address: (Ipv4Addr::LOCALHOST, port).into(), child }
    }

    /// A number of the database.
    pub async fn number(&self, sql: &str) -> f64 {
        let statement = Statement::from_string(self.database.get_database_backend(), sql);
        let row = self.database.query_one_raw(statement).await.expect("an answer").expect("a row");
        row.try_get_by_index(0).expect("a number")
    }

    /// How many batches the log has, and the events in them, after a position.
    pub async fn batches_after(&self, position: f64) -> (f64, f64) {
        let after = format!("FROM feed_event WHERE position > {position}");
        let batches = self.number(&format!("SELECT count(DISTINCT nonce)::float8 {after}")).await;
        (batches, self.number(&format!("SELECT count(*)::float8 {after}")).await)
    }

    /// The position of the newest event.
    pub async fn head(&self) -> f64 {
        self.number("SELECT position::float8 FROM feed_head").await
    }
}

impl Node {
    /// The processor time that it has used, in microseconds.
    pub fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("Linux tells");
        // Behind the name, which is in brackets; proc_pid_stat(5).
        let (_, fields) = stat.rsplit_once(") ").expect("a name");
        let ticks: Vec<f64> =
            fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse().expect("a number")).collect();
        ticks.iter().sum::<f64>() * 1e6 / rustix::param::clock_ticks_per_second() as f64
    }

    async fn is_ready(&self) {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let (begun, url) = (Instant::now(), format!("http://{}/readyz", self.address));
        while TcpStream::connect(self.address).is_err()
            || !http.get(&url).send().await.is_ok_and(|answer| answer.status().is_success())
        {
            assert!(begun.elapsed() < Duration::from_secs(60), "the node does not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
