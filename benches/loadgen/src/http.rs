//! One keep-alive HTTP/1.1 connection.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::{Method, Request, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub struct Http {
    address: SocketAddr,
    connection: Option<http1::SendRequest<Full<Bytes>>>,
}

pub struct Reply {
    pub status: u16,
    /// The first cookie that was set, as it is sent back.
    pub cookie: Option<String>,
    pub body: Bytes,
}

impl Http {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, connection: None }
    }

    /// `auth` is a header's name and value. A connection that the server closed while it was idle is opened anew; a
    /// request that may have arrived is never sent twice.
    pub async fn request(
        &mut self,
        method: Method,
        path: &str,
        auth: Option<(&str, &str)>,
        body: Option<Bytes>,
    ) -> Result<Reply> {
        let mut connection = self.connection.take();
        if let Some(open) = &mut connection
            && open.ready().await.is_err()
        {
            connection = None;
        }
        let mut connection = match connection {
            Some(open) => open,
            None => self.open().await?,
        };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.address.to_string())
            .header(header::ACCEPT, "application/json");
        if let Some((name, value)) = auth {
            request = request.header(name, value);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let response = connection.send_request(request.body(Full::new(body.unwrap_or_default()))?).await?;
        let status = response.status().as_u16();
        let cookie = response
            .headers()
            .get(header::SET_COOKIE)
            .and_then(|value| value.to_str().ok())
            .map(|value| value.split(';').next().unwrap_or("").to_string());
        let body = response.into_body().collect().await?.to_bytes();
        self.connection = Some(connection);
        Ok(Reply { status, cookie, body })
    }

    async fn open(&self) -> Result<http1::SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(self.address).await.context("connect")?;
        stream.set_nodelay(true)?;
        let (requests, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(requests)
    }
}
