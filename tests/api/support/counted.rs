//! What a document costs the database.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::Request;
use parlour::accounts::Authenticated;
use parlour::app::{App, Parts};
use parlour::config::Config;
use parlour::graphql::{Api, Caller};

use super::{Person, TestApp};

impl TestApp {
    /// How many statements read the database when this person executes a document. It is executed by a second program
    /// on the same data, whose connection counts.
    pub async fn statements(&self, person: &Person, query: &str) -> usize {
        let data = self.folder.display().to_string();
        let config = Config::from_lookup(|name| (name == "DATA_DIR").then(|| data.clone())).expect("good settings");
        let running = parlour::start(Arc::new(config), self.clock.clone()).await.expect("a second program");
        let mut program = running.program.clone();
        let authenticated = program.accounts.authenticate(&person.token).await.expect("a session");
        let Authenticated::Viewer { viewer, .. } = authenticated else { panic!("{authenticated:?}") };
        let count = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&count);
        let mut parts = Parts::clone(&program.app);
        parts.db.reader.set_metric_callback(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        program.app = App::new(parts);
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let caller = Caller { viewer: Some(viewer), address, user_agent: None, request_id: String::new() };

        let answer = Api::new(program).execute(Request::new(query), caller).await;

        assert!(answer.is_ok(), "{answer:?}");
        running.finish().await.expect("a good end");
        count.load(Ordering::Relaxed)
    }
}
