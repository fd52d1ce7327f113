//! The settings: read from the environment once, at the start, each with a type, a default and a bound.

mod app_tokens;
mod bucket;
mod check;
mod choices;
mod database;
mod dotenv;
mod network;
mod origin;
mod public_key;
mod secret_files;
mod server_place;
mod show;
mod sources;
mod unknown;
mod variables;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

pub use self::app_tokens::{AppTokenKey, AppTokens};
pub use self::bucket::Bucket;
pub use self::choices::{Directory, SameSite};
pub use self::database::DatabaseAddress;
pub use self::network::Network;
pub use self::origin::Origin;
pub use self::public_key::PublicKey;
pub use self::server_place::ServerPlace;
pub use self::show::ShownSetting;
use self::sources::Sources;
pub use self::variables::ConfigError;
use self::variables::{Variables, WANTS_A_SECRET};
use crate::id::UserId;
use crate::printable;

/// What a server without `SERVER_NAME` is called.
const DEFAULT_NAME: &str = "Parlour";
/// In characters: it stands in a phone's home screen and on tabs.
const NAME_LENGTH: usize = 40;
/// Where the picture that stands for the server is served.
pub const LOGO_PATH: &str = "server-logo";
/// Of pictures that every browser shows.
const LOGO_ENDINGS: [&str; 5] = ["svg", "png", "webp", "jpg", "jpeg"];

/// Everything that can be set. `.env.example` describes each variable for the person who sets it.
#[derive(Clone, Debug)]
pub struct Config {
    /// What is set, as the log shows it: `NAME=value` for each, and no value of a secret.
    pub given: String,
    /// The address to listen on.
    pub host: IpAddr,
    /// The port to listen on; 0 means any free port.
    pub port: u16,
    /// Whether this instance is for development or production.
    pub app_env: AppEnv,
    /// The folder of the database and the generated secret.
    pub data_dir: PathBuf,
    /// Where the database is.
    pub database: DatabaseAddress,
    /// The secret that signs tokens. `None`, in development only: the one that is stored in the data folder.
    pub jwt_secret: Option<SecretString>,
    /// Earlier secrets: these verify tokens and never sign them.
    pub jwt_previous_secrets: Vec<SecretString>,
    /// How long a session lives without being used.
    pub session_days: u32,
    /// The shortest password, in characters.
    pub password_min_length: usize,
    /// Origins whose pages may use the API with a cookie, besides the server's own.
    pub cors_origins: Vec<Origin>,
    /// Which pages' requests carry the session's cookie.
    pub cookie_same_site: SameSite,
    /// The server's public URL.
    pub public_url: Url,
    /// Further host names of the server, in lower case.
    pub allowed_hosts: Vec<String>,
    /// The bucket for images; `None` keeps them in the data folder.
    pub s3: Option<Bucket>,
    /// A built front end to serve; `None` serves the built-in pages.
    pub web_dir: Option<PathBuf>,
    /// What the server is called, on its sign-in page for instance.
    pub server_name: String,
    /// A picture file that stands for the server; `None`: the mark of the pages.
    pub server_logo: Option<PathBuf>,
    /// Whether anybody may create an account; else only the operator can.
    pub sign_up: bool,
    /// Whether people sign up and in with e-mail addresses and passwords of this server.
    pub local_sign_in: bool,
    /// The tokens of an app that has users of its own.
    pub app_tokens: Option<AppTokens>,
    /// Where the app signs people in, to whom the pages go.
    pub sign_in_url: Option<Url>,
    /// Whether everybody sees the ids that people have in the app's backend; else only keys do.
    pub external_ids_are_public: bool,
    /// Who can find whom, and see who is online.
    pub directory: Directory,
    /// Users for whom the directory is always open: accounts of apps that create conversations for others.
    pub directory_open_to: Vec<UserId>,
    /// How long entries of the audit log are kept.
    pub audit_days: u32,
    /// For how many days messages are kept; `None`: for good.
    pub retention_days: Option<i32>,
    /// The room for all images together, in bytes; `None`: as much as there is.
    pub image_storage: Option<u64>,
    /// How many members a group may have, its owner included.
    pub group_members: usize,
    /// How many accounts may be made from one address in an hour.
    pub sign_ups_per_hour: u32,
    /// How many people may sign in from one address in an hour.
    pub logins_per_hour: u32,
    /// How many connections one address may have, if that is not more than a quarter of all.
    pub connections_per_address: usize,
    /// Whether rates and the sockets of a person or an address are limited.
    pub rate_limits: bool,
    /// Proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<Network>,
    /// Where the metrics are served, if anywhere.
    pub metrics_address: Option<SocketAddr>,
    /// Networks that webhooks may reach although the Internet does not, such as the operator's own.
    pub webhook_allow_nets: Vec<Network>,
    /// Whether a browser that opens `/graphql` gets GraphiQL.
    pub graphiql: bool,
    /// Whether clients may ask for the schema.
    pub introspection: bool,
    /// What is logged, in the directives of tracing's `EnvFilter`.
    pub log_filter: String,
    /// How the log is written.
    pub log_format: LogFormat,
}

/// Whether an instance is for development or production.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppEnv {
    /// For developers: conveniences are on by default.
    Development,
    /// For users: everything optional is off by default.
    Production,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// A JSON object per line, for machines.
    Json,
}

impl Config {
    /// Reads the process's environment, and the file `.env` of the working folder for what is not set there.
    pub fn from_env() -> Result<Self, ConfigError> {
        let sources = Sources::read()?;
        let secrets = sources.secrets()?;
        let config = Self::from_lookup(|name| secrets.get(name).cloned().or_else(|| sources.get(name)))?;
        config.check_files(&sources)?;
        Ok(config)
    }

    /// What no single variable shows.
    fn check_files(&self, sources: &Sources) -> Result<(), ConfigError> {
        if self.s3.is_none() {
            Bucket::refuse_half(|name| sources.in_file(name))?;
        }
        match &self.web_dir {
            Some(folder) if !folder.is_dir() => return Err(ConfigError::wrong("WEB_DIR", "an existing folder")),
            Some(_) | None => {}
        }
        match &self.server_logo {
            Some(file) if !file.is_file() => Err(ConfigError::wrong("SERVER_LOGO", "an existing file")),
            Some(_) | None => Ok(()),
        }
    }

    /// Reads variables through `lookup`. An empty one counts as not set, save for `CORS_ORIGINS`: there it means none.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let vars = Variables::new(&lookup);
        vars.refuse_lines_that_ran_together()?;
        vars.refuse_planned()?;

        let app_env = vars.read("APP_ENV", AppEnv::Development, "development or production", AppEnv::parse)?;
        let development = app_env == AppEnv::Development;
        let log_format = if development { LogFormat::Text } else { LogFormat::Json };
        let port = vars.read("PORT", 3000, "a port from 0 (any that is free) to 65535", |text| text.parse().ok())?;
        let data_dir = vars.read("DATA_DIR", PathBuf::from("data"), "a folder", |text| Some(PathBuf::from(text)))?;
        let jwt_secret = vars.secret("JWT_SECRET")?;
        let database = database::read(&vars, &data_dir)?;
        let directory_open_to = vars.people("DIRECTORY_OPEN_TO")?;
        let directories = "open, shared or closed";
        if !directory_open_to.is_empty() && vars.get("DIRECTORY").is_none() {
            return Err(ConfigError::missing("DIRECTORY", "with DIRECTORY_OPEN_TO", directories));
        }
        if jwt_secret.is_none() && !development {
            return Err(ConfigError::missing("JWT_SECRET", "with APP_ENV=production", WANTS_A_SECRET));
        }
        if jwt_secret.is_none() && database.is_shared() {
            let when = "with PostgreSQL, as all nodes share it";
            return Err(ConfigError::missing("JWT_SECRET", when, WANTS_A_SECRET));
        }
        let public_url = vars.public_url(app_env, port)?;

        Ok(Self {
            given: vars.given(),
            host: vars.read(
                "HOST",
                Ipv4Addr::LOCALHOST.into(),
                "an IP address, such as 127.0.0.1 or 0.0.0.0",
                |text| text.parse().ok(),
            )?,
            port,
            app_env,
            database,
            data_dir,
            jwt_secret,
            jwt_previous_secrets: vars.secrets("JWT_PREVIOUS_SECRETS")?,
            session_days: vars.read("SESSION_DAYS", 7, "a number of days from 1 to 30", |text| {
                text.parse().ok().filter(|days| (1..=30).contains(days))
            })?,
            password_min_length: vars.read(
                "PASSWORD_MIN_LENGTH",
                6,
                "a number of characters from 6 to 64",
                |text| text.parse().ok().filter(|length| (6..=64).contains(length)),
            )?,
            cors_origins: vars.cors_origins(app_env)?,
            cookie_same_site: vars.cookie_same_site(&public_url)?,
            public_url,
            allowed_hosts: vars.allowed_hosts()?,
            s3: Bucket::read(&vars)?,
            web_dir: vars.read("WEB_DIR", None, "a folder", |text| Some(Some(PathBuf::from(text))))?,
            server_name: vars.read(
                "SERVER_NAME",
                DEFAULT_NAME.to_owned(),
                "a name of 1 to 40 characters on one line",
                |text| printable::line(text, "SERVER_NAME", NAME_LENGTH).ok(),
            )?,
            server_logo: vars.read("SERVER_LOGO", None, "a file that ends with .svg, .png, .webp or .jpg", |text| {
                let file = PathBuf::from(text);
                let ending = file.extension()?.to_str()?.to_ascii_lowercase();
                LOGO_ENDINGS.contains(&ending.as_str()).then_some(Some(file))
            })?,
            sign_up: vars.read("SIGNUP", true, "open or closed", |text| match text {
                "open" => Some(true),
                "closed" => Some(false),
                _ => None,
            })?,
            local_sign_in: vars.switch("AUTH_LOCAL", true)?,
            app_tokens: AppTokens::read(&vars, app_env)?,
            sign_in_url: app_tokens::sign_in_url(&vars, app_env)?,
            external_ids_are_public: vars.read("EXTERNAL_IDS", false, "private or public", |text| match text {
                "private" => Some(false),
                "public" => Some(true),
                _ => None,
            })?,
            directory: vars.read("DIRECTORY", Directory::Open, directories, Directory::parse)?,
            directory_open_to,
            audit_days: vars.read("AUDIT_DAYS", 400, "a number of days from 1 to 3650", |text| {
                text.parse().ok().filter(|days| (1..=3650).contains(days))
            })?,
            retention_days: vars.read("RETENTION_DAYS", None, "a number of days from 1 to 3650", |text| {
                text.parse().ok().filter(|days| (1..=3650).contains(days)).map(Some)
            })?,
            image_storage: vars.read("IMAGE_STORAGE_GIB", None, "a number of GiB from 1 to 1000000", |text| {
                text.parse().ok().filter(|gib| (1..=1_000_000).contains(gib)).map(|gib: u64| Some(gib << 30))
            })?,
            group_members: vars.read("GROUP_MEMBERS", 1_000, "a number of people from 2 to 10000", |text| {
                text.parse().ok().filter(|people| (2..=10_000).contains(people))
            })?,
            sign_ups_per_hour: vars.hourly("SIGNUPS_PER_ADDRESS", 360)?,
            logins_per_hour: vars.hourly("LOGINS_PER_ADDRESS", 1_800)?,
            // 500 people behind one router with a socket and a page each.
            connections_per_address: vars.read(
                "CONNECTIONS_PER_ADDRESS",
                1_024,
                "a number from 32 to 65536",
                |text| text.parse().ok().filter(|most| (32..=65_536).contains(most)),
            )?,
            rate_limits: vars.switch("RATE_LIMITS", true)?,
            trusted_proxies: vars.networks("TRUSTED_PROXIES")?,
            metrics_address: vars.read(
                "METRICS_ADDR",
                None,
                "an address and a port, such as 127.0.0.1:9464",
                |text| text.parse().ok().map(Some),
            )?,
            webhook_allow_nets: vars.networks("WEBHOOK_ALLOW_NETS")?,
            graphiql: vars.switch("GRAPHIQL", development)?,
            introspection: vars.switch("INTROSPECTION", development)?,
            log_filter: vars.log_filter("RUST_LOG")?,
            log_format: vars.read("LOG_FORMAT", log_format, "text or json", LogFormat::parse)?,
        })
    }
}

impl AppEnv {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "development" => Some(Self::Development),
            "production" => Some(Self::Production),
            _ => None,
        }
    }
}

impl LogFormat {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}
