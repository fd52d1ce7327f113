//! The parameters of a request (`query`, `operationName`, `variables`, `extensions`), from JSON or from a query string.

use async_graphql::Request;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::error::{Error, Result};

/// A request from a body of JSON. Where a key comes twice, the last one counts.
pub(super) fn from_json(body: &[u8]) -> Result<Request> {
    match json("body", body)? {
        Value::Array(_) => Err(Error::input("body", "batches are not taken: send one operation a request")),
        other => from_value(other),
    }
}

/// A request from the query string of a URL. Other parameters are ignored, a token for instance.
pub(super) fn from_address(query: &str) -> Result<Request> {
    let mut parameters = Map::new();
    for (name, text) in form_urlencoded::parse(query.as_bytes()) {
        let value = match &*name {
            "query" => Value::String(text.into_owned()),
            "operationName" | "variables" | "extensions" if text.is_empty() => Value::Null,
            "operationName" => Value::String(text.into_owned()),
            "variables" => json("variables", text.as_bytes())?,
            "extensions" => json("extensions", text.as_bytes())?,
            _ => continue,
        };
        parameters.insert(name.into_owned(), value);
    }
    request(parameters)
}

/// A request from an object of parameters.
pub(super) fn from_value(value: Value) -> Result<Request> {
    match value {
        Value::Object(parameters) => request(parameters),
        _ => Err(Error::input("body", "a request has to be a JSON object with a `query`")),
    }
}

fn request(mut parameters: Map<String, Value>) -> Result<Request> {
    let query: Option<String> = parameter(&mut parameters, "query", "a string")?;
    let operation_name: Option<String> = parameter(&mut parameters, "operationName", "a string")?;
    let variables = object(&mut parameters, "variables")?;
    let extensions: async_graphql::Extensions = object(&mut parameters, "extensions")?;
    let query = match query {
        Some(query) => query,
        None if extensions.contains_key("persistedQuery") => String::new(),
        None => {
            let missing = "a request needs a `query`, or the hash of one that was sent before in \
                `extensions.persistedQuery` (no other kind of id for a document is known)";
            return Err(Error::input("query", missing));
        }
    };
    let mut request = Request::new(query);
    // Clients with optional fields that are never null send it empty.
    request.operation_name = operation_name.filter(|name| !name.is_empty());
    request.variables = variables;
    request.extensions = extensions;
    Ok(request)
}

/// An object. An empty list is one without entries: that is how PHP writes an empty array.
fn object<T: DeserializeOwned + Default>(parameters: &mut Map<String, Value>, name: &'static str) -> Result<T> {
    if parameters.get(name).and_then(Value::as_array).is_some_and(Vec::is_empty) {
        return Ok(T::default());
    }
    parameter(parameters, name, "an object")
}

/// A parameter, or its default where it is null or not there.
fn parameter<T: DeserializeOwned + Default>(
    parameters: &mut Map<String, Value>,
    name: &'static str,
    kind: &str,
) -> Result<T> {
    match parameters.remove(name) {
        None | Some(Value::Null) => Ok(T::default()),
        Some(value) => {
            serde_json::from_value(value).map_err(|_| Error::input(name, format!("`{name}` has to be {kind}")))
        }
    }
}

fn json(field: &'static str, bytes: &[u8]) -> Result<Value> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let what = "not JSON (in UTF-8, at most 127 levels deep)";
        Error::input(field, format!("{what} at line {line}, column {column}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_an_object_of_parameters() {
        let request =
            from_json(br#"{"query":"{a}","operationName":"A","variables":{"v":1},"extensions":{"e":2}}"#).unwrap();
        assert_eq!((request.query.as_str(), request.operation_name.as_deref()), ("{a}", Some("A")));
        assert_eq!((request.variables.len(), request.extensions.len()), (1, 1));

        let request =
            from_json(br#"{"query":"{a}","operationName":null,"variables":null,"extensions":null,"more":1}"#).unwrap();
        assert!(request.operation_name.is_none() && request.variables.is_empty() && request.extensions.is_empty());

        let request = from_json(br#"{"query":"{a}","operationName":"","variables":[],"extensions":[]}"#).unwrap();
        assert!(request.operation_name.is_none() && request.variables.is_empty() && request.extensions.is_empty());

        let request = from_json(br#"{"extensions":{"persistedQuery":{"version":1}}}"#).unwrap();
        assert!(request.query.is_empty() && request.extensions.len() == 1);

        let request = from_json(br#"{"query":"{a}","query":"{b}","variables":{"v":1,"v":2}}"#).unwrap();
        assert_eq!(request.query, "{b}");
        assert_eq!(request.variables["v"], async_graphql::Value::from(2));
    }

    #[test]
    fn an_invalid_request_is_refused() {
        let deep = format!(r#"{{"query":"{{a}}","variables":{{"v":{}1{}}}}}"#, "[".repeat(128), "]".repeat(128));
        let bodies: [&[u8]; 17] = [
            b"",
            b"1",
            b"\"{a}\"",
            b"[]",
            br#"[{"query":"{a}"}]"#,
            b"{}",
            br#"{"extensions":{}}"#,
            br#"{"id":"1","documentId":"sha256:00"}"#,
            br#"{"query":1}"#,
            br#"{"query":"{a}","variables":[1]}"#,
            br#"{"query":"{a}","variables":"{}"}"#,
            br#"{"query":"{a}","extensions":false}"#,
            br#"{"query":"{a}","operationName":["A"]}"#,
            br#"{"query":"\ud800"}"#,
            b"{\"query\":\"\xc0\x80\"}",
            br#"{"query":"{a}"} {"#,
            deep.as_bytes(),
        ];
        for body in bodies {
            assert!(from_json(body).is_err(), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn an_address_holds_the_same_parameters() {
        let request =
            from_address("query=%7Ba%7D&operationName=A&variables=%7B%22v%22:1%7D&extensions=%7B%7D&token=x").unwrap();
        assert_eq!((request.query.as_str(), request.operation_name.as_deref()), ("{a}", Some("A")));
        assert_eq!(request.variables.len(), 1);

        let request = from_address("query=query+A+%7Ba%7D&operationName=&variables=&extensions=").unwrap();
        assert_eq!(request.query, "query A {a}");
        assert!(request.operation_name.is_none() && request.variables.is_empty());

        for address in
            ["", "query", "variables={}", "query={a}&variables={", "query={a}&variables=1", "query={a}&extensions=[1]"]
        {
            assert_eq!(from_address(address).is_ok(), address == "query", "{address}");
        }
    }
}
