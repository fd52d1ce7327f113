use std::collections::HashSet;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn seal_of(byte: u8) -> CursorSeal {
    let mut key = [byte; KEY_BYTES];
    key[0] ^= 1;
    CursorSeal::new(&key, None, Clock::default())
}

fn cursors() -> impl Strategy<Value = Cursor> {
    (0..=i64::MAX, any::<u32>()).prop_map(|(position, nonce)| Cursor { position, nonce })
}

proptest! {
    #[test]
    fn a_cursor_opens_as_itself_and_has_one_text(cursor in cursors()) {
        let seal = seal_of(7);
        let text = seal.cursor_text(cursor);
        prop_assert_eq!(text.len(), 32);
        prop_assert_eq!(seal.read_cursor(&text), Some(cursor));
        prop_assert_eq!(seal_of(7).cursor_text(cursor), text);
    }

    #[test]
    fn a_sealed_text_opens_only_as_its_own_kind(kind: u8, other: u8, plain in prop::collection::vec(any::<u8>(), 0..100)) {
        let seal = seal_of(7);
        let sealed = seal.seal(kind, &plain);
        prop_assert_eq!(sealed.len(), plain.len() + TAG_BYTES);
        prop_assert_eq!(seal.open(other, &sealed), (kind == other).then(|| plain.clone()));
        prop_assert_eq!(seal.open(kind, &sealed), Some(plain));
    }

    #[test]
    fn text_that_was_not_sealed_does_not_open(text in "[A-Za-z0-9_-]{0,40}", bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        prop_assert_eq!(seal_of(7).read_cursor(&text), None);
        prop_assert_eq!(seal_of(7).open(FEED, &bytes), None);
    }
}

#[test]
fn a_cursor_with_one_altered_byte_does_not_open() {
    let seal = seal_of(7);
    let sealed = seal.seal(FEED, &Cursor { position: 4_711, nonce: 1 }.to_bytes());
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut altered = sealed.clone();
            altered[at] ^= 1 << bit;
            assert_eq!(seal.read_cursor(&BASE64_URL_SAFE_NO_PAD.encode(altered)), None, "{at}, {bit}");
        }
        assert_eq!(seal.read_cursor(&BASE64_URL_SAFE_NO_PAD.encode(&sealed[..at])), None, "cut at {at}");
    }
    let longer = [sealed, vec![0]].concat();
    assert_eq!(seal.read_cursor(&BASE64_URL_SAFE_NO_PAD.encode(longer)), None);
}

#[test]
fn another_database_opens_no_cursor_of_this_one() {
    let text = seal_of(7).cursor_text(Cursor { position: 1, nonce: 1 });
    assert_eq!(seal_of(8).read_cursor(&text), None);
    // Either key alone opens nothing.
    for half in [0..KEY_BYTES / 2, KEY_BYTES / 2..KEY_BYTES] {
        let mut key = [7; KEY_BYTES];
        key[0] ^= 1;
        key[half].fill(8);
        assert_eq!(CursorSeal::new(&key, None, Clock::default()).read_cursor(&text), None);
    }
}

#[test]
fn cursors_that_follow_each_other_have_nothing_in_common() {
    let seal = seal_of(7);
    let sealed: Vec<Vec<u8>> =
        (0..100).map(|position| seal.seal(FEED, &Cursor { position, nonce: 1 }.to_bytes())).collect();
    // Runs of five bytes, as two of three are alike by chance already.
    let runs: Vec<&[u8]> = sealed.iter().flat_map(|sealed| sealed.windows(5)).collect();
    assert_eq!(runs.iter().collect::<HashSet<_>>().len(), runs.len());
}

#[test]
fn text_that_is_not_a_cursor_is_none() {
    let long = "A".repeat(1_000_000);
    for text in ["", "A", "????????????????", "gAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAA", &"A".repeat(32), &long] {
        assert_eq!(seal_of(7).read_cursor(text), None);
    }
}

#[test]
fn the_unsealed_form_is_accepted_until_it_expires() {
    let clock = Clock::default();
    let cursor = Cursor { position: 4_711, nonce: 3 };
    let unsealed = "AAAAAAAAEmcAAAAD";
    let until = clock.now() + Duration::from_secs(60);
    let seal = CursorSeal::new(&[7; KEY_BYTES], Some(until), clock.clone());

    assert_eq!(seal.read_cursor(unsealed), Some(cursor));
    for text in ["", "AAAA", "gAAAAAAAAAAAAAAA", "AAAAAAAAEmcAAAADAA"] {
        assert_eq!(seal.read_cursor(text), None, "{text}");
    }
    clock.advance(Duration::from_secs(61));
    assert_eq!(seal.read_cursor(unsealed), None);
    assert_eq!(seal.read_cursor(&seal.cursor_text(cursor)), Some(cursor));
}
