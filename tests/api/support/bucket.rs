//! A bucket: s3s-fs, an S3 server on a folder that checks signatures, behind a proxy that can be closed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::host::SingleDomain;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The state of the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Door {
    /// It works.
    Open,
    /// Connections are refused.
    Away,
    /// Every answer is 500.
    Broken,
    /// Requests are never answered.
    Slow,
}

pub const BUCKET: &str = "chat-images";
const KEY_ID: &str = "AKIATESTTESTTESTTEST";
const SECRET: &str = "a-secret-that-is-only-for-tests";

/// A server with one bucket.
pub struct Bucket {
    pub address: SocketAddr,
    /// Where it keeps its buckets.
    pub folder: PathBuf,
    door: Arc<AtomicU8>,
    requests: Requests,
    server: JoinHandle<()>,
}

/// The methods of the requests so far.
type Requests = Arc<Mutex<Vec<Method>>>;

static BUCKETS: AtomicU32 = AtomicU32::new(0);

impl Bucket {
    pub async fn start() -> Self {
        let number = BUCKETS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("parlour-test-bucket-{}-{number}", std::process::id()));
        std::fs::create_dir_all(folder.join(BUCKET)).expect("a folder for the bucket");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut builder = S3ServiceBuilder::new(FileSystem::new(&folder).expect("a folder"));
        builder.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        // With a host name the bucket is a subdomain; with an IP address it is in the path.
        builder.set_host(SingleDomain::new(&format!("s3.localhost:{}", address.port())).expect("a domain"));
        let door = Arc::new(AtomicU8::new(Door::Open as u8));
        let requests = Requests::default();
        let server = tokio::spawn(serve(listener, builder.build(), Arc::clone(&door), Arc::clone(&requests)));
        Self { address, folder, door, requests, server }
    }

    pub fn set(&self, door: Door) {
        self.door.store(door as u8, Ordering::Relaxed);
    }

    /// How many requests of these methods have come so far.
    pub fn requests(&self, methods: &[Method]) -> usize {
        self.requests.lock().expect("no panic").iter().filter(|method| methods.contains(method)).count()
    }

    /// The settings of a server that stores its images here, by one of the two ways to name a bucket.
    pub fn settings(&self, path_style: bool) -> Vec<(&'static str, String)> {
        let host = if path_style { self.address.to_string() } else { format!("s3.localhost:{}", self.address.port()) };
        vec![
            ("S3_BUCKET", BUCKET.to_owned()),
            ("S3_ENDPOINT_URL", format!("http://{host}")),
            ("S3_FORCE_PATH_STYLE", if path_style { "on" } else { "off" }.to_owned()),
            ("AWS_ACCESS_KEY_ID", KEY_ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ]
    }

    /// The objects below a prefix, by their names.
    pub fn objects(&self, shelf: &str) -> Vec<(String, Vec<u8>)> {
        let entries = std::fs::read_dir(self.folder.join(BUCKET).join(shelf)).into_iter().flatten().flatten();
        // s3s-fs stores metadata beside each object.
        let files = entries.filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
        files
            .filter_map(|entry| Some((entry.file_name().into_string().ok()?, std::fs::read(entry.path()).ok()?)))
            .collect()
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.server.abort();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

type Answer = BoxFuture<'static, Result<Response<s3s::Body>, std::io::Error>>;

async fn serve(listener: TcpListener, service: S3Service, door: Arc<AtomicU8>, requests: Requests) {
    loop {
        let (connection, _) = listener.accept().await.expect("a connection");
        let (service, door, requests) = (service.clone(), Arc::clone(&door), Arc::clone(&requests));
        let answer = service_fn(move |request: Request<Incoming>| {
            requests.lock().expect("no panic").push(request.method().clone());
            answer(service.clone(), Arc::clone(&door), request)
        });
        // The client notices a broken connection itself.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(connection), answer));
    }
}

fn answer(service: S3Service, door: Arc<AtomicU8>, request: Request<Incoming>) -> Answer {
    Box::pin(async move {
        let is = |state: Door| door.load(Ordering::Relaxed) == state as u8;
        if is(Door::Away) {
            return Err(std::io::Error::other("away"));
        }
        if is(Door::Slow) {
            std::future::pending::<()>().await;
        }
        if is(Door::Broken) {
            let broken = Response::builder().status(500).body(s3s::Body::from("broken".to_owned()));
            return Ok(broken.expect("an answer"));
        }
        let answered = Service::<Request<Incoming>>::call(&service, request).await;
        answered.map_err(|error| std::io::Error::other(format!("{error:?}")))
    })
}
