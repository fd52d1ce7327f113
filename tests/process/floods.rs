//! Anonymous sockets that flood the server: each is closed, and other clients are served as before.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Line, Server};
use parlour::limits;

/// How long a flood may last, of which the server needs a fraction.
const CUT_WITHIN: Duration = Duration::from_secs(10);

/// An empty fragment of an unfinished message.
const EMPTY_FRAGMENT: &[u8] = &[0x00, 0x80, 0, 0, 0, 0];
const PING: &[u8] = &[0x89, 0x80, 0, 0, 0, 0];
const PONG: &[u8] = &[0x8a, 0x80, 0, 0, 0, 0];
/// A fragment of one byte of an unfinished message.
const SMALL_FRAGMENT: &[u8] = &[0x00, 0x81, 0, 0, 0, 0, b'x'];

/// A raw upgraded socket without a signed-in user.
fn upgraded(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let request = format!(
        "GET /graphql HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("the request goes out");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("an answer");
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    stream
}

/// Sends `first` and then `flood` over and over, without reading; how long the server let it.
fn flood(address: SocketAddr, first: Vec<u8>, flood: &'static [u8]) -> JoinHandle<Duration> {
    std::thread::spawn(move || {
        let mut stream = upgraded(address);
        let began = Instant::now();
        let many = flood.repeat(16 * 1024 / flood.len());
        // A server that neither reads nor closes is as bad as one that reads without end.
        stream.set_write_timeout(Some(CUT_WITHIN * 3)).expect("a time limit");
        let mut sent = stream.write_all(&first);
        while sent.is_ok() && began.elapsed() < CUT_WITHIN * 3 {
            sent = stream.write_all(&many);
        }
        if let Err(error) = &sent {
            assert_ne!(error.kind(), ErrorKind::WouldBlock, "the server holds the line");
        }
        began.elapsed()
    })
}

/// A frame of a client, with a mask of zeros.
fn frame(first_byte: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).expect("a short frame");
    let mut bytes = vec![first_byte, 0x80 | 126];
    bytes.extend(length.to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_frames_is_closed_and_delays_nobody_else() {
    // The response times of another user depend on this test's processor too, so the bound is ten times the mark.
    let server = Server::start().await;
    let ada = server.user("Ada").await;
    let mut line = Line::open(server.address, &ada.token, json!({})).await.expect("a socket");
    let text_begins = vec![0x01, 0x80, 0, 0, 0, 0];
    let not_of_the_protocol = frame(0x82, b"binary");
    let too_large = [&[0x81, 0x80 | 127][..], &(limits::FRAME_BYTES as u64 + 1).to_be_bytes(), &[0; 4]].concat();
    let floods = [
        ("empty fragments", text_begins.clone(), EMPTY_FRAGMENT),
        ("small fragments", text_begins, SMALL_FRAGMENT),
        ("pings", vec![], PING),
        ("pongs", vec![], PONG),
        ("pongs after the server has closed", not_of_the_protocol, PONG),
        ("what belongs to no message", too_large, b"no frame at all"),
    ];

    for (name, first, what) in floods {
        let threads: Vec<_> = (0..2).map(|_| flood(server.address, first.clone(), what)).collect();
        let mut waits = Vec::new();
        while waits.len() < 20 || !threads.iter().all(JoinHandle::is_finished) {
            let asked = Instant::now();
            ada.ask("{ me { id } }", json!({})).await;
            line.subscribe("me", "{ me { id } }", &json!({})).await.expect("the socket lives");
            assert_eq!(line.next().await.expect("an answer")["type"], "next");
            assert_eq!(line.next().await.expect("an end")["type"], "complete");
            waits.push(asked.elapsed());
            assert!(waits.len() < 100_000, "{name}: the flood does not end");
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        waits.sort();
        let p95 = waits[waits.len() * 95 / 100];
        assert!(p95 < Duration::from_secs(1), "{name}: others waited {p95:?}");
        for lasted in threads.into_iter().map(|thread| thread.join().expect("a flood")) {
            assert!(lasted < CUT_WITHIN, "{name}: it lasted {lasted:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_frames_do_not_delay_the_deadlines() {
    let server = Server::start().await;
    let address = server.address;
    let ended = tokio::task::spawn_blocking(move || {
        let mut stream = upgraded(address);
        let began = Instant::now();
        // Below the sustained rate: only the deadline of `connection_init` ends it.
        let gap = Duration::from_secs(2) / limits::INBOUND_RATE;
        stream.set_read_timeout(Some(gap)).expect("a time limit");
        let mut said = Vec::new();
        let mut bytes = [0; 64];
        loop {
            match stream.read(&mut bytes) {
                Ok(0) => break,
                Ok(read) => said.extend(&bytes[..read]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    let _ = stream.write_all(PONG);
                }
                Err(_) => break,
            }
            assert!(began.elapsed() < limits::INIT_WAIT * 4, "nothing ends it");
        }
        // 0x88: a close frame; then its length, and the code.
        assert_eq!((said[0], u16::from_be_bytes([said[2], said[3]])), (0x88, 4408), "{said:?}");
        began.elapsed()
    })
    .await
    .expect("an end");
    assert!(ended >= limits::INIT_WAIT - Duration::from_millis(100), "closed after {ended:?}");
}
