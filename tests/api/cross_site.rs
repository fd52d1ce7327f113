//! Cross-site requests with the browser's cookie are rejected before anything is executed.

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, TestApp, code};

const RENAME: &str = r#"mutation { updateProfile(input: { fullName: "Mallory" }) { id } }"#;
/// Foreign origins, including some that look like ours.
const FOREIGN: [&str; 9] = [
    "http://evil.example",
    "null",
    "http://localhost:5173.evil.example",
    "http://evil.localhost:5173",
    "http://localhost:51730",
    "https://localhost:5173",
    "http://localhost:5173@evil.example",
    "file://",
    "",
];

/// Ada's browser, which attaches her cookie to requests of any page.
struct Browser {
    app: TestApp,
    ada: Person,
}

impl Browser {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let ada = app.user("Ada").await;
        Self { app, ada }
    }

    /// A request with the cookie and these headers.
    fn request(&self, method: Method, headers: &[(&str, &str)]) -> RequestBuilder {
        let request = self.app.http().request(method, self.app.url("/graphql"));
        let request = request.header("cookie", format!("jwt={}", self.ada.token));
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    }

    fn post(&self, headers: &[(&str, &str)]) -> RequestBuilder {
        self.request(Method::POST, headers)
    }

    fn get(&self, query: &str, headers: &[(&str, &str)]) -> RequestBuilder {
        self.request(Method::GET, headers).query(&[("query", query)])
    }

    /// Nothing was executed: Ada's name is unchanged and nobody signed up.
    async fn is_unharmed(&self) {
        let state = self.ada.ask("{ me { fullName } users { totalCount } }", json!({})).await;
        assert_eq!(state, json!({ "me": { "fullName": "Ada" }, "users": { "totalCount": 0 } }));
    }
}

fn body(query: &str) -> String {
    json!({ "query": query }).to_string()
}

/// The status and the code of a refusal, which must be a GraphQL response without data.
async fn refusal(request: RequestBuilder) -> (u16, String) {
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    let answer: Value = answer.json().await.expect("JSON");
    assert_eq!(answer.get("data"), None, "{answer}");
    (status, code(&answer).to_owned())
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// What the browser allows the page to read.
fn permission(answer: &Response) -> Option<&str> {
    answer.headers().get("access-control-allow-origin").map(|value| value.to_str().expect("ASCII"))
}

#[tokio::test]
async fn a_request_that_a_form_can_send_is_rejected() {
    let browser = Browser::start().await;

    for content_type in ["text/plain", "text/plain; application/json", "application/x-www-form-urlencoded", "", "*/*"] {
        let request = browser.post(&[("content-type", content_type)]).body(body(RENAME));
        assert_eq!(refusal(request).await, is(415, "BAD_USER_INPUT"), "{content_type:?}");
    }
    let without_a_type = browser.post(&[]).body(body(RENAME));
    assert_eq!(refusal(without_a_type).await, is(415, "BAD_USER_INPUT"));
    browser.is_unharmed().await;
}

#[tokio::test]
async fn a_multipart_body_needs_the_preflight_header() {
    let browser = Browser::start().await;
    let multipart = format!(
        "--x\r\ncontent-disposition: form-data; name=\"operations\"\r\n\r\n{}\r\n--x\r\ncontent-disposition: form-data; \
         name=\"map\"\r\n\r\n{{}}\r\n--x--\r\n",
        body(RENAME)
    );
    let form = ("content-type", "multipart/form-data; boundary=x");

    let refused = refusal(browser.post(&[form]).body(multipart.clone())).await;
    assert_eq!(refused, is(403, "FORBIDDEN"));
    let foreign = [form, ("origin", "http://evil.example"), ("graphql-require-preflight", "1")];
    assert_eq!(refusal(browser.post(&foreign).body(multipart)).await, is(403, "FORBIDDEN"));
    browser.is_unharmed().await;
}

#[tokio::test]
async fn a_mutation_by_get_is_rejected() {
    let browser = Browser::start().await;
    let bearer = format!("Bearer {}", browser.ada.token);

    for headers in [
        [("sec-fetch-site", "same-origin")],
        [("origin", "http://localhost:5173")],
        [("graphql-require-preflight", "1")],
        [("authorization", bearer.as_str())],
    ] {
        let named = RENAME.replacen("mutation", "mutation B", 1);
        for document in [named.clone(), format!("query A {{ me {{ id }} }} {named}")] {
            let request = browser.get(&document, &headers).query(&[("operationName", "B")]);
            assert_eq!(refusal(request).await, is(405, "BAD_USER_INPUT"), "{headers:?} {document}");
        }
    }
    let answer = browser.get(RENAME, &[("sec-fetch-site", "same-origin")]).send().await.expect("an answer");
    assert_eq!(answer.headers()["allow"], "POST");
    let head = browser.request(Method::HEAD, &[("sec-fetch-site", "same-origin")]).query(&[("query", RENAME)]);
    assert_eq!(head.send().await.expect("an answer").status().as_u16(), 405);
    browser.is_unharmed().await;
}

#[tokio::test]
async fn a_post_from_a_foreign_origin_is_rejected() {
    let browser = Browser::start().await;
    let json = ("content-type", "application/json");

    for origin in FOREIGN {
        let answer = browser.post(&[json, ("origin", origin)]).body(body(RENAME)).send().await.expect("an answer");
        assert_eq!((answer.status().as_u16(), permission(&answer)), (403, None), "{origin:?}");
        let preflighted =
            [json, ("origin", origin), ("graphql-require-preflight", "1"), ("sec-fetch-site", "same-origin")];
        assert_eq!(refusal(browser.post(&preflighted).body(body(RENAME))).await, is(403, "FORBIDDEN"), "{origin:?}");
    }
    let unnamed = browser.post(&[json, ("sec-fetch-site", "cross-site")]).body(body(RENAME));
    assert_eq!(refusal(unnamed).await, is(403, "FORBIDDEN"));
    browser.is_unharmed().await;
}

#[tokio::test]
async fn a_foreign_origin_can_neither_log_in_nor_sign_up() {
    let browser = Browser::start().await;
    let http = browser.app.http();
    let sign_up = format!(r#"signup(input: {{ fullName: "Eve", email: "eve@example.com", password: "{PASSWORD}" }})"#);
    let log_in = format!(r#"login(input: {{ email: "{}", password: "{PASSWORD}" }})"#, browser.ada.email);

    for field in [sign_up, log_in] {
        for (name, value) in [("origin", "http://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
            let request = http.post(browser.app.url("/graphql")).header(name, value);
            let request = request.json(&json!({ "query": format!("mutation {{ {field} {{ token }} }}") }));
            let answer = request.send().await.expect("an answer");
            assert_eq!((answer.status().as_u16(), answer.headers().get("set-cookie")), (403, None), "{name}: {value}");
        }
    }
    browser.is_unharmed().await;
}

#[tokio::test]
async fn a_query_by_get_with_a_cookie_needs_a_trusted_origin() {
    let browser = Browser::start().await;
    let query = "{ me { fullName } }";

    for headers in [
        &[][..],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "same-site")],
    ] {
        assert_eq!(refusal(browser.get(query, headers)).await, is(403, "FORBIDDEN"), "{headers:?}");
    }
    for origin in FOREIGN {
        let headers = [("origin", origin), ("sec-fetch-site", "same-site"), ("graphql-require-preflight", "1")];
        assert_eq!(refusal(browser.get(query, &headers)).await, is(403, "FORBIDDEN"), "{origin:?}");
    }
    for header in [
        ("sec-fetch-site", "same-origin"),
        ("origin", "http://localhost:5173"),
        ("graphql-require-preflight", "1"),
        ("apollo-require-preflight", "true"),
    ] {
        let answer = browser.get(query, &[header]).send().await.expect("an answer");
        let answer: Value = answer.json().await.expect("JSON");
        assert_eq!(answer, json!({ "data": { "me": { "fullName": "Ada" } } }), "{header:?}");
    }
}

#[tokio::test]
async fn only_our_origins_may_read_responses() {
    let browser = Browser::start().await;
    let own = format!("http://{}", browser.app.address);

    for origin in ["http://localhost:5173", &own] {
        let request = browser.get("{ me { id } }", &[("origin", origin)]);
        let answer = request.send().await.expect("an answer");
        assert_eq!(permission(&answer), Some(origin));
        assert_eq!(answer.headers()["access-control-allow-credentials"], "true");
        let vary: Vec<_> = answer.headers().get_all("vary").iter().map(|value| value.as_bytes()).collect();
        assert!(vary.iter().any(|value| value.to_ascii_lowercase().starts_with(b"origin")), "{vary:?}");
    }
    // A page with a valid token is an ordinary client, but the browser does not let it read the answer.
    let bearer = format!("Bearer {}", browser.ada.token);
    let headers = [("origin", "http://evil.example"), ("authorization", bearer.as_str())];
    let answer = browser.get("{ me { id } }", &headers).send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), permission(&answer)), (200, None));
}

#[tokio::test]
async fn a_preflight_allows_our_origins_the_methods_and_headers_in_use() {
    let browser = Browser::start().await;
    let ask = async |origin: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-type,traceparent,baggage,sentry-trace,x-of-the-page"),
        ];
        browser.request(Method::OPTIONS, &headers).send().await.expect("an answer")
    };

    let ours = ask("http://localhost:5173").await;

    assert_eq!(permission(&ours), Some("http://localhost:5173"));
    assert_eq!(ours.headers()["access-control-allow-methods"], "GET,POST");
    let headers = ours.headers()["access-control-allow-headers"].to_str().expect("ASCII");
    assert_eq!(headers, "content-type,traceparent,baggage,sentry-trace,x-of-the-page");
    for origin in FOREIGN {
        assert_eq!(permission(&ask(origin).await), None, "{origin:?}");
    }
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let browser = Browser::start().await;

    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::TRACE] {
        let request = browser.request(method.clone(), &[("content-type", "application/json")]).body(body(RENAME));
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 405, "{method}");
        assert_eq!(answer.headers()["allow"], "GET, HEAD, POST, OPTIONS", "{method}");
    }
    browser.is_unharmed().await;
}
