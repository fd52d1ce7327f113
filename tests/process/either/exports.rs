//! A server that is stopped while somebody fetches an archive of their own data.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use image::{ImageFormat, RgbImage};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};

use crate::images::pictures::encoded;
use crate::images::{new_id, send};
use crate::support::{PATIENCE, Server, soon};

/// A file that no compression makes smaller: 8 MB.
fn noise() -> Vec<u8> {
    const SIDE: u32 = 1_650;
    let mut pixels = vec![0; (SIDE * SIDE * 3) as usize];
    getrandom::fill(&mut pixels).expect("random numbers");
    encoded(RgbImage::from_raw(SIDE, SIDE, pixels).expect("three bytes a pixel"), ImageFormat::Png)
}

/// A download that has begun, over a connection that takes little ahead of its reader.
struct Download {
    stream: BufReader<TcpStream>,
    size: usize,
    tag: String,
}

impl Download {
    async fn begin(address: SocketAddr, path: &str) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(16 * 1024).expect("a small buffer");
        let mut stream = BufReader::new(socket.connect(address).await.expect("a connection"));
        let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("the server takes it");
        let (mut size, mut tag, mut line) = (0, String::new(), String::new());
        soon(stream.read_line(&mut line)).await.expect("an answer");
        assert_eq!(line.trim_end(), "HTTP/1.1 200 OK");
        loop {
            line.clear();
            soon(stream.read_line(&mut line)).await.expect("a header");
            match line.trim_end().split_once(": ") {
                None => return Self { stream, size, tag },
                Some(("content-length", value)) => size = value.parse().expect("a number"),
                Some(("etag", value)) => tag = value.to_owned(),
                Some(_) => {}
            }
        }
    }

    /// What comes until the connection ends.
    async fn rest(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // A reset ends it too.
        let _ = soon(self.stream.read_to_end(&mut bytes)).await;
        bytes
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_waits_for_no_download_and_it_goes_on_after_the_restart() {
    let mut server = Server::start_here(&[("RATE_LIMITS", "off")]).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    // More than fits into the buffers of the connections.
    for _ in 0..3 {
        let sent = send(&server, &ada, &bob, &new_id(), &noise()).await.expect("an answer");
        assert!(sent.get("errors").is_none(), "{sent}");
    }
    let mut asked = ada.ask("mutation { exportMyData { url } }", json!({})).await;
    let url = asked["exportMyData"]["url"].take();
    let path = url.as_str().and_then(|url| url.find("/exports/").map(|at| &url[at..])).expect("a URL").to_owned();
    let get = server.http().get(server.url(&path)).timeout(PATIENCE);
    let is_made = server.http().head(server.url(&path)).timeout(PATIENCE);
    // It waits for the archive for 20 seconds.
    soon(async {
        while is_made.try_clone().expect("no body").send().await.expect("an answer").status() == 503 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    let (read, unread) = tokio::join!(Download::begin(server.address, &path), Download::begin(server.address, &path));
    let (size, tag) = (read.size, read.tag.clone());

    server.terminate();
    let begun = Instant::now();
    server.says("going down").await;
    let got = read.rest().await;
    let ended = server.ended().await;

    assert_eq!(ended.code(), Some(0), "{}", server.log());
    assert!(begun.elapsed() < Duration::from_secs(15), "it took {:?}", begun.elapsed());
    assert!(!got.is_empty() && got.len() < size, "{} of {size}", got.len());
    drop(unread);
    server.start_again().await;
    let rest = get.try_clone().expect("no body").header("range", format!("bytes={}-", got.len()));
    let rest = rest.header("if-range", &tag).send().await.expect("an answer");
    assert_eq!(rest.status(), 206);
    let rest = rest.bytes().await.expect("all of it");
    let whole = get.send().await.expect("an answer").bytes().await.expect("all of it");
    assert_eq!(whole.len(), size);
    assert!([got.as_slice(), &rest].concat() == whole, "it is the same archive");
    server.stop().await;
}
