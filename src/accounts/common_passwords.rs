//! Rejects the most common passwords, which attackers try first.

use std::sync::LazyLock;

use zeroize::Zeroizing;

/// The 3,000 most common passwords of 6 characters or more (OWASP ASVS 6.2.4), in lower case and sorted by bytes.
/// Source: the list of `@zxcvbn-ts/language-common` 4.1.3 on npm (MIT), compiled from leaked passwords.
static COMMON: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// Whether a password is on the list, ignoring case.
pub(super) fn is_common(password: &str) -> bool {
    let folded = Zeroizing::new(password.to_lowercase());
    COMMON.binary_search(&folded.as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_unique_and_in_lower_case() {
        assert_eq!(COMMON.len(), 3_000);
        assert!(COMMON.is_sorted_by(|one, next| one < next), "sorted and without duplicates");
        for password in COMMON.iter() {
            assert!(password.chars().count() >= 6 && password.to_lowercase() == *password, "{password}");
        }
    }

    #[test]
    fn common_passwords_are_found_in_any_case() {
        for common in ["123456", "password", "PassWord", "QWERTY", "iloveyou", "1q2w3e4r", "Michael", "Password1"] {
            assert!(is_common(common), "{common}");
        }
        for rare in ["", "password ", " password", "passwordpasswordpassword", "correct horse", "pässword", "12345"] {
            assert!(!is_common(rare), "{rare}");
        }
    }
}
