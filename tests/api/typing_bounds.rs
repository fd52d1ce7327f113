//! Bounds of the queues for typing signals.

use parlour::accounts::Viewer;
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

async fn types(typing: &Typing, viewer: &Viewer, other: &Person) -> Result<()> {
    typing.begin(viewer, Reference::Direct(user(&other.id))).await
}

async fn stops(typing: &Typing, viewer: &Viewer, other: &Person) {
    typing.end(viewer, Reference::Direct(user(&other.id))).await.expect("taken");
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
    let viewer = counted.caller(&ada.token).await.viewer.expect("somebody signed in");
    let listening = counted.caller(&bob.token).await.viewer.expect("somebody signed in");
    // No task receives them.
    let typing = counted.api.program().typing.clone();

    for _ in 0..limits::TYPING_QUEUE {
        types(&typing, &viewer, &bob).await.expect("taken");
    }

    assert!(matches!(types(&typing, &viewer, &bob).await, Err(Error::Unavailable { .. })));
    assert!(matches!(typing.listen(&listening), Err(Error::Unavailable { .. })));
    drop(typing);
    counted.finish().await;
}

#[tokio::test]
async fn a_slow_subscriber_to_typing_is_dropped() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let counted = app.counted().await;
    let viewer = counted.caller(&ada.token).await.viewer.expect("somebody signed in");
    let listening = counted.caller(&bob.token).await.viewer.expect("somebody signed in");
    let (typing, end) = (counted.api.program().typing.clone(), CancellationToken::new());
    let keeping = tokio::spawn(typing.clone().run_background(end.clone()));
    let mut slow = typing.listen(&listening).expect("a listener");
    let mut quick = typing.listen(&listening).expect("a listener");

    for _ in 0..=limits::TYPING_QUEUE / 2 {
        types(&typing, &viewer, &bob).await.expect("taken");
        stops(&typing, &viewer, &bob).await;
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
