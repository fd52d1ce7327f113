//! Hashing with other parameters, for nobody, in a queue that is full.

use super::*;
use crate::pool::tests::occupy;

const LONG: Duration = Duration::from_secs(60);

fn password(raw: &str) -> Password {
    Password::for_login(raw.to_owned()).expect("short enough")
}

fn hasher(threads: usize, queue: usize) -> Hasher {
    Hasher::start_with(threads, queue, LONG).expect("a hasher")
}

#[tokio::test]
async fn a_password_matches_its_own_hash_and_no_other_does() {
    let hasher = Hasher::start().expect("a hasher");
    let hash = hasher.hash(password("correct horse")).await.expect("a hash");
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert!(hasher.verify(password("correct horse"), Some(&hash)).await.expect("an answer"));
    for wrong in ["", "correct horse ", "Correct horse", "correct hors", "correct horse\0"] {
        assert!(!hasher.verify(password(wrong), Some(&hash)).await.expect("an answer"), "{wrong:?}");
    }
    let again = hasher.hash(password("correct horse")).await.expect("a hash");
    assert_ne!(hash, again, "each has a salt of its own");
}

#[tokio::test]
async fn a_login_costs_one_hash_whether_the_account_exists_or_not() {
    let hasher = hasher(1, 1);
    let hash = hasher.hash(password("123456")).await.expect("a hash");
    assert_eq!(hasher.verified.load(Ordering::Relaxed), 0);
    assert!(!hasher.verify(password("123456"), None).await.expect("an answer"));
    assert_eq!(hasher.verified.load(Ordering::Relaxed), 1);
    assert!(hasher.verify(password("123456"), Some(&hash)).await.expect("an answer"));
    assert_eq!(hasher.verified.load(Ordering::Relaxed), 2);
    let decoy = Hash::parse(&hasher.decoy.to_phc().expect("a PHC string").to_string()).expect("a hash");
    let somebody = Hash::parse(&hash).expect("a hash");
    assert_eq!(decoy.params, somebody.params);
    assert_eq!((decoy.salt.len(), decoy.output.len()), (somebody.salt.len(), somebody.output.len()));
}

#[tokio::test]
async fn a_stored_hash_is_verified_with_its_own_parameters() {
    let hasher = hasher(1, 1);
    // From the test of the reference implementation.
    let others = [
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    ];
    for hash in others {
        assert!(hasher.verify(password("password"), Some(hash)).await.expect("an answer"), "{hash}");
        assert!(!hasher.verify(password("passwort"), Some(hash)).await.expect("an answer"), "{hash}");
    }
    let kept = hasher.run(|memory| Ok(memory.capacity())).await.expect("an answer");
    assert!(kept <= PARAMS.block_count(), "the 64 MiB of one hash are freed");
}

#[tokio::test]
async fn a_stored_hash_that_is_invalid_or_too_expensive_is_not_computed() {
    let hasher = hasher(1, 1);
    let tail = "c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let stored = |algorithm: &str, params: &str| format!("${algorithm}$v=19${params}${tail}");
    assert!(hasher.verify(password("x"), Some(&stored("argon2id", "m=131072,t=1,p=8"))).await.is_ok());
    assert!(hasher.verify(password("x"), Some(&stored("argon2id", "m=64,t=8,p=1"))).await.is_ok());
    assert_eq!(hasher.verified.load(Ordering::Relaxed), 2);
    let refused = [
        String::new(),
        "plain text".into(),
        "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy".into(),
        "$argon2id$v=19$m=19456,t=2,p=1".into(),
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ".into(),
        format!("$argon2id$m=19456,t=2,p=1${tail}"),
        format!("$argon2id$v=16$m=19456,t=2,p=1${tail}"),
        stored("argon2i", "m=19456,t=2,p=1"),
        stored("argon2d", "m=19456,t=2,p=1"),
        stored("argon2id", "m=131073,t=1,p=1"),
        stored("argon2id", "m=4294967295,t=1,p=1"),
        stored("argon2id", "m=64,t=9,p=1"),
        stored("argon2id", "m=1024,t=1,p=9"),
        stored("argon2id", "m=7,t=1,p=1"),
        stored("argon2id", "m=64,t=0,p=1"),
        stored("argon2id", "m=64,t=1,p=1").replace("PPc", "P"),
    ];
    for hash in refused {
        let answer = hasher.verify(password("x"), Some(&hash)).await;
        assert!(matches!(answer, Err(Error::Internal(_))), "{hash}: {answer:?}");
        let message = format!("{answer:?}");
        assert!(hash.is_empty() || !message.contains(&hash), "{message}");
    }
    assert_eq!(hasher.verified.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn beyond_a_full_queue_it_is_unavailable() {
    let hasher = hasher(1, 2);
    let release = occupy(&hasher.threads);
    let mut first = Box::pin(hasher.verify(password("x"), None));
    let mut second = Box::pin(hasher.verify(password("x"), None));
    let third = tokio::select! {
        biased;
        _ = &mut first => panic!("the thread is busy"),
        _ = &mut second => panic!("the thread is busy"),
        answer = hasher.verify(password("x"), None) => answer,
    };
    assert!(matches!(third, Err(Error::Unavailable { retry_after }) if retry_after > Duration::ZERO));
    drop(release);
    assert!(matches!((first.await, second.await), (Ok(false), Ok(false))));
}

#[tokio::test]
async fn waiting_for_a_turn_is_bounded_by_the_queue() {
    let hasher = hasher(1, 1);
    let (_first, second) = (hasher.turn().await.expect("a turn"), hasher.turn().await.expect("a turn"));
    let mut third = Box::pin(hasher.turn());
    let fourth = tokio::select! {
        biased;
        _ = &mut third => panic!("there are two"),
        fourth = hasher.turn() => fourth,
    };
    assert!(matches!(fourth, Err(Error::Unavailable { .. })));
    drop(second);
    assert!(third.await.is_ok());
}

#[tokio::test]
async fn nobody_waits_longer_than_the_limit() {
    let hasher = Hasher::start_with(1, 1, Duration::from_millis(20)).expect("a hasher");
    let release = occupy(&hasher.threads);
    let answer = hasher.verify(password("x"), None).await;
    assert!(matches!(answer, Err(Error::Unavailable { .. })));
    let _turns = (hasher.turn().await, hasher.turn().await);
    assert!(matches!(hasher.turn().await, Err(Error::Unavailable { .. })));
    drop(release);
}

#[tokio::test]
async fn a_panic_is_an_internal_error() {
    let hasher = hasher(1, 1);
    let answer = hasher.run::<()>(|_| panic!("on purpose")).await;
    assert!(matches!(answer, Err(Error::Internal(_))));
}

#[tokio::test]
async fn a_password_is_verified_as_typed_and_in_normal_form() {
    let hasher = hasher(1, 1);
    let (composed, decomposed) = ("caf\u{E9} au lait", "cafe\u{301} au lait");
    let new = hasher.hash(password(decomposed)).await.expect("a hash");
    for typed in [composed, decomposed, "ｃａｆé au lait"] {
        assert!(hasher.verify(password(typed), Some(&new)).await.expect("an answer"), "{typed}");
    }
    assert!(!hasher.verify(password("cafe au lait"), Some(&new)).await.expect("an answer"));

    // As they were stored before.
    let salt = Salt::new(&[7; SALT_BYTES]).expect("a salt");
    let output = digest(decomposed.as_bytes(), &salt, PARAMS, &mut Memory::new()).expect("a digest");
    let old = Hash { params: PARAMS, salt, output }.to_phc().expect("a PHC string").to_string();
    assert!(hasher.verify(password(decomposed), Some(&old)).await.expect("an answer"));

    let before = hasher.verified.load(Ordering::Relaxed);
    assert!(!hasher.verify(password(decomposed), None).await.expect("an answer"));
    assert!(!hasher.verify(password(composed), None).await.expect("an answer"));
    assert_eq!(hasher.verified.load(Ordering::Relaxed) - before, 3, "as many as for somebody");
}
