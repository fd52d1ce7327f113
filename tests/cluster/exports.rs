//! Archives of one's own data: whichever node is asked for one, any of them serves it.

use std::io::Read;

use reqwest::Response;
use serde_json::json;

use crate::support::{Cluster, Message, PATIENCE, soon, via};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_that_one_node_was_asked_for_is_fetched_from_another_byte_for_byte() {
    let mut cluster = Cluster::start(2).await;
    let (here, there) = (cluster.nodes[0].server.address, cluster.nodes[1].server.address);
    let (ada, bob) = (cluster.user("Ada").await, cluster.user("Bob").await);
    ada.send(&Message::new(bob.as_recipient(), "ada's own words")).await;
    let mut asked = via(&ada, here).ask("mutation { exportMyData { url } }", json!({})).await;
    let url = asked["exportMyData"]["url"].take();
    let path = url.as_str().and_then(|url| url.find("/exports/").map(|at| &url[at..])).expect("a URL").to_owned();
    let http = cluster.nodes[0].server.http().clone();
    let get = async |node, range: &str| -> Response {
        // It waits until the archive is made.
        let request = http.get(format!("http://{node}{path}")).header("range", range).timeout(PATIENCE);
        soon(request.send()).await.expect("an answer")
    };

    let whole = get(there, "bytes=0-").await;

    assert_eq!(whole.status(), 206);
    let tag = whole.headers()["etag"].clone();
    let whole = whole.bytes().await.expect("all of it");
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(&*whole).read_to_end(&mut tar).expect("gzip");
    assert!(tar.windows(15).any(|part| part == b"ada's own words"));
    let half = whole.len() / 2;
    for node in [here, there] {
        let rest = get(node, &format!("bytes={half}-")).await;
        assert_eq!((rest.status().as_u16(), &rest.headers()["etag"]), (206, &tag));
        assert_eq!(rest.bytes().await.expect("all of it"), whole[half..]);
    }
    cluster.nodes[0].server.kill().await;
    assert_eq!(get(there, &format!("bytes={half}-")).await.bytes().await.expect("all of it"), whole[half..]);
    cluster.nodes[0].server.start_again().await;
    cluster.stop().await;
}
