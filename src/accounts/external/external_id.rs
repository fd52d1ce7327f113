//! The id that a person has in the app's own backend.

use crate::error::{Error, Result};
use crate::limits;

/// An id of 1 to 128 characters, compared as it is: nothing is trimmed or folded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExternalId(String);

impl ExternalId {
    /// Accepts anything without control characters. `field` is its path in the input.
    pub fn parse(raw: &str, field: &'static str) -> Result<Self> {
        Self::new(raw).ok_or_else(|| {
            let most = limits::EXTERNAL_ID_LENGTH;
            Error::input(field, format!("an external id has 1 to {most} characters, and no control characters"))
        })
    }

    pub(in crate::accounts) fn new(raw: &str) -> Option<Self> {
        let length = raw.chars().take(limits::EXTERNAL_ID_LENGTH + 1).count();
        let is_fine = (1..=limits::EXTERNAL_ID_LENGTH).contains(&length) && !raw.contains(char::is_control);
        is_fine.then(|| Self(raw.to_owned()))
    }

    /// As the app writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
