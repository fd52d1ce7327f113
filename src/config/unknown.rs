//! Names that are no settings. A misspelt one would be ignored in silence: with `SIGN_UP=closed`, everybody could sign up.

use super::dotenv::Line;
use super::variables::{NAMES, TO_COME};
use super::{ConfigError, secret_files};

/// How alike two names are from which on one is suggested for the other: of 1, which is equal. As `clap` has it.
const ALIKE: f64 = 0.7;

/// Refuses a file with a name that is no setting: nothing else reads the file. The name is not shown, as it may be a
/// piece of a secret.
pub(super) fn refuse_in_file<'a>(lines: impl Iterator<Item = (&'a str, &'a Line)>) -> Result<(), ConfigError> {
    let unknown = lines.filter(|(name, _)| !is_known(name)).min_by_key(|(_, line)| line.number);
    let Some((name, line)) = unknown else { return Ok(()) };
    let number = line.number;
    let problem = match nearest(name) {
        Some(nearest) => format!("has a name at line {number} that is no setting: is {nearest} meant?"),
        None => format!("has a name at line {number} that is no setting: .env.example lists them all"),
    };
    Err(ConfigError::hidden(".env", problem))
}

/// Refuses a variable of the environment whose name is nearly that of a setting. Other names are other programs'.
pub(super) fn refuse_in_environment(names: impl Iterator<Item = String>) -> Result<(), ConfigError> {
    let mut misspelt = names.filter_map(|name| Some((misspells(&name)?, name)));
    match misspelt.next() {
        Some((meant, name)) => Err(ConfigError::hidden(&name, format!("is no setting: is {meant} meant?"))),
        None => Ok(()),
    }
}

fn is_known(name: &str) -> bool {
    NAMES.contains(&name) || TO_COME.contains(&name) || secret_files::is_name(name)
}

/// The setting whose name is most like this one.
fn nearest(name: &str) -> Option<&'static str> {
    let likeness = |known: &str| strsim::jaro_winkler(&letters(name), &letters(known));
    let nearest = NAMES.into_iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
    (likeness(nearest) > ALIKE).then_some(nearest)
}

/// The setting that a name is a slip of the keyboard away from, or differs from by underscores, case, number or
/// our own prefix.
fn misspells(name: &str) -> Option<&'static str> {
    // Short words, which are parts of many names; and Kubernetes sets `PARLOUR_PORT` for a service of that name.
    let is_distinct = |known: &&str| !["HOST", "PORT"].contains(known);
    // Others number their variables.
    let is_numbered = name.ends_with(|c: char| c.is_ascii_digit());
    if is_known(name) || is_numbered {
        return None;
    }
    let name = singular(letters(name.strip_prefix("PARLOUR_").unwrap_or(name)));
    NAMES.into_iter().filter(is_distinct).find(|known| {
        let known = singular(letters(known));
        let slips = if known.len() < 12 { 1 } else { 2 };
        strsim::osa_distance(&name, &known) <= slips
    })
}

fn letters(name: &str) -> String {
    name.replace(['_', '-'], "").to_ascii_uppercase()
}

fn singular(name: String) -> String {
    match name.strip_suffix("IES") {
        Some(stem) => format!("{stem}Y"),
        None => name.strip_suffix('S').map(str::to_owned).unwrap_or(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Result<(), String> {
        refuse_in_environment([name.to_owned()].into_iter()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_name_that_is_nearly_a_settings_is_refused_in_the_environment() {
        for (name, meant) in [
            ("SIGN_UP", "SIGNUP"),
            ("signup", "SIGNUP"),
            ("PARLOUR_SIGNUP", "SIGNUP"),
            ("SINGUP", "SIGNUP"),
            ("DATADIR", "DATA_DIR"),
            ("DATABASE_URI", "DATABASE_URL"),
            ("JWT_SECRETS", "JWT_SECRET"),
            ("CORS_ORIGIN", "CORS_ORIGINS"),
            ("TRUSTED_PROXY", "TRUSTED_PROXIES"),
            ("ALLOWED_HOST", "ALLOWED_HOSTS"),
            ("RATE_LIMIT", "RATE_LIMITS"),
            ("GRAPHQL", "GRAPHIQL"),
            ("AWS_ACCES_KEY_ID", "AWS_ACCESS_KEY_ID"),
            ("RUSTLOG", "RUST_LOG"),
        ] {
            assert_eq!(environment(name).unwrap_err(), format!("{name} is no setting: is {meant} meant?"));
        }
    }

    #[test]
    fn names_of_other_programs_are_ignored_in_the_environment() {
        for name in NAMES.into_iter().chain(TO_COME) {
            environment(name).unwrap();
        }
        for name in [
            "HOME",
            "PATH",
            "HOSTNAME",
            "USER",
            "PWD",
            "SHELL",
            "TERM",
            "LANG",
            "TZ",
            "host",
            "port",
            "HOSTS",
            "PORTS",
            "RUST_BACKTRACE",
            "RUST_LOG_STYLE",
            "NODE_ENV",
            "APP_NAME",
            "PGHOST",
            "PGDATA",
            "DATABASE_URL_2",
            "WEB_DIR2",
            "AWS_DEFAULT_REGION",
            "AWS_PROFILE",
            "AWS_ENDPOINT_URL",
            "AWS_SECURITY_TOKEN",
            "AWS_EXECUTION_ENV",
            "PARLOUR_PORT",
            "PARLOUR_SERVICE_HOST",
            "PARLOUR_PORT_3000_TCP",
            "PARLOUR_BIN",
            "PARLOUR_COMMIT",
            "REDIS_HOST",
            "LOG_LEVEL",
            "LOGNAME",
            "MAIL",
            "SSH_CONNECTION",
            "INVOCATION_ID",
            "JOURNAL_STREAM",
        ] {
            environment(name).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}
