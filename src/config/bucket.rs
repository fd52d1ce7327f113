//! The bucket for images, if one is configured.

use secrecy::SecretString;
use url::Url;

use super::ConfigError;
use super::variables::Variables;

/// A bucket of S3 or of a compatible service.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// The service's URL; `None` for AWS.
    pub endpoint: Option<Url>,
    /// Whether the bucket's name goes into the path instead of the host name.
    pub force_path_style: bool,
    /// Its region, which is part of each signature.
    pub region: String,
    /// The id of the access key.
    pub access_key_id: String,
    /// The key that signs requests.
    pub secret_access_key: SecretString,
    /// The token of temporary keys.
    pub session_token: Option<SecretString>,
}

impl Bucket {
    /// Reads the bucket's variables; `None` if `S3_BUCKET` is not set.
    pub(super) fn read(vars: &Variables<'_>) -> Result<Option<Self>, ConfigError> {
        let endpoint = vars.read("S3_ENDPOINT_URL", None, "an http or https address without a user", |text| {
            let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
            // Errors of the bucket show the URL, so it must not contain credentials.
            (url.username().is_empty() && url.password().is_none()).then_some(Some(url))
        })?;
        let force_path_style = vars.switch("S3_FORCE_PATH_STYLE", false)?;
        let Some(name) =
            vars.read("S3_BUCKET", None, "the name of a bucket", |text| is_name(text).then(|| Some(text.to_owned())))?
        else {
            return Self::refuse_any(&["S3_ENDPOINT_URL", "S3_FORCE_PATH_STYLE"], |name| vars.get(name)).map(|()| None);
        };
        let wanted =
            |name, expected| vars.get(name).ok_or_else(|| ConfigError::missing(name, "with S3_BUCKET", expected));
        Ok(Some(Self {
            name,
            endpoint,
            force_path_style,
            region: vars.get("AWS_REGION").unwrap_or_else(|| "us-east-1".to_owned()),
            access_key_id: wanted("AWS_ACCESS_KEY_ID", "the id of a key that may read and write the bucket")?,
            secret_access_key: wanted("AWS_SECRET_ACCESS_KEY", "the secret of that key")?.into(),
            session_token: vars.get("AWS_SESSION_TOKEN").map(SecretString::from),
        }))
    }

    /// Refuses a key in our own file without a bucket that it is for. In the environment, others have a use for these.
    pub(super) fn refuse_half(in_file: impl Fn(&str) -> Option<String>) -> Result<(), ConfigError> {
        let key = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
        Self::refuse_any(&key, in_file)
    }

    fn refuse_any(names: &[&str], lookup: impl Fn(&str) -> Option<String>) -> Result<(), ConfigError> {
        match names.iter().find(|name| lookup(name).is_some_and(|value| !value.trim().is_empty())) {
            Some(name) => Err(ConfigError::missing("S3_BUCKET", &format!("with {name}"), "the name of a bucket")),
            None => Ok(()),
        }
    }
}

/// The rules of S3 for names, except for those that only AWS has.
fn is_name(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    (3..=63).contains(&text.len()) && text.chars().all(is_letter) && !text.contains("..")
}
