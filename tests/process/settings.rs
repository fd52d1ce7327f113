//! Settings that are wrong stop the start, with one line that names the variable.

use std::process::Output;

use crate::support::{Server, soon};

const SECRET: &str = "hunter2-hunter2";

/// The program ended at once, and told one line that begins with the variable's name.
fn refuses(name: &str, ended: &Output) -> String {
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(2), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.starts_with(&format!("{name} ")), "{told}");
    assert!(ended.stdout.is_empty(), "{ended:?}");
    told
}

#[tokio::test]
async fn a_wrong_setting_stops_the_start_in_a_line_that_names_it() {
    for (name, value) in [
        ("HOST", "nowhere.example"),
        ("APP_ENV", "staging"),
        ("DATABASE_URL", "postgres://parlour:hunter2-hunter2@localhost/parlour"),
        ("SESSION_DAYS", "365"),
        ("PASSWORD_MIN_LENGTH", "3"),
        ("CORS_ORIGINS", "*"),
        ("PUBLIC_URL", "chat.example.org"),
        ("WEB_DIR", "not-there"),
        ("RATE_LIMITS", "maybe"),
        ("GRAPHIQL", "yes"),
        ("INTROSPECTION", "1"),
        ("RUST_LOG", "parlour=loud"),
        ("LOG_FORMAT", "xml"),
        ("REDIS_URL", "redis://:hunter2-hunter2@localhost"),
    ] {
        let server = Server::prepare(&[(name, value)]);
        let told = refuses(name, &server.run("serve").await);
        assert!(!told.contains(SECRET), "{told}");
        assert!(!server.folder().join("data").exists(), "{name} was refused after something was made");
    }
}

#[tokio::test]
async fn a_wrong_port_is_refused_like_the_rest() {
    let server = Server::prepare(&[]);
    let ended = soon(server.command("serve").env("PORT", "70000").output()).await.expect("the program runs");
    assert!(refuses("PORT", &ended).contains("70000"));
}

#[tokio::test]
async fn a_secret_is_never_shown_however_wrong_it_is() {
    for name in ["JWT_SECRET", "JWT_PREVIOUS_SECRETS"] {
        let told = refuses(name, &Server::prepare(&[(name, SECRET)]).run("serve").await);
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[tokio::test]
async fn production_needs_a_secret() {
    for command in ["serve", "seed", "migrate"] {
        let told = refuses("JWT_SECRET", &Server::prepare(&[("APP_ENV", "production")]).run(command).await);
        assert!(told.contains("APP_ENV=production"), "{told}");
    }
}

#[tokio::test]
async fn a_line_of_the_env_file_counts_where_the_environment_says_nothing() {
    let server = Server::prepare(&[("SESSION_DAYS", "7")]);
    std::fs::write(server.folder().join(".env"), "SESSION_DAYS=wrong\nLOG_FORMAT=wrong\n").expect("a file");

    let told = refuses("LOG_FORMAT", &server.run("serve").await);

    assert!(told.contains("wrong"), "{told}");
}

#[tokio::test]
async fn an_env_file_that_is_none_is_refused_without_its_secrets() {
    let server = Server::prepare(&[]);
    std::fs::write(server.folder().join(".env"), format!("JWT_SECRET='{SECRET}\n")).expect("a file");

    let told = refuses(".env", &server.run("serve").await);

    assert!(!told.contains("hunter2"), "{told}");
}
