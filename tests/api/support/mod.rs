//! What the tests share: a server each, people who use it, and their sockets.

pub mod archive;
mod backend;
pub mod bucket;
mod cookie;
mod counted;
mod crowd;
pub mod cursors;
mod database;
mod ear;
mod event_stream;
mod groups;
mod history;
pub mod hostile;
pub mod issuer;
mod person;
pub mod pictures;
#[path = "../../support/postgres.rs"]
#[expect(dead_code, reason = "the tests of several nodes need more of it")]
mod postgres;
mod refused;
mod restart;
mod search;
pub mod secrets;
mod snapshot;
mod socket;
mod stored;
mod upload;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parlour::clock::Clock;
use parlour::config::Config;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use backend::{Backend, UPSERT};
pub use counted::{Counted, Served};
use database::TestDatabase;
pub use database::is_postgres;
pub use ear::Ear;
pub use event_stream::EventStream;
pub use groups::{ADD, REMOVE, RENAME};
pub use history::position;
pub use person::{EVENTS, PASSWORD, Person, SEND};
pub use refused::refusal;
pub use search::sql_id;
pub use snapshot::redacted;
pub use socket::{Closed, NO_CREDENTIAL, Socket};
pub use upload::{multipart, multipart_type, send_image};

/// Longer than anything takes on a busy machine. A test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// How long a test waits before it concludes that nothing is sent.
pub const SILENCE: Duration = Duration::from_millis(300);

/// What signs tokens where the database is PostgreSQL, which needs one.
const SECRET: &str = "a secret of the tests, which all of their servers share";

/// A server on a database of its own.
pub struct TestApp {
    pub address: SocketAddr,
    pub clock: Clock,
    folder: PathBuf,
    settings: HashMap<String, String>,
    /// Its database on PostgreSQL, if the test runs there.
    postgres: Option<TestDatabase>,
    http: reqwest::Client,
    shutdown: CancellationToken,
    server: Option<JoinHandle<anyhow::Result<()>>>,
}

static SERVERS: AtomicU32 = AtomicU32::new(0);

impl TestApp {
    /// Starts a server with the default settings, but without rate limits.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts a server with rate limits.
    pub async fn limited() -> Self {
        Self::start_with(&[("RATE_LIMITS", "on")]).await
    }

    /// Starts a server with some settings of its own.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        secrets::watch_the_log();
        let number = SERVERS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("parlour-test-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for the test");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut settings: HashMap<String, String> =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        settings.entry("RATE_LIMITS".into()).or_insert_with(|| "off".into());
        settings.insert("DATA_DIR".into(), folder.display().to_string());
        settings.insert("PORT".into(), address.port().to_string());
        let postgres = match is_postgres() && !settings.contains_key("DATABASE_URL") {
            true => Some(TestDatabase::create().await),
            false => None,
        };
        if let Some(database) = &postgres {
            settings.insert("DATABASE_URL".into(), database.url());
            settings.entry("JWT_SECRET".into()).or_insert_with(|| SECRET.into());
        }
        let config = Config::from_lookup(|name| settings.get(name).cloned()).expect("good settings");
        let (clock, shutdown) = (Clock::default(), CancellationToken::new());
        let server = tokio::spawn(parlour::run(Arc::new(config), clock.clone(), listener, shutdown.clone()));
        let (http, server) = (reqwest::Client::new(), Some(server));
        let app = Self { address, clock, folder, settings, postgres, http, shutdown, server };
        app.is_ready().await;
        cursors::read_keys(&app.database_url()).await;
        app
    }

    async fn is_ready(&self) {
        let ready = async {
            while !self.http.get(self.url("/readyz")).send().await.is_ok_and(|answer| answer.status().is_success()) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ready).await.expect("the server is ready in time");
    }

    /// Stops the server as a signal would, and waits until it has ended.
    pub async fn stop(&mut self) {
        self.shutdown.cancel();
        if let Some(server) = self.server.take() {
            let ended = tokio::time::timeout(PATIENCE, server).await.expect("the server ends in time");
            ended.expect("the server does not panic").expect("the server ends without an error");
        }
    }

    /// A person with a new account.
    pub async fn user(&self, name: &str) -> Person {
        Person::sign_up(self, name).await
    }

    /// Two people with a direct conversation: the first has sent "hello".
    pub async fn direct(&self, one: &str, other: &str) -> (Person, Person) {
        let (one, other) = (self.user(one).await, self.user(other).await);
        one.send(&other, "hello").await;
        (one, other)
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// The folder of its data.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The address of its database.
    pub fn database_url(&self) -> String {
        match &self.postgres {
            Some(database) => database.url(),
            None => format!("sqlite://{}", self.folder.join("parlour.db").display()),
        }
    }

    /// Ends all connections to its database, which is one of PostgreSQL, and refuses new ones.
    pub async fn take_database_away(&self) {
        self.postgres.as_ref().expect("a database on a server").set_reachable(false).await;
    }

    /// Lets its database be reached again.
    pub async fn bring_database_back(&self) {
        self.postgres.as_ref().expect("a database on a server").set_reachable(true).await;
    }

    /// A connection to the server's database.
    pub async fn database(&self) -> sea_orm::DatabaseConnection {
        sea_orm::Database::connect(self.database_url()).await.expect("the database opens")
    }

    /// Executes a document as a visitor, or with the token; returns the whole answer.
    pub async fn execute(&self, token: Option<&str>, query: &str, variables: Value) -> Value {
        secrets::keep(&variables);
        let mut request = self.http.post(self.url("/graphql")).json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.expect("an answer").json().await.expect("JSON")
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.shutdown.cancel();
        cursors::forget_keys(&self.database_url());
        // A server that is still writing recreates what it needs, in the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The code of an answer's first error.
pub fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no code in {answer}"))
}

/// Asks again while the server has too many others to serve, as clients do: many tests at once keep a machine busy.
pub async fn when_available<T: Future<Output = Value>>(mut ask: impl FnMut() -> T) -> Value {
    for _ in 0..30 {
        let answer = ask().await;
        if answer["errors"][0]["extensions"]["code"] != "SERVICE_UNAVAILABLE" {
            return answer;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    ask().await
}

/// Waits for something that must happen in time.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it comes in time")
}
