//! The effect of image processing on text messages: the latency of a message that is on disk when it is acknowledged,
//! alone and while twenty photos of 12 megapixels are decoded, encoded and stored. Prints both and their ratio.
//!
//! `cargo bench --bench images`. The server and the load share the machine, so compare the ratio.

#![expect(unreachable_pub, reason = "what the modules of one program share")]
#![expect(clippy::disallowed_methods, reason = "benchmarks measure real time and spawn tasks freely")]

#[path = "../tests/api/support/pictures.rs"]
#[expect(dead_code, reason = "the tests of the API need more of them")]
mod pictures;

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

const IMAGES: usize = 20;
const TEXTS: usize = 200;
const PATIENCE: Duration = Duration::from_secs(120);

/// The program on a folder of its own, until this is dropped.
struct Server {
    child: Child,
    folder: std::path::PathBuf,
    url: String,
    http: reqwest::Client,
}

impl Server {
    async fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("parlour-bench-images-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let settings = [("DATA_DIR", folder.display().to_string()), ("PORT", port.to_string())];
        let child = Command::new(env!("CARGO_BIN_EXE_parlour"))
            .current_dir(&folder)
            .envs(settings)
            .envs([("RATE_LIMITS", "off"), ("RUST_LOG", "warn")])
            .stdin(Stdio::null())
            .spawn();
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("a client");
        let server = Self { child: child.expect("the program"), folder, url: format!("http://127.0.0.1:{port}"), http };
        while !server.http.get(format!("{}/readyz", server.url)).send().await.is_ok_and(|is| is.status().is_success()) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        server
    }

    async fn ask(&self, token: &str, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let request = self.http.post(format!("{}/graphql", self.url)).bearer_auth(token).json(&body);
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].clone()
    }

    async fn sign_up(&self, name: &str) -> (String, String) {
        let email = format!("{name}@example.com");
        let input = json!({ "fullName": name, "email": email, "password": "correct horse 7 battery" });
        let query = "mutation($input: SignupInput!) { signup(input: $input) { token user { id } } }";
        let made = self.ask("", query, json!({ "input": input })).await;
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        (text(&made["signup"]["user"]["id"]), text(&made["signup"]["token"]))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Errors do not matter at the end.
        let _ = self.child.kill().and_then(|()| self.child.wait());
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::main]
async fn main() {
    let server = Server::start().await;
    let ((_, ada), (bob, _)) = (server.sign_up("ada").await, server.sign_up("bob").await);
    texts(&server, &ada, &bob, || false).await;
    let alone = texts(&server, &ada, &bob, || false).await;

    let photo = pictures::jpeg(4_000, 3_000);
    let begun = Instant::now();
    let mut images = JoinSet::new();
    for _ in 0..IMAGES {
        images.spawn(image(&server, &ada, &bob, &photo));
    }
    let during = texts(&server, &ada, &bob, || {
        while images.try_join_next().is_some() {}
        images.is_empty()
    })
    .await;
    println!("images");
    while images.join_next().await.is_some() {}
    println!("  {IMAGES} photos of 12 megapixels{:>30.1} s", begun.elapsed().as_secs_f64());
    for (name, of) in [("alone", &alone), ("during images", &during)] {
        let (median, p99) = (quantile(of, 500), quantile(of, 990));
        println!("  text, {name}: median{:>25.1} ms, p99{p99:>8.1} ms", median);
    }
    println!("  p99 during images / p99 alone{:>25.2} ×", quantile(&during, 990) / quantile(&alone, 990));
}

/// Latencies of consecutive text messages, until there are enough; sorted, in ms.
async fn texts(server: &Server, from: &str, to: &str, mut is_enough: impl FnMut() -> bool) -> Vec<f64> {
    let query = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { id } }";
    let mut took = Vec::new();
    while took.len() < TEXTS && !is_enough() {
        let begun = Instant::now();
        server.ask(from, query, json!({ "input": { "to": { "userId": to }, "text": "still here" } })).await;
        took.push(begun.elapsed().as_secs_f64() * 1e3);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    took.sort_by(f64::total_cmp);
    took
}

/// Sends a message with an image; retries while the server is too busy.
fn image(server: &Server, from: &str, to: &str, file: &[u8]) -> impl Future<Output = ()> + Send + 'static {
    let query = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { id } }";
    let input = json!({ "to": { "userId": to }, "image": { "file": null } });
    let operations = json!({ "query": query, "variables": { "input": input } });
    let part = |name: &str, content: &str| {
        format!("--line\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
    };
    let head = part("operations", &operations.to_string()) + &part("map", r#"{"0":["variables.input.image.file"]}"#);
    let head = head + "--line\r\nContent-Disposition: form-data; name=\"0\"; filename=\"x\"\r\n\r\n";
    let body = [head.as_bytes(), file, b"\r\n--line--\r\n"].concat();
    let request = server.http.post(format!("{}/graphql", server.url)).bearer_auth(from);
    let request = request.header("content-type", "multipart/form-data; boundary=line");
    let request = request.header("graphql-require-preflight", "1").body(body);
    async move {
        loop {
            let again = request.try_clone().expect("bytes can be sent again");
            let answer: Value = again.send().await.expect("an answer").json().await.expect("JSON");
            match answer["errors"][0]["extensions"]["code"].as_str() {
                None => return,
                Some("SERVICE_UNAVAILABLE") => {}
                Some(_) => panic!("{answer}"),
            }
        }
    }
}

/// The value at a rank of so many thousandths.
fn quantile(sorted: &[f64], thousandths: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * thousandths / 1_000).copied().unwrap_or(f64::NAN)
}
