//! Requests that a stopping server completes.

use std::time::Duration;

use serde_json::json;
use tokio::net::TcpStream;

use crate::support::TestApp;

#[tokio::test]
async fn a_mutation_in_progress_is_answered_before_its_socket_closes_and_nobody_is_refused_until_then() {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    ada.send(&bob, "again").await;
    let mark =
        "mutation($of: ConversationRef!, $seq: Int!) { markRead(conversation: $of, upToSeq: $seq) { unreadCount } }";
    let of = |seq: i32| json!({ "of": { "userId": ada.id }, "seq": seq });
    bob.ask(mark, of(1)).await;
    let mut socket = bob.socket().await;
    // A second move within one second waits until the second is over.
    socket.subscribe("1", mark, of(2)).await;
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.next().await["type"], "pong");

    let address = app.address;
    let knocks = async {
        loop {
            TcpStream::connect(address).await.expect("nobody meets a closed door");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let stopping = tokio::spawn(async move { app.stop().await });

    let answer = tokio::select! {
        answer = socket.next_data("1") => answer,
        () = knocks => unreachable!(),
    };
    assert_eq!(answer, json!({ "markRead": { "unreadCount": 0 } }));
    assert_eq!(socket.closed().await.code, 1012);
    stopping.await.expect("the server stops");
}
