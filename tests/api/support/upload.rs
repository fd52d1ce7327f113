//! Requests with a file, after the GraphQL multipart request specification.

use serde_json::{Value, json};

use super::{Person, TestApp, soon, when_available};

/// The fields of a message with an image that tests read.
pub const IMAGE: &str = "id url urlExpiresAt width height mimeType byteSize placeholder";
const BOUNDARY: &str = "a-line-that-stands-nowhere-else";

/// A multipart body with one file, at this path among the variables, under this name.
pub fn multipart(operations: &Value, path: &str, file: &[u8], name: &str) -> Vec<u8> {
    let map = json!({ "0": [path] });
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{operations}\r\n\
         --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"map\"\r\n\r\n{map}\r\n\
         --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"0\"; filename=\"{name}\"\r\n\
         Content-Type: image/png\r\n\r\n"
    );
    [head.as_bytes(), file, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat()
}

/// The content type of such a body.
pub fn multipart_type() -> String {
    format!("multipart/form-data; boundary={BOUNDARY}")
}

impl Person {
    /// Executes a document with a file; the whole answer.
    pub async fn execute_with_file(
        &self,
        app: &TestApp,
        query: &str,
        variables: Value,
        path: &str,
        file: &[u8],
    ) -> Value {
        let operations = json!({ "query": query, "variables": variables });
        self.post_file(app, multipart(&operations, path, file, "holiday.png")).await
    }

    /// Posts a multipart body; the whole answer.
    pub async fn post_file(&self, app: &TestApp, body: Vec<u8>) -> Value {
        let request = app.http().post(app.url("/graphql")).bearer_auth(&self.token);
        let request = request.header("graphql-require-preflight", "1").header("content-type", multipart_type());
        soon(request.body(body).send()).await.expect("an answer").json().await.expect("JSON")
    }

    /// Sends a message with a file; the whole answer.
    pub async fn try_send_image(&self, app: &TestApp, mut input: Value, file: &[u8]) -> Value {
        input["image"] = json!({ "file": null });
        let query = send_image();
        self.execute_with_file(app, &query, json!({ "input": input }), "variables.input.image.file", file).await
    }

    /// Sends a message with a file and no text; the message.
    pub async fn send_image(&self, app: &TestApp, to: &Person, file: &[u8]) -> Value {
        let to = json!({ "to": { "userId": to.id } });
        let mut answer = when_available(|| self.try_send_image(app, to.clone(), file)).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"]["sendMessage"].take()
    }

    /// Sets the picture; the whole answer.
    pub async fn try_set_picture(&self, app: &TestApp, file: &[u8]) -> Value {
        let query = format!(
            "mutation($file: Upload) {{ updateProfile(input: {{ profilePic: {{ file: $file }} }}) {{
                id profilePic {{ {IMAGE} }} }} }}"
        );
        self.execute_with_file(app, &query, json!({ "file": null }), "variables.file", file).await
    }
}

/// The document that sends a message with an image.
pub fn send_image() -> String {
    format!(
        "mutation($input: SendMessageInput!) {{ sendMessage(input: $input) {{
            id seq text version deletedAt conversationId image {{ {IMAGE} }} }} }}"
    )
}
