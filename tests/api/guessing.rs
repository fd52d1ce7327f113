//! Limits on password guessing.

use std::time::Duration;

use futures_util::future::join_all;
use parlour::entity::rate;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp, code, secrets, soon, when_available};

const LOG_IN: &str = "mutation($input: LoginInput!) { login(input: $input) { user { id } } }";
const MINUTE: Duration = Duration::from_secs(60);
const WRONG: &str = "a wrong guess";

/// A client with an address of its own that tries to log in.
struct Guesser<'a> {
    app: &'a TestApp,
    client: reqwest::Client,
}

impl<'a> Guesser<'a> {
    /// At 127.0.0.`last`.
    fn at(app: &'a TestApp, last: u8) -> Self {
        let client = reqwest::Client::builder().local_address(Some([127, 0, 0, last].into())).build();
        Self { app, client: client.expect("a client") }
    }

    /// The whole answer to a login.
    async fn answer(&self, email: &str, password: &str) -> Value {
        let variables = json!({ "input": { "email": email, "password": password } });
        secrets::keep(&variables);
        let body = json!({ "query": LOG_IN, "variables": variables });
        let request = self.client.post(self.app.url("/graphql")).json(&body);
        request.send().await.expect("an answer").json().await.expect("JSON")
    }

    /// `ok`, or the code.
    async fn log_in(&self, email: &str, password: &str) -> String {
        let answer = when_available(|| self.answer(email, password)).await;
        if answer.get("errors").is_some() { code(&answer).to_owned() } else { "WELL".to_owned() }
    }
}

#[tokio::test]
async fn after_five_wrong_passwords_every_login_waits_a_minute() {
    let app = TestApp::limited().await;
    let (ada, here) = (app.user("Ada").await, Guesser::at(&app, 1));
    for _ in 0..5 {
        assert_eq!(here.log_in(&ada.email, WRONG).await, "INVALID_CREDENTIALS");
    }

    let answer = here.answer(&ada.email, WRONG).await;

    let extensions = &answer["errors"][0]["extensions"];
    let wait = extensions["retryAfterMs"].as_u64().expect("a time to wait");
    assert_eq!(*extensions, json!({ "code": "RATE_LIMITED", "retryAfterMs": wait }));
    assert!((30_000..=60_000).contains(&wait), "{wait}");
    assert_eq!(here.log_in(&ada.email, PASSWORD).await, "RATE_LIMITED");
    app.clock.advance(MINUTE);
    assert_eq!(here.log_in(&ada.email, PASSWORD).await, "WELL");
}

#[tokio::test]
async fn the_right_password_from_another_address_still_works() {
    let app = TestApp::limited().await;
    let (ada, here, elsewhere) = (app.user("Ada").await, Guesser::at(&app, 1), Guesser::at(&app, 2));

    let guesses = join_all((0..30).map(|_| here.log_in(&ada.email, WRONG))).await;

    assert!(guesses.contains(&"RATE_LIMITED".to_owned()), "{guesses:?}");
    assert_eq!(elsewhere.log_in(&ada.email, PASSWORD).await, "WELL");
}

#[tokio::test]
async fn of_two_hundred_concurrent_guesses_five_are_checked() {
    let app = TestApp::limited().await;
    let (ada, here) = (app.user("Ada").await, Guesser::at(&app, 1));

    let guesses = join_all((0..200).map(|_| here.log_in(&ada.email, WRONG))).await;

    let count = |wanted: &str| guesses.iter().filter(|code| *code == wanted).count();
    assert_eq!((count("INVALID_CREDENTIALS"), count("RATE_LIMITED")), (5, 195));
}

#[tokio::test]
async fn an_unknown_email_is_limited_like_a_known_one() {
    let app = TestApp::limited().await;
    let ada = app.user("Ada").await;
    let codes = async |last: u8, email: &str| {
        let guesser = Guesser::at(&app, last);
        let mut codes = Vec::new();
        for _ in 0..7 {
            codes.push(guesser.log_in(email, WRONG).await);
        }
        codes
    };

    let known = codes(1, &ada.email).await;

    assert_eq!(codes(2, "nobody@example.com").await, known);
    assert_eq!(codes(3, "no address").await, known);
    assert_eq!(known[5], "RATE_LIMITED");
}

#[tokio::test]
async fn spellings_of_one_email_share_a_limit() {
    let app = TestApp::limited().await;
    let (ada, here) = (app.user("Ada").await, Guesser::at(&app, 1));
    for email in ["ada@example.com", "ADA@example.com", "ada@EXAMPLE.com", "Ada@Example.Com", "aDa@example.com"] {
        assert_eq!(here.log_in(email, WRONG).await, "INVALID_CREDENTIALS");
    }

    assert_eq!(here.log_in(&ada.email, PASSWORD).await, "RATE_LIMITED");
}

#[tokio::test]
async fn one_client_address_may_fail_twenty_times_across_accounts() {
    let app = TestApp::limited().await;
    let here = Guesser::at(&app, 1);
    let emails: Vec<String> = (0..40).map(|number| format!("{number}@example.com")).collect();

    let guesses = join_all(emails.iter().map(|email| here.log_in(email, WRONG))).await;

    // One more per 10 seconds, if the machine is that slow.
    let compared = guesses.iter().filter(|code| *code == "INVALID_CREDENTIALS").count();
    assert!((20..=21).contains(&compared), "{compared}");
}

#[tokio::test]
async fn successful_logins_are_not_counted() {
    let app = TestApp::limited().await;
    let (ada, here) = (app.user("Ada").await, Guesser::at(&app, 1));

    for _ in 0..8 {
        assert_eq!(here.log_in(&ada.email, PASSWORD).await, "WELL");
    }
}

#[tokio::test]
async fn guesses_over_a_socket_count_too() {
    let app = TestApp::limited().await;
    let (ada, eve, here) = (app.user("Ada").await, app.user("Eve").await, Guesser::at(&app, 1));
    let mut socket = eve.socket().await;
    let mut guess = async |id: &str| {
        let input = json!({ "email": ada.email, "password": WRONG });
        socket.subscribe(id, LOG_IN, json!({ "input": input })).await;
        let answer = socket.next().await;
        assert_eq!(socket.next().await, json!({ "id": id, "type": "complete" }));
        code(&answer["payload"]).to_owned()
    };
    for id in ["1", "2", "3", "4", "5"] {
        assert_eq!(guess(id).await, "INVALID_CREDENTIALS");
    }

    assert_eq!(guess("6").await, "RATE_LIMITED");
    assert_eq!(here.log_in(&ada.email, WRONG).await, "RATE_LIMITED");
}

#[tokio::test]
async fn a_document_holds_one_login_at_most() {
    let app = TestApp::limited().await;
    let (ada, here) = (app.user("Ada").await, Guesser::at(&app, 1));
    let field =
        |n: usize| format!("a{n}: login(input: {{ email: \"{}\", password: \"{n}\" }}) {{ token }} ", ada.email);
    let aliased = |count: usize| format!("mutation {{ {} }}", (0..count).map(field).collect::<String>());
    let spread = format!("mutation {{ {} ...F }} fragment F on Mutation {{ {} }}", field(0), field(1),);

    for document in [aliased(2), aliased(20), aliased(100), spread] {
        assert_eq!(code(&app.execute(None, &document, json!({})).await), "QUERY_TOO_COMPLEX", "{document}");
    }

    assert_eq!(here.log_in(&ada.email, PASSWORD).await, "WELL");
}

#[tokio::test]
async fn with_rate_limits_off_guesses_are_unlimited() {
    let app = TestApp::start_with(&[("RATE_LIMITS", "off")]).await;
    let (ada, here) = (app.user("Ada").await, Guesser::at(&app, 1));

    let guesses = join_all((0..30).map(|_| here.log_in(&ada.email, WRONG))).await;

    assert!(guesses.iter().all(|code| code == "INVALID_CREDENTIALS"), "{guesses:?}");
}

#[tokio::test]
async fn guesses_by_strangers_do_not_lock_the_owner_out() {
    let app = TestApp::limited().await;
    let ada = app.user("Ada").await;
    let (home, cafe) = (Guesser::at(&app, 1), Guesser::at(&app, 200));
    let strangers: Vec<Guesser<'_>> = (2..=21).map(|last| Guesser::at(&app, last)).collect();
    let mut guesses = Vec::new();
    // As many at once as can wait to be hashed on a busy machine.
    for some in strangers.chunks(4) {
        guesses.extend(
            join_all(some.iter().flat_map(|stranger| (0..5).map(|_| stranger.log_in(&ada.email, WRONG)))).await,
        );
    }
    assert!(guesses.iter().all(|code| code == "INVALID_CREDENTIALS"), "{guesses:?}");

    // On a slow machine one more may be allowed by now.
    for last in 22..=24 {
        Guesser::at(&app, last).log_in(&ada.email, WRONG).await;
    }

    assert_eq!(cafe.log_in(&ada.email, PASSWORD).await, "RATE_LIMITED");
    assert_eq!(home.log_in(&ada.email, PASSWORD).await, "WELL");
    // An attacker at the owner's address has no more guesses than elsewhere.
    let next_door = join_all((0..20).map(|_| home.log_in(&ada.email, WRONG))).await;
    assert_eq!(next_door.iter().filter(|code| *code == "INVALID_CREDENTIALS").count(), 5, "{next_door:?}");
}

#[tokio::test]
async fn guesses_are_counted_over_a_restart_by_keys_of_the_secret() {
    let mut app = TestApp::limited().await;
    let ada = app.user("Ada").await;
    for _ in 0..5 {
        assert_eq!(Guesser::at(&app, 1).log_in(&ada.email, WRONG).await, "INVALID_CREDENTIALS");
    }

    app.restart().await;
    assert_eq!(Guesser::at(&app, 1).log_in(&ada.email, PASSWORD).await, "RATE_LIMITED");
    assert_eq!(Guesser::at(&app, 2).log_in(&ada.email, PASSWORD).await, "WELL");

    app.restart_with(&[("JWT_SECRET", "another secret, which makes other keys of everything")]).await;
    assert_eq!(Guesser::at(&app, 1).log_in(&ada.email, PASSWORD).await, "WELL");
}

#[tokio::test]
async fn familiar_addresses_are_remembered_over_a_restart() {
    let mut app = TestApp::limited().await;
    let ada = app.user("Ada").await;
    app.restart().await;
    for last in 2..=24 {
        join_all((0..5).map(|_| async { Guesser::at(&app, last).log_in(&ada.email, WRONG).await })).await;
    }

    assert_eq!(Guesser::at(&app, 200).log_in(&ada.email, PASSWORD).await, "RATE_LIMITED");
    assert_eq!(Guesser::at(&app, 1).log_in(&ada.email, PASSWORD).await, "WELL");
}

#[tokio::test]
async fn new_accounts_are_counted_over_a_restart() {
    let mut app = TestApp::limited().await;
    for number in 0..20 {
        app.user(&format!("Person {number}")).await;
    }
    app.restart().await;
    let input = json!({ "fullName": "Eve", "email": "eve@example.com", "password": PASSWORD });
    let sign_up = "mutation($input: SignupInput!) { signup(input: $input) { user { id } } }";

    // One more per 10 seconds, if the machine is that slow.
    let mut codes = Vec::new();
    for number in 0..20 {
        let mut input = input.clone();
        input["email"] = format!("eve{number}@example.com").into();
        let answer = app.execute(None, sign_up, json!({ "input": input })).await;
        codes.push(answer.pointer("/errors/0/extensions/code").cloned().unwrap_or_default());
    }

    assert!(codes.contains(&"RATE_LIMITED".into()), "{codes:?}");
}

#[tokio::test]
async fn rates_that_mean_nothing_any_more_are_removed() {
    let app = TestApp::limited().await;
    let ada = app.user("Ada").await;
    let rows = async || rate::Entity::find().count(&app.database().await).await.expect("a count");
    assert_eq!(Guesser::at(&app, 1).log_in(&ada.email, WRONG).await, "INVALID_CREDENTIALS");
    assert!(rows().await > 3, "an address, an account, both, and a familiar address");

    // The familiar address is forgotten after ninety days.
    app.clock.advance(100 * 24 * 60 * MINUTE);
    soon(async {
        while rows().await > 0 {
            app.clock.advance(60 * MINUTE);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}
