//! The parameters of a request (`query`, `operationName`, `variables`, `extensions`), from JSON or from a query string.

use async_graphql::{Request, Variables};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::error::{Error, Result};

/// The parameters by their names.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct Parameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Variables,
    extensions: async_graphql::Extensions,
}

/// A request from a body of JSON. Where a key comes twice, the last one counts.
pub(super) fn from_json(body: &[u8]) -> Result<Request> {
    // What nearly all clients send is read in one pass. What is unusual about the rest, or wrong, is found in the tree.
    // A list would be read as parameters in their order here, and is a batch.
    if body.trim_ascii_start().starts_with(b"{")
        && let Ok(parameters) = serde_json::from_slice(body)
    {
        return request(parameters);
    }
    from_any_json(body)
}

fn from_any_json(body: &[u8]) -> Result<Request> {
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
    from_tree(parameters)
}

/// A request from an object of parameters.
pub(super) fn from_value(value: Value) -> Result<Request> {
    match value {
        Value::Object(parameters) => from_tree(parameters),
        _ => Err(Error::input("body", "a request has to be a JSON object with a `query`")),
    }
}

fn from_tree(mut parameters: Map<String, Value>) -> Result<Request> {
    request(Parameters {
        query: parameter(&mut parameters, "query", "a string")?,
        operation_name: parameter(&mut parameters, "operationName", "a string")?,
        variables: object(&mut parameters, "variables")?,
        extensions: object(&mut parameters, "extensions")?,
    })
}

fn request(Parameters { query, operation_name, variables, extensions }: Parameters) -> Result<Request> {
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
    fn one_pass_reads_what_the_tree_has() {
        let values = [
            "null",
            "1",
            "-1.5e3",
            "18446744073709551616",
            "1e999",
            "\"\\u00e9\\ud83d\\ude00\"",
            "\"\\ud800\"",
            "{}",
            "[]",
            "true",
            r#"{"b":{"c":[1,null,{"d":false}]},"a":"x"}"#,
            r#"{"a":1,"a":2}"#,
            r#"{"persistedQuery":{"version":1}}"#,
            "",
        ];
        let names = ["query", "operationName", "variables", "extensions", "Query", "more"];
        let (mut bodies, mut good) =
            (vec!["[\"{a}\",null,{},{}]".to_owned(), " \n{} ".to_owned(), "{}{}".to_owned()], 0);
        for (name, value) in names.iter().flat_map(|name| values.iter().map(move |value| (name, value))) {
            bodies.push(format!("{{\"{name}\":{value}}}"));
            bodies.push(format!("\t{{\"query\":\"{{a}}\", \"{name}\" : {value}}}"));
            bodies.push(format!("{{\"{name}\":{value},\"query\":\"{{a}}\",\"variables\":{{\"v\":{value}}}}}"));
        }
        for body in bodies {
            match (from_json(body.as_bytes()), from_any_json(body.as_bytes())) {
                (Ok(one), Ok(other)) => {
                    assert_eq!((one.query, one.operation_name), (other.query, other.operation_name), "{body}");
                    assert_eq!((one.variables, one.extensions.0), (other.variables, other.extensions.0), "{body}");
                    good += 1;
                }
                (Err(one), Err(other)) => assert_eq!(one.to_string(), other.to_string(), "{body}"),
                (one, other) => panic!("{body}: {one:?} {other:?}"),
            }
        }
        assert!(good > 50, "{good}");
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
