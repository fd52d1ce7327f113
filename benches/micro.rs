//! The parts of the hot paths by themselves, in this process and without sockets: the guard, a page from its rows to its
//! JSON, frames of a subscription from events in memory, and a batch of the writer.
//!
//! `cargo bench --bench micro`; `-- page` measures one, `-- --save-baseline before` and `-- --baseline before` compare two
//! versions.

#![expect(clippy::disallowed_methods, reason = "benchmarks measure real time")]

use std::collections::HashMap;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::Request as Operation;
use async_graphql::parser::parse_query;
use axum::body::Body;
use axum::http::Request;
use criterion::{Criterion, Throughput};
use futures_util::StreamExt;
use futures_util::future::join_all;
use http_body_util::BodyExt;
use parlour::accounts::Authenticated;
use parlour::clock::Clock;
use parlour::config::Config;
use parlour::conversations::{self, Reference};
use parlour::graphql::{Api, Caller, Frame, Resume, guard, to_json};
use parlour::http::socket::Sockets;
use parlour::http::{HttpService, HttpState};
use parlour::id::{MessageId, UserId};
use parlour::messages::{self, NewMessage, Window};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const PAGE: &str = "query($of: ConversationRef!) { messages(conversation: $of, last: 50) {
    nodes { id seq text createdAt sender { id fullName } } pageInfo { hasPreviousPage startCursor } } }";
const SEND: &str = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { id seq createdAt } }";
const SHARED: &str = "subscription($after: String) { messageAdded(after: $after) {
    id seq text createdAt sender { id fullName } } }";
const PER_VIEWER: &str = "subscription($after: String) { messageAdded(after: $after) {
    id seq text createdAt sender { id fullName } conversation { unreadCount } } }";

const HERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 40_000);
/// As long as others are.
const TEXT: &str = "The quick brown fox jumps over the lazy dog, and the dog does not even look up from its nap.";
/// The messages whose frames are measured.
const REPLAYED: usize = 100;
/// The messages that are given to the writer at once.
const BATCH: usize = 64;

/// The program without its sockets, on a folder of its own.
struct Program {
    api: Api,
    service: HttpService,
    /// Removed when this is dropped.
    _folder: tempfile::TempDir,
}

struct Person {
    id: String,
    token: String,
}

impl Person {
    /// The direct conversation with them.
    fn reference(&self) -> Reference {
        Reference::Direct(UserId::parse(&self.id).expect("an id"))
    }
}

impl Program {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let settings =
            HashMap::from([("DATA_DIR", folder.path().display().to_string()), ("RATE_LIMITS", "off".to_owned())]);
        let config = Config::from_lookup(|name| settings.get(name).cloned()).expect("settings");
        let running = parlour::start(Arc::new(config), Clock::default()).await.expect("it starts");
        let api = Api::new(running.program.clone());
        let service = parlour::http::service(HttpState::new(api.clone(), Sockets::default(), CancellationToken::new()));
        Self { api, service, _folder: folder }
    }

    /// The body of the answer to an operation over HTTP.
    async fn answer(&self, token: &str, query: &str, variables: Value) -> Vec<u8> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = Request::post("http://localhost:3000/graphql")
            .header("host", "localhost:3000")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {token}"))
            .body(Body::from(body))
            .expect("a request");
        let response = self.service.answer(HERE, request).await;
        response.into_body().collect().await.expect("a body").to_bytes().to_vec()
    }

    async fn ask(&self, token: &str, query: &str, variables: Value) -> Value {
        let answer: Value = serde_json::from_slice(&self.answer(token, query, variables).await).expect("JSON");
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].clone()
    }

    async fn sign_up(&self, name: &str) -> Person {
        let input = json!({ "fullName": name, "email": format!("{name}@example.com"), "password": "a long way home" });
        let query = "mutation($input: SignupInput!) { signup(input: $input) { token user { id } } }";
        let signed_up = self.ask("", query, json!({ "input": input })).await;
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        Person { id: text(&signed_up["signup"]["user"]["id"]), token: text(&signed_up["signup"]["token"]) }
    }

    async fn send(&self, from: &Person, to: &Person, text: &str) -> Value {
        let input = json!({ "to": { "userId": to.id }, "text": text });
        self.ask(&from.token, SEND, json!({ "input": input })).await
    }

    async fn caller(&self, who: &Person) -> Caller {
        let Ok(Authenticated::Viewer { viewer, .. }) = self.api.program().accounts.authenticate(&who.token).await
        else {
            panic!("signed in");
        };
        Caller { viewer: Some(viewer), key: None, address: HERE.ip(), user_agent: None, request_id: "micro".to_owned() }
    }

    /// Subscribes after a cursor, which the hub still has, and takes the frames of one message and of [`REPLAYED`] others.
    /// How long the others took: the beginning of the subscription is over by then. Nobody else has it, so that no frame is
    /// made before.
    async fn replay(&self, caller: Caller, subscription: &str, after: &str) -> Duration {
        let variables = async_graphql::Variables::from_json(json!({ "after": after }));
        let operation = Operation::new(subscription).variables(variables);
        let mut running = self.api.run(operation, caller, Resume::default(), None);
        let mut begun = None;
        for _ in 0..=REPLAYED {
            match running.frames.next().await {
                Some(Frame::Next(json, _)) => drop(black_box(json)),
                other => panic!("{other:?}"),
            }
            begun.get_or_insert_with(Instant::now);
        }
        begun.expect("there was a frame").elapsed()
    }
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4))
        .configure_from_args();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    guards(&mut criterion);
    runtime.block_on(async {
        let program = Program::start().await;
        let (ada, bob) = (program.sign_up("ada").await, program.sign_up("bob").await);
        tokio::task::block_in_place(|| {
            page(&mut criterion, &program, &ada, &bob);
            frames(&mut criterion, &program, &ada, &bob);
            batch(&mut criterion, &program, &ada, &bob);
        });
    });
    criterion.final_summary();
}

/// Both halves of the guard, on the document of a page: its text before the parse, and its cost after it.
fn guards(criterion: &mut Criterion) {
    let document = parse_query(PAGE).expect("it can be parsed");
    let variables = async_graphql::Variables::from_json(json!({ "of": { "conversationId": "x" } }));
    criterion.bench_function("guard, before the parse", |bencher| {
        bencher.iter(|| guard::lexical::check(black_box(PAGE)).is_ok());
    });
    criterion.bench_function("guard, after the parse", |bencher| {
        bencher.iter(|| guard::cost::check(black_box(&document), None, &variables).is_ok());
    });
}

/// A page of 50 messages with their senders in three steps, each of which contains the one before: the rows as the slice
/// reads them, with the right to read them; the operation, from its document to its JSON; and the request over HTTP, with
/// its authentication. So the JSON is what the operation costs more than the rows.
fn page(criterion: &mut Criterion, program: &Program, ada: &Person, bob: &Person) {
    let variables = json!({ "of": { "userId": bob.id } });
    wait_for(async {
        for n in 0..100 {
            let (from, to) = if n % 2 == 0 { (ada, bob) } else { (bob, ada) };
            program.send(from, to, TEXT).await;
        }
        let answered = program.ask(&ada.token, PAGE, variables.clone()).await;
        assert_eq!(answered["messages"]["nodes"].as_array().map(Vec::len), Some(50), "{answered}");
    });
    let (caller, app) = (wait_for(program.caller(ada)), &program.api.program().app);
    let viewer = caller.viewer.as_ref().expect("signed in");
    let rows = async || {
        let own = conversations::membership(app, viewer, bob.reference()).await.expect("a conversation");
        let window = Window::Last { count: 50, before: None };
        messages::history(app, own.sight(), window).await.expect("a page")
    };
    let operation = async || {
        let variables = async_graphql::Variables::from_json(variables.clone());
        let executed = program.api.execute(Operation::new(PAGE).variables(variables), caller.clone()).await;
        to_json(&executed.response)
    };
    let mut group = criterion.benchmark_group("page of 50");
    group.bench_function("rows", |bencher| bencher.iter(|| wait_for(rows())));
    group.bench_function("operation", |bencher| bencher.iter(|| wait_for(operation())));
    group.bench_function("request", |bencher| {
        bencher.iter(|| wait_for(program.answer(&ada.token, PAGE, variables.clone())));
    });
    group.finish();
}

/// The assembly of frames, from events in the hub's memory to JSON: with a selection that all viewers see alike, and with
/// one that is executed for each viewer, and reads what it needs for that.
fn frames(criterion: &mut Criterion, program: &Program, ada: &Person, bob: &Person) {
    let after = wait_for(async {
        let answered = program.ask(&bob.token, "{ feedCursor }", json!({})).await;
        for _ in 0..=REPLAYED {
            program.send(ada, bob, TEXT).await;
        }
        answered["feedCursor"].as_str().expect("a cursor").to_owned()
    });
    let caller = wait_for(program.caller(bob));
    let mut group = criterion.benchmark_group("frames of 100 messages");
    group.throughput(Throughput::Elements(REPLAYED as u64));
    for (name, subscription) in [("shared", SHARED), ("per viewer", PER_VIEWER)] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                (0..times).map(|_| wait_for(program.replay(caller.clone(), subscription, &after))).sum()
            });
        });
    }
    group.finish();
}

/// As many messages as go into one transaction of the writer, given to it at once, until it has answered all of them from
/// disk: with the rules of sending, and without an operation or HTTP.
fn batch(criterion: &mut Criterion, program: &Program, ada: &Person, bob: &Person) {
    let (caller, program) = (wait_for(program.caller(ada)), program.api.program());
    let viewer = caller.viewer.as_ref().expect("signed in");
    let send = async || {
        let new = NewMessage::of_text(MessageId::new(), bob.reference(), TEXT.to_owned());
        messages::send(&program.app, viewer, &program.images, new).await.expect("it is sent")
    };
    let mut group = criterion.benchmark_group("batch of 64 messages");
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("until all are committed", |bencher| {
        bencher.iter(|| wait_for(join_all((0..BATCH).map(|_| send()))));
    });
    group.finish();
}

/// Waits for what runs on the benchmark's runtime.
fn wait_for<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Handle::current().block_on(work)
}
