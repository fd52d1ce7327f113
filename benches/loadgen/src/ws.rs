//! A WebSocket client cut down to what a load generator needs: text messages in, few messages out,
//! one `read` per wake-up into a buffer that all connections share, no allocation per message.

use anyhow::{Context, Result, bail};
use std::{cell::RefCell, net::SocketAddr, pin::Pin, task::Poll};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf},
    net::TcpStream,
};

/// The sample nonce of RFC 6455 and its answer: a fixed key needs no SHA-1 to be checked.
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

const BUF: usize = 256 * 1024;
thread_local!(static SHARED: RefCell<Vec<u8>> = RefCell::new(vec![0; BUF]));

pub struct Ws {
    stream: TcpStream,
    /// The start of a frame whose end has not arrived yet.
    rest: Vec<u8>,
    /// The fragments of a message so far.
    fragments: Vec<u8>,
    out: Vec<u8>,
}

impl Ws {
    pub async fn connect(addr: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Result<Ws> {
        let mut stream = TcpStream::connect(addr).await.context("connect")?;
        stream.set_nodelay(true)?;
        let mut req = format!(
            "GET {path} HTTP/1.1\r\nHost: {addr}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n"
        );
        for (k, v) in headers {
            req.push_str(&format!("{k}: {v}\r\n"));
        }
        req.push_str("\r\n");
        stream.write_all(req.as_bytes()).await?;
        let mut head = Vec::with_capacity(512);
        let end = loop {
            if let Some(i) = memchr::memmem::find(&head, b"\r\n\r\n") {
                break i + 4;
            }
            if head.len() > 16384 || stream.read_buf(&mut head).await? == 0 {
                bail!("no answer to the upgrade");
            }
        };
        let text = String::from_utf8_lossy(&head[..end]);
        if !text.starts_with("HTTP/1.1 101") || !text.contains(ACCEPT) {
            bail!("upgrade refused: {}", text.lines().next().unwrap_or(""));
        }
        let rest = head[end..].to_vec();
        Ok(Ws { stream, rest, fragments: vec![], out: vec![] })
    }

    pub async fn send_text(&mut self, text: &str) -> Result<()> {
        put_frame(&mut self.out, 1, text.as_bytes());
        self.flush().await
    }

    async fn flush(&mut self) -> Result<()> {
        if !self.out.is_empty() {
            self.stream.write_all(&self.out).await?;
            self.out.clear();
        }
        Ok(())
    }

    /// Waits for bytes, then calls `on` for every whole text message among them. What `on` puts
    /// into its second argument is sent as a text message. Fails when the connection ends.
    /// Dropping the future loses nothing.
    pub async fn receive(&mut self, mut on: impl FnMut(&[u8], &mut Vec<u8>)) -> Result<()> {
        self.flush().await?;
        let Ws { stream, rest, fragments, out } = self;
        if !rest.is_empty() {
            // Bytes that came with the upgrade's answer.
            let used = parse(rest, fragments, out, &mut on)?;
            rest.drain(..used);
            if used > 0 {
                return self.flush().await;
            }
        }
        std::future::poll_fn(|cx| {
            SHARED.with_borrow_mut(|buf| {
                let mut rb = ReadBuf::new(buf);
                match Pin::new(&mut *stream).poll_read(cx, &mut rb) {
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(Err(e)) => Poll::Ready(Err(e.into())),
                    Poll::Ready(Ok(())) => {
                        let got = rb.filled();
                        if got.is_empty() {
                            return Poll::Ready(Err(anyhow::anyhow!("closed by the server")));
                        }
                        Poll::Ready(if rest.is_empty() {
                            parse(got, fragments, out, &mut on).map(|n| rest.extend_from_slice(&got[n..]))
                        } else {
                            rest.extend_from_slice(got);
                            parse(rest, fragments, out, &mut on).map(|n| drop(rest.drain(..n)))
                        })
                    }
                }
            })
        })
        .await?;
        self.flush().await
    }

    /// Ends the connection with a TCP reset, as a phone that leaves its network does.
    pub fn reset(self) {
        let _ = socket2::SockRef::from(&self.stream).set_linger(Some(std::time::Duration::ZERO));
    }
}

/// Handles every whole frame of `buf`; returns how many bytes they took.
fn parse(
    buf: &[u8],
    fragments: &mut Vec<u8>,
    out: &mut Vec<u8>,
    on: &mut impl FnMut(&[u8], &mut Vec<u8>),
) -> Result<usize> {
    let mut at = 0;
    let mut reply = Vec::new();
    loop {
        let b = &buf[at..];
        if b.len() < 2 {
            return Ok(at);
        }
        let (head, len) = match b[1] {
            126 if b.len() >= 4 => (4, u16::from_be_bytes([b[2], b[3]]) as usize),
            127 if b.len() >= 10 => (10, u64::from_be_bytes(b[2..10].try_into()?) as usize),
            126 | 127 => return Ok(at),
            n if n < 126 => (2, n as usize),
            _ => bail!("masked frame from a server"),
        };
        if b.len() < head + len {
            return Ok(at);
        }
        let payload = &b[head..head + len];
        at += head + len;
        match (b[0] & 0x0f, b[0] & 0x80 != 0) {
            (1, true) => on(payload, &mut reply),
            (0, true) => {
                fragments.extend_from_slice(payload);
                on(&std::mem::take(fragments), &mut reply);
            }
            (0 | 1, false) => fragments.extend_from_slice(payload),
            (2, _) | (10, _) => {}
            (8, _) => {
                let code = payload.get(..2).map_or(0, |c| u16::from_be_bytes([c[0], c[1]]));
                bail!("closed by the server: {code} {}", String::from_utf8_lossy(payload.get(2..).unwrap_or(b"")));
            }
            (9, _) => put_frame(out, 10, payload),
            _ => bail!("unknown frame"),
        }
        if !reply.is_empty() {
            put_frame(out, 1, &reply);
            reply.clear();
        }
    }
}

/// Appends one frame with the mask 0, which leaves the payload as it is.
fn put_frame(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    out.push(0x80 | opcode);
    match payload.len() {
        n if n < 126 => out.push(0x80 | n as u8),
        n if n < 65536 => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(n as u16).to_be_bytes());
        }
        n => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(n as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(payload);
}
