//! The metrics: on their own listener, in a text that Prometheus reads, without anything that people write.

use std::collections::BTreeMap;

use serde_json::json;

use crate::support::{Line, Message, Person, Server, soon};

/// The samples of a scrape by their name and labels. Checks the form of each line on the way.
async fn scrape(server: &Server, url: &str, accept: &str) -> (String, BTreeMap<String, f64>) {
    let answer = server.http().get(url).header("accept", accept).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let media = answer.headers()["content-type"].to_str().expect("text").to_owned();
    let text = answer.text().await.expect("text");
    let is_open_metrics = media.starts_with("application/openmetrics-text");
    assert_eq!(text.ends_with("# EOF\n"), is_open_metrics, "OpenMetrics ends with a line that says so");
    assert_eq!(text.contains("# UNIT "), is_open_metrics, "and the older form knows no units");
    let described = if is_open_metrics { "parlour_feed_batches" } else { "parlour_feed_batches_total" };
    assert!(text.contains(&format!("# TYPE {described} counter\n")), "a counter is known as one");
    let mut samples = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
        let value = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
        assert!(samples.insert(name.to_owned(), value).is_none(), "twice: {name}");
    }
    (media, samples)
}

#[tokio::test]
async fn the_metrics_count_what_happens_and_name_nobody() {
    let began = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a time").as_secs_f64();
    let server = Server::start_with(&[("METRICS_ADDR", "127.0.0.1:0")]).await;
    let log = server.log();
    let url = log.split_whitespace().find(|word| word.ends_with("/metrics")).expect("the address is logged");
    let ada = Person::sign_up(&server, "Ada").await;
    let bob = Person::sign_up(&server, "Bob").await;
    let mut line = soon(Line::open(server.address, &bob.token, json!({}))).await.expect("a socket");
    let events = "subscription { events { cursor ... on MessageAdded { message { text } } } }";
    line.subscribe("1", events, &json!({})).await.expect("the socket takes it");
    ada.send(&Message::new(bob.as_recipient(), "the treasure is buried")).await;
    // The beginning of the subscription, and the message.
    soon(async { while !line.next().await.expect("a frame").to_string().contains("treasure") {} }).await;
    ada.execute("{ secretField }", json!({})).await;
    // A read that waits for its turn.
    ada.execute("{ conversations(first: 1) { nodes { pinnedMessages { nodes { id } } } } }", json!({})).await;
    let report = "mutation($id: ID!) { report(input: { target: { userId: $id }, reason: SPAM }) }";
    for _ in 0..21 {
        ada.execute(report, json!({ "id": bob.id })).await;
    }
    let backup = soon(server.command("backup").arg("copy.db").output()).await.expect("the program runs");
    assert!(backup.status.success(), "{backup:?}");

    let (media, samples) = scrape(&server, url, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5").await;
    assert!(media.starts_with("application/openmetrics-text"), "{media}");
    for (name, least) in [
        (r#"parlour_graphql_operations_total{type="mutation",field="signup",code="OK"}"#, 2.0),
        (r#"parlour_graphql_operations_total{type="mutation",field="sendMessage",code="OK"}"#, 1.0),
        (r#"parlour_graphql_operations_total{type="query",field="",code="GRAPHQL_VALIDATION_FAILED"}"#, 1.0),
        (r#"parlour_graphql_operation_duration_seconds_count{type="mutation",field="signup"}"#, 2.0),
        (r#"parlour_http_requests_total{route="graphql",method="POST",status="200"}"#, 4.0),
        (r#"parlour_sockets{state="signed_in"}"#, 1.0),
        (r#"parlour_subscriptions{field="events"}"#, 1.0),
        (r#"parlour_feed_batches_total{way="hot",result="committed"}"#, 1.0),
        ("parlour_feed_position", 3.0),
        ("parlour_writable", 1.0),
        ("parlour_users", 2.0),
        ("parlour_users_online", 1.0),
        ("parlour_database_bytes", 4096.0),
        ("parlour_data_dir_free_bytes", 1.0),
        ("parlour_connections_max", 64.0),
        ("parlour_last_backup_timestamp_seconds", 1_700_000_000.0),
        ("parlour_read_connections", 1.0),
        ("parlour_read_connections_busy", 0.0),
        ("parlour_read_turn_wait_seconds_count", 1.0),
        ("process_resident_memory_bytes", 1_000_000.0),
        ("process_cpu_seconds_total", 0.01),
        ("process_start_time_seconds", began - 60.0),
        (r#"parlour_rate_limited_total{rate="reports"}"#, 1.0),
    ] {
        let value = samples.get(name).unwrap_or_else(|| panic!("{name} is missing of {samples:#?}"));
        assert!(*value >= least, "{name} is {value}");
    }
    assert!(samples["process_start_time_seconds"] <= began + 60.0, "it began just now");
    let delivered = |path| samples.get(&format!(r#"parlour_feed_deliveries_total{{path="{path}"}}"#)).copied();
    assert!(delivered("edge").unwrap_or(0.0) + delivered("task").unwrap_or(0.0) >= 1.0, "{samples:#?}");
    for of_people in ["secretField", "treasure", "Ada", &ada.id, "example.com"] {
        let label = samples.keys().find(|name| name.contains(of_people));
        assert_eq!(label, None, "{of_people} is in a label");
    }

    let (media, again) = scrape(&server, url, "*/*").await;
    assert!(media.starts_with("text/plain; version=0.0.4"), "{media}");
    assert!(again.len() >= samples.len(), "nothing is gone");
    for path in ["/healthz", "/readyz"] {
        let probe = server.http().get(url.replace("/metrics", path)).send().await.expect("an answer");
        assert_eq!(probe.status(), 200, "{path}");
    }
    let public = server.http().get(server.url("/metrics")).send().await.expect("an answer");
    assert_eq!(public.status(), 404, "the public listener has no metrics");
}

#[tokio::test]
async fn an_address_of_the_metrics_that_is_taken_ends_the_start_with_a_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let ended = Server::prepare(&[("METRICS_ADDR", &address)]).run("serve").await;
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(
        !ended.status.success() && said.contains(&format!("METRICS_ADDR {address} cannot be listened on")),
        "{said}"
    );
}

#[tokio::test]
async fn silent_connections_for_the_metrics_take_their_room_and_no_more() {
    let server = Server::start_with(&[("METRICS_ADDR", "127.0.0.1:0")]).await;
    let log = server.log();
    let url = log.split_whitespace().find(|word| word.ends_with("/metrics")).expect("the address is logged");
    let address = url.trim_start_matches("http://").trim_end_matches("/metrics");
    let mut silent = Vec::new();
    for _ in 0..parlour::limits::METRICS_CONNECTIONS {
        silent.push(tokio::net::TcpStream::connect(address).await.expect("a connection"));
    }
    // More than that wait until one of them has been silent for too long.
    let mut answers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (http, url) = (reqwest::Client::new(), url.to_owned());
        answers.spawn(async move { http.get(url).send().await.expect("an answer").status() });
    }
    while let Some(status) =
        tokio::time::timeout(parlour::limits::METRICS_IDLE * 3, answers.join_next()).await.expect("in time")
    {
        assert_eq!(status.expect("no panic"), 200);
    }
}
