//! Rules for text on a single line, such as names and titles, and which characters are visible.

use std::borrow::Cow;

use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::error::{Error, Result};

/// Combining marks in a row. Vietnamese, Thai and Hebrew need up to four, and the tallest stack on record, the
/// Tibetan ཧྐྵྨླྺྼྻྂ, has eight; what rises higher is there to cover its neighbours' lines.
const MARKS: usize = 8;

/// Takes a single line of 1 to `max` Unicode scalars, for a list or a heading: trimmed, in NFC, with something to
/// see in it, and with nothing in it that could rearrange what stands around it.
pub(crate) fn line(raw: &str, field: &'static str, max: usize) -> Result<String> {
    // Before trimming, which would take some of these off the ends and refuse them in the middle.
    if raw.chars().any(breaks_line) {
        return Err(Error::input(field, "leave out control characters and line breaks"));
    }
    if raw.chars().any(turns_direction) {
        return Err(Error::input(
            field,
            "leave out characters that turn the direction of text around (U+202A–202E, U+2066–2069)",
        ));
    }
    let line: String = raw.trim().nfc().collect();
    if !line.chars().any(|c| is_visible(c) && !is_combining_mark(c)) {
        return Err(Error::input(field, "write something that can be seen"));
    }
    let length = line.chars().count();
    if length > max {
        return Err(Error::input(field, format!("write at most {max} characters: these are {length}")));
    }
    if tallest_stack(&line) > MARKS {
        return Err(Error::input(field, format!("put at most {MARKS} combining marks on one letter")));
    }
    Ok(line)
}

/// Whether a reader sees anything of the character: it is neither white space, nor a Default_Ignorable_Code_Point, nor one
/// of the few with a blank glyph.
pub(crate) fn is_visible(c: char) -> bool {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c);
    // The Braille blank, the anchors of interlinear annotations, the Khitan filler, the null notehead.
    let blank = matches!(c, '\u{2800}' | '\u{FFF9}'..='\u{FFFB}' | '\u{16FE4}' | '\u{1D159}');
    !(c.is_whitespace() || c.is_control() || ignorable || blank)
}

/// Text for a terminal, in which nothing that people typed moves its cursor or turns its text around. Line breaks and tabs
/// stay. What is escaped stands only in strings of JSON, so that JSON stays JSON.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| matches!(c, '\n' | '\t') || !(breaks_line(c) || turns_direction(c));
    if text.chars().all(is_plain) {
        return text.into();
    }
    let one = |c: char| if is_plain(c) { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) };
    text.chars().map(one).collect()
}

/// C0, DEL, C1, and the separators of lines and paragraphs.
fn breaks_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Embeddings, overrides and isolates reach beyond the line that holds them ("Trojan Source"). Right-to-left scripts
/// need none of them; the marks U+200E, U+200F and U+061C, which only place what stands next to them, stay allowed.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// The most combining marks that are drawn on one letter. A joiner between them does not end the stack.
fn tallest_stack(line: &str) -> usize {
    let height = |height: &mut usize, c: char| {
        if is_combining_mark(c) {
            *height += 1;
        } else if is_visible(c) || c.is_whitespace() {
            *height = 0;
        }
        Some(*height)
    };
    line.chars().scan(0, height).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_typed_moves_no_cursor_of_a_terminal() {
        for (text, shown) in [
            ("Zoë\tand\nAda", "Zoë\tand\nAda"),
            ("\u{1b}[2J\u{9b}2J\u{7f}", "\\u001b[2J\\u009b2J\\u007f"),
            ("a\u{202e}b\u{2066}c\u{2028}", "a\\u202eb\\u2066c\\u2028"),
        ] {
            assert_eq!(escaped(text), shown);
        }
        let json = serde_json::json!({ "text": "\u{9b}2J" });
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped(&json.to_string())).ok(), Some(json));
    }

    const MAX: usize = 20;

    fn taken(raw: &str) -> Option<String> {
        match line(raw, "field", MAX) {
            Ok(line) => Some(line),
            Err(Error::BadUserInput { field, .. }) if field == "field" => None,
            Err(other) => panic!("{raw:?}: {other:?}"),
        }
    }

    #[test]
    fn a_line_is_trimmed_and_in_nfc() {
        assert_eq!(taken(" \u{A0}Jose\u{301} \u{3000}").as_deref(), Some("José"));
    }

    #[test]
    fn length_is_counted_in_scalars_after_trimming_and_nfc() {
        assert!(taken("a").is_some());
        assert!(taken(&"😀".repeat(MAX)).is_some());
        assert!(taken(&"😀".repeat(MAX + 1)).is_none());
        assert!(taken(&format!("  {}  ", "e\u{301}".repeat(MAX))).is_some());
        assert!(taken(&"e\u{301}".repeat(MAX + 1)).is_none());
    }

    #[test]
    fn controls_and_line_breaks_are_refused_wherever_they_stand() {
        for c in ('\0'..='\u{1F}').chain('\u{7F}'..='\u{9F}').chain(['\u{2028}', '\u{2029}']) {
            for raw in [format!("{c}ab"), format!("a{c}b"), format!("ab{c}")] {
                assert!(taken(&raw).is_none(), "{raw:?}");
            }
        }
        for neighbour in [' ', '~', '\u{A0}', '\u{2027}', '\u{202F}'] {
            assert!(taken(&format!("a{neighbour}b")).is_some(), "{neighbour:?}");
        }
    }

    #[test]
    fn direction_overrides_are_refused_and_direction_marks_are_not() {
        for c in ('\u{202A}'..='\u{202E}').chain('\u{2066}'..='\u{2069}') {
            assert!(taken(&format!("a{c}b")).is_none(), "{c:?}");
        }
        for c in ['\u{200E}', '\u{200F}', '\u{61C}', '\u{2065}', '\u{206A}'] {
            assert!(taken(&format!("a{c}b")).is_some(), "{c:?}");
        }
    }

    #[test]
    fn text_that_looks_empty_is_refused() {
        let empty = [
            "",
            " ",
            "\u{A0}\u{2003}\u{3000}",
            "\u{200B}\u{200C}\u{200D}\u{2060}\u{FEFF}",
            "\u{3164}\u{115F}\u{1160}\u{FFA0}",
            "\u{2800} \u{2800}",
            "\u{FE0F}\u{E0100}\u{180B}",
            "\u{AD}\u{34F}\u{180E}\u{206A}",
            "\u{200E}\u{200F}\u{61C}",
            "\u{E0041}\u{1D159}\u{FFF9}",
            "\u{301}\u{302}",
            "\u{A0}\u{20DD}",
        ];
        for raw in empty {
            assert!(taken(raw).is_none(), "{raw:?}");
            assert!(taken(&format!("{raw}.")).is_some(), "{raw:?} and a dot");
        }
    }

    #[test]
    fn marks_pile_up_to_the_tallest_stack_of_a_real_script() {
        assert!(taken(&format!("q{}", "\u{323}".repeat(MARKS))).is_some());
        assert!(taken(&format!("q{}", "\u{323}".repeat(MARKS + 1))).is_none());
        assert!(taken(&format!("q{}", "\u{489}".repeat(500))).is_none());
        for joiner in ['\u{200D}', '\u{200C}', '\u{2060}', '\u{115F}'] {
            let stack = format!("q{}{joiner}{}", "\u{323}".repeat(4), "\u{323}".repeat(4));
            assert!(taken(&stack).is_some());
            assert!(taken(&format!("{stack}\u{323}")).is_none(), "{joiner:?}");
        }
        assert!(taken(&format!("q{0}q{0}", "\u{323}".repeat(MARKS))).is_some());
    }

    #[test]
    fn real_scripts_and_emoji_pass_unchanged() {
        let real = [
            "Nguyễn Thị Ngọc Hằng",
            "น้ำผึ้ง ศรีสุข",
            "בְּרֵאשִׁ֖ית",
            "مُحَمَّدٌ",
            "עדה לאבלייס",
            "بَهار\u{200C}نوش",
            "ཧྐྵྨླྺྼྻྂ",
            "བསྒྲུབས་པ་",
            "क्षत्रिय श्री",
            "ශ්\u{200D}රී ලංකා",
            "யாழ்ப்பாணம்",
            "ကျွန်ုပ်",
            "\u{1000}\u{103B}\u{103C}\u{103D}\u{103E}\u{1031}\u{102C}\u{1037}\u{103A}",
            "山田 太郎",
            "김민준",
            "Zoë D’Arcy-O’Neill",
            "👨\u{200D}👩\u{200D}👧\u{200D}👦 ❤\u{FE0F} 1\u{FE0F}\u{20E3}",
            "👩🏽\u{200D}🚀\u{200D}",
        ];
        for raw in real {
            let nfc: String = raw.nfc().collect();
            assert_eq!(taken(raw).as_deref(), Some(nfc.as_str()), "{raw:?}");
        }
    }
}
