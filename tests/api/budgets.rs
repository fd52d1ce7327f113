//! Budgets of a person: logins, renewals, document costs and group memberships.

use std::time::Duration;

use parlour::id::UserId;
use serde_json::{Value, json};

use crate::rates::Flood;
use crate::support::{ADD, PASSWORD, Person, TestApp, code};

const SECOND: Duration = Duration::from_secs(1);
/// In which the budget refills by [`LARGEST`].
const REFILL: Duration = Duration::from_millis(1_500);
const LOG_IN: &str = "mutation($input: LoginInput!) { login(input: $input) { user { id } } }";
const MAKE: &str = "mutation($input: CreateConversationInput!) { createConversation(input: $input) { id } }";
const ME: &str = "{ me { id } }";
/// It can return 10,000 objects, as many as a document may.
const LARGEST: &str = "{ conversations(first: 100) { nodes { messages(first: 99) { nodes { id } } } } }";

async fn log_in(app: &TestApp, person: &Person) -> Value {
    let input = json!({ "email": person.email, "password": PASSWORD });
    app.execute(None, LOG_IN, json!({ "input": input })).await
}

#[tokio::test]
async fn logins_to_an_account_have_a_burst_of_twenty_and_six_a_minute() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);

    let flood = Flood::in_turn(40, async |_| log_in(&app, &ada).await).await;

    flood.is_of(20, 10 * SECOND);
    assert!(log_in(&app, &bob).await.get("errors").is_none());
    app.clock.advance(10 * SECOND);
    assert!(log_in(&app, &ada).await.get("errors").is_none());
}

#[tokio::test]
async fn logins_from_one_address_have_a_burst_of_sixty() {
    let app = TestApp::limited().await;
    let mut people = Vec::new();
    for name in ["Ada", "Bob", "Carl", "Dora", "Eve"] {
        people.push(app.user(name).await);
    }

    let flood = Flood::in_turn(100, async |n| log_in(&app, &people[n % 5]).await).await;

    flood.is_of(60, 2 * SECOND);
}

#[tokio::test]
async fn password_changes_share_the_rate_of_logins() {
    let app = TestApp::limited().await;
    let ada = app.user("Ada").await;
    let change = "mutation($it: String!) { changePassword(currentPassword: $it, newPassword: $it) { expiresAt } }";
    // One after the other: of two concurrent changes one fails for another reason.
    let mut passed = 0;
    while ada.execute(change, json!({ "it": PASSWORD })).await.get("errors").is_none() && passed < 40 {
        passed += 1;
    }
    assert!((20..40).contains(&passed), "{passed}");
    assert_eq!(code(&ada.execute(change, json!({ "it": PASSWORD })).await), "RATE_LIMITED");
}

#[tokio::test]
async fn renewals_of_a_person_have_a_burst_of_fifty_and_six_a_minute() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let renew = "mutation { renewSession { expiresAt } }";

    let flood = Flood::of(80, async |_| ada.execute(renew, json!({})).await).await;

    flood.is_of(50, 10 * SECOND);
    bob.ask(renew, json!({})).await;
    app.clock.advance(10 * SECOND);
    ada.ask(renew, json!({})).await;
}

#[tokio::test]
async fn renewals_by_an_old_cookie_count_towards_the_rate() {
    let app = TestApp::limited().await;
    let ada = app.user("Ada").await;
    app.clock.advance(Duration::from_secs(25 * 3600));
    let cookie = format!("jwt={}", ada.token);
    let mut fresh = 0;
    for _ in 0..80 {
        let (answer, set) = app.browse(&cookie, ME, json!({})).await;
        assert_eq!(answer["data"]["me"]["id"], ada.id, "the old one is still good");
        fresh += usize::from(set.is_some());
    }
    assert!((50..80).contains(&fresh), "{fresh}");
}

#[tokio::test]
async fn documents_have_a_burst_of_fifty_thousand_objects_and_two_large_ones_in_three_seconds() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);

    let flood = Flood::of(40, async |_| ada.execute(LARGEST, json!({})).await).await;

    flood.is_of(5, REFILL);
    bob.ask(LARGEST, json!({})).await;
    app.clock.advance(5 * REFILL);
    let flood = Flood::of(20, async |_| ada.execute(LARGEST, json!({})).await).await;
    flood.is_of(5, REFILL);
}

#[tokio::test]
async fn http_and_all_sockets_of_a_person_share_one_budget() {
    let app = TestApp::limited().await;
    let ada = app.user("Ada").await;
    let (mut one, mut other) = (ada.socket().await, ada.socket().await);
    for id in ["1", "2"] {
        one.subscribe(id, LARGEST, json!({})).await;
        assert_eq!(one.next().await["type"], "next");
        assert_eq!(one.next().await["type"], "complete");
    }
    Flood::of(3, async |_| ada.execute(LARGEST, json!({})).await).await.is_of(3, REFILL);

    // As many as a slow machine needs, on which the budget refills meanwhile.
    let refused = async {
        loop {
            other.subscribe("3", LARGEST, json!({})).await;
            let answer = other.next().await;
            match answer["type"].as_str() {
                Some("error") => return answer,
                _ => assert_eq!(other.next().await["type"], "complete"),
            }
        }
    };
    let refused = crate::support::soon(refused).await;
    let extensions = &refused["payload"][0]["extensions"];
    assert_eq!(extensions["code"], "RATE_LIMITED", "{refused}");
    assert!(extensions["retryAfterMs"].as_u64().is_some_and(|wait| wait <= 2_000), "{refused}");
    // It is an error of the operation; the socket stays open.
    app.clock.advance(REFILL);
    other.subscribe("4", LARGEST, json!({})).await;
    assert_eq!(other.next().await["type"], "next");
}

#[tokio::test]
async fn many_fields_of_few_objects_count_too() {
    let app = TestApp::limited().await;
    let ada = app.user("Ada").await;
    // 100 people of 1,900 fields each: 190,000, of which 20 count as one object.
    let fields = "id ".repeat(1_900);
    let many = format!("{{ conversations(first: 100) {{ nodes {{ {fields} }} }} }}");

    let flood = Flood::of(20, async |_| ada.execute(&many, json!({})).await).await;

    flood.is_of(5, REFILL);
}

#[tokio::test]
async fn visitors_of_one_address_share_a_budget() {
    let app = TestApp::limited().await;
    let ada = app.user("Ada").await;
    let mut refused = 0;
    for _ in 0..20 {
        let answer = app.execute(None, LARGEST, json!({})).await;
        refused += usize::from(code(&answer) == "RATE_LIMITED");
    }
    assert!((1..=15).contains(&refused), "{refused}");
    ada.ask(LARGEST, json!({})).await;
}

#[tokio::test]
async fn accounts_at_one_address_share_the_sustained_rate_of_email_lookups() {
    let app = TestApp::limited().await;
    let people = [app.user("Ada").await, app.user("Bob").await, app.user("Carl").await];
    let search = "query($search: String) { users(search: $search, first: 1) { totalCount } }";
    let look_up = async |n: usize| people[n % 3].execute(search, json!({ "search": format!("{n}@example.com") })).await;

    let flood = Flood::of(90, look_up).await;

    flood.is_of(60, 2 * SECOND);
    // Searches for names have another rate.
    app.clock.advance(SECOND);
    people[0].ask(search, json!({ "search": "bob" })).await;
}

#[tokio::test]
async fn new_memberships_have_a_burst_of_two_thousand_and_ten_a_second() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let crowd = app.crowd(999).await;
    let make = async |title: &str, members: &[String]| {
        ada.execute(MAKE, json!({ "input": { "title": title, "memberIds": members } })).await
    };
    let first = make("First", &crowd).await;
    assert!(make("Second", &crowd[..989]).await.get("errors").is_none());

    // Ten are left, plus those refilled since then, but not fifty seconds' worth.
    let refused = make("Third", &crowd[..500]).await;
    assert_eq!(code(&refused), "RATE_LIMITED");
    let wait = refused["errors"][0]["extensions"]["retryAfterMs"].as_u64();
    assert!(wait.is_some_and(|wait| (1_000..=49_100).contains(&wait)), "{refused}");
    let add = json!({ "id": first["data"]["createConversation"]["id"], "people": crowd });
    assert_eq!(code(&ada.execute(ADD, add).await), "RATE_LIMITED");
    assert!(make("Alone", &[]).await.get("errors").is_none(), "what was refused was not counted");
    bob.ask(MAKE, json!({ "input": { "title": "Others", "memberIds": crowd } })).await;
    app.clock.advance(50 * SECOND);
    assert!(make("Third", &crowd[..500]).await.get("errors").is_none());
}

#[tokio::test]
async fn members_of_a_rejected_request_count_too() {
    let app = TestApp::limited().await;
    let ada = app.user("Ada").await;
    let unknown: Vec<String> = (0..999).map(|_| UserId::new().to_string()).collect();
    let make = async || ada.fails(MAKE, json!({ "input": { "title": "Nobody", "memberIds": unknown } })).await;
    assert_eq!((make().await, make().await), ("NOT_FOUND".to_owned(), "NOT_FOUND".to_owned()));
    assert_eq!(make().await, "RATE_LIMITED");
}
