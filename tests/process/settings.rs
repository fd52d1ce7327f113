//! An invalid setting stops the start with one line that names the variable.

use std::process::Output;

use crate::support::{Server, files_in, soon};

const SECRET: &str = "hunter2-hunter2";

/// The program exited at once, with one line that begins with the variable's name.
fn refuses(name: &str, ended: &Output) -> String {
    let reported = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(2), "{reported}");
    assert_eq!(reported.lines().count(), 1, "{reported}");
    assert!(reported.starts_with(&format!("{name} ")), "{reported}");
    assert!(ended.stdout.is_empty(), "{ended:?}");
    reported
}

#[tokio::test]
async fn an_invalid_setting_stops_the_start_with_a_line_that_names_it() {
    for (name, value) in [
        ("HOST", "nowhere.example"),
        ("APP_ENV", "staging"),
        ("DATABASE_URL", "postgres://parlour:hunter2-hunter2@localhost"),
        ("SESSION_DAYS", "365"),
        ("PASSWORD_MIN_LENGTH", "3"),
        ("CORS_ORIGINS", "*"),
        ("PUBLIC_URL", "chat.example.org"),
        ("ALLOWED_HOSTS", "https://chat.example.org"),
        ("WEB_DIR", "not-there"),
        ("RATE_LIMITS", "maybe"),
        ("GRAPHIQL", "yes"),
        ("INTROSPECTION", "1"),
        ("RUST_LOG", "parlour=loud"),
        ("RUST_LOG", "inf0"),
        ("SIGN_UP", "closed"),
        ("trusted-proxies", "127.0.0.1"),
        ("LOG_FORMAT", "xml"),
        ("REDIS_URL", "redis://:hunter2-hunter2@localhost"),
    ] {
        let server = Server::prepare(&[(name, value)]);
        let reported = refuses(name, &server.run("serve").await);
        assert!(!reported.contains(SECRET), "{reported}");
        assert!(!server.folder().join("data").exists(), "{name} was refused after something was made");
    }
}

#[tokio::test]
async fn an_invalid_port_is_rejected_like_the_rest() {
    let server = Server::prepare(&[]);
    let ended = soon(server.command("serve").env("PORT", "70000").output()).await.expect("the program runs");
    assert!(!refuses("PORT", &ended).contains("70000"), "no value is shown");
}

#[tokio::test]
async fn an_invalid_secret_is_never_shown() {
    for name in ["JWT_SECRET", "JWT_PREVIOUS_SECRETS"] {
        let reported = refuses(name, &Server::prepare(&[(name, SECRET)]).run("serve").await);
        assert!(!reported.contains("hunter2"), "{reported}");
    }
}

#[tokio::test]
async fn production_needs_a_secret() {
    for command in ["serve", "seed", "migrate"] {
        let reported = refuses("JWT_SECRET", &Server::prepare(&[("APP_ENV", "production")]).run(command).await);
        assert!(reported.contains("APP_ENV=production"), "{reported}");
    }
}

#[tokio::test]
async fn production_needs_a_url_on_which_browsers_keep_the_cookie() {
    let production = [("APP_ENV", "production"), ("JWT_SECRET", "a secret of more than thirty-two bytes")];
    let reported = refuses("PUBLIC_URL", &Server::prepare(&production).run("serve").await);
    assert!(reported.contains("required"), "{reported}");

    let over_http = [production.as_slice(), &[("PUBLIC_URL", "http://chat.example.org")]].concat();
    let reported = refuses("PUBLIC_URL", &Server::prepare(&over_http).run("serve").await);
    assert!(reported.contains("https") && reported.contains("cookie"), "{reported}");
}

#[tokio::test]
async fn the_environment_overrides_the_env_file() {
    let server = Server::prepare(&[("SESSION_DAYS", "7")]);
    std::fs::write(server.folder().join(".env"), "SESSION_DAYS=wrong\nLOG_FORMAT=wrong\n").expect("a file");

    let reported = refuses("LOG_FORMAT", &server.run("serve").await);

    assert!(reported.contains("expected text or json"), "{reported}");
}

#[tokio::test]
async fn a_typo_in_the_env_file_shows_nothing_of_the_secret() {
    for (typo, named) in [
        ("JWT_SECRET=hunter2 with hunter3\n", ".env cannot be read at line 1:"),
        ("PORT=3000\n\n# comment\nJWT_SECRET='hunter2\nHOST=::1\n", ".env cannot be read at line 4:"),
        ("PORT=3000\nJWT_SECRET: hunter2\n", ".env cannot be read at line 2:"),
        ("hunter2\n", ".env cannot be read at line 1:"),
        ("JWT_SECRET=\"hunter2\" hunter3\n", ".env cannot be read at line 1:"),
        ("AWS_SECRET_ACCESS_KEY=hunter2\\q/hunter3\n", ".env cannot be read at line 1:"),
        ("AWS_SESSION_TOKEN = hunter2 hunter3 hunter2\n", ".env cannot be read at line 1:"),
        ("DATABASE_URL=postgres://me:hunter2 hunter3@db\n", ".env cannot be read at line 1:"),
        ("JWT_SECRET=hunter2\n", "JWT_SECRET is too short:"),
        ("JWT_PREVIOUS_SECRETS=hunter2,hunter3\n", "JWT_PREVIOUS_SECRETS is too short:"),
        ("DATABASE_URL=postgres://me:hunter2-hunter3@db\n", "DATABASE_URL names no database"),
        ("DATABASE_URL=sqlite://me:hunter2@db/hunter3\n", "DATABASE_URL names a user"),
        ("DATABASE_URL=sqlite:data/x.db?key=hunter2&mode=hunter3\n", "DATABASE_URL is not the address of a file"),
        ("DATABASE_URL=hunter2\n", "DATABASE_URL begins neither with sqlite nor with postgres"),
        ("PUBLIC_URL=https://me:hunter2@chat.example.org\n", "PUBLIC_URL has a wrong value"),
        ("CORS_ORIGINS=https://hunter3:hunter2@chat.example.org\n", "CORS_ORIGINS has a wrong value"),
        ("S3_ENDPOINT_URL=https://me:hunter2@bucket.example\n", "S3_ENDPOINT_URL has a wrong value"),
        ("S3_BUCKET=hunter2/Hunter3\n", "S3_BUCKET has a wrong value"),
        ("S3_BUCKET=images\nAWS_SECRET_ACCESS_KEY=hunter2\n", "AWS_ACCESS_KEY_ID is required with S3_BUCKET"),
        ("REDIS_URL=redis://:hunter2@localhost\n", "REDIS_URL is set"),
        ("LOG_FORMAT=hunter2\n", "LOG_FORMAT has a wrong value"),
        ("hunter2=hunter3\n", ".env has a name at line 1 that is no setting: .env.example lists them all"),
        ("PORT=3000\n\n# closed\nSIGN_UP=hunter2\n", ".env has a name at line 4 that is no setting: is SIGNUP meant?"),
        ("POTR=\nPORT=3000\n", ".env has a name at line 1 that is no setting: is PORT meant?"),
        ("AWS_DEFAULT_REGION=hunter2\n", ".env has a name at line 1 that is no setting: is AWS_REGION meant?"),
        ("AWS_REGION=hunter2\n", "S3_BUCKET is required with AWS_REGION"),
        ("S3_FORCE_PATH_STYLE=on\n", "S3_BUCKET is required with S3_FORCE_PATH_STYLE"),
        ("RUST_LOG=hunter2=hunter3=hunter2\n", "RUST_LOG has a wrong value"),
        ("WEB_DIR=hunter2\n", "WEB_DIR has a wrong value"),
        // Two lines that ran together, which would become the name of a folder.
        ("DATA_DIR=dataJWT_SECRET=hunter2\n", "DATA_DIR holds more than a line"),
        ("DATA_DIR=\"data\nJWT_SECRET=hunter2\nLOG_FORMAT=\"text\n", "DATA_DIR holds more than a line"),
    ] {
        let server = Server::prepare(&[]);
        std::fs::write(server.folder().join(".env"), typo).expect("a file");

        let ended = server.run("serve").await;

        let reported = refuses(named.split(' ').next().expect("a word"), &ended);
        assert!(reported.starts_with(named), "{typo}: {reported}");
        assert!(!reported.to_lowercase().contains("hunter"), "{reported}");
        assert_eq!(files_in(server.folder()), 1, "{typo}: something was made");
    }
}
