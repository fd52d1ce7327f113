//! What documents cost the database.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Request;
use parlour::Running;
use parlour::accounts::Authenticated;
use parlour::app::{App, Parts};
use parlour::config::Config;
use parlour::graphql::{Api, Caller};
use sea_orm::{ConnectionTrait, Statement};

use super::{Person, TestApp};

/// A second program on the same data, whose connections tell what is read.
pub struct Counted {
    pub api: Api,
    running: Running,
    statements: Arc<Mutex<Vec<Statement>>>,
}

impl TestApp {
    /// Starts a second program on the data of this one. It hears what documents read, not what the feed does.
    pub async fn counted(&self) -> Counted {
        let data = self.folder.display().to_string();
        let config = Config::from_lookup(|name| (name == "DATA_DIR").then(|| data.clone())).expect("good settings");
        let running = parlour::start(Arc::new(config), self.clock.clone()).await.expect("a second program");
        let mut program = running.program.clone();
        let statements = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&statements);
        let mut parts = Parts::clone(&program.app);
        parts.db.reader.set_metric_callback(move |told| {
            heard.lock().unwrap_or_else(PoisonError::into_inner).push(told.statement.clone());
        });
        program.app = App::new(parts);
        Counted { api: Api::new(program), running, statements }
    }

    /// The statements that read the database when this person executes a document.
    pub async fn statements(&self, person: &Person, query: &str) -> Vec<Statement> {
        let counted = self.counted().await;
        let caller = counted.caller(&person.token).await;

        let answer = counted.api.execute(Request::new(query), caller).await;

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

    pub async fn finish(self) {
        drop(self.api);
        self.running.finish().await.expect("a good end");
    }
}
