//! The whole table of settings: the accepted values, the rejected ones, and their errors.

use secrecy::ExposeSecret;
use std::path::Path;

use super::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// The smallest settings of a production server.
const PRODUCTION: [(&str, &str); 3] =
    [("APP_ENV", "production"), ("JWT_SECRET", SECRET), ("PUBLIC_URL", "https://chat.example.org")];

fn config(vars: &[(&str, &str)]) -> Result<Config, String> {
    let lookup = |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Config::from_lookup(lookup).map_err(|error| error.to_string())
}

/// The URL and the file of the database, which is SQLite.
fn database(config: &Config) -> (&str, &Path) {
    match &config.database {
        DatabaseAddress::Sqlite { url, file } => (url, file),
        DatabaseAddress::Postgres { .. } => panic!("the database is SQLite"),
    }
}

#[test]
fn the_defaults_are_a_development_server() {
    let config = config(&[]).unwrap();
    assert_eq!((config.host.to_string().as_str(), config.port), ("127.0.0.1", 3000));
    assert_eq!((config.app_env, config.log_format), (AppEnv::Development, LogFormat::Text));
    assert_eq!(config.data_dir, Path::new("data"));
    assert_eq!(database(&config), ("sqlite://data/parlour.db?mode=rwc", Path::new("data/parlour.db")));
    assert!(config.jwt_secret.is_none() && config.jwt_previous_secrets.is_empty());
    assert_eq!((config.session_days, config.password_min_length), (7, 6));
    assert_eq!(config.cors_origins, [Origin::parse("http://localhost:5173").unwrap()]);
    assert_eq!(config.public_url.as_str(), "http://localhost:3000/");
    assert_eq!((config.allowed_hosts.len(), config.cookie_same_site), (0, SameSite::Strict));
    assert_eq!(config.web_dir, None);
    assert!(config.sign_up && config.rate_limits && config.graphiql && config.introspection);
    assert_eq!(config.trusted_proxies, []);
    assert_eq!((config.directory, config.directory_open_to.len()), (Directory::Open, 0));
    assert_eq!(config.log_filter, "info");
}

#[test]
fn a_bucket_needs_a_key() {
    let key = [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "hunter2")];
    assert!(config(&key).unwrap().s3.is_none(), "others have a use for these too");
    let bucket = [[("S3_BUCKET", "chat-images")].as_slice(), &key].concat();
    let taken = config(&bucket).unwrap().s3.unwrap();
    assert_eq!((taken.name.as_str(), taken.region.as_str()), ("chat-images", "us-east-1"));
    assert!(taken.endpoint.is_none() && !taken.force_path_style && taken.session_token.is_none());
    assert!(!format!("{taken:?}").contains("hunter2"));
    for (wrong, problem) in [
        (vec![("S3_BUCKET", "chat-images")], "AWS_ACCESS_KEY_ID is required with S3_BUCKET"),
        (bucket[..2].to_vec(), "AWS_SECRET_ACCESS_KEY is required with S3_BUCKET"),
        ([bucket.as_slice(), &[("S3_ENDPOINT_URL", "localhost:9000")]].concat(), "S3_ENDPOINT_URL has a wrong value"),
        ([bucket.as_slice(), &[("S3_FORCE_PATH_STYLE", "yes")]].concat(), "S3_FORCE_PATH_STYLE has a wrong value"),
        ([&[("S3_BUCKET", "Chat Images")], &bucket[1..]].concat(), "S3_BUCKET has a wrong value"),
        (vec![("S3_ENDPOINT_URL", "http://localhost:9000")], "S3_BUCKET is required with S3_ENDPOINT_URL"),
        ([&[("S3_FORCE_PATH_STYLE", "on")], &bucket[1..]].concat(), "S3_BUCKET is required with S3_FORCE_PATH_STYLE"),
    ] {
        let error = config(&wrong).unwrap_err();
        assert!(error.starts_with(problem), "{error}");
    }
}

#[test]
fn a_misspelt_level_of_the_log_is_refused() {
    for filter in ["inf0", "warning", "parlour", "warn,parlor", "warn,parlour=debg", "debug info", "info,="] {
        let error = config(&[("RUST_LOG", filter)]).unwrap_err();
        assert!(error.starts_with("RUST_LOG has a wrong value: expected levels (off, error, "), "{filter}: {error}");
    }
    for filter in ["info", "WARN", "off", "3", "warn,parlour=debug", "parlour=debug,", "parlour::feed=trace,error"] {
        assert_eq!(config(&[("RUST_LOG", filter)]).unwrap().log_filter, filter);
    }
}

#[test]
fn accounts_for_whom_the_directory_is_open_need_a_directory() {
    let apps = ("DIRECTORY_OPEN_TO", "019bfc3e-0000-7000-8000-00000000000a");
    let error = config(&[apps]).unwrap_err();
    assert_eq!(error, "DIRECTORY is required with DIRECTORY_OPEN_TO: expected open, shared or closed");
    for directory in ["open", "shared", "closed"] {
        config(&[apps, ("DIRECTORY", directory)]).unwrap();
    }
}

#[test]
fn production_turns_off_optional_features_by_default() {
    let quiet = config(&PRODUCTION).unwrap();
    assert_eq!((quiet.graphiql, quiet.introspection, quiet.log_format), (false, false, LogFormat::Json));
    assert_eq!(quiet.cors_origins, []);
    assert_eq!(quiet.jwt_secret.unwrap().expose_secret(), SECRET);

    let asked =
        [("GRAPHIQL", "on"), ("INTROSPECTION", "on"), ("LOG_FORMAT", "text"), ("CORS_ORIGINS", "https://a.example")];
    let asked = config(&[PRODUCTION.as_slice(), &asked].concat()).unwrap();
    assert_eq!((asked.graphiql, asked.introspection, asked.log_format), (true, true, LogFormat::Text));
    assert_eq!(asked.cors_origins, [Origin::parse("https://a.example").unwrap()]);
}

#[test]
fn production_has_a_public_address_where_browsers_keep_the_cookie() {
    assert_eq!(
        config(&PRODUCTION[..2]).unwrap_err(),
        "PUBLIC_URL is required with APP_ENV=production: expected an http or https address without a path, such as \
         https://chat.example.org"
    );
    for url in
        ["http://localhost:3000", "http://127.0.0.1", "http://127.8.8.8:80", "http://[::1]:3000", "https://a.example"]
    {
        config(&[&PRODUCTION[..2], &[("PUBLIC_URL", url)]].concat()).unwrap();
    }
    for url in
        ["http://chat.example.org", "http://192.168.1.5:3000", "http://localhost.evil.example", "http://[2001:db8::1]"]
    {
        assert_eq!(
            config(&[&PRODUCTION[..2], &[("PUBLIC_URL", url)]].concat()).unwrap_err(),
            "PUBLIC_URL has a wrong value: expected an https address with APP_ENV=production: over http browsers do not \
             keep the session's cookie, which is Secure"
        );
        config(&[("PUBLIC_URL", url)]).unwrap();
    }
}

#[test]
fn a_cookie_for_all_sites_needs_https() {
    let none = ("COOKIE_SAMESITE", "none");
    for url in ["https://chat.example.org", "http://localhost:3000"] {
        assert_eq!(config(&[none, ("PUBLIC_URL", url)]).unwrap().cookie_same_site, SameSite::None);
    }
    assert_eq!(
        config(&[none, ("PUBLIC_URL", "http://chat.example.org")]).unwrap_err(),
        "COOKIE_SAMESITE has a wrong value: expected none only with a PUBLIC_URL of https: over http browsers do not keep \
         such a cookie"
    );
}

#[test]
fn set_variables_are_used() {
    let config = config(&[
        ("HOST", "::"),
        ("PORT", "8080"),
        ("DATA_DIR", "/srv/what? 100%"),
        ("JWT_PREVIOUS_SECRETS", &format!("{SECRET}, {SECRET}")),
        ("SESSION_DAYS", "30"),
        ("PASSWORD_MIN_LENGTH", "64"),
        ("CORS_ORIGINS", "https://a.example, http://b.example:8000,"),
        ("COOKIE_SAMESITE", "lax"),
        ("ALLOWED_HOSTS", "Chat.example.org, xn--bcher-kva.example,"),
        ("WEB_DIR", "dist"),
        ("SERVER_NAME", "Analytical Society"),
        ("SERVER_LOGO", "society.SVG"),
        ("SIGNUP", "closed"),
        ("DIRECTORY", "shared"),
        ("DIRECTORY_OPEN_TO", "019bfc3e-0000-7000-8000-00000000000a,"),
        ("RATE_LIMITS", "off"),
        ("TRUSTED_PROXIES", "127.0.0.1, fd00::/8,"),
        ("GRAPHIQL", "off"),
        ("RUST_LOG", "warn,parlour=debug"),
    ])
    .unwrap();
    assert_eq!((config.host.to_string().as_str(), config.port), ("::", 8080));
    let (url, file) = ("sqlite:///srv/what%3F 100%25/parlour.db?mode=rwc", Path::new("/srv/what? 100%/parlour.db"));
    assert_eq!(database(&config), (url, file));
    assert_eq!(config.jwt_previous_secrets.len(), 2);
    assert_eq!((config.session_days, config.password_min_length), (30, 64));
    let origins: Vec<_> = config.cors_origins.iter().map(ToString::to_string).collect();
    assert_eq!(origins, ["https://a.example", "http://b.example:8000"]);
    assert_eq!(config.cookie_same_site, SameSite::Lax);
    assert_eq!(config.public_url.as_str(), "http://localhost:8080/");
    assert_eq!(config.allowed_hosts, ["chat.example.org", "xn--bcher-kva.example"]);
    assert_eq!(config.web_dir.as_deref(), Some(Path::new("dist")));
    assert_eq!((config.server_name.as_str(), config.server_logo), ("Analytical Society", Some("society.SVG".into())));
    assert!(!config.sign_up && !config.rate_limits && !config.graphiql && config.introspection);
    let trusted = ["127.0.0.1", "fd00::/8"].map(|text| Network::parse(text).unwrap());
    assert_eq!(config.trusted_proxies, trusted);
    assert_eq!((config.directory, config.directory_open_to.len()), (Directory::Shared, 1));
    assert_eq!(config.log_filter, "warn,parlour=debug");
}

#[test]
fn an_empty_variable_counts_as_unset_but_an_empty_list_of_origins_allows_none() {
    let config = config(&[("PORT", " "), ("JWT_SECRET", ""), ("REDIS_URL", ""), ("CORS_ORIGINS", "")]).unwrap();
    assert_eq!(config.port, 3000);
    assert!(config.jwt_secret.is_none());
    assert_eq!(config.cors_origins, []);
}

#[test]
fn a_wrong_value_is_refused_in_one_line_with_the_name_and_what_is_accepted_but_not_the_value() {
    for (name, value, line) in [
        ("HOST", "localhost", "HOST has a wrong value: expected an IP address, such as 127.0.0.1 or 0.0.0.0"),
        ("PORT", "65536", "PORT has a wrong value: expected a port from 0 (any that is free) to 65535"),
        (
            "S3_ENDPOINT_URL",
            "http://me:hunter2@bucket.example",
            "S3_ENDPOINT_URL has a wrong value: expected an http or https address without a user",
        ),
        ("APP_ENV", "prod", "APP_ENV has a wrong value: expected development or production"),
        ("SESSION_DAYS", "0", "SESSION_DAYS has a wrong value: expected a number of days from 1 to 30"),
        ("SESSION_DAYS", "31", "SESSION_DAYS has a wrong value: expected a number of days from 1 to 30"),
        (
            "PASSWORD_MIN_LENGTH",
            "5",
            "PASSWORD_MIN_LENGTH has a wrong value: expected a number of characters from 6 to 64",
        ),
        (
            "PASSWORD_MIN_LENGTH",
            "65",
            "PASSWORD_MIN_LENGTH has a wrong value: expected a number of characters from 6 to 64",
        ),
        (
            "CORS_ORIGINS",
            "https://a.example,*",
            "CORS_ORIGINS has a wrong value: expected origins without a path, separated by commas, such as https://chat.example.org (never with *)",
        ),
        (
            "CORS_ORIGINS",
            "https://*.example.org",
            "CORS_ORIGINS has a wrong value: expected origins without a path, separated by commas, such as https://chat.example.org (never with *)",
        ),
        ("COOKIE_SAMESITE", "None", "COOKIE_SAMESITE has a wrong value: expected strict, lax or none"),
        (
            "PUBLIC_URL",
            "https://a.example/chat",
            "PUBLIC_URL has a wrong value: expected an http or https address without a path, such as https://chat.example.org",
        ),
        (
            "PUBLIC_URL",
            "https://me:hunter2@a.example",
            "PUBLIC_URL has a wrong value: expected an http or https address without a path, such as https://chat.example.org",
        ),
        (
            "ALLOWED_HOSTS",
            "chat.example.org:3000",
            "ALLOWED_HOSTS has a wrong value: expected names without scheme and port, separated by commas, such as chat.example.org (never *)",
        ),
        (
            "ALLOWED_HOSTS",
            "*.example.org",
            "ALLOWED_HOSTS has a wrong value: expected names without scheme and port, separated by commas, such as chat.example.org (never *)",
        ),
        ("RATE_LIMITS", "no", "RATE_LIMITS has a wrong value: expected on or off"),
        (
            "TRUSTED_PROXIES",
            "127.0.0.1,0.0.0.0/0",
            "TRUSTED_PROXIES has a wrong value: expected addresses or networks, separated by commas, such as 127.0.0.1 or 10.0.0.0/8 (never all addresses)",
        ),
        ("GRAPHIQL", "true", "GRAPHIQL has a wrong value: expected on or off"),
        ("INTROSPECTION", "1", "INTROSPECTION has a wrong value: expected on or off"),
        (
            "RUST_LOG",
            "a=b=c",
            "RUST_LOG has a wrong value: expected levels (off, error, warn, info, debug, trace), such as info or warn,parlour=debug",
        ),
        ("LOG_FORMAT", "xml", "LOG_FORMAT has a wrong value: expected text or json"),
        (
            "DATABASE_URL",
            "postgres://me:hunter2@db",
            "DATABASE_URL names no database: expected one such as postgres://user:password@host:5432/database",
        ),
        (
            "DATABASE_URL",
            "mysql://me:hunter2@db/parlour",
            "DATABASE_URL begins neither with sqlite nor with postgres: expected a file, such as sqlite://data/parlour.db?mode=rwc, or postgres://…",
        ),
        (
            "DATABASE_URL",
            "sqlite://me:hunter2@db/parlour",
            "DATABASE_URL names a user, which a file does not have: expected a file, such as sqlite://data/parlour.db?mode=rwc, or postgres://…",
        ),
        (
            "DATABASE_URL",
            "sqlite://data/parlour.db?mode=hunter2",
            "DATABASE_URL is not the address of a file: expected a file, such as sqlite://data/parlour.db?mode=rwc, or postgres://…",
        ),
        (
            "DATABASE_URL",
            "sqlite::memory:",
            "DATABASE_URL names a database in memory, which each connection has of its own: expected a file, such as sqlite://data/parlour.db?mode=rwc, or postgres://…",
        ),
        (
            "JWT_SECRET",
            "hunter2",
            "JWT_SECRET is too short: expected at least 32 bytes, such as the output of `openssl rand -base64 48`",
        ),
        (
            "JWT_PREVIOUS_SECRETS",
            "0123456789abcdef0123456789abcdef,hunter2",
            "JWT_PREVIOUS_SECRETS is too short: expected at least 32 bytes, such as the output of `openssl rand -base64 48`",
        ),
        ("SIGNUP", "off", "SIGNUP has a wrong value: expected open or closed"),
        (
            "SERVER_NAME",
            "A name that is far too long for the home screen of a phone",
            "SERVER_NAME has a wrong value: expected a name of 1 to 40 characters on one line",
        ),
        (
            "SERVER_LOGO",
            "logo.html",
            "SERVER_LOGO has a wrong value: expected a file that ends with .svg, .png, .webp or .jpg",
        ),
        ("DIRECTORY", "off", "DIRECTORY has a wrong value: expected open, shared or closed"),
        (
            "DIRECTORY_OPEN_TO",
            "Ada",
            "DIRECTORY_OPEN_TO has a wrong value: expected ids of people, separated by commas, as `{ me { id } }` returns them",
        ),
        ("REDIS_URL", "redis://a", "REDIS_URL is set, but what it does is not built yet: leave it unset"),
    ] {
        assert_eq!(config(&[(name, value)]).unwrap_err(), line);
        assert!(!line.contains("hunter2"));
    }
    assert_eq!(
        config(&[("APP_ENV", "production")]).unwrap_err(),
        "JWT_SECRET is required with APP_ENV=production: expected at least 32 bytes, such as the output of `openssl rand -base64 48`"
    );
    assert_eq!(
        config(&[("DATABASE_URL", "postgres://parlour:hunter2@db/chat")]).unwrap_err(),
        "JWT_SECRET is required with PostgreSQL, as all nodes share it: expected at least 32 bytes, such as the output of `openssl rand -base64 48`"
    );
}

#[test]
fn lines_that_ran_together_are_refused_before_anything_is_named_after_them() {
    for (name, value) in [
        ("DATA_DIR", "/srv/parlourJWT_SECRET=hunter2"),
        ("DATA_DIR", "/srv/parlour\nJWT_SECRET=hunter2"),
        ("PUBLIC_URL", "https://a.example AWS_SECRET_ACCESS_KEY=hunter2"),
        ("JWT_SECRET", &format!("{SECRET}\rPORT=3000")),
        ("AWS_REGION", "eu-1DATABASE_URL=postgres://me:hunter2@db/parlour"),
    ] {
        let problem = "holds more than a line: is a line break missing before the next setting, or the end of a quote?";
        assert_eq!(config(&[(name, value)]).unwrap_err(), format!("{name} {problem}"));
    }
}

#[test]
fn the_example_file_has_exactly_the_variables_that_are_read() {
    let example = include_str!("../../.env.example");
    let set: Vec<_> = example
        .lines()
        .filter_map(|line| line.strip_prefix("# ").unwrap_or(line).split_once('='))
        .map(|(name, _)| name)
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'))
        .collect();
    assert_eq!(set, variables::NAMES);
}
