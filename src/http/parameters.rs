//! The parameters of a request (`query`, `operationName`, `variables`, `extensions`), from JSON or from a query string.

use async_graphql::Request;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::refusal::HttpRefusal;

/// A request from a body of JSON. Where a key comes twice, the last one counts.
pub(super) fn from_json(body: &[u8]) -> Result<Request, HttpRefusal> {
    match json("body", body)? {
        Value::Object(parameters) => request(parameters),
        Value::Array(_) => Err(HttpRefusal::malformed("body", "batches are not taken: send one operation a request")),
        _ => Err(HttpRefusal::malformed("body", "the body has to be a JSON object with a `query`")),
    }
}

/// A request from the query string of a URL. Other parameters are ignored, a token for instance.
pub(super) fn from_address(query: &str) -> Result<Request, HttpRefusal> {
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

fn request(mut parameters: Map<String, Value>) -> Result<Request, HttpRefusal> {
    let query: Option<String> = parameter(&mut parameters, "query", "a string")?;
    let mut request = Request::new(query.ok_or_else(|| HttpRefusal::malformed("query", "a request needs a `query`"))?);
    request.operation_name = parameter(&mut parameters, "operationName", "a string")?;
    request.variables = parameter(&mut parameters, "variables", "an object")?;
    request.extensions = parameter(&mut parameters, "extensions", "an object")?;
    Ok(request)
}

/// A parameter, or its default where it is null or not there.
fn parameter<T: DeserializeOwned + Default>(
    parameters: &mut Map<String, Value>,
    name: &'static str,
    kind: &str,
) -> Result<T, HttpRefusal> {
    match parameters.remove(name) {
        None | Some(Value::Null) => Ok(T::default()),
        Some(value) => serde_json::from_value(value)
            .map_err(|_| HttpRefusal::malformed(name, format!("`{name}` has to be {kind}"))),
    }
}

fn json(field: &'static str, bytes: &[u8]) -> Result<Value, HttpRefusal> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let what = "not JSON (in UTF-8, at most 127 levels deep)";
        HttpRefusal::malformed(field, format!("{what} at line {line}, column {column}"))
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

        let request = from_json(br#"{"query":"{a}","query":"{b}","variables":{"v":1,"v":2}}"#).unwrap();
        assert_eq!(request.query, "{b}");
        assert_eq!(request.variables["v"], async_graphql::Value::from(2));
    }

    #[test]
    fn an_invalid_request_is_refused() {
        let deep = format!(r#"{{"query":"{{a}}","variables":{{"v":{}1{}}}}}"#, "[".repeat(128), "]".repeat(128));
        let bodies: [&[u8]; 15] = [
            b"",
            b"1",
            b"\"{a}\"",
            b"[]",
            br#"[{"query":"{a}"}]"#,
            b"{}",
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
            ["", "query", "variables={}", "query={a}&variables={", "query={a}&variables=1", "query={a}&extensions=[]"]
        {
            assert_eq!(from_address(address).is_ok(), address == "query", "{address}");
        }
    }
}
