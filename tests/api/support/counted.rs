//! What documents cost the database.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Request;
use parlour::Running;
use parlour::accounts::Authenticated;
use parlour::app::{App, Parts};
use parlour::config::Config;
use parlour::db::Db;
use parlour::feed::{Feed, FeedTasks};
use parlour::graphql::{Api, Caller};
use parlour::messages::ReadMarks;
use parlour::program::Program;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use super::{Person, TestApp};

/// A second program on the same data, whose connections tell what is read.
pub struct Counted {
    pub api: Api,
    running: Running,
    statements: Heard,
    /// Where it is heard as well.
    feed: Option<(FeedTasks, Db)>,
}

type Heard = Arc<Mutex<Vec<Statement>>>;

/// Lets a connection tell of its statements.
fn hear(connection: &mut DatabaseConnection, statements: &Heard) {
    let heard = Arc::clone(statements);
    connection.set_metric_callback(move |told| {
        heard.lock().unwrap_or_else(PoisonError::into_inner).push(told.statement.clone());
    });
}

impl TestApp {
    /// Starts a second program on the data of this one. It hears what documents read, not what the feed does.
    pub async fn counted(&self) -> Counted {
        let config = Config::from_lookup(|name| self.settings.get(name).cloned()).expect("good settings");
        let running = parlour::start(Arc::new(config), self.clock.clone()).await.expect("a second program");
        let mut program = running.program.clone();
        let statements = Heard::default();
        let mut parts = Parts::clone(&program.app);
        hear(&mut parts.db.reader, &statements);
        program.app = App::new(parts);
        Counted { api: Api::new(program), running, statements, feed: None }
    }

    /// The statements that read the database when this person executes a document.
    pub async fn statements(&self, person: &Person, query: &str) -> Vec<Statement> {
        let counted = self.counted().await;
        let caller = counted.caller(&person.token).await;

        let answer = counted.api.execute(Request::new(query), caller).await.response;

        assert!(answer.is_ok(), "{answer:?}");
        let statements = counted.take();
        counted.finish().await;
        statements
    }

    /// How the database would find what a statement asks for, a line a step.
    pub async fn plan(&self, mut statement: Statement) -> Vec<String> {
        statement.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
        let steps = self.database().await.query_all_raw(statement).await.expect("a plan");
        steps.iter().map(|step| step.try_get("", "detail").expect("a text")).collect()
    }
}

impl Counted {
    /// Whoever has the token.
    pub async fn caller(&self, token: &str) -> Caller {
        let authenticated = self.running.program.accounts.authenticate(token).await.expect("a session");
        let Authenticated::Viewer { viewer, .. } = authenticated else { panic!("{authenticated:?}") };
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Caller { viewer: Some(viewer), address, user_agent: None, request_id: String::new() }
    }

    /// The statements since it was asked last.
    pub fn take(&self) -> Vec<Statement> {
        std::mem::take(&mut *self.statements.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Gives it a feed that is heard, too: what it reads, and all that is written.
    pub async fn with_its_feed(self) -> Self {
        let program = self.api.program().clone();
        let opened = Db::open(&program.app.config.database_url).await;
        let (mut db, mut writer) = opened.expect("the database opens");
        for connection in [&mut db.reader, &mut writer.connection] {
            hear(connection, &self.statements);
        }
        let clock = program.app.clock.clone();
        let (feed, tasks) = Feed::start(db.clone(), writer, clock, &program.app.config).await.expect("a feed");
        let app = App::new(Parts { db: db.clone(), feed, ..Parts::clone(&program.app) });
        let program = Program { read_marks: ReadMarks::new(app.clone()), app, ..program };
        Self { api: Api::new(program), feed: Some((tasks, db)), ..self }
    }

    pub async fn finish(self) {
        drop(self.api);
        if let Some((tasks, db)) = self.feed {
            tasks.finish().await.expect("a good end");
            db.close().await.expect("a good end");
        }
        self.running.finish().await.expect("a good end");
    }
}
