//! An issuer's keys at an address: fetched when they are needed, and then seldom, within bounds.

use std::time::Duration;

use futures_util::FutureExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::support::issuer::{KeyServer, SigningKey, claims, settings};
use crate::support::{Socket, TestApp, refusal, soon};

const ME: &str = "{ me { id } }";

async fn server(issuer: &str) -> TestApp {
    TestApp::start_with(&settings(("AUTH_JWKS_URL", issuer))).await
}

async fn answer(app: &TestApp, token: &str) -> Value {
    app.execute(Some(token), ME, json!({})).await
}

async fn is_taken(app: &TestApp, token: &str) -> bool {
    let answer = answer(app, token).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    answer["data"]["me"]["id"].is_string()
}

#[tokio::test]
async fn keys_are_fetched_once_and_again_for_an_unknown_one_once_a_minute() {
    let (old, new) = (SigningKey::es256(), SigningKey::eddsa());
    let issuer = KeyServer::start(&[("old", &old)]).await;
    let app = server(&issuer.url()).await;
    assert_eq!(issuer.asked(), 0, "not before they are needed");
    let (by_old, by_new) =
        (old.token(Some("old"), &claims("u-1", json!({}))), new.token(Some("new"), &claims("u-1", json!({}))));

    for _ in 0..5 {
        assert!(is_taken(&app, &by_old).await);
    }
    assert_eq!(issuer.asked(), 1);
    issuer.has(&[("old", &old), ("new", &new)]);
    for _ in 0..5 {
        assert!(!is_taken(&app, &by_new).await, "they were fetched a moment ago");
    }
    assert_eq!(issuer.asked(), 1);

    app.clock.advance(Duration::from_secs(61));
    let both = futures_util::future::join_all((0..8).map(|_| is_taken(&app, &by_new))).await;
    assert!(both.iter().all(|is_taken| *is_taken), "all wait for the one fetch");
    assert_eq!(issuer.asked(), 2);
    assert!(is_taken(&app, &by_old).await);
    for _ in 0..5 {
        let unknown = new.token(Some("made up"), &claims("u-1", json!({})));
        assert!(!is_taken(&app, &unknown).await);
    }
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn a_withdrawn_key_is_forgotten_while_the_others_are_in_use() {
    let (withdrawn, kept) = (SigningKey::es256(), SigningKey::es256());
    let issuer = KeyServer::start(&[("1", &withdrawn), ("2", &kept)]).await;
    let app = server(&issuer.url()).await;
    let by_withdrawn = withdrawn.token(Some("1"), &claims("u-1", json!({})));
    let by_kept = kept.token(Some("2"), &claims("u-2", json!({})));
    assert!(is_taken(&app, &by_withdrawn).await);
    issuer.has(&[("2", &kept)]);

    app.clock.advance(Duration::from_secs(16 * 60));
    assert!(is_taken(&app, &by_kept).await, "nobody waits for it");
    let forgotten = async {
        while is_taken(&app, &by_withdrawn).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    soon(forgotten).await;
    assert!(is_taken(&app, &by_kept).await);
}

#[tokio::test]
async fn the_server_starts_without_the_issuer_and_takes_tokens_once_it_is_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let app = server(&format!("http://{address}/certs")).await;
    let key = SigningKey::rs256();
    let token = key.token(Some("1"), &claims("u-1", json!({})));

    assert_eq!(refusal(&answer(&app, &token).await), "SERVICE_UNAVAILABLE");
    let mut socket = Socket::open(app.address).await;
    let payload = json!({ "authorization": format!("Bearer {token}") });
    socket.say(json!({ "type": "connection_init", "payload": payload })).await;
    assert_eq!(socket.closed().await.code, 1013, "clients try again");
    let ada = app.user("Ada").await;
    assert_eq!(ada.ask(ME, json!({})).await["me"]["id"], json!(ada.id), "Parlour's own tokens need nobody");

    let listener = TcpListener::bind(address).await.expect("the same port");
    let issuer = KeyServer::start_at(listener, &[("1", &key)]).await;
    app.clock.advance(Duration::from_secs(6));
    assert!(is_taken(&app, &token).await);
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn an_issuer_that_fails_later_leaves_the_keys_that_are_known() {
    let key = SigningKey::es256();
    let issuer = KeyServer::start(&[("1", &key)]).await;
    let app = server(&issuer.url()).await;
    let token = key.token(Some("1"), &claims("u-1", json!({})));
    assert!(is_taken(&app, &token).await);

    issuer.answers("HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n");
    app.clock.advance(Duration::from_secs(16 * 60));
    let unknown = SigningKey::es256().token(Some("2"), &claims("u-1", json!({})));

    assert!(!is_taken(&app, &unknown).await);
    assert!(is_taken(&app, &token).await);
    assert_eq!(issuer.asked(), 2);
    for (seconds, asked) in [(6, 2), (30, 2), (30, 3)] {
        app.clock.advance(Duration::from_secs(seconds));
        assert!(!is_taken(&app, &unknown).await);
        assert_eq!(issuer.asked(), asked, "once a minute, also while it fails");
    }
}

/// Lets an issuer have a key without a name.
fn has_nameless(issuer: &KeyServer, key: &SigningKey) {
    let mut nameless = key.jwk("1");
    nameless.as_object_mut().expect("an object").remove("kid");
    let body = json!({ "keys": [nameless] }).to_string();
    issuer.answers(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
}

#[tokio::test]
async fn keys_without_names_are_fetched_again_for_a_token_that_none_of_them_signed_once_a_minute() {
    let (old, new, newest) = (SigningKey::es256(), SigningKey::es256(), SigningKey::eddsa());
    let issuer = KeyServer::start(&[]).await;
    has_nameless(&issuer, &old);
    let app = server(&issuer.url()).await;
    let by = |key: &SigningKey, kid: Option<&str>| key.token(kid, &claims("u-1", json!({})));
    assert!(is_taken(&app, &by(&old, None)).await);

    has_nameless(&issuer, &new);
    assert!(!is_taken(&app, &by(&new, None)).await);
    assert_eq!(issuer.asked(), 1, "they were fetched a moment ago");
    app.clock.advance(Duration::from_secs(61));
    let token = by(&new, None);
    let both = futures_util::future::join_all((0..8).map(|_| is_taken(&app, &token))).await;
    assert!(both.iter().all(|is_taken| *is_taken), "all wait for the one fetch");
    assert_eq!(issuer.asked(), 2);
    for _ in 0..3 {
        assert!(!is_taken(&app, &by(&old, None)).await);
    }
    assert_eq!(issuer.asked(), 2);

    // Of another algorithm, and of a token that has a name.
    has_nameless(&issuer, &newest);
    app.clock.advance(Duration::from_secs(61));
    assert!(is_taken(&app, &by(&newest, Some("3"))).await);
    assert_eq!(issuer.asked(), 3);
}

#[tokio::test]
async fn a_forged_token_of_a_key_with_a_name_fetches_nothing() {
    let key = SigningKey::es256();
    let issuer = KeyServer::start(&[("1", &key)]).await;
    let app = server(&issuer.url()).await;
    let token = |key: &SigningKey| key.token(Some("1"), &claims("u-1", json!({})));
    assert!(is_taken(&app, &token(&key)).await);
    app.clock.advance(Duration::from_secs(61));

    assert!(!is_taken(&app, &token(&SigningKey::es256())).await);

    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn answers_that_are_too_long_elsewhere_or_no_keys_are_not_taken() {
    let key = SigningKey::es256();
    let elsewhere = KeyServer::start(&[("1", &key)]).await;
    let token = key.token(Some("1"), &claims("u-1", json!({})));
    let keys = json!({ "keys": [key.jwk("1")], "filling": "x".repeat(65 * 1_024) }).to_string();
    let ok = |body: &str| format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    for answers in [
        ok(&keys),
        format!("HTTP/1.1 200 OK\r\n\r\n{keys}"),
        format!("HTTP/1.1 302 Found\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", elsewhere.url()),
        ok("<html>"),
        ok("{}"),
        "SSH-2.0-OpenSSH_9.2\r\n".to_owned(),
        String::new(),
    ] {
        let issuer = KeyServer::start(&[]).await;
        issuer.answers(&answers);
        let app = server(&issuer.url()).await;
        assert_eq!(refusal(&answer(&app, &token).await), "SERVICE_UNAVAILABLE");
        assert_eq!(issuer.asked(), 1);
    }
    assert_eq!(elsewhere.asked(), 0, "no redirect is followed");
}

/// An issuer that does this with each connection; its address, and a message for each request.
async fn issuer_that<F>(does: impl Fn(TcpStream) -> F + Send + 'static) -> (String, UnboundedReceiver<()>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/certs", listener.local_addr().expect("an address"));
    let (asked, asks) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4_096];
            let read = stream.read(&mut request).await.unwrap_or(0);
            assert!(request[..read].starts_with(b"GET /certs "), "it is asked for its keys only");
            // The test may be over.
            let _ = asked.send(());
            tokio::spawn(does(stream));
        }
    });
    (url, asks)
}

async fn hangs(stream: TcpStream) {
    std::future::pending::<()>().await;
    drop(stream);
}

/// A byte after the other, of an answer that would be good.
async fn trickles(mut stream: TcpStream) {
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n{}", " ".repeat(60_000));
    for byte in answer.as_bytes() {
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A server that is asked for keys by such an issuer: it starts, and while one request waits, others do not.
async fn goes_on(issuer: String, mut asks: UnboundedReceiver<()>) {
    let app = server(&issuer).await;
    let ada = app.user("Ada").await;
    let token = SigningKey::es256().token(Some("1"), &claims("u-1", json!({})));
    let mut waiting = Box::pin(answer(&app, &token));
    tokio::select! {
        early = &mut waiting => panic!("before the issuer has answered: {early}"),
        asked = asks.recv() => asked.expect("it is asked"),
    }

    assert_eq!(ada.ask(ME, json!({})).await["me"]["id"], json!(ada.id));
    assert!((&mut waiting).now_or_never().is_none(), "Parlour's own tokens need nobody");

    assert_eq!(refusal(&soon(waiting).await), "SERVICE_UNAVAILABLE");
    // For the next seconds nobody waits for it.
    assert_eq!(refusal(&soon(answer(&app, &token)).await), "SERVICE_UNAVAILABLE");
    assert!(asks.try_recv().is_err(), "it was asked again");
}

#[tokio::test]
async fn an_issuer_that_hangs_or_trickles_keeps_nobody_else_waiting() {
    let ((hanging, asked), (trickling, asked_too)) = (issuer_that(hangs).await, issuer_that(trickles).await);
    tokio::join!(goes_on(hanging, asked), goes_on(trickling, asked_too));
}

#[tokio::test]
async fn an_answer_without_end_is_given_up_when_it_is_too_long() {
    let without_end = |head: &'static str, piece: &'static str| {
        issuer_that(move |mut stream| async move {
            if stream.write_all(head.as_bytes()).await.is_ok() {
                while stream.write_all(piece.as_bytes()).await.is_ok() {}
            }
        })
    };
    let token = SigningKey::es256().token(Some("1"), &claims("u-1", json!({})));
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for (head, piece) in [
        ("HTTP/1.1 200 OK\r\n\r\n{\"keys\":[", "                "),
        (chunked, "8\r\n{\"keys\":\r\n"),
        ("HTTP/1.1 200 OK\r\n", "x-long: yyyyyyyyyyyyyyyy\r\n"),
        ("HTTP/1.1 200 ", "OK"),
    ] {
        let (issuer, mut asks) = without_end(head, piece).await;
        let app = server(&issuer).await;
        assert_eq!(refusal(&soon(answer(&app, &token)).await), "SERVICE_UNAVAILABLE", "{head:?}");
        asks.recv().await.expect("it was asked");
    }
}

#[tokio::test]
async fn keys_for_other_uses_and_shared_secrets_verify_nothing() {
    let (key, shared) = (SigningKey::es256(), SigningKey::hs256());
    let mut encrypts = key.jwk("1");
    encrypts["use"] = json!("enc");
    let mut other = key.jwk("2");
    other["alg"] = json!("ES384");
    let body = json!({ "keys": [encrypts, other, shared.jwk("3"), { "kty": "new" }, "junk"] }).to_string();
    let issuer = KeyServer::start(&[]).await;
    issuer.answers(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
    let app = server(&issuer.url()).await;

    for (kid, key) in [(Some("1"), &key), (Some("2"), &key), (None, &key), (Some("3"), &shared), (None, &shared)] {
        assert!(!is_taken(&app, &key.token(kid, &claims("u-1", json!({})))).await, "{kid:?}");
    }
}
