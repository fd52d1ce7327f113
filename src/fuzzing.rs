//! Entry points for the fuzz targets in `fuzz/`, which see only what is public. One function per target: it feeds the
//! code under test and asserts what must hold for any input. Compiled only with the feature `fuzzing`.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Cursor as Bytes;
use std::panic::{catch_unwind, set_hook, take_hook};
use std::sync::Once;

use async_graphql::parser::parse_query;
use async_graphql::{Request, Variables};
use axum::body::Body;
use image::ImageReader;
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

use crate::accounts::{Email, Name, search_key};
use crate::conversations::Title;
use crate::feed::CursorSeal;
use crate::graphql::{PageCursor, guard};
use crate::http;
use crate::http::socket::{ClientMessage, FrameCounter};
use crate::id::ConversationId;
use crate::images::fuzzing as images;
use crate::limits;
use crate::search::{MessageSearch, fuzzing as search};

/// Images with more pixels than this are skipped by [`image_decode`]: under a sanitizer they only cost time.
const PIXELS: u64 = 1 << 20;
/// The longest reason of a close frame (RFC 6455, 5.5.1).
const REASON_BYTES: usize = 123;

/// The lexical guard: what it accepts, the parser can read without overflowing its stack.
pub fn guard_lexical(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let plain = guard::lexical::escapes::replace(text);
    assert_eq!(guard::lexical::escapes::replace(&plain), plain);
    if guard::lexical::check(&plain).is_ok() {
        let parsed = parse_query(plain);
        assert!(parsed.is_ok() || parse_query(text).is_err(), "what parsed before still parses");
    }
}

/// The guard after the parse: JSON parameters of a request, or a bare document.
pub fn guard_cost(data: &[u8]) {
    let request = match serde_json::from_slice::<Request>(data) {
        Ok(request) => request,
        Err(_) => Request::new(String::from_utf8_lossy(data)),
    };
    if guard::lexical::check(&request.query).is_err() {
        return;
    }
    let Ok(document) = parse_query(&request.query) else { return };
    let name = request.operation_name.as_deref();
    // Called for its panics; what it finds is for the cost as well.
    guard::introspection::uses_introspection(&document);
    for variables in [&request.variables, &Variables::default()] {
        if let Ok(measure) = guard::cost::check(&document, name, variables) {
            let cost = measure.cost();
            assert!(cost >= 1 && cost as usize <= limits::QUERY_COMPLEXITY, "{measure:?}");
        }
    }
}

/// Messages of the socket protocol.
pub fn socket_protocol(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match ClientMessage::parse(text) {
        Ok(ClientMessage::Subscribe { id, .. } | ClientMessage::Complete { id }) => {
            assert!(!id.is_empty() && id.len() <= limits::OPERATION_ID_BYTES);
        }
        Ok(ClientMessage::Init(_) | ClientMessage::Ping | ClientMessage::Pong) => {}
        Err(reason) => assert!(reason.frame().reason.len() <= REASON_BYTES),
    }
}

/// The frame counter. The first byte sets the length of the reads, which must not change the result.
pub fn socket_frames(data: &[u8]) {
    let Some((read, bytes)) = data.split_first() else { return };
    let mut whole = FrameCounter::default();
    whole.observe(bytes);
    let mut in_pieces = FrameCounter::default();
    for piece in bytes.chunks(usize::from(*read).max(1)) {
        in_pieces.observe(piece);
    }
    let [expected, found] = [whole, in_pieces].map(|mut counter| {
        let frames = counter.take();
        (frames, counter.has_empty_fragment(), counter.has_close())
    });
    assert_eq!(found, expected);
    // The shortest frame has two bytes.
    assert!(found.0 as usize <= bytes.len() / 2);
}

/// Cursors of the feed and of pages. The first byte picks what the rest is: text from a client, or bytes to seal.
pub fn cursor(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let seal = CursorSeal::for_tests();
    if choice % 2 == 0 {
        let Ok(text) = std::str::from_utf8(rest) else { return };
        if let Some(cursor) = seal.read_cursor(text) {
            assert_eq!(seal.cursor_text(cursor), text);
        }
        if let Some(cursor) = PageCursor::decode(&seal, text) {
            assert_eq!(cursor.encode(&seal), text);
        }
    } else {
        // Bytes behind the first one, as one kind: they open as that kind and as no other.
        let Some((kind, plain)) = rest.split_first() else { return };
        let sealed = seal.seal(*kind, plain);
        assert_eq!(seal.open(*kind, &sealed).as_deref(), Some(plain));
        assert_eq!(seal.open(kind.wrapping_add(1), &sealed), None);
    }
}

/// A multipart body whose boundary is `x`.
pub fn multipart(data: &[u8]) {
    thread_local!(static RUNTIME: OnceCell<Runtime> = const { OnceCell::new() });
    RUNTIME.with(|runtime| {
        let runtime =
            runtime.get_or_init(|| Builder::new_current_thread().enable_all().build().expect("a runtime starts"));
        let Ok(sink) = File::options().write(true).open("/dev/null") else { return };
        let body = Body::from(data.to_vec());
        if let Some(request) = runtime.block_on(http::fuzzing::multipart(body, "x".to_owned(), sink)) {
            assert_eq!(request.uploads.len(), 1);
        }
    });
}

/// The checks of an image file before it is decoded.
pub fn image_shell(data: &[u8]) {
    drop(images::check_webp(data));
    if let Ok(stripped) = images::strip_jpeg(data) {
        assert!(stripped.bytes.len() <= data.len());
        let again = images::strip_jpeg(&[&stripped.bytes[..], &[0xFF, 0xD9]].concat());
        assert!(again.is_ok_and(|again| again.has_end && again.bytes == stripped.bytes));
    }
    if let Ok(stripped) = images::strip_png(data) {
        assert!(stripped.len() <= data.len());
        assert_eq!(images::strip_png(&stripped).ok().as_ref(), Some(&stripped));
    }
}

/// All of decoding, on small images. The WebP decoder may panic, as it is known to (image-rs/image-webp, issue 182): the
/// server catches that and refuses the image. Other panics are findings.
pub fn image_decode(data: &[u8]) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        // The fuzzer's, which aborts.
        let hook = take_hook();
        set_hook(Box::new(move |panic| {
            if !panic.location().is_some_and(|location| location.file().contains("/image-webp-")) {
                hook(panic);
            }
        }));
    });
    let Ok(reader) = ImageReader::new(Bytes::new(data)).with_guessed_format() else { return };
    if reader.into_dimensions().is_ok_and(|(width, height)| u64::from(width) * u64::from(height) > PIXELS) {
        return;
    }
    if let Ok(Some((width, height))) = catch_unwind(|| images::decode(data)) {
        assert!(width > 0 && height > 0);
        assert!(u64::from(width) * u64::from(height) <= PIXELS.max(limits::IMAGE_PIXELS.into()));
    }
}

/// E-mail addresses: the form in which they are compared is one that is accepted, and stays as it is.
pub fn email(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(email) = Email::parse(text) {
        assert!(email.as_str().len() <= limits::EMAIL_BYTES);
        assert_eq!(Email::parse(email.as_str()).ok().as_ref().map(Email::as_str), Some(email.as_str()));
    }
}

/// Names of people and titles of groups.
pub fn names(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(name) = Name::parse(text) {
        assert!(name.as_str().chars().count() <= limits::NAME_LENGTH);
        assert_eq!(Name::parse(name.as_str()).ok().as_ref(), Some(&name));
    }
    if let Ok(title) = Title::parse(text) {
        assert!(title.as_str().chars().count() <= limits::TITLE_LENGTH);
        assert_eq!(Title::parse(title.as_str()).ok().as_ref(), Some(&title));
    }
    let key = search_key(text);
    assert_eq!(search_key(&key), key);
}

/// Words of searches and of messages. A query and a text, with a line feed between them: what matches is proposed by the
/// index.
pub fn search_words(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (raw, text) = text.split_once('\n').unwrap_or((text, text));
    let Ok(query) = MessageSearch::parse(raw) else { return };
    assert!(query.matches(raw));
    let conversation = ConversationId::from(Uuid::nil());
    let expression = search::expression(&query, conversation);
    if query.is_empty() {
        return;
    }
    // Terms stand in quotes, and none has a quote in it: what is outside is ours.
    let parts: Vec<&str> = expression.split('"').collect();
    assert!(parts.len() % 2 == 1, "{expression}");
    assert!(parts.iter().step_by(2).all(|outside| outside.chars().all(|c| " ()*AND".contains(c))), "{expression}");
    if query.matches(text) {
        let document = search::document(conversation, text);
        let terms: BTreeSet<&str> = document.split(' ').collect();
        for (at, term) in parts.iter().enumerate().filter(|(at, _)| at % 2 == 1) {
            let is_beginning = parts[at + 1].starts_with(" *");
            let found = match is_beginning {
                true => terms.iter().any(|indexed| indexed.starts_with(term)),
                false => terms.contains(term),
            };
            assert!(found, "{term} of {expression} is not in {document}");
        }
    }
}
