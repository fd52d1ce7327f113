//! The statements that documents send to the database.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Request;
use parlour::Running;
use parlour::accounts::{Authenticated, Bearer};
use parlour::app::{App, Parts};
use parlour::config::Config;
use parlour::db::{Db, HotReads, StatementRecorder};
use parlour::feed::{Feed, FeedTasks};
use parlour::graphql::{Api, Caller, to_json};
use parlour::http::socket::Sockets;
use parlour::http::{self, HttpState};
use parlour::messages::{Reactions, ReadMarks};
use parlour::program::Program;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, TransactionTrait};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Person, TestApp, is_postgres, soon};

/// A second program on the same data, whose statements are recorded.
pub struct Counted {
    pub api: Api,
    running: Running,
    statements: Recorded,
    /// A feed whose statements are recorded as well.
    feed: Option<(FeedTasks, Db)>,
}

type Recorded = Arc<Mutex<Vec<Statement>>>;

/// Records the statements of a connection.
fn record(connection: &mut DatabaseConnection, statements: &Recorded) {
    let recorded = Arc::clone(statements);
    connection.set_metric_callback(move |info| {
        recorded.lock().unwrap_or_else(PoisonError::into_inner).push(info.statement.clone());
    });
}

/// Records the statements of hot reads: one for each read, of however many keys.
fn record_hot(statements: &Recorded) -> StatementRecorder {
    let recorded = Arc::clone(statements);
    Arc::new(move |sql| {
        let statement = Statement::from_string(DbBackend::Sqlite, sql);
        recorded.lock().unwrap_or_else(PoisonError::into_inner).push(statement);
    })
}

impl TestApp {
    /// Starts a second program on the data of this one. It records what documents read, not what the feed does.
    pub async fn counted(&self) -> Counted {
        let config = Config::from_lookup(|name| self.settings.get(name).cloned()).expect("good settings");
        let running = parlour::start(Arc::new(config), self.clock.clone()).await.expect("a second program");
        let mut program = running.program.clone();
        let statements = Recorded::default();
        let mut parts = Parts::clone(&program.app);
        record(&mut parts.db.reader.connection, &statements);
        parts.db.hot.recorder = Some(record_hot(&statements));
        program.app = App::new(parts);
        Counted { api: Api::new(program), running, statements, feed: None }
    }

    /// The answer to a document of this person, and the statements that read the database for it.
    pub async fn statements(&self, person: &Person, query: &str) -> (Value, Vec<Statement>) {
        let counted = self.counted().await;
        let caller = counted.caller(&person.token).await;

        let answer = counted.api.execute(Request::new(query), caller).await.response;

        assert!(answer.is_ok(), "{answer:?}");
        let mut answer: Value = serde_json::from_slice(&to_json(&answer)).expect("JSON");
        let data = answer["data"].take();
        let statements = counted.take();
        counted.finish().await;
        (data, statements)
    }

    /// The query plan for a statement, one line per step. PostgreSQL would read a table of few rows as a whole, and is told
    /// to do so only where no index helps.
    pub async fn plan(&self, mut statement: Statement) -> Vec<String> {
        let database = self.database().await;
        let steps = if is_postgres() {
            statement.sql.insert_str(0, "EXPLAIN ");
            let transaction = database.begin().await.expect("a transaction");
            transaction.execute_unprepared("SET LOCAL enable_seqscan = off").await.expect("it is set");
            transaction.query_all_raw(statement).await.expect("a plan")
        } else {
            statement.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
            database.query_all_raw(statement).await.expect("a plan")
        };
        let text = if is_postgres() { "QUERY PLAN" } else { "detail" };
        steps.iter().map(|step| step.try_get("", text).expect("a text")).collect()
    }
}

/// The second program over HTTP.
pub struct Served {
    pub address: SocketAddr,
    shutdown: CancellationToken,
    sockets: Sockets,
    serving: JoinHandle<()>,
}

impl Served {
    /// Stops serving: when its clients have gone.
    pub async fn end(self) {
        self.shutdown.cancel();
        self.sockets.close().await;
        soon(self.serving).await.expect("it does not panic");
    }
}

impl Counted {
    /// Serves it over HTTP until [`Served::end`].
    pub async fn serve(&self) -> Served {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sockets, shutdown) = (Sockets::default(), CancellationToken::new());
        let service = http::service(HttpState::new(self.api.clone(), sockets.clone(), shutdown.clone()));
        let (config, until) = (Arc::clone(&self.api.program().app.config), shutdown.clone());
        let serving = tokio::spawn(async move { http::accept::serve(&config, &listener, service, until).await });
        Served { address, shutdown, sockets, serving }
    }

    /// The caller with this token.
    pub async fn caller(&self, token: &str) -> Caller {
        let authenticated = self.running.program.accounts.authenticate(token).await.expect("a session");
        let Authenticated::Viewer { viewer, .. } = authenticated else { panic!("{authenticated:?}") };
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Caller { viewer: Some(viewer), key: None, address, user_agent: None, request_id: String::new() }
    }

    /// The caller with this token or key.
    pub async fn identified(&self, token: &str) -> Caller {
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        match self.running.program.accounts.identify(token, address).await.expect("a known token") {
            Bearer::Person(_) => self.caller(token).await,
            Bearer::Key(key) => {
                Caller { viewer: None, key: Some(key), address, user_agent: None, request_id: String::new() }
            }
        }
    }

    /// Takes the statements recorded since the last call.
    pub fn take(&self) -> Vec<Statement> {
        std::mem::take(&mut *self.statements.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds a feed whose statements are recorded too: its reads, and all writes.
    pub async fn with_its_feed(self) -> Self {
        let program = self.api.program().clone();
        let opened = Db::open(&program.app.config.database).await;
        let (mut db, mut writer) = opened.expect("the database opens");
        // The statements of the hot way have a test of their own.
        writer.hot = None;
        for connection in [&mut db.reader.connection, &mut writer.connection] {
            record(connection, &self.statements);
        }
        let clock = program.app.clock.clone();
        let (feed, tasks) =
            Feed::start(db.clone(), writer, clock, &program.app.config, (&program.app.bus, &program.app.leader))
                .await
                .expect("a feed");
        let app = App::new(Parts { db: db.clone(), feed, ..Parts::clone(&program.app) });
        let (reactions, read_marks) = (Reactions::new(app.clone()), ReadMarks::new(app.clone()));
        let program = Program { reactions, read_marks, app, ..program };
        Self { api: Api::new(program), feed: Some((tasks, db)), ..self }
    }

    /// The same API without hot reads.
    pub fn without_hot_reads(&self) -> Api {
        let mut program = self.api.program().clone();
        let mut parts = Parts::clone(&program.app);
        parts.db.hot = HotReads::default();
        program.app = App::new(parts);
        Api::new(program)
    }

    pub async fn finish(self) {
        drop(self.api);
        if let Some((tasks, db)) = self.feed {
            tasks.finish().await.expect("a good end");
            db.close().await.expect("it ends without an error");
        }
        self.running.finish().await.expect("it ends without an error");
    }
}
