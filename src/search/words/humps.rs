//! Words within words: `userName`, `HTTPServer`.

use unicode_normalization::char::is_combining_mark;

/// The parts of a text that begin where the case says so; most texts are one part.
pub(super) fn humps(text: &str) -> impl Iterator<Item = &str> {
    let mut from = 0;
    let mut starts = starts(text).into_iter().chain([text.len()]);
    std::iter::from_fn(move || {
        let to = starts.next()?;
        let hump = text.get(from..to);
        from = to;
        hump
    })
}

/// Where parts begin, without the first: an upper case letter after one that is not, or the last of several before one
/// that is not.
fn starts(text: &str) -> Vec<usize> {
    let letters: Vec<(usize, char)> = text.char_indices().filter(|(_, c)| !is_combining_mark(*c)).collect();
    let begins = |place: usize| {
        let at = |place: usize| letters.get(place).map(|(_, c)| *c);
        let (Some(before), Some(here)) = (place.checked_sub(1).and_then(at), at(place)) else { return false };
        let is_before_lower = || at(place + 1).is_some_and(char::is_lowercase);
        here.is_uppercase()
            && (before.is_lowercase() || ((before.is_uppercase() || before.is_numeric()) && is_before_lower()))
    };
    (0..letters.len()).filter(|place| begins(*place)).map(|place| letters[place].0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_says_where_a_part_begins() {
        for (text, parts) in [
            ("", vec![""]),
            ("user name", vec!["user name"]),
            ("userName", vec!["user", "Name"]),
            ("getUserName2Go", vec!["get", "User", "Name2", "Go"]),
            ("HTTPServer is UP", vec!["HTTP", "Server is UP"]),
            ("Hello World HELLO", vec!["Hello World HELLO"]),
            ("caf\u{65}\u{301}Noir", vec!["caf\u{65}\u{301}", "Noir"]),
            ("größeÄndern", vec!["größe", "Ändern"]),
            ("日本語Text", vec!["日本語Text"]),
        ] {
            assert_eq!(humps(text).collect::<Vec<_>>(), parts, "{text}");
        }
    }
}
