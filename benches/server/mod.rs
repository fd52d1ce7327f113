//! A server in the process of the benchmark, on a folder of its own, and people who use it over HTTP.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use parlour::clock::Clock;
use parlour::config::Config;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub struct Server {
    address: SocketAddr,
    http: reqwest::Client,
    shutdown: CancellationToken,
    running: JoinHandle<Result<()>>,
}

/// A person with an account, signed in.
pub struct Person {
    /// In hexadecimal, as SQL takes it.
    pub id: String,
    pub token: String,
}

impl Server {
    /// Starts a server without rate limits, and waits until it is ready.
    pub async fn start(folder: &Path) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let settings = HashMap::from([
            ("DATA_DIR", folder.display().to_string()),
            ("PORT", address.port().to_string()),
            ("RATE_LIMITS", "off".into()),
        ]);
        let config = Config::from_lookup(|name| settings.get(name).cloned())?;
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(parlour::run(Arc::new(config), Clock::default(), listener, shutdown.clone()));
        let http = reqwest::Client::new();
        let ready = format!("http://{address}/readyz");
        while !http.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success()) {
            anyhow::ensure!(!running.is_finished(), "the server did not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(Self { address, http, shutdown, running })
    }

    pub async fn stop(self) -> Result<()> {
        self.shutdown.cancel();
        self.running.await?
    }

    /// Executes a document that must succeed; its data.
    pub async fn ask(&self, token: Option<&str>, document: &str, variables: Value) -> Result<Value> {
        let body = json!({ "query": document, "variables": variables });
        let mut request = self.http.post(format!("http://{}/graphql", self.address)).json(&body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let mut answer: Value = request.send().await?.json().await?;
        anyhow::ensure!(answer.get("errors").is_none(), "{document}: {answer}");
        Ok(answer["data"].take())
    }

    /// Creates an account.
    pub async fn sign_up(&self, full_name: &str, email: &str) -> Result<Person> {
        let document = "mutation($input: SignupInput!) { signup(input: $input) { token user { id } } }";
        let input = json!({ "fullName": full_name, "email": email, "password": "a long way home" });
        let signed_up = self.ask(None, document, json!({ "input": input })).await?;
        let text = |value: &Value| value.as_str().map(str::to_owned).context("a text");
        let payload = &signed_up["signup"];
        Ok(Person { id: text(&payload["user"]["id"])?.replace('-', ""), token: text(&payload["token"])? })
    }
}

pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
