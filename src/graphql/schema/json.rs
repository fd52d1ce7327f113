//! The scalar `JSON`: the app's own data.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

use crate::graphql::written::{JsonValue, NotAtOnce, serialize};
use crate::limits;

/// Any JSON object of up to 4 KiB and 8 levels: the app's own data, kept as it is and given back; the server reads
/// nothing in it.
pub(super) struct AppData(Value);

impl AppData {
    /// What was stored.
    pub(super) fn stored(text: &str) -> Self {
        // It was an object when it was written.
        Self(serde_json::from_str(text).unwrap_or_default())
    }

    /// What is stored: the object's JSON.
    pub(super) fn to_text(&self) -> String {
        // Values have nothing in them that JSON lacks.
        serde_json::to_string(&self.0).unwrap_or_default()
    }
}

/// Any JSON object of up to 4 KiB and 8 levels: the app's own data, kept as it is and given back; the server reads
/// nothing in it.
#[Scalar(name = "JSON", specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259")]
impl ScalarType for AppData {
    fn parse(value: Value) -> InputValueResult<Self> {
        if !matches!(value, Value::Object(_)) {
            return Err(InputValueError::custom("write a JSON object"));
        }
        if levels(&value) > limits::METADATA_LEVELS {
            let most = limits::METADATA_LEVELS;
            return Err(InputValueError::custom(format!("nest it up to {most} levels deep")));
        }
        let text = serde_json::to_string(&value).unwrap_or_default();
        if text.len() > limits::METADATA_BYTES {
            let most = limits::METADATA_BYTES;
            return Err(InputValueError::custom(format!("write up to {most} bytes of JSON, this is {}", text.len())));
        }
        Ok(Self(value))
    }

    fn to_value(&self) -> Value {
        self.0.clone()
    }
}

impl JsonValue for AppData {
    fn write(&self, json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
        serialize(&self.0, json)
    }
}

/// How deep it is nested, itself included. The guard has bounded that, so that it cannot overflow the stack.
fn levels(value: &Value) -> usize {
    let deepest = |inner: &mut dyn Iterator<Item = &Value>| 1 + inner.map(levels).max().unwrap_or(0);
    match value {
        Value::Object(fields) => deepest(&mut fields.values()),
        Value::List(items) => deepest(&mut items.iter()),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<AppData, String> {
        let value: Value = serde_json::from_str(json).expect("JSON");
        AppData::parse(value).map_err(|_| "refused".to_owned())
    }

    #[test]
    fn an_object_is_given_back_as_it_came() {
        for json in [
            "{}",
            r#"{"z":1,"a":{"b":[1,2.5,-3,true,null,"é\u0000\n"]},"":"x y"}"#,
            r#"{"1":{"2":{"3":{"4":{"5":{"6":{"7":{"8":0}}}}}}}}"#,
            r#"{"1":[[[[[[[0]]]]]]]}"#,
        ] {
            let data = parse(json).expect("it is taken");
            assert_eq!(data.to_text(), json);
            assert_eq!(serde_json::to_string(&AppData::stored(json).to_value()).expect("JSON"), json);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let long = |bytes: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - 8));
        assert!(parse(&long(4_096)).is_ok());
        for json in [
            "1",
            "[]",
            "null",
            r#""text""#,
            r#"{"1":{"2":{"3":{"4":{"5":{"6":{"7":{"8":{}}}}}}}}}"#,
            r#"{"1":[[[[[[[[0]]]]]]]]}"#,
            &long(4_097),
        ] {
            assert!(parse(json).is_err(), "{json}");
        }
    }
}
