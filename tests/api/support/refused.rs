//! Requests that must fail, and must not reveal more than they should.

use serde_json::{Value, json};

use super::{Person, code};

impl Person {
    /// Executes a document that must fail; the code, and the field if the error names one: `BAD_USER_INPUT at text`.
    pub async fn refused(&self, query: &str, variables: Value) -> String {
        refusal(&self.execute(query, variables).await)
    }

    /// Executes a document; the bytes of the answer.
    pub async fn bytes(&self, query: &str, variables: Value) -> String {
        let body = json!({ "query": query, "variables": variables });
        let request = reqwest::Client::new().post(format!("http://{}/graphql", self.address));
        let answer = request.bearer_auth(&self.token).json(&body).send().await.expect("an answer");
        answer.text().await.expect("text")
    }
}

/// The code of an answer's only error, and the field if it names one.
pub fn refusal(answer: &Value) -> String {
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1), "{answer}");
    match answer["errors"][0]["extensions"]["field"].as_str() {
        Some(field) => format!("{} at {field}", code(answer)),
        None => code(answer).to_owned(),
    }
}
