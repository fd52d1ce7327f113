//! Passwords as typed, before they are hashed.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::accounts::common_passwords::is_common;
use crate::error::{Error, Result};
use crate::limits;

/// NFKC makes a text at most this many times as long in UTF-8 (UAX #15, table of expansion factors).
const EXPANSION: usize = 11;

/// A password, never trimmed or truncated. It does not print, and its memory is wiped.
///
/// Systems type the same letter with an accent as one character or as two. So new passwords are stored in the normal form
/// NFKC (NIST SP 800-63B-4, 3.1.1.2), and a password that is compared is tried as typed, as older ones were stored, and
/// then in that form.
pub struct Password {
    typed: Zeroizing<String>,
    normalised: Zeroizing<String>,
}

impl Password {
    /// Parses a new password that has `min_length` to 128 Unicode scalars in normal form and is not a common one. `field`
    /// is its path in the input.
    pub fn parse(raw: String, min_length: usize, field: &'static str) -> Result<Self> {
        let password = Self::new(raw);
        let max = limits::PASSWORD_LENGTH;
        let length = password.as_ref().and_then(|password| length(&password.normalised));
        let Some(password) = password.filter(|_| length.is_some_and(|length| length >= min_length)) else {
            return Err(Error::input(field, format!("choose a password of {min_length} to {max} characters")));
        };
        // Programs that use C strings would ignore everything after it.
        if password.normalised.contains('\0') {
            return Err(Error::input(field, "choose a password without the character NUL"));
        }
        if is_common(&password.normalised) {
            return Err(Error::input(field, "choose another password: this one is too common"));
        }
        Ok(password)
    }

    /// Parses a password to compare. One above the maximum length is wrong without hashing it.
    pub fn for_login(raw: String) -> Result<Self> {
        let password = Self::new(raw).ok_or(Error::InvalidCredentials)?;
        if password.to_compare().next().is_none() {
            return Err(Error::InvalidCredentials);
        }
        Ok(password)
    }

    /// The bytes to hash.
    pub(super) fn to_store(&self) -> &[u8] {
        self.normalised.as_bytes()
    }

    /// The bytes to compare with a stored hash, one after the other: once, unless the password is not in normal form.
    pub(super) fn to_compare(&self) -> impl Iterator<Item = &[u8]> {
        let normalised = Some(&self.normalised).filter(|normalised| **normalised != self.typed);
        let forms = [Some(&self.typed), normalised].into_iter().flatten();
        forms.filter(|form| length(form).is_some()).map(|form| form.as_bytes())
    }

    /// `None` above the limit on bytes.
    fn new(raw: String) -> Option<Self> {
        let typed = Zeroizing::new(raw);
        if typed.len() > limits::PASSWORD_BYTES {
            return None;
        }
        // With enough room from the start, no copy remains in memory.
        let mut normalised = Zeroizing::new(String::with_capacity(EXPANSION * typed.len()));
        normalised.extend(typed.nfkc());
        Some(Self { typed, normalised })
    }
}

/// In Unicode scalars; `None` above the limit.
fn length(form: &str) -> Option<usize> {
    Some(form.chars().count()).filter(|&length| length <= limits::PASSWORD_LENGTH)
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
    fn nothing_is_trimmed_or_truncated() {
        for raw in [" José\t ", "123456\r\n\u{1}", &"x".repeat(128)] {
            assert_eq!(taken(raw).expect("a password").to_store(), raw.as_bytes());
        }
    }

    #[test]
    fn a_new_password_is_stored_in_normal_form() {
        for (raw, stored) in
            [("Jose\u{301} 1", "José 1"), ("\u{FB01}\u{212A}1234", "fiK1234"), ("ｃａｆｅ\u{301}１", "café1")]
        {
            let password = Password::parse(raw.into(), 4, "password").expect("a password");
            assert_eq!(password.to_store(), stored.as_bytes());
        }
        assert!(taken("e\u{301}".repeat(5)).is_none(), "five letters");
        assert!(taken("e\u{301}".repeat(128)).is_some());
        assert!(taken("\u{FDFA}".repeat(8)).is_none(), "8 × 18 letters");
        assert!(taken("ｉｌｏｖｅｙｏｕ").is_none(), "a common one");
    }

    #[test]
    fn a_password_is_compared_as_typed_and_then_in_normal_form() {
        let forms = |raw: &str| {
            let password = Password::for_login(raw.into()).expect("a password");
            password.to_compare().map(|form| String::from_utf8(form.to_vec()).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(forms("José"), ["José"]);
        assert_eq!(forms("Jose\u{301}"), ["Jose\u{301}", "José"]);
        assert_eq!(forms(&"e\u{301}".repeat(128)), ["é".repeat(128)], "too long as typed");
        assert_eq!(forms(&"\u{FDFA}".repeat(128)), ["\u{FDFA}".repeat(128)], "too long in normal form");
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
