//! An app's backend, which has a key.

use std::sync::Arc;

use parlour::accounts::{KeyScope, NewKey};
use parlour::audit::Operator;
use parlour::config::Config;
use parlour::id::KeyId;
use reqwest::header::HeaderValue;
use serde_json::{Value, json};

use super::{TestApp, code, refusal, secrets};

pub const UPSERT: &str = "mutation($users: [UpsertUserInput!]!) { upsertUsers(users: $users) {
    id externalId fullName isBot metadata email createdAt } }";

/// A backend with a key.
pub struct Backend<'a> {
    pub app: &'a TestApp,
    pub key: String,
    pub id: KeyId,
}

impl TestApp {
    /// Does what a command does beside the server.
    pub async fn command<T>(&self, what: impl AsyncFnOnce(&parlour::program::Program) -> T) -> T {
        let config = Config::from_lookup(|name| self.settings.get(name).cloned()).expect("good settings");
        let running = parlour::attach(Arc::new(config), self.clock.clone()).await.expect("it runs beside the server");
        let outcome = what(&running.program).await;
        running.finish().await.expect("it ends");
        outcome
    }

    /// A backend with a key of the scope `users`.
    pub async fn backend(&self) -> Backend<'_> {
        self.backend_with(&[KeyScope::Users]).await
    }

    /// A backend with a key of its own.
    pub async fn backend_with(&self, scopes: &[KeyScope]) -> Backend<'_> {
        let made = self.command(async |program| {
            program
                .accounts
                .create_key_for_operator(&Operator::default(), "The shop", scopes.to_vec())
                .await
                .expect("a key")
        });
        let NewKey { id, text } = made.await;
        secrets::keep(&json!({ "token": *text }));
        Backend { app: self, key: text.to_string(), id }
    }
}

impl Backend<'_> {
    pub async fn execute(&self, query: &str, variables: Value) -> Value {
        self.app.execute(Some(&self.key), query, variables).await
    }

    /// Executes a document in the place of somebody.
    pub async fn execute_as(&self, who: &str, query: &str, variables: Value) -> Value {
        secrets::keep(&variables);
        let request = self.app.http().post(self.app.url("/graphql")).bearer_auth(&self.key);
        let who = HeaderValue::from_bytes(who.as_bytes()).expect("a header");
        let request = request.header("parlour-act-as", who).json(&json!({ "query": query, "variables": variables }));
        request.send().await.expect("an answer").json().await.expect("JSON")
    }

    /// Executes a document in the place of somebody, which must succeed; its data.
    pub async fn ask_as(&self, who: &str, query: &str, variables: Value) -> Value {
        let mut answer = self.execute_as(who, query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].take()
    }

    /// Executes a document that must succeed; its data.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.execute(query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].take()
    }

    /// Executes a document that must fail; the code.
    pub async fn fails(&self, query: &str, variables: Value) -> String {
        code(&self.execute(query, variables).await).to_owned()
    }

    /// Executes a document that must fail; the code, and the field.
    pub async fn refused(&self, query: &str, variables: Value) -> String {
        refusal(&self.execute(query, variables).await)
    }

    /// Makes or changes people; them.
    pub async fn upsert(&self, users: Value) -> Value {
        self.ask(UPSERT, json!({ "users": users })).await["upsertUsers"].take()
    }

    /// Makes somebody; their id.
    pub async fn person(&self, external_id: &str, name: &str) -> String {
        let made = self.upsert(json!([{ "externalId": external_id, "fullName": name }])).await;
        made[0]["id"].as_str().expect("an id").to_owned()
    }

    pub async fn end_sessions(&self, user: &str) -> Value {
        let query = "mutation($id: ID!) { endSessions(userId: $id) }";
        self.ask(query, json!({ "id": user })).await["endSessions"].take()
    }

    pub async fn erase(&self, user: &str) -> Value {
        let query = "mutation($id: ID!) { eraseUser(userId: $id) }";
        self.ask(query, json!({ "id": user })).await["eraseUser"].take()
    }
}
