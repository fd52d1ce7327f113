//! The API as a browser uses it, with a cookie.

use serde_json::{Value, json};

use super::TestApp;

impl TestApp {
    /// Executes a document with this `Cookie`; the whole answer, and its `Set-Cookie`.
    pub async fn browse(&self, cookie: &str, query: &str, variables: Value) -> (Value, Option<String>) {
        let body = json!({ "query": query, "variables": variables });
        let request = self.http().post(self.url("/graphql")).header("cookie", cookie).json(&body);
        let answer = request.send().await.expect("an answer");
        let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
        assert!(cookies.len() <= 1, "{cookies:?}");
        let cookie = cookies.first().map(|cookie| cookie.to_str().expect("ASCII").to_owned());
        (answer.json().await.expect("JSON"), cookie)
    }
}
