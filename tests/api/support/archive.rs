//! Archives of one's own data, as whoever asks for one gets them.

use std::collections::BTreeMap;
use std::io::Read;
use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::{Person, TestApp, soon};

pub const EXPORT: &str = "mutation { exportMyData { url expiresAt } }";

/// Asks for an archive; its address.
pub async fn ask(person: &Person) -> String {
    person.ask(EXPORT, json!({})).await["exportMyData"]["url"].as_str().expect("a URL").to_owned()
}

/// Fetches what is at an address, with these headers.
pub async fn get(app: &TestApp, url: &str, headers: &[(&'static str, &str)]) -> (u16, HeaderMap, Vec<u8>) {
    let request = headers.iter().fold(app.http().get(url), |request, (name, value)| request.header(*name, *value));
    let answer =
        tokio::time::timeout(Duration::from_secs(60), request.send()).await.expect("in time").expect("an answer");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, headers, soon(answer.bytes()).await.expect("all of it").to_vec())
}

/// The files of an archive.
pub fn files(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(archive).read_to_end(&mut tar).expect("gzip");
    let (mut files, mut at) = (BTreeMap::new(), 0);
    while tar[at] != 0 {
        let text = |from: usize, to: usize| {
            std::str::from_utf8(&tar[at + from..at + to]).expect("text").trim_matches(['\0', ' ']).to_owned()
        };
        let size = usize::from_str_radix(&text(124, 136), 8).expect("a size");
        assert_eq!((text(257, 262).as_str(), text(156, 157).as_str()), ("ustar", "0"));
        files.insert(text(0, 100), tar[at + 512..at + 512 + size].to_vec());
        at += 512 + size.next_multiple_of(512);
    }
    assert_eq!((tar.len() - at, tar[at..].iter().all(|byte| *byte == 0)), (1024, true), "it ends as a tar does");
    files
}

/// The objects of a file of an archive.
pub fn lines(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Vec<Value> {
    let text = std::str::from_utf8(&files[&format!("{name}.jsonl")]).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}
