//! What a document costs the database.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use async_graphql::Request;
use parlour::accounts::Authenticated;
use parlour::app::{App, Parts};
use parlour::config::Config;
use parlour::graphql::{Api, Caller};
use sea_orm::{ConnectionTrait, Statement};

use super::{Person, TestApp};

impl TestApp {
    /// The statements that read the database when this person executes a document. It is executed by a second program
    /// on the same data, whose connection tells.
    pub async fn statements(&self, person: &Person, query: &str) -> Vec<Statement> {
        let data = self.folder.display().to_string();
        let config = Config::from_lookup(|name| (name == "DATA_DIR").then(|| data.clone())).expect("good settings");
        let running = parlour::start(Arc::new(config), self.clock.clone()).await.expect("a second program");
        let mut program = running.program.clone();
        let authenticated = program.accounts.authenticate(&person.token).await.expect("a session");
        let Authenticated::Viewer { viewer, .. } = authenticated else { panic!("{authenticated:?}") };
        let statements = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&statements);
        let mut parts = Parts::clone(&program.app);
        parts.db.reader.set_metric_callback(move |told| {
            heard.lock().expect("nobody panics in here").push(told.statement.clone());
        });
        program.app = App::new(parts);
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let caller = Caller { viewer: Some(viewer), address, user_agent: None, request_id: String::new() };

        let answer = Api::new(program).execute(Request::new(query), caller).await;

        assert!(answer.is_ok(), "{answer:?}");
        running.finish().await.expect("a good end");
        std::mem::take(&mut *statements.lock().expect("nobody panics in here"))
    }

    /// How the database would find what a statement asks for, a line a step.
    pub async fn plan(&self, mut statement: Statement) -> Vec<String> {
        statement.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
        let steps = self.database().await.query_all_raw(statement).await.expect("a plan");
        steps.iter().map(|step| step.try_get("", "detail").expect("a text")).collect()
    }
}
