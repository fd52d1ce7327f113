//! Nodes on one database, behind a proxy.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use tempfile::TempDir;

use super::postgres::Postgres;
use super::{Person, Server, Wire, via};

/// Nodes that share a PostgreSQL server of their own.
pub struct Cluster {
    pub nodes: Vec<Node>,
    /// Where clients connect to: it goes to one node after another.
    pub door: Wire,
    postgres: Arc<Mutex<Postgres>>,
    /// The folder that all nodes share: of their images.
    _data: TempDir,
}

/// A node, and its line to PostgreSQL.
pub struct Node {
    pub server: Server,
    pub line: Wire,
}

const SETTINGS: &[(&str, &str)] =
    &[("JWT_SECRET", "a secret that all nodes of a test share"), ("RATE_LIMITS", "off"), ("RUST_LOG", "info")];

impl Cluster {
    /// This many nodes on an empty database, started at once, all ready.
    pub async fn start(nodes: usize) -> Self {
        let mut cluster = Self::prepare(nodes).await;
        join_all(cluster.nodes.iter_mut().map(|node| node.server.start_again())).await;
        cluster
    }

    /// This many nodes that have never been started, and an empty database.
    pub async fn prepare(count: usize) -> Self {
        let postgres = tokio::task::spawn_blocking(Postgres::durable).await.expect("it starts");
        let database: SocketAddr = (Ipv4Addr::LOCALHOST, postgres.port()).into();
        let data = tempfile::tempdir().expect("a folder for the nodes");
        let folder = data.path().to_str().expect("a name that is text");
        let mut nodes = Vec::new();
        for _ in 0..count {
            let line = Wire::to(vec![database]).await;
            let url = format!("postgres://parlour@{}/postgres", line.address);
            let settings = [SETTINGS, &[("DATABASE_URL", url.as_str()), ("DATA_DIR", folder)]].concat();
            nodes.push(Node { server: Server::prepare(&settings), line });
        }
        let door = Wire::to(nodes.iter().map(|node| node.server.address).collect()).await;
        Self { nodes, door, postgres: Arc::new(Mutex::new(postgres)), _data: data }
    }

    /// A new person, who comes through the door.
    pub async fn user(&self, name: &str) -> Person {
        via(&Person::sign_up(&self.nodes[0].server, name).await, self.door.address)
    }

    /// Does something to PostgreSQL that takes its time.
    pub async fn with_postgres(&self, act: impl FnOnce(&mut Postgres) + Send + 'static) {
        let postgres = Arc::clone(&self.postgres);
        let acting = move || act(&mut postgres.lock().unwrap_or_else(PoisonError::into_inner));
        tokio::task::spawn_blocking(acting).await.expect("no panic");
    }

    fn postgres(&self) -> MutexGuard<'_, Postgres> {
        self.postgres.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The database, beside all nodes and their lines.
    pub async fn database(&self) -> DatabaseConnection {
        let url = self.postgres().url("postgres");
        Database::connect(url).await.expect("the database opens")
    }

    /// Executes a statement that returns a number.
    pub async fn number(&self, sql: &str) -> i64 {
        let db = self.database().await;
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await;
        let number = row.expect("an answer").expect("a row").try_get_by_index(0).expect("a number");
        db.close().await.expect("the database closes");
        number
    }

    /// Ends all nodes, which must end well.
    pub async fn stop(&mut self) {
        join_all(self.nodes.iter_mut().map(|node| node.server.stop())).await;
    }
}
