//! Bounds of the queues for typing signals.

use parlour::conversations::Reference;
use parlour::error::{Error, Result};
use parlour::id::UserId;
use parlour::limits;
use parlour::typing::{Listener, Typing};
use tokio_util::sync::CancellationToken;

use crate::support::{Person, TestApp, soon};

fn user(id: &str) -> UserId {
    UserId::parse(id).expect("an id")
}

async fn types(typing: &Typing, person: &Person, other: &Person) -> Result<()> {
    typing.begin(user(&person.id), Reference::Direct(user(&other.id))).await
}

async fn stops(typing: &Typing, person: &Person, other: &Person) {
    typing.end(user(&person.id), Reference::Direct(user(&other.id))).await.expect("taken");
}

/// The next change that is delivered.
async fn delivered(listener: &mut Listener) -> Option<(UserId, bool)> {
    soon(listener.next()).await.map(|changed| (changed.user, changed.is_typing))
}

#[tokio::test]
async fn typing_signals_beyond_the_capacity_are_rejected() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let counted = app.counted().await;
    // Nobody takes them.
    let typing = counted.api.program().typing.clone();

    for _ in 0..limits::TYPING_QUEUE {
        types(&typing, &ada, &bob).await.expect("taken");
    }

    assert!(matches!(types(&typing, &ada, &bob).await, Err(Error::Unavailable { .. })));
    assert!(matches!(typing.listen(user(&bob.id)), Err(Error::Unavailable { .. })));
    drop(typing);
    counted.finish().await;
}

#[tokio::test]
async fn a_slow_subscriber_to_typing_is_dropped() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let counted = app.counted().await;
    let (typing, end) = (counted.api.program().typing.clone(), CancellationToken::new());
    let keeping = tokio::spawn(typing.clone().keep(end.clone()));
    let mut slow = typing.listen(user(&bob.id)).expect("a listener");
    let mut quick = typing.listen(user(&bob.id)).expect("a listener");

    for _ in 0..=limits::TYPING_QUEUE / 2 {
        types(&typing, &ada, &bob).await.expect("taken");
        stops(&typing, &ada, &bob).await;
        assert_eq!(delivered(&mut quick).await, Some((user(&ada.id), true)));
        assert_eq!(delivered(&mut quick).await, Some((user(&ada.id), false)));
    }

    for _ in 0..limits::TYPING_QUEUE {
        assert!(delivered(&mut slow).await.is_some());
    }
    assert_eq!(delivered(&mut slow).await, None);
    end.cancel();
    keeping.await.expect("it ends");
    drop((typing, slow, quick));
    counted.finish().await;
}
