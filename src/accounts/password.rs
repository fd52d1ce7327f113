//! Passwords as typed, before they are hashed.

use std::fmt;

use zeroize::Zeroizing;

use crate::accounts::common_passwords::is_common;
use crate::error::{Error, Result};
use crate::limits;

/// A password as typed: never trimmed, normalised or truncated. It does not print, and its memory is wiped.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Parses a new password of `min_length` to 128 Unicode scalars that is not a common one. `field` is its path in
    /// the input.
    pub fn parse(raw: String, min_length: usize, field: &'static str) -> Result<Self> {
        let password = Self(Zeroizing::new(raw));
        let max = limits::PASSWORD_LENGTH;
        if password.length().is_none_or(|length| length < min_length) {
            return Err(Error::input(field, format!("choose a password of {min_length} to {max} characters")));
        }
        // Programs that use C strings would ignore everything after it.
        if password.0.contains('\0') {
            return Err(Error::input(field, "choose a password without the character NUL"));
        }
        if is_common(&password.0) {
            return Err(Error::input(field, "choose another password: this one is too common"));
        }
        Ok(password)
    }

    /// Parses a password to compare. One above the maximum length is wrong without hashing it.
    pub fn for_login(raw: String) -> Result<Self> {
        let password = Self(Zeroizing::new(raw));
        password.length().ok_or(Error::InvalidCredentials)?;
        Ok(password)
    }

    /// The bytes to hash.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// In Unicode scalars; `None` above the limit.
    fn length(&self) -> Option<usize> {
        // A scalar has at most 4 bytes, so a megabyte need not be counted.
        if self.0.len() > 4 * limits::PASSWORD_LENGTH {
            return None;
        }
        Some(self.0.chars().count()).filter(|&length| length <= limits::PASSWORD_LENGTH)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(raw: impl Into<String>) -> Option<Password> {
        match Password::parse(raw.into(), 6, "input.password") {
            Ok(password) => Some(password),
            Err(Error::BadUserInput { field, .. }) if field == "input.password" => None,
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn length_is_counted_in_scalars_from_the_minimum_to_128() {
        assert!(taken("72345").is_none());
        assert!(taken("723456").is_some());
        assert!(taken("ééééé").is_none());
        assert!(taken("é".repeat(128)).is_some());
        assert!(taken("a".repeat(129)).is_none());
        assert!(taken("😀".repeat(128)).is_some());
        assert!(taken("😀".repeat(129)).is_none());
        assert!(Password::parse("7234567".into(), 8, "password").is_err());
        assert!(Password::parse("72345678".into(), 8, "password").is_ok());
    }

    #[test]
    fn nothing_is_trimmed_normalised_or_truncated() {
        for raw in [" Jose\u{301}\t ", "\u{FB01}\u{212A}\r\n\u{1}123", &"x".repeat(128)] {
            assert_eq!(taken(raw).expect("a password").as_bytes(), raw.as_bytes());
        }
    }

    #[test]
    fn nul_is_rejected() {
        assert!(taken("123456\0").is_none());
        assert!(taken("\u{0}123456").is_none());
    }

    #[test]
    fn common_passwords_are_rejected_for_accounts_and_accepted_at_login() {
        assert!(taken("iloveyou").is_none());
        assert!(taken("ILoveYou").is_none());
        assert!(taken("iloveyou!").is_some());
        assert!(Password::for_login("iloveyou".into()).is_ok());
    }

    #[test]
    fn at_login_only_the_upper_bound_counts() {
        for raw in ["", "1", "a\0b", &"😀".repeat(128)] {
            assert!(Password::for_login(raw.into()).is_ok(), "{raw:?}");
        }
        for raw in ["a".repeat(129), "😀".repeat(129), "a".repeat(1_000_000)] {
            assert!(matches!(Password::for_login(raw), Err(Error::InvalidCredentials)));
        }
    }

    #[test]
    fn a_password_does_not_print() {
        assert_eq!(format!("{:?}", taken("723456").expect("a password")), "Password(…)");
    }
}
