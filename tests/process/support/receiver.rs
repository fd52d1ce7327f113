//! A receiver of webhooks over TCP, which answers as a test wants it to.

use std::collections::{HashMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex as AsyncMutex, mpsc};
use tokio_util::task::AbortOnDropHandle;

use super::PATIENCE;

/// How a POST is answered.
#[derive(Clone, Debug)]
pub enum Reply {
    /// With this status and nothing else.
    Status(u16),
    /// With 204, after a while.
    After(Duration),
    /// Never.
    Hang,
    /// With these bytes, and the connection is closed.
    Raw(String),
    /// With 200 and a body that has no end.
    Endless,
}

/// A POST.
#[derive(Clone, Debug)]
pub struct Posted {
    pub path: String,
    pub headers: HashMap<String, String>,
    pub text: String,
    /// Which connection it came over.
    pub connection: usize,
}

/// A receiver. It closes everything when it is dropped.
pub struct Receiver {
    pub address: SocketAddr,
    posts: AsyncMutex<mpsc::UnboundedReceiver<Posted>>,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    usual: Arc<Mutex<Reply>>,
    _task: AbortOnDropHandle<()>,
}

impl Receiver {
    /// A receiver that answers 204.
    pub async fn start() -> Self {
        Self::at((Ipv4Addr::LOCALHOST, 0).into()).await
    }

    /// The same, at an address.
    pub async fn at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (tell, posts) = mpsc::unbounded_channel();
        let (replies, usual) = (Arc::<Mutex<VecDeque<_>>>::default(), Arc::new(Mutex::new(Reply::Status(204))));
        let (next, otherwise) = (Arc::clone(&replies), Arc::clone(&usual));
        let task = AbortOnDropHandle::new(tokio::spawn(async move {
            let mut open = Vec::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (tell, next, otherwise) = (tell.clone(), Arc::clone(&next), Arc::clone(&otherwise));
                let number = open.len();
                open.push(AbortOnDropHandle::new(tokio::spawn(async move {
                    let reply = move || {
                        let next = next.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                        next.unwrap_or_else(|| otherwise.lock().unwrap_or_else(PoisonError::into_inner).clone())
                    };
                    // Ends when the other side has closed.
                    let _ = serve(stream, number, &tell, reply).await;
                })));
            }
        }));
        Self { address, posts: AsyncMutex::new(posts), replies, usual, _task: task }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook?from=parlour", self.address)
    }

    /// Answers the next POSTs like this.
    pub fn will(&self, replies: impl IntoIterator<Item = Reply>) {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner).extend(replies);
    }

    /// Answers all others like this.
    pub fn always(&self, reply: Reply) {
        *self.usual.lock().unwrap_or_else(PoisonError::into_inner) = reply;
    }

    /// The next POST.
    pub async fn next(&self) -> Posted {
        self.next_within(PATIENCE).await
    }

    /// The next POST, if it takes longer.
    pub async fn next_within(&self, time: Duration) -> Posted {
        let next = tokio::time::timeout(time, async { self.posts.lock().await.recv().await });
        next.await.expect("it comes in time").expect("it receives")
    }

    /// The next POST that is about messages.
    pub async fn next_message(&self) -> Posted {
        loop {
            let posted = self.next().await;
            if !posted.event()["message"].is_null() {
                return posted;
            }
        }
    }

    /// Nothing comes for a while.
    pub async fn stays_silent(&self, time: Duration) {
        let posted = tokio::time::timeout(time, async { self.posts.lock().await.recv().await }).await;
        assert!(posted.is_err(), "{posted:?}");
    }
}

impl Posted {
    pub fn body(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    /// The event, where there is one a POST.
    pub fn event(&self) -> Value {
        self.body()["data"]["events"].take()
    }

    /// The events, where there are several.
    pub fn events(&self) -> Vec<Value> {
        let body = self.body();
        body.as_array().expect("a list").iter().map(|part| part["data"]["events"].clone()).collect()
    }

    pub fn message_text(&self) -> String {
        self.event()["message"]["text"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    /// How many of its signatures were made with this secret, as Standard Webhooks has it.
    pub fn signatures_with(&self, secret: &str) -> usize {
        let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").expect("the prefix")).expect("base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
        mac.update(format!("{}.{}.{}", self.id(), self.header("webhook-timestamp"), self.text).as_bytes());
        let wanted = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
        self.header("webhook-signature").split(' ').filter(|signature| *signature == wanted).count()
    }
}

async fn serve(
    stream: TcpStream,
    connection: usize,
    tell: &mpsc::UnboundedSender<Posted>,
    mut reply: impl FnMut() -> Reply,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        assert!(line.starts_with("POST "), "{line}");
        let mut headers = HashMap::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_lowercase(), value.to_owned());
        }
        let length = headers.get("content-length").and_then(|length| length.parse().ok()).expect("a length");
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let text = String::from_utf8(body).expect("text");
        // A test that has seen enough does not listen any more.
        let _ = tell.send(Posted { path, headers, text, connection });
        match reply() {
            Reply::Status(status) => {
                let answer = format!("HTTP/1.1 {status} So\r\ncontent-length: 0\r\n\r\n");
                let answer = if status == 204 { "HTTP/1.1 204 No Content\r\n\r\n".to_owned() } else { answer };
                stream.write_all(answer.as_bytes()).await?;
            }
            Reply::After(time) => {
                tokio::time::sleep(time).await;
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
            }
            Reply::Hang => std::future::pending().await,
            Reply::Raw(answer) => {
                stream.write_all(answer.as_bytes()).await?;
                return stream.shutdown().await;
            }
            Reply::Endless => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n").await?;
                loop {
                    stream.write_all(&[b'x'; 16 * 1024]).await?;
                }
            }
        }
    }
}
