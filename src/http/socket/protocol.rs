//! The messages of graphql-transport-ws.

use std::collections::HashMap;

use async_graphql::Request;
use serde::Deserialize;
use serde_json::Value;

use super::close::CloseReason;
use crate::error::{Error, Result as ParseResult};
use crate::http::parameters;
use crate::limits;

/// A message of the client.
#[derive(Debug)]
pub(crate) enum ClientMessage {
    /// Begins the connection.
    Init(ConnectionInit),
    /// Asks for a sign of life.
    Ping,
    /// Gives one.
    Pong,
    /// Begins an operation. One that is malformed fails, and the others of the socket go on.
    Subscribe { id: String, request: ParseResult<Box<Request>> },
    /// Ends an operation.
    Complete { id: String },
}

/// The payload of `connection_init`.
#[derive(Debug, Default)]
pub(crate) struct ConnectionInit {
    /// The token of `authorization: Bearer …`.
    pub token: Option<String>,
    /// Where to resume.
    pub resume_from: ResumeFrom,
}

/// Where a client wants to resume.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum ResumeFrom {
    /// For each operation, by its id, the cursor that it last handled.
    ByOperation(HashMap<String, String>),
    /// One cursor, for the first subscription to the feed.
    First(String),
}

impl Default for ResumeFrom {
    fn default() -> Self {
        Self::ByOperation(HashMap::new())
    }
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
    payload: Option<Value>,
}

/// The same without the payload, which may be what can't be read.
#[derive(Deserialize)]
struct EnvelopeHead {
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InitPayload {
    authorization: Option<String>,
    /// What clients have that pass their HTTP headers on; some send both.
    #[serde(rename = "Authorization")]
    authorization_header: Option<String>,
    resume_from: Option<ResumeFrom>,
}

impl ClientMessage {
    /// Reads a message.
    pub(crate) fn parse(text: &str) -> Result<Self, CloseReason> {
        let Ok(message) = serde_json::from_str::<Envelope>(text) else { return unreadable(text) };
        match message.kind.as_str() {
            "connection_init" => init(message.payload).map(Self::Init),
            "ping" => Ok(Self::Ping),
            "pong" => Ok(Self::Pong),
            "subscribe" => {
                let id = operation_id(message.id)?;
                let request = parameters::from_value(message.payload.unwrap_or_default()).map(Box::new);
                Ok(Self::Subscribe { id, request })
            }
            "complete" => Ok(Self::Complete { id: operation_id(message.id)? }),
            _ => Err(CloseReason::BadRequest("Invalid message type")),
        }
    }
}

/// A message that is not JSON for us. Half a surrogate pair, or deep nesting, in the payload of an operation concerns
/// that operation alone.
fn unreadable(text: &str) -> Result<ClientMessage, CloseReason> {
    match serde_json::from_str(text) {
        Ok(EnvelopeHead { kind, id }) if kind == "subscribe" => {
            let unreadable = Error::input("payload", "the payload is not JSON (in UTF-8, at most 127 levels deep)");
            Ok(ClientMessage::Subscribe { id: operation_id(id)?, request: Err(unreadable) })
        }
        Ok(_) | Err(_) => Err(CloseReason::BadRequest("Invalid message")),
    }
}

/// The close reason for another payload.
const INIT_TAKES: &str =
    r#"connection_init takes {"authorization":"Bearer <token>","resumeFrom":{"<operation id>":"<cursor>"}}"#;

fn init(payload: Option<Value>) -> Result<ConnectionInit, CloseReason> {
    let payload = match payload {
        None | Some(Value::Null) => return Ok(ConnectionInit::default()),
        Some(payload) => payload,
    };
    let payload: InitPayload = serde_json::from_value(payload).map_err(|_| CloseReason::BadRequest(INIT_TAKES))?;
    let resume_from = payload.resume_from.unwrap_or_default();
    if let ResumeFrom::ByOperation(cursors) = &resume_from
        && cursors.len() > limits::RESUME_ENTRIES
    {
        return Err(CloseReason::BadRequest("Too many entries in resumeFrom"));
    }
    let authorization = payload.authorization.or(payload.authorization_header);
    let token = authorization.and_then(|value| bearer(&value).map(str::to_owned));
    Ok(ConnectionInit { token, resume_from })
}

/// The token of `Bearer …` (RFC 6750, 2.1); the scheme is the same in any case.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn operation_id(id: Option<String>) -> Result<String, CloseReason> {
    match id {
        Some(id) if id.is_empty() => Err(CloseReason::BadRequest("Empty id")),
        Some(id) if id.len() > limits::OPERATION_ID_BYTES => Err(CloseReason::BadRequest("Id too long")),
        Some(id) => Ok(id),
        None => Err(CloseReason::BadRequest("Message without an id")),
    }
}

/// The start of a message about an operation, up to its payload or its end.
pub(super) fn head(kind: &str, id: &str) -> String {
    let id = Value::from(id);
    format!(r#"{{"id":{id},"type":"{kind}""#)
}

/// A message about an operation with a payload.
pub(super) fn with_payload(head: &str, payload: &str) -> String {
    let mut message = String::with_capacity(head.len() + payload.len() + 12);
    message.push_str(head);
    message.push_str(r#","payload":"#);
    message.push_str(payload);
    message.push('}');
    message
}

/// The answer to `connection_init`.
pub(super) const ACK: &str = r#"{"type":"connection_ack"}"#;
/// The answer to `ping`.
pub(super) const PONG: &str = r#"{"type":"pong"}"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> bool {
        matches!(ClientMessage::parse(text), Err(CloseReason::BadRequest(reason)) if reason.len() <= 123)
    }

    #[test]
    fn an_invalid_message_is_refused() {
        let long = format!(r#"{{"type":"complete","id":"{}"}}"#, "x".repeat(10_000));
        for text in [
            "",
            "{",
            "[]",
            "null",
            "{}",
            r#"{"type":"start","id":"1"}"#,
            r#"{"type":1}"#,
            r#"{"type":"subscribe","payload":{"query":"{me{id}}"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{me{id}}"}}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{me{id}}"}}"#,
            r#"{"type":"subscribe","payload":{"query":"\ud800"}}"#,
            r#"{"type":"ping","payload":"\ud800"}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"connection_init","payload":{"resumeFrom":7}}"#,
            long.as_str(),
        ] {
            assert!(refused(text), "{text}");
        }
    }

    #[test]
    fn a_malformed_operation_is_no_concern_of_the_others() {
        let deep = format!(r#"{{"query":"{{me{{id}}}}","variables":{{"v":{}1{}}}}}"#, "[".repeat(200), "]".repeat(200));
        for payload in ["null", "7", "[]", "{}", r#"{"query":1}"#, r#"{"query":"\ud800"}"#, &deep] {
            let text = format!(r#"{{"type":"subscribe","id":"1","payload":{payload}}}"#);
            let Ok(ClientMessage::Subscribe { id, request }) = ClientMessage::parse(&text) else { panic!("{text}") };
            assert!(id == "1" && matches!(request, Err(Error::BadUserInput { .. })), "{text}");
        }
        let text = r#"{"type":"subscribe","id":"1","payload":{"query":"{me{id}}","operationName":"","variables":[]}}"#;
        let Ok(ClientMessage::Subscribe { request: Ok(request), .. }) = ClientMessage::parse(text) else {
            panic!("{text}")
        };
        assert!(request.operation_name.is_none() && request.variables.is_empty());
    }

    #[test]
    fn a_wrong_init_is_closed_with_what_it_takes() {
        for payload in ["7", r#"["a"]"#, r#"{"resumeFrom":7}"#, r#"{"authorization":{}}"#] {
            let text = format!(r#"{{"type":"connection_init","payload":{payload}}}"#);
            assert_eq!(ClientMessage::parse(&text).err(), Some(CloseReason::BadRequest(INIT_TAKES)), "{text}");
        }
        assert!(INIT_TAKES.len() <= 123);
    }

    #[test]
    fn an_init_names_a_token_and_where_to_resume() {
        for authorization in [
            r#""authorization":"Bearer t""#,
            r#""Authorization":"bearer t""#,
            r#""authorization":"Bearer t","Authorization":"Bearer u""#,
        ] {
            let text =
                format!(r#"{{"type":"connection_init","payload":{{{authorization},"resumeFrom":{{"1":"c"}}}}}}"#);
            let Ok(ClientMessage::Init(init)) = ClientMessage::parse(&text) else { panic!("not an init: {text}") };
            assert_eq!(init.token.as_deref(), Some("t"));
            assert!(matches!(init.resume_from, ResumeFrom::ByOperation(cursors) if cursors["1"] == "c"));
        }
    }

    #[test]
    fn a_message_is_json_whatever_the_id_is() {
        let head = head("next", "\"\\\u{1}");
        let message: Value = serde_json::from_str(&with_payload(&head, "{}")).expect("JSON");
        assert_eq!(message["id"], "\"\\\u{1}");
    }
}
