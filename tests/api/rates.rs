//! Rates of actions that are expensive or that notify others.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use parlour::id::MessageId;
use serde_json::{Value, json};

use crate::support::{ADD, PASSWORD, Person, REMOVE, RENAME, SEND, TestApp, code};

const SEARCH: &str = "query($search: String) { users(search: $search, first: 1) { totalCount } }";
const MAKE: &str = "mutation($input: CreateConversationInput!) { createConversation(input: $input) { id } }";

/// The outcome of many requests.
pub struct Flood {
    pub passed: usize,
    pub refused: Vec<Value>,
    took: Duration,
}

impl Flood {
    /// Sends them concurrently. They may only fail with RATE_LIMITED.
    pub async fn of<F: Future<Output = Value>>(count: usize, request: impl Fn(usize) -> F) -> Self {
        let began = Instant::now();
        let answers = join_all((0..count).map(request)).await;
        Self::new(answers, began)
    }

    /// Sends them one after the other.
    pub async fn in_turn<F: Future<Output = Value>>(count: usize, request: impl Fn(usize) -> F) -> Self {
        let (began, mut answers) = (Instant::now(), Vec::with_capacity(count));
        for number in 0..count {
            answers.push(request(number).await);
        }
        Self::new(answers, began)
    }

    fn new(answers: Vec<Value>, began: Instant) -> Self {
        let count = answers.len();
        let mut refused: Vec<Value> = answers.into_iter().filter(|answer| answer.get("errors").is_some()).collect();
        for answer in &refused {
            assert_eq!(code(answer), "RATE_LIMITED", "{answer}");
        }
        let refused: Vec<Value> = refused.iter_mut().map(|answer| answer["errors"][0]["extensions"].take()).collect();
        Self { passed: count - refused.len(), refused, took: began.elapsed() }
    }

    /// The burst passed, and as many more as the sustained rate allowed in the meantime.
    pub fn is_of(&self, burst: usize, every: Duration) {
        let most = burst + 1 + (self.took.as_nanos() / every.as_nanos()) as usize;
        assert!((burst..=most).contains(&self.passed), "{} of {burst} to {most} passed", self.passed);
        for refused in &self.refused {
            let wait = refused["retryAfterMs"].as_u64().expect("a time to wait");
            assert!(u128::from(wait) <= every.as_millis(), "{refused}");
        }
    }
}

fn to(other: &Person, text: &str) -> Value {
    json!({ "input": { "to": { "userId": other.id }, "text": text } })
}

#[tokio::test]
async fn messages_have_a_burst_of_twenty_and_five_a_second() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);

    let flood = Flood::of(100, async |n| ada.execute(SEND, to(&bob, &n.to_string())).await).await;

    flood.is_of(20, Duration::from_millis(200));
    bob.send(&ada, "others are not slowed").await;
    app.clock.advance(Duration::from_secs(10));
    let flood = Flood::of(20, async |n| ada.execute(SEND, to(&bob, &n.to_string())).await).await;
    assert_eq!(flood.passed, 20);
}

#[tokio::test]
async fn a_retry_is_free_and_succeeds_beyond_the_rate() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let first = json!({ "id": MessageId::new().to_string(), "to": { "userId": bob.id }, "text": "tea?" });
    let sent = ada.send_input(first.clone()).await;

    let retries = Flood::of(50, async |_| ada.execute(SEND, json!({ "input": first })).await).await;
    assert_eq!(retries.passed, 50);

    Flood::of(100, async |n| ada.execute(SEND, to(&bob, &n.to_string())).await).await;
    assert_eq!(ada.send_input(first).await, sent);
}

#[tokio::test]
async fn an_edit_counts_as_a_message() {
    let app = TestApp::limited().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let sent = ada.send(&bob, "tea?").await;
    let edit = "mutation($id: ID!, $text: String!) { editMessage(id: $id, text: $text) { id } }";

    let edits = async |n: usize| ada.execute(edit, json!({ "id": sent["id"], "text": format!("tea {n}?") })).await;

    app.clock.advance(Duration::from_secs(10));
    let flood = Flood::of(100, edits).await;
    flood.is_of(20, Duration::from_millis(200));
}

#[tokio::test]
async fn searches_have_a_burst_of_thirty_and_five_a_second() {
    let app = TestApp::limited().await;
    let ada = app.user("Ada").await;

    let flood = Flood::of(120, async |n| ada.execute(SEARCH, json!({ "search": format!("b{n}") })).await).await;

    flood.is_of(30, Duration::from_millis(200));
}

#[tokio::test]
async fn email_lookups_are_limited_to_thirty_a_minute_known_or_not() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let search = async |search: String| ada.execute(SEARCH, json!({ "search": search })).await;
    for number in 0..30 {
        let email = if number % 2 == 0 { bob.email.clone() } else { format!("{number}@example.com") };
        search(email).await;
    }
    // Five more searches, and none for an address.
    app.clock.advance(Duration::from_secs(1));

    assert_eq!(code(&search("BOB@example.com".to_owned()).await), "RATE_LIMITED");

    assert_eq!(search("bob".to_owned()).await, json!({ "data": { "users": { "totalCount": 1 } } }));
    app.clock.advance(Duration::from_secs(60));
    assert_eq!(search(bob.email.clone()).await, json!({ "data": { "users": { "totalCount": 1 } } }));
}

#[tokio::test]
async fn ten_groups_can_be_created_a_minute() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let make = async |person: &Person, title: String| {
        person.execute(MAKE, json!({ "input": { "title": title, "memberIds": [] } })).await
    };

    let flood = Flood::of(30, async |n| make(&ada, n.to_string()).await).await;

    flood.is_of(10, Duration::from_secs(6));
    assert!(make(&bob, "Others".to_owned()).await.get("errors").is_none());
}

#[tokio::test]
async fn changes_of_groups_have_a_burst_of_thirty_and_one_a_second() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let (carl, dora) = (app.user("Carl").await, app.user("Dora").await);
    let tea = ada.group("Tea", &[&bob, &carl]).await;
    // A change without effect counts as well.
    let change = async |n: usize| match n % 3 {
        0 => ada.execute(RENAME, json!({ "id": tea, "title": n.to_string() })).await,
        1 => ada.execute(ADD, json!({ "id": tea, "people": [bob.id, dora.id] })).await,
        _ if n == 2 => ada.execute(REMOVE, json!({ "id": tea, "person": carl.id })).await,
        _ => ada.execute(ADD, json!({ "id": tea, "people": [] })).await,
    };

    let flood = Flood::of(100, change).await;

    flood.is_of(30, Duration::from_secs(1));
    assert!(bob.execute(ADD, json!({ "id": tea, "people": [] })).await.get("errors").is_none());
}

#[tokio::test]
async fn signups_from_one_address_have_a_burst_of_twenty_and_six_a_minute() {
    let app = TestApp::limited().await;
    let sign_up = "mutation($input: SignupInput!) { signup(input: $input) { user { id } } }";
    let input = |n: usize| {
        let input = json!({ "fullName": "Bot", "email": format!("bot{n}@example.com"), "password": PASSWORD });
        json!({ "input": input })
    };

    let flood = Flood::of(40, async |n| app.execute(None, sign_up, input(n)).await).await;

    flood.is_of(20, Duration::from_secs(10));
    app.clock.advance(Duration::from_secs(10));
    assert!(app.execute(None, sign_up, input(100)).await.get("errors").is_none());
}

#[tokio::test]
async fn more_people_behind_one_address_sign_up_where_the_operator_says_so() {
    let app = TestApp::start_with(&[("RATE_LIMITS", "on"), ("SIGNUPS_PER_ADDRESS", "720")]).await;
    let sign_up = "mutation($input: SignupInput!) { signup(input: $input) { user { id } } }";
    let input = |n: usize| {
        let input = json!({ "fullName": "Pupil", "email": format!("pupil{n}@example.com"), "password": PASSWORD });
        json!({ "input": input })
    };

    // Not at once: hashing so many passwords takes longer than a request may wait.
    let flood = Flood::in_turn(60, async |n| app.execute(None, sign_up, input(n)).await).await;

    flood.is_of(40, Duration::from_secs(5));
}

#[tokio::test]
async fn a_profile_can_be_changed_ten_times_a_minute() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let rename = "mutation($name: String) { updateProfile(input: { fullName: $name }) { fullName } }";

    let flood = Flood::of(30, async |n| ada.execute(rename, json!({ "name": format!("Ada {n}") })).await).await;

    flood.is_of(10, Duration::from_secs(6));
    bob.ask(rename, json!({ "name": "Robert" })).await;
    app.clock.advance(Duration::from_secs(6));
    ada.ask(rename, json!({ "name": "Ada King" })).await;
}
