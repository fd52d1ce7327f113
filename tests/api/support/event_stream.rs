//! A client of GraphQL over server-sent events, without any help of a library that would hide what the server does.

use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use super::{Person, SILENCE, TestApp, secrets, soon};

/// An open stream.
pub struct EventStream {
    response: Response,
    unread: String,
    /// The beginning of a character whose rest has not come yet.
    cut: Vec<u8>,
}

/// A block of a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamEvent {
    pub name: String,
    pub id: Option<String>,
    pub data: Value,
    /// The milliseconds of a `retry` line.
    pub retry: Option<u64>,
}

impl EventStream {
    /// The stream that answers a request, as an `EventSource` would take it: whatever the type says.
    pub async fn of(request: RequestBuilder) -> Self {
        let response = soon(request.header("accept", "text/event-stream").send()).await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        Self { response, unread: String::new(), cut: Vec::new() }
    }

    /// The next block that is no comment; `None` at the end.
    pub async fn next(&mut self) -> Option<StreamEvent> {
        loop {
            while let Some((block, rest)) = self.unread.split_once("\n\n") {
                let event = StreamEvent::parse(block);
                self.unread = rest.to_owned();
                if let Some(event) = event {
                    return Some(event);
                }
            }
            let chunk = soon(self.response.chunk()).await.expect("it is not cut off")?;
            self.cut.extend_from_slice(&chunk);
            let whole = std::str::from_utf8(&self.cut).map_or_else(|error| error.valid_up_to(), str::len);
            let whole: Vec<u8> = self.cut.drain(..whole).collect();
            self.unread.push_str(std::str::from_utf8(&whole).expect("it was looked at"));
        }
    }

    /// The next result's data and its id.
    pub async fn next_data(&mut self) -> (Value, Option<String>) {
        loop {
            let mut event = self.next().await.expect("it goes on");
            if event.retry.is_some() {
                continue;
            }
            assert_eq!(event.name, "next", "{event:?}");
            assert!(event.data.get("errors").is_none(), "{event:?}");
            return (event.data["data"].take(), event.id);
        }
    }

    /// The next event of a subscription to `events`, whose cursor has to be its id.
    pub async fn next_event(&mut self) -> Value {
        let (mut data, id) = self.next_data().await;
        let event = data["events"].take();
        if let Some(cursor) = event["cursor"].as_str() {
            assert_eq!(id.as_deref(), Some(cursor));
        }
        event
    }

    /// Nothing comes.
    pub async fn stays_silent(&mut self) {
        if let Ok(event) = tokio::time::timeout(SILENCE, self.next()).await {
            panic!("{event:?} came");
        }
    }
}

impl StreamEvent {
    /// Reads a block; `None` if it has only comments.
    fn parse(block: &str) -> Option<Self> {
        let (mut event, mut is_empty) = (Self::default(), true);
        for line in block.lines().filter(|line| !line.is_empty() && !line.starts_with(':')) {
            is_empty = false;
            let (field, value) = line.split_once(':').expect("a field");
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => event.name = value.to_owned(),
                "id" => event.id = Some(value.to_owned()),
                "data" if value.is_empty() => {}
                "data" => event.data = serde_json::from_str(value).expect("JSON in one line"),
                "retry" => event.retry = Some(value.parse().expect("a number")),
                other => panic!("a field {other} in {block:?}"),
            }
        }
        (!is_empty).then_some(event)
    }
}

impl Person {
    /// A request that opens a stream by POST, as programs do.
    pub fn stream_request(&self, app: &TestApp, query: &str, variables: Value) -> RequestBuilder {
        secrets::keep(&variables);
        let body = serde_json::json!({ "query": query, "variables": variables });
        app.http().post(app.url("/graphql")).bearer_auth(&self.token).json(&body)
    }

    /// A request that opens a stream by GET with a cookie, as an `EventSource` of our pages does.
    pub fn source_request(&self, app: &TestApp, query: &str, variables: Value) -> RequestBuilder {
        let parameters = [("query", query.to_owned()), ("variables", variables.to_string())];
        let request = app.http().get(app.url("/graphql")).query(&parameters).header("sec-fetch-site", "same-origin");
        request.header("accept", "text/event-stream").header("cookie", format!("jwt={}", self.token))
    }

    /// A stream by POST.
    pub async fn stream(&self, app: &TestApp, query: &str, variables: Value) -> EventStream {
        EventStream::of(self.stream_request(app, query, variables)).await
    }
}
