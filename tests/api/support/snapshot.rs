//! Whole answers, compared with snapshots in the tests. What differs from run to run is replaced.

use serde_json::Value;
use uuid::Uuid;

/// An answer for a snapshot. Ids, cursors, times, tokens and delays become placeholders; the same id or cursor always
/// becomes the same one.
pub fn redacted(answer: &Value) -> Value {
    let mut answer = answer.clone();
    Redaction::default().redact(&mut answer);
    answer
}

/// The ids and cursors that an answer contains, in the order of their first use.
#[derive(Default)]
struct Redaction {
    ids: Vec<String>,
    cursors: Vec<String>,
}

impl Redaction {
    fn redact(&mut self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact(item)),
            Value::Object(fields) => {
                for (name, field) in fields {
                    self.redact_field(name, field);
                }
            }
            Value::String(text) => *text = self.placeholder(text).unwrap_or_else(|| std::mem::take(text)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn redact_field(&mut self, name: &str, field: &mut Value) {
        match field {
            Value::String(cursor) if name.to_lowercase().ends_with("cursor") => {
                *cursor = format!("[cursor {}]", number(&mut self.cursors, cursor));
            }
            Value::Number(_) if name == "retryAfterMs" => *field = "[delay]".into(),
            _ => self.redact(field),
        }
    }

    fn placeholder(&mut self, text: &str) -> Option<String> {
        if Uuid::parse_str(text).is_ok() {
            Some(format!("[id {}]", number(&mut self.ids, text)))
        } else if is_time(text) {
            Some("[time]".into())
        } else if text.starts_with("eyJ") && text.split('.').count() == 3 {
            Some("[token]".into())
        } else {
            None
        }
    }
}

/// The number of a text among the known ones, from 1. A new one is added.
fn number(known: &mut Vec<String>, text: &str) -> usize {
    let index = known.iter().position(|known| known == text).unwrap_or_else(|| {
        known.push(text.to_owned());
        known.len() - 1
    });
    index + 1
}

/// Whether a text is a time as the API writes it, such as `2026-11-24T05:31:50.123Z`.
fn is_time(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "0000-00-00T00:00:00.000Z"
}

#[test]
fn only_what_differs_from_run_to_run_is_replaced() {
    let id = "019bfc3e-0000-7000-8000-00000000000a";
    let answer = serde_json::json!({
        "id": id, "other": [id, "019bfc3e-0000-7000-8000-00000000000b"], "feedCursor": "c2ln", "endCursor": null,
        "at": "2026-11-24T05:31:50.123Z", "token": "eyJh.eyJz.c2ln", "retryAfterMs": 200, "text": "hello", "seq": 1,
    });
    let expected = serde_json::json!({
        "id": "[id 1]", "other": ["[id 1]", "[id 2]"], "feedCursor": "[cursor 1]", "endCursor": null,
        "at": "[time]", "token": "[token]", "retryAfterMs": "[delay]", "text": "hello", "seq": 1,
    });
    assert_eq!(redacted(&answer), expected);
}
