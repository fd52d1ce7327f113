use proptest::prelude::*;

use super::*;

fn finds(query: &str, text: &str) -> bool {
    MessageSearch::parse(query).expect("a query").matches(text)
}

/// What the index would say of a text, by its words.
fn is_found_by_index(query: &MessageSearch, conversation: ConversationId, text: &str) -> bool {
    let document = document(conversation, text);
    let words: Vec<&str> = document.split(' ').collect();
    query.terms(usize::MAX).iter().all(|term| {
        let wanted = prefix(conversation) + &term.word;
        match term.is_beginning {
            true => words.iter().any(|word| word.starts_with(&wanted)),
            false => words.contains(&wanted.as_str()),
        }
    })
}

#[test]
fn words_are_found_by_their_beginnings() {
    for (query, text) in [
        ("hello", "Well, hello there"),
        ("hel", "Hello"),
        ("wor hel", "hello world"),
        ("grüß", "Viele Grüße"),
        ("GRUSSE", "Viele Grüße"),
        ("naive", "naïve"),
        ("naïve", "naive"),
        ("Ｈｅｌｌｏ", "hello"),
        ("ﬁn", "final"),
        ("istanbul", "İSTANBUL"),
        ("οδος", "ΟΔΟΣ"),
        ("елка", "Ёлка"),
        ("книг", "Новые книги"),
        ("مرحبا", "مَرْحَبًا"),
        ("שלום", "שָׁלוֹם"),
        ("नमस्ते", "नमस्ते दुनिया"),
        ("can't", "I can't"),
        ("3.14", "pi is 3.14159"),
        ("c++", "C++ and Rust"),
        ("e\u{301}t", "été"),
        ("soft", "so\u{AD}ftware"),
    ] {
        assert!(finds(query, text), "{query} in {text}");
    }
    for (query, text) in [("ello", "hello"), ("hello world", "hello"), ("helloo", "hello"), ("été", "tee")] {
        assert!(!finds(query, text), "{query} in {text}");
    }
}

#[test]
fn symbols_are_found_as_written() {
    for (query, text) in [
        ("C++", "I like C++."),
        ("c++", "(C++)"),
        ("(C++),", "c++20"),
        ("C#", "C# and F#"),
        ("Ｃ＃", "c#"),
        ("1/2", "add 1/2 cup"),
        ("$5", "it is $5 or $6"),
        ("user_name", "let user_name = 1"),
        ("a=b", "if a=b then"),
        ("R&D", "the r&d team"),
        ("@ada", "ask @Ada"),
        ("rust C++", "C++ and Rust"),
        ("and, or: \"both\"?", "both or and"),
    ] {
        assert!(finds(query, text), "{query} in {text}");
    }
    for (query, text) in [
        ("C++", "C and D"),
        ("C++", "c + +"),
        ("C++", "abc++"),
        ("C#", "C++"),
        ("1/2", "1 or 2"),
        ("1/2", "11/2"),
        ("$5", "5 dollars"),
        ("user_name", "user name"),
    ] {
        assert!(!finds(query, text), "{query} in {text}");
    }
}

#[test]
fn a_search_for_punctuation_is_empty() {
    assert!(
        ["+", "C", "1 + 1"].map(|raw| MessageSearch::parse(raw).expect("a query").is_empty()) == [true, false, false]
    );
}

#[test]
fn parts_of_a_word_are_found_where_its_case_says_so() {
    for query in ["user", "name", "userName", "username", "Nam"] {
        assert!(finds(query, "let userName = 1;"), "{query}");
    }
    for query in ["http", "server", "serv"] {
        assert!(finds(query, "an HTTPServer"), "{query}");
    }
    assert!(!finds("ser", "userName"), "the case says nothing of it");
    assert!(!finds("name", "username"), "nor here");
}

#[test]
fn letters_that_people_do_not_have_on_their_keyboards_are_found() {
    for (query, text) in [
        ("lodz", "Łódź"),
        ("oresund", "Øresund"),
        ("dorde", "Đorđe"),
        ("aeble", "Æble"),
        ("كتاب", "کتاب"),
        ("علي", "علی"),
        ("らーめん", "ラーメン"),
        ("ラーメン", "らーめん"),
    ] {
        assert!(finds(query, text), "{query} in {text}");
    }
}

#[test]
fn where_words_are_not_parted_any_piece_is_found() {
    for (query, text) in [
        ("猫", "我有一只猫"),
        ("有", "我有一只猫"),
        ("一只", "我有一只猫"),
        ("我有一只猫", "我有一只猫。"),
        ("食べ", "寿司を食べたい"),
        ("スシ", "ｽｼ"),
        ("がく", "だいがく"),
        ("大学", "東京大学のキャンパス"),
        ("학교", "저는 학교에 갑니다"),
        ("교", "학교"),
        ("สวัสดี", "ผมพูดว่าสวัสดีครับ"),
        ("iphone手机", "新iPhone手机"),
        ("手机 iph", "新iPhone手机"),
        ("👍", "ok 👍🏽"),
        ("👧", "👨\u{200D}👩\u{200D}👧"),
        ("❤", "I ❤\u{FE0F} you"),
        ("€", "20€"),
        ("20", "20€"),
    ] {
        assert!(finds(query, text), "{query} in {text}");
    }
    for (query, text) in [("猫一", "我有一只猫"), ("只有", "我有一只猫"), ("か", "がく"), ("大 学校", "大学")]
    {
        assert!(!finds(query, text), "{query} in {text}");
    }
}

#[test]
fn a_query_without_words_has_no_terms() {
    for query in ["", " ", "\"", "*", "()", "- + ^ : {} '", "…", "\u{200B}", "\u{E000}", "\u{301}"] {
        assert!(MessageSearch::parse(query).expect("a query").is_empty(), "{query:?}");
    }
}

#[test]
fn a_query_has_200_characters_at_most_and_no_nul() {
    assert!(MessageSearch::parse(&"猫".repeat(200)).is_ok());
    for raw in [&"a".repeat(201), "a\0b"] {
        let refused = MessageSearch::parse(raw);
        assert!(matches!(refused, Err(Error::BadUserInput { ref field, .. }) if field == "query"), "{raw:?}");
    }
}

#[test]
fn words_in_the_index_are_bounded_in_length() {
    let conversation = ConversationId::new();
    let query = MessageSearch::parse(&"x".repeat(100)).expect("a query");
    let (same, other) = ("x".repeat(4_000), "x".repeat(60));
    assert!(document(conversation, &same).len() < 100);
    assert!(is_found_by_index(&query, conversation, &same) && query.matches(&same));
    assert!(!query.matches(&other));
}

#[test]
fn each_word_of_a_message_is_indexed_with_its_conversation() {
    let here = ConversationId::new();

    let document = document(here, "Tea for two? 日本の茶 🍵");

    assert!(document.split(' ').count() > 6 && document.split(' ').all(|word| word.starts_with(&prefix(here))));
}

#[test]
fn a_query_does_not_print() {
    assert_eq!(format!("{:?}", MessageSearch::parse("hush").expect("a query")), "MessageSearch(…)");
}

proptest! {
    #[test]
    fn every_match_is_found_by_the_index(text in "[a-cé ß猫犬학교ァ👍\u{301}\u{E31}.ก]{0,12}", from in 0usize..12, count in 1usize..6) {
        let part: String = text.chars().skip(from).take(count).collect();
        let (query, conversation) = (MessageSearch::parse(&part).expect("a query"), ConversationId::new());
        if !query.is_empty() && query.matches(&text) {
            prop_assert!(is_found_by_index(&query, conversation, &text), "{} in {}", part, text);
        }
    }

    #[test]
    fn words_never_contain_a_space_or_a_quote(text in "\\PC{0,40}") {
        for piece in pieces(&text) {
            let piece = match piece {
                Piece::Word(word) => word.text,
                Piece::Run(run) => run,
            };
            prop_assert!(!piece.chars().any(|c| c.is_whitespace() || (c.is_ascii() && !c.is_ascii_alphanumeric())));
            let has_private_use = piece.contains('\u{E000}');
            prop_assert!(!has_private_use);
        }
    }
}
