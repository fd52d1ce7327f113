//! Folds texts to what people search by, in messages and in names.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::printable;

/// Folds what people do not distinguish, or do not type: case, width, accents, the vowel points of Hebrew and Arabic, the
/// Persian forms of Arabic letters, katakana and hiragana, the colour of hands, and what can't be seen.
pub(crate) fn fold(text: &str) -> impl Iterator<Item = char> {
    // Of ASCII only the case and what can't be seen are of interest. Most texts are, and each message is folded.
    let (ascii, text) = if text.is_ascii() { (text, "") } else { ("", text) };
    ascii.chars().filter(|c| is_kept(*c)).map(|c| c.to_ascii_lowercase()).chain(fold_any(text))
}

fn fold_any(text: &str) -> impl Iterator<Item = char> {
    // To upper case before lower case: this way ß equals SS, and ς equals σ.
    let cased = text.nfkd().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkd();
    cased.filter(|c| is_kept(*c)).flat_map(plain).nfc()
}

fn is_kept(c: char) -> bool {
    (c.is_whitespace() || printable::is_visible(c)) && !is_ignored(c)
}

/// The letters that stand for one that Unicode does not decompose.
fn plain(c: char) -> impl Iterator<Item = char> {
    let (first, second) = match c {
        'ł' => ('l', None),
        'ø' => ('o', None),
        'đ' | 'ð' => ('d', None),
        'ħ' => ('h', None),
        'ŧ' => ('t', None),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'þ' => ('t', Some('h')),
        // The Persian yeh and kaf.
        '\u{6CC}' => ('\u{64A}', None),
        '\u{6A9}' => ('\u{643}', None),
        // Katakana, which lie 0x60 behind hiragana.
        '\u{30A1}'..='\u{30F6}' | '\u{30FD}'..='\u{30FE}' => (char::from_u32(u32::from(c) - 0x60).unwrap_or(c), None),
        _ => (c, None),
    };
    std::iter::once(first).chain(second)
}

fn is_ignored(c: char) -> bool {
    matches!(c,
        // Accents of Latin, Greek and Cyrillic.
        '\u{300}'..='\u{36F}'
        // Hebrew points and accents.
        | '\u{591}'..='\u{5BD}' | '\u{5BF}' | '\u{5C1}'..='\u{5C2}' | '\u{5C4}'..='\u{5C5}' | '\u{5C7}'
        // Arabic: signs, the stretch, points, and what the Quran adds.
        | '\u{610}'..='\u{61A}' | '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{6D6}'..='\u{6DC}'
        | '\u{6DF}'..='\u{6E4}' | '\u{6E7}'..='\u{6E8}' | '\u{6EA}'..='\u{6ED}'
        // Skin tones.
        | '\u{1F3FB}'..='\u{1F3FF}')
}

/// Whether a character is of a script that does not separate words by spaces (or where words are found by parts, as Hangul),
/// or a symbol, as emoji are.
pub(crate) fn is_dense(c: char) -> bool {
    let of_script = matches!(c,
        // Thai, Lao, Tibetan, Burmese.
        '\u{E00}'..='\u{109F}'
        // Hangul as letters.
        | '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}' | '\u{A960}'..='\u{A97F}'
        // Khmer, and the scripts of the Tai.
        | '\u{1780}'..='\u{17FF}' | '\u{1950}'..='\u{19FF}' | '\u{1A20}'..='\u{1AAF}' | '\u{AA60}'..='\u{AADF}'
        // Radicals, kana, bopomofo, ideographs, Yi.
        | '\u{2E80}'..='\u{312F}' | '\u{31A0}'..='\u{A4CF}' | '\u{A9E0}'..='\u{A9FF}'
        // Hangul as syllables, ideographs of other standards.
        | '\u{AC00}'..='\u{D7FF}' | '\u{F900}'..='\u{FAFF}'
        // What was added to all of them.
        | '\u{16FE0}'..='\u{18DFF}' | '\u{1AFF0}'..='\u{1B2FF}' | '\u{20000}'..='\u{3FFFF}');
    let is_symbol = matches!(c, '\u{A2}'..='\u{A9}' | '\u{AC}' | '\u{AE}'..='\u{B1}' | '\u{20A0}'..='\u{20CF}'
        | '\u{2100}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}');
    (of_script && (c.is_alphanumeric() || is_combining_mark(c))) || (is_symbol && !c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_do_not_distinguish_is_the_same() {
        for (written, typed) in [
            ("Łódź", "lodz"),
            ("Smørrebrød", "smorrebrod"),
            ("Đorđe", "dorde"),
            ("Ærø", "aero"),
            ("Œuvre", "oeuvre"),
            ("Þór", "thor"),
            ("علی", "علي"),
            ("کتاب", "كتاب"),
            ("カタカナ", "かたかな"),
            ("ガギグ", "がぎぐ"),
            ("ｶﾞ", "が"),
            ("ヴ", "ゔ"),
            ("Straße", "STRASSE"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
            ("Ａｄａ", "ada"),
        ] {
            assert_eq!(fold(written).collect::<String>(), fold(typed).collect::<String>(), "{written}");
        }
        assert_ne!(fold("ばら").collect::<String>(), fold("はら").collect::<String>());
    }

    #[test]
    fn ascii_is_folded_like_any_text() {
        let all: String = (0..128_u8).map(char::from).collect();
        assert_eq!(fold(&all).collect::<String>(), fold_any(&all).collect::<String>());
    }

    #[test]
    fn folding_again_changes_nothing() {
        for text in ["Łódź", "Ærø", "ガギグ", "علی", "İbrahim", "Ǆ", "한국어", "👍🏽"] {
            let once: String = fold(text).collect();
            assert_eq!(fold(&once).collect::<String>(), once, "{text}");
        }
    }
}
