//! Responses as JSON, with what was written already.

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

/// A response, or a part of one, as JSON.
pub fn to_json(value: &impl Serialize) -> Vec<u8> {
    let mut json = Vec::with_capacity(1_024);
    // A response contains only lists and maps with string keys.
    value.serialize(&mut Serializer::with_formatter(&mut json, WrittenAlready)).expect("a response is JSON");
    json
}

/// Takes bytes for JSON. Everything else is as compact as usual.
struct WrittenAlready;

impl Formatter for WrittenAlready {
    fn write_byte_array<W: ?Sized + io::Write>(&mut self, writer: &mut W, json: &[u8]) -> io::Result<()> {
        writer.write_all(json)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{Name, Response, Value, value};

    use super::*;

    #[test]
    fn what_was_written_is_copied_and_the_rest_is_as_usual() {
        let mut data = value!({ "a": [1, null, "\u{1}\"é", { "b": true }] });
        let plain = Response::new(data.clone());
        assert_eq!(to_json(&plain), serde_json::to_vec(&plain).expect("JSON"));
        if let Value::Object(fields) = &mut data {
            fields.insert(Name::new("c"), Value::Binary(br#"{"d":[1]}"#.as_slice().into()));
        }
        let json = String::from_utf8(to_json(&Response::new(data))).expect("text");
        assert!(json.ends_with(r#",{"b":true}],"c":{"d":[1]}}}"#), "{json}");
    }
}
