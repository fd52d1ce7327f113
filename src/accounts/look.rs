//! Detects names that look the same to a reader.

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use crate::accounts::{Accounts, search_key};

/// The name of every erased person. No account may use it.
pub const ERASED_NAME: &str = "Deleted user";

impl Accounts {
    /// The look of a name, given its search key. Cached, because a document can ask for it thousands of times.
    pub fn look(&self, search_key: &str) -> String {
        self.looks.get_with_by_ref(search_key, || look(search_key).into()).to_string()
    }
}

/// The look of a name, given its [`search_key`]: equal for names that a reader would confuse. For comparison only.
///
/// This is the skeleton of UTS #39, made case-insensitive: a letter counts as the Latin letter that its capital
/// resembles, or else its small form. So В (Cyrillic), B and b are equal, and so are г (Cyrillic) and r, and I, l and
/// 1.
fn look(search_key: &str) -> String {
    let mut look = String::with_capacity(search_key.len());
    for c in search_key.nfd() {
        let (capital, small) = (prototype(c.to_uppercase()), prototype(c.to_lowercase()));
        let resembled = if capital.is_ascii() || !small.is_ascii() { capital } else { small };
        look.extend(resembled.chars().flat_map(char::to_lowercase));
    }
    skeleton(&look).collect()
}

fn prototype(letters: impl Iterator<Item = char>) -> String {
    skeleton(&letters.collect::<String>()).collect()
}

/// Whether a reader would take a name for that of an erased person. Accents, spaces and punctuation are ignored.
pub(super) fn is_reserved(name: &str) -> bool {
    let letters = |name| look(&search_key(name)).chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    letters(name) == letters(ERASED_NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> String {
        look(&search_key(name))
    }

    #[test]
    fn names_that_look_the_same_have_one_look() {
        for (one, other) in [
            ("Ada Lovelace", "ada  LOVELACE"),
            ("Ada", "A\u{200B}d\u{AD}a\u{2060}"),
            ("Ada", "\u{410}da"),
            ("Ada", "Ad\u{430}"),
            ("Bob", "\u{412}ob"),
            ("Вера", "вЕРА"),
            ("Вера", "Bepa"),
            ("Галя", "галя"),
            ("ΝΙΚΗ", "νικη"),
            ("Alice", "AIice"),
            ("Alice", "A1ice"),
            ("Alice", "ALICE"),
            ("Carmen", "Carrnen"),
            ("Otto", "0tto"),
            ("Zoë", "Zoe\u{308}"),
            ("ada", "𝐚𝗱𝕒"),
            ("Straße", "STRASSE"),
        ] {
            assert_eq!(of(one), of(other), "{one} {other}");
        }
    }

    #[test]
    fn names_that_differ_have_different_looks() {
        for (one, other) in [
            ("Zoë", "Zoe"),
            ("Jan", "Jav"),
            ("Vera", "Вера"),
            ("Ada L", "AdaL"),
            ("高木", "髙木"),
            ("محمد", "محمود"),
            ("Kim", "Tim"),
        ] {
            assert_ne!(of(one), of(other), "{one} {other}");
        }
    }

    #[test]
    fn the_name_of_erased_people_and_names_that_look_like_it_are_reserved() {
        for name in [
            ERASED_NAME,
            "deleted USER",
            "Deleted  user.",
            "DeletedUser",
            "(deleted-user)",
            "De\u{200B}leted\u{A0}u\u{AD}ser",
            "DeIeted user",
            "De1eted user",
            "D\u{435}l\u{435}t\u{435}d us\u{435}r",
            "Délétèd üser",
            "Đeleted user",
            "Ｄｅｌｅｔｅｄ ｕｓｅｒ",
            "𝓓𝓮𝓵𝓮𝓽𝓮𝓭 𝓾𝓼𝓮𝓻",
            "Deleted user 🗑",
        ] {
            assert!(is_reserved(name), "{name}");
        }
        for name in ["Deleted", "User", "Deleted users", "Undeleted user", "Dele Tedesco", "Ada Lovelace", "削除"] {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
