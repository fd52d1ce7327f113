//! The machine's clock is set wrong and right again: nothing that has not expired is deleted.

use std::time::Duration;

use parlour::entity::{audit_entry, feed_event, session};
use sea_orm::{EntityTrait, IntoActiveModel, PaginatorTrait};
use serde_json::json;
use uuid::Uuid;

use crate::support::{Person, TestApp, soon};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).expect("it is short")
}

async fn sessions(app: &TestApp) -> u64 {
    session::Entity::find().count(&app.database().await).await.expect("a count")
}

async fn events(app: &TestApp) -> u64 {
    feed_event::Entity::find().count(&app.database().await).await.expect("a count")
}

/// Lets an hour go by, and everything that is to be done every hour be done: a new account is written after it.
async fn an_hour_later(app: &TestApp, newcomer: &str) {
    app.clock.advance(HOUR);
    app.user(newcomer).await;
}

async fn is_signed_in(person: &Person) -> bool {
    person.ask("{ me { id } }", json!({})).await["me"]["id"] == person.id.as_str()
}

#[tokio::test]
async fn a_clock_that_jumps_by_ten_days_and_back_ends_no_session() {
    let app = TestApp::start().await;
    let _eve = app.user("Eve").await;
    app.clock.advance(7 * DAY - HOUR);
    let ada = app.user("Ada").await;
    app.clock.advance(HOUR / 2);

    app.clock.set(millis(10 * DAY));
    assert!(!is_signed_in(&ada).await, "by this clock, her session has expired");
    an_hour_later(&app, "Bob").await;
    app.clock.set(-millis(10 * DAY));

    an_hour_later(&app, "Carol").await;
    assert!(is_signed_in(&ada).await);
    // Eve's session has expired by the right time as well, which purges it once it is confirmed.
    let before = sessions(&app).await;
    an_hour_later(&app, "Dan").await;
    soon(async { while sessions(&app).await != before {} }).await;
    assert!(is_signed_in(&ada).await);
}

#[tokio::test]
async fn a_clock_that_stays_set_purges_sessions_after_an_hour() {
    let app = TestApp::start().await;
    app.user("Ada").await;
    app.clock.set(millis(10 * DAY));

    an_hour_later(&app, "Bob").await;
    assert_eq!(sessions(&app).await, 2, "one reading after the jump is not enough");
    an_hour_later(&app, "Carol").await;

    // Ada's is gone.
    soon(async { while sessions(&app).await != 2 {} }).await;
}

#[tokio::test]
async fn a_clock_that_jumps_by_a_year_and_back_trims_no_event() {
    let app = TestApp::start().await;
    let (_ada, bob) = app.direct("Ada", "Bob").await;
    let (before, cursor) = (events(&app).await, bob.feed_cursor().await);
    app.clock.advance(2 * HOUR);

    app.clock.set(millis(365 * DAY));
    an_hour_later(&app, "Carol").await;
    app.clock.set(-millis(365 * DAY));
    an_hour_later(&app, "Dan").await;

    assert_eq!(events(&app).await, before);
    assert_eq!(bob.feed_cursor().await, cursor);
}

#[tokio::test]
async fn entries_of_the_audit_log_go_when_their_time_is_over() {
    let app = TestApp::start_with(&[("AUDIT_DAYS", "30")]).await;
    app.backend().await;
    let recent = audit_entries(&app).await;
    let old = app.clock.now() - 31 * DAY;
    let time = u128::try_from(old.0).expect("after 1970") << 80;
    let entry = |number: u128| audit_entry::Model {
        id: Uuid::from_u128(time + number).into(),
        at: old,
        actor: "operator".to_owned(),
        key_id: None,
        acting_as_id: None,
        user_id: None,
        action: "key.created".to_owned(),
        subject_id: Uuid::nil(),
        address: None,
        reason: None,
        detail: None,
    };
    // More than are removed in one transaction.
    let entries = (0..1_500).map(|number| entry(number).into_active_model());
    audit_entry::Entity::insert_many(entries).exec(&app.database().await).await.expect("they are written");
    assert_eq!(audit_entries(&app).await, recent + 1_500);

    an_hour_later(&app, "Ada").await;
    an_hour_later(&app, "Bob").await;
    soon(async { while audit_entries(&app).await != recent {} }).await;
}

async fn audit_entries(app: &TestApp) -> u64 {
    audit_entry::Entity::find().count(&app.database().await).await.expect("a count")
}
