//! The database of each test: SQLite, or with `TEST_DATABASE=postgres` PostgreSQL, where all tests share a server and each
//! has a database of its own.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{LazyLock, Mutex, PoisonError};

use parlour::config::DatabaseAddress;
use parlour::db;
use sea_orm::{ConnectionTrait, Database};

use super::postgres::Postgres;
pub use super::postgres::is_postgres;

/// A database with all tables, from which those of the tests are copied.
const TEMPLATE: &str = "parlour_template";

/// The server of all tests. It has a thread and a runtime of its own, as each test has a runtime that ends with it.
static SERVER: LazyLock<Server> = LazyLock::new(Server::start);

/// What is asked of the server.
enum Request {
    Create(String, tokio::sync::oneshot::Sender<()>),
    /// Whether it accepts connections. Those that are open end.
    Reachable(String, bool, tokio::sync::oneshot::Sender<()>),
    Drop(String),
}

struct Server {
    postgres: Postgres,
    requests: Mutex<Sender<Request>>,
}

impl Server {
    fn start() -> Self {
        let postgres = Postgres::start();
        let (requests, asked) = channel();
        let (admin, template) = (postgres.url("postgres"), postgres.url(TEMPLATE));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let admin = Database::connect(admin).await.expect("the server answers");
                admin.execute_unprepared(&format!("CREATE DATABASE {TEMPLATE}")).await.expect("a database");
                let template = DatabaseAddress::parse(&template).expect("an address");
                db::migrate(&template).await.expect("the tables");
                while let Ok(request) = asked.recv() {
                    match request {
                        Request::Create(name, done) => {
                            let copy = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}");
                            admin.execute_unprepared(&copy).await.expect("a database");
                            // A test that has failed does not wait for it.
                            let _ = done.send(());
                        }
                        Request::Reachable(name, is_reachable, done) => {
                            let allow = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {is_reachable}");
                            admin.execute_unprepared(&allow).await.expect("it is altered");
                            if !is_reachable {
                                let of_it = "pg_stat_activity WHERE datname";
                                let end = format!("SELECT pg_terminate_backend(pid) FROM {of_it} = '{name}'");
                                admin.execute_unprepared(&end).await.expect("they are ended");
                            }
                            let _ = done.send(());
                        }
                        Request::Drop(name) => {
                            let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                            admin.execute_unprepared(&drop).await.expect("it is dropped");
                        }
                    }
                }
            });
        });
        Self { postgres, requests: Mutex::new(requests) }
    }

    fn ask(&self, request: Request) {
        let asked = self.requests.lock().unwrap_or_else(PoisonError::into_inner).send(request);
        asked.expect("the thread of the server runs");
    }
}

/// A database of one test, which is dropped with it.
pub struct TestDatabase {
    name: String,
}

impl TestDatabase {
    /// A new database with all tables.
    pub async fn create() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let server = tokio::task::spawn_blocking(|| &*SERVER).await.expect("the server starts");
        let (done, created) = tokio::sync::oneshot::channel();
        server.ask(Request::Create(name.clone(), done));
        created.await.expect("the database is created");
        Self { name }
    }

    /// Ends all connections to it and accepts none, or accepts them again.
    pub async fn set_reachable(&self, is_reachable: bool) {
        let (done, is_done) = tokio::sync::oneshot::channel();
        SERVER.ask(Request::Reachable(self.name.clone(), is_reachable, done));
        is_done.await.expect("it is done");
    }

    /// Its address.
    pub fn url(&self) -> String {
        SERVER.postgres.url(&self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        SERVER.ask(Request::Drop(std::mem::take(&mut self.name)));
    }
}
