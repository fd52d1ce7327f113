//! GraphQL over server-sent events, as programs (POST) and as a browser's `EventSource` (GET) use it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{EVENTS, EventStream, PASSWORD, TestApp, code, soon};

const MESSAGE_ADDED: &str = "subscription($after: String) { messageAdded(after: $after) { text } }";
const TEXTS: &str = "subscription($after: String) { events(after: $after) { __typename cursor
    ... on MessageAdded { message { text } } ... on FeedReset { reason } } }";

async fn text(stream: &mut EventStream) -> String {
    let event = stream.next_event().await;
    event["message"]["text"].as_str().unwrap_or_else(|| panic!("no text: {event}")).to_owned()
}

#[tokio::test]
async fn a_stream_has_the_events_of_a_subscription_with_their_cursors_as_ids() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut stream = bob.stream(&app, EVENTS, json!({})).await;
    assert_eq!(stream.next_event().await["__typename"], "CaughtUp");

    for text in ["one", "two"] {
        ada.send(&bob, text).await;
        let event = stream.next_event().await;
        assert_eq!((&event["__typename"], &event["message"]["text"]), (&json!("MessageAdded"), &json!(text)));
    }

    stream.stays_silent().await;
}

#[tokio::test]
async fn a_last_event_id_resumes_and_wins_over_the_argument() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut cursors = vec![bob.feed_cursor().await];
    for text in ["one", "two", "three"] {
        ada.send(&bob, text).await;
        cursors.push(bob.feed_cursor().await);
    }
    for (after, last, expected) in [
        (Some(&cursors[0]), Some(&cursors[2]), vec!["three"]),
        (Some(&cursors[2]), Some(&cursors[1]), vec!["two", "three"]),
        (None, Some(&cursors[1]), vec!["two", "three"]),
        (Some(&cursors[1]), None, vec!["two", "three"]),
        // A foreign one loses to a valid argument, as on sockets.
        (Some(&cursors[2]), Some(&"foreign".to_owned()), vec!["three"]),
    ] {
        for request in [
            bob.stream_request(&app, TEXTS, json!({ "after": after })),
            bob.source_request(&app, TEXTS, json!({ "after": after })),
        ] {
            let request = match last {
                Some(last) => request.header("last-event-id", last),
                None => request,
            };
            let mut stream = EventStream::of(request).await;
            for expected in &expected {
                assert_eq!(text(&mut stream).await, *expected, "{after:?} {last:?}");
            }
            assert_eq!(stream.next_event().await["__typename"], "CaughtUp");
        }
    }
    let request = bob.stream_request(&app, MESSAGE_ADDED, json!({})).header("last-event-id", &cursors[2]);
    let (data, id) = EventStream::of(request).await.next_data().await;
    assert_eq!((data, id), (json!({ "messageAdded": { "text": "three" } }), Some(cursors[3].clone())));
}

#[tokio::test]
async fn an_event_source_learns_how_long_to_wait_and_a_post_does_not() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;

    let mut source = EventStream::of(ada.source_request(&app, TEXTS, json!({}))).await;
    let retry = source.next().await.expect("a block").retry.expect("a time");
    assert!((1_000..2_000).contains(&retry), "{retry}");
    assert_eq!(source.next_event().await["__typename"], "CaughtUp");

    let first = ada.stream(&app, TEXTS, json!({})).await.next().await.expect("a block");
    assert_eq!((first.retry, first.name.as_str()), (None, "next"));
}

#[tokio::test]
async fn queries_and_mutations_are_one_result() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let mut stream = ada.stream(&app, "{ me { fullName } }", json!({})).await;
    assert_eq!(stream.next_data().await, (json!({ "me": { "fullName": "Ada" } }), None));
    assert_eq!(stream.next().await.expect("an end").name, "complete");
    assert_eq!(stream.next().await, None);

    // A visitor signs in, and gets a cookie.
    let log_in = "mutation($input: LoginInput!) { login(input: $input) { user { fullName } } }";
    let input = json!({ "email": ada.email, "password": PASSWORD });
    let request = app.http().post(app.url("/graphql"));
    let request = request.json(&json!({ "query": log_in, "variables": { "input": input } }));
    let answer = soon(request.header("accept", "text/event-stream").send()).await.expect("an answer");
    let cookie = answer.headers()["set-cookie"].to_str().expect("text");
    assert!(cookie.starts_with("jwt="), "{cookie}");

    // Its errors are results, as the protocol wants it.
    for (query, expected) in [("{ nothing }", "GRAPHQL_VALIDATION_FAILED"), ("{", "GRAPHQL_PARSE_FAILED")] {
        let mut stream = ada.stream(&app, query, json!({})).await;
        assert_eq!(code(&stream.next().await.expect("a result").data), expected);
        assert_eq!(stream.next().await.expect("an end").name, "complete");
    }
}

#[tokio::test]
async fn a_subscription_that_is_wrong_ends_with_its_errors() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.direct("Ada", "Bob").await.0, app.user("Eve").await);
    let conversation = ada.ask("{ conversations { nodes { id } } }", json!({})).await;
    let conversation = conversation["conversations"]["nodes"][0]["id"].clone();
    let foreign = json!({ "in": { "conversationId": conversation } });
    let nested = format!("subscription {{ {}x{} }}", "events { ".repeat(100), " }".repeat(100));
    for (query, variables, expected) in [
        ("subscription { nothing }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { events(kinds: []) { cursor } }", json!({}), "BAD_USER_INPUT"),
        ("subscription($in: ConversationRef!) { messageAdded(conversation: $in) { text } }", foreign, "NOT_FOUND"),
        (&nested, json!({}), "QUERY_TOO_COMPLEX"),
        ("subscription { messageAdded(after: \"junk\") { text } }", json!({}), "CURSOR_EXPIRED"),
    ] {
        let mut stream = eve.stream(&app, query, variables).await;
        let failed = stream.next().await.expect("a result");
        assert_eq!((failed.name.as_str(), code(&failed.data)), ("next", expected), "{query}");
        assert_eq!(stream.next().await.expect("an end").name, "complete");
        assert_eq!(stream.next().await, None);
    }
}

#[tokio::test]
async fn nobody_subscribes_without_a_session() {
    let app = TestApp::start().await;
    let body = json!({ "query": TEXTS });
    let request = app.http().post(app.url("/graphql")).json(&body).header("accept", "text/event-stream");
    let refused = soon(request.send()).await.expect("an answer");
    assert_eq!(refused.status(), 401);
    assert_eq!(code(&refused.json().await.expect("JSON")), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let phone = ada.another_device(&app).await;
    let mut stream = phone.stream(&app, TEXTS, json!({})).await;
    assert_eq!(stream.next_event().await["__typename"], "CaughtUp");
    let mut other = ada.stream(&app, TEXTS, json!({})).await;
    assert_eq!(other.next_event().await["__typename"], "CaughtUp");

    phone.ask("mutation { logout }", json!({})).await;

    assert_eq!(code(&stream.next().await.expect("a result").data), "UNAUTHENTICATED");
    assert_eq!(stream.next().await.expect("an end").name, "complete");
    assert_eq!(stream.next().await, None);
    other.stays_silent().await;
}

#[tokio::test]
async fn a_stream_closes_when_the_session_expires_so_that_the_client_comes_back_with_a_fresh_token() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let mut stream = ada.stream(&app, TEXTS, json!({})).await;
    assert_eq!(stream.next_event().await["__typename"], "CaughtUp");

    app.clock.advance(std::time::Duration::from_secs(8 * 24 * 3600));

    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn a_server_that_stops_closes_streams_and_says_when_to_come_back() {
    let mut app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let mut program = ada.stream(&app, TEXTS, json!({})).await;
    let mut source = EventStream::of(ada.source_request(&app, TEXTS, json!({}))).await;
    for stream in [&mut program, &mut source] {
        assert_eq!(stream.next_event().await["__typename"], "CaughtUp");
    }

    app.stop().await;

    assert_eq!(program.next().await, None);
    assert!(source.next().await.is_some_and(|last| last.retry.is_some()));
    assert_eq!(source.next().await, None);
}

#[tokio::test]
async fn a_person_has_as_many_streams_as_sockets_and_an_event_source_gets_a_time_to_wait() {
    let app = TestApp::limited().await;
    let ada = app.user("Ada").await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = ada.stream(&app, TEXTS, json!({})).await;
        stream.next_event().await;
        streams.push(stream);
    }

    let mut source = EventStream::of(ada.source_request(&app, TEXTS, json!({}))).await;
    assert!(source.next().await.expect("a block").retry.is_some_and(|retry| retry >= 5_000));
    assert_eq!(source.next().await, None);
    let request = ada.stream_request(&app, TEXTS, json!({})).header("accept", "text/event-stream");
    let refused = soon(request.send()).await.expect("an answer");
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn a_stream_makes_its_person_online() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let online = "query($id: ID!) { user(id: $id) { online } }";
    let is_online = async || bob.ask(online, json!({ "id": ada.id })).await["user"]["online"].clone();
    assert_eq!(is_online().await, false);
    let mut stream = ada.stream(&app, TEXTS, json!({})).await;
    stream.next_event().await;
    assert_eq!(is_online().await, true);
}

#[tokio::test]
async fn a_foreign_page_opens_no_stream_with_the_cookie() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let request = |method: Method, headers: &[(&str, &str)]| {
        let request = app.http().request(method, app.url("/graphql")).query(&[("query", TEXTS)]);
        let request = request.header("cookie", format!("jwt={}", ada.token)).header("accept", "text/event-stream");
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    };
    for headers in [
        vec![("origin", "http://evil.example")],
        vec![("origin", "null")],
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![],
    ] {
        let refused = soon(request(Method::GET, &headers).send()).await.expect("an answer");
        assert_eq!(refused.status(), 403, "{headers:?}");
        let refused: Value = refused.json().await.expect("JSON");
        assert_eq!(code(&refused), "FORBIDDEN");
    }
    for headers in [
        vec![("sec-fetch-site", "same-origin")],
        vec![("origin", "http://localhost:5173"), ("sec-fetch-site", "cross-site")],
        vec![("graphql-require-preflight", "1")],
    ] {
        let mut stream = EventStream::of(request(Method::GET, &headers)).await;
        assert_eq!(stream.next_event().await["__typename"], "CaughtUp", "{headers:?}");
    }
    // Nothing is changed by an address.
    let rename = r#"mutation { updateProfile(input: { fullName: "Mallory" }) { id } }"#;
    let renaming = app.http().get(app.url("/graphql")).query(&[("query", rename)]).bearer_auth(&ada.token);
    let refused = soon(renaming.header("accept", "text/event-stream").send()).await.expect("an answer");
    assert_eq!(refused.status(), 405);
}

#[tokio::test]
async fn streams_and_sockets_get_the_same_results() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let after = bob.feed_cursor().await;
    let document = "subscription($after: String) { events(after: $after) { __typename cursor
        ... on MessageAdded { message { text sender { email } conversation { unreadCount } } } } }";
    let mut socket = bob.subscribe(document, json!({ "after": after })).await;
    let mut stream = bob.stream(&app, document, json!({ "after": after })).await;
    assert_eq!(stream.next_event().await, socket.next_event().await);
    for text in ["one", "two"] {
        ada.send(&bob, text).await;
        // Before the next one, which would change what is unread.
        assert_eq!(stream.next_event().await, socket.next_event().await);
    }
}

#[tokio::test]
async fn a_person_who_is_removed_hears_nothing_more_on_a_stream() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let group = ada.group("Tea", &[&bob]).await;
    let mut stream = bob.stream(&app, TEXTS, json!({})).await;
    assert_eq!(stream.next_event().await["__typename"], "CaughtUp");
    ada.send_to(&group, "seen").await;
    assert_eq!(text(&mut stream).await, "seen");
    let remove = "mutation($in: ID!, $who: ID!) { removeMember(conversationId: $in, userId: $who) { id } }";
    ada.ask(remove, json!({ "in": group, "who": bob.id })).await;
    assert_eq!(stream.next_event().await["__typename"], "ConversationChanged");

    ada.send_to(&group, "unseen").await;

    stream.stays_silent().await;
}

#[tokio::test]
async fn a_stranger_hears_nothing_on_a_stream() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let eve = app.user("Eve").await;
    let mut stream = eve.stream(&app, TEXTS, json!({})).await;
    assert_eq!(stream.next_event().await["__typename"], "CaughtUp");
    ada.send(&bob, "not yours").await;
    stream.stays_silent().await;
}
