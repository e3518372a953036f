//! Finding words in a text, in any script, as they are typed. Owns what a word is: the index of the store, the search in
//! it, and what is highlighted of what was found all take it from here, so they agree. Must never look anything up.

use std::ops::Range;

use unicode_linebreak::{BreakClass, break_property};
use unicode_segmentation::UnicodeSegmentation;

use super::{Clean, clean_line};

/// A longer run of letters is several words: nobody searches for one, and an index does not like them. In grapheme
/// clusters.
const LONGEST: usize = 64;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Where it is, in bytes: whole grapheme clusters.
    pub range: Range<usize>,
    /// In lower case. Never empty, and without white space.
    pub folded: String,
    /// Whether it is a run of letters or digits, of which a beginning can be typed.
    run: bool,
}

/// The words of `text`. A run of letters and digits is one. So is every single character of a script that is written
/// without spaces between words, and every symbol, such as an emoji. Punctuation is none.
pub fn words(text: &str) -> impl Iterator<Item = Word> {
    let mut graphemes = text.grapheme_indices(true).peekable();
    // Several characters of a script without spaces can be one cluster.
    let mut rest = (0..0, "".chars());
    std::iter::from_fn(move || {
        loop {
            if let Some(c) = rest.1.find(|c| is_of_spaceless_script(*c)) {
                return Some(Word { range: rest.0.clone(), folded: fold(c).collect(), run: false });
            }
            let (start, grapheme) = graphemes.next()?;
            let mut end = start + grapheme.len();
            let kind = Kind::of(grapheme);
            match kind {
                Kind::Between => continue,
                Kind::Spaceless => {
                    rest = (start..end, grapheme.chars());
                    continue;
                }
                Kind::Symbol => {}
                Kind::Run => {
                    for _ in 1..LONGEST {
                        let more = graphemes.next_if(|(_, more)| Kind::of(more) == Kind::Run);
                        let Some((offset, more)) = more else { break };
                        end = offset + more.len();
                    }
                }
            }
            let folded = text[start..end].chars().flat_map(fold).collect();
            return Some(Word { range: start..end, folded, run: kind == Kind::Run });
        }
    })
}

/// Lower case. The small sigma at the end of a Greek word is one, wherever it stands: a beginning of a longer word has
/// no end yet.
fn fold(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().map(|c| if c == 'ς' { 'σ' } else { c })
}

/// What a grapheme cluster is to words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A letter or digit, part of a word.
    Run,
    /// A word by itself, or several.
    Spaceless,
    /// A word by itself.
    Symbol,
    /// Space or punctuation.
    Between,
}

impl Kind {
    fn of(grapheme: &str) -> Self {
        match grapheme.chars().next() {
            Some(c) if c.is_alphanumeric() && is_of_spaceless_script(c) => Self::Spaceless,
            Some(c) if c.is_alphanumeric() => Self::Run,
            Some(c) if is_symbol(c) => Self::Symbol,
            Some(_) | None => Self::Between,
        }
    }
}

/// Whether `c` is of a script that is written without spaces between words: Han, kana, Thai, Lao, Khmer, Myanmar.
fn is_of_spaceless_script(c: char) -> bool {
    matches!(c,
        '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{19E0}'..='\u{19FF}'
        | '\u{2E80}'..='\u{2FDF}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}'
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{A9E0}'..='\u{A9FF}' | '\u{AA60}'..='\u{AA7F}'
        | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FF9F}' | '\u{1AFF0}'..='\u{1B16F}'
        | '\u{20000}'..='\u{3FFFF}')
}

/// A symbol by its line breaking class (UAX #14), which tells one from punctuation.
fn is_symbol(c: char) -> bool {
    let class = break_property(u32::from(c));
    !c.is_whitespace()
        && !c.is_control()
        && matches!(
            class,
            BreakClass::Alphabetic
                | BreakClass::Ambiguous
                | BreakClass::Ideographic
                | BreakClass::EmojiBase
                | BreakClass::EmojiModifier
                | BreakClass::RegionalIndicator
                | BreakClass::Prefix
                | BreakClass::Postfix
        )
}

/// What is searched for: terms that must all occur, in any order. A term is a phrase, whose words must follow each other
/// directly. Of the last word of all, where it is a run of letters, only the beginning must occur: it may still be typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    phrases: Vec<Vec<String>>,
    /// Whether the last word is still open.
    open: bool,
}

impl Query {
    /// The query that was typed: white space stands between its terms.
    #[must_use]
    pub fn parse(typed: &str) -> Self {
        // What is searched is clean too.
        let typed: Clean = clean_line(typed.as_bytes());
        let phrases: Vec<Vec<Word>> = typed
            .split_whitespace()
            .map(|term| words(term).collect())
            .filter(|phrase: &Vec<_>| !phrase.is_empty())
            .collect();
        let open = phrases.last().and_then(|phrase| phrase.last()).is_some_and(|word| word.run);
        let folded = |phrase: Vec<Word>| phrase.into_iter().map(|word| word.folded).collect();
        Self { phrases: phrases.into_iter().map(folded).collect(), open }
    }

    /// Whether there is no word in it. It matches nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty()
    }

    /// The phrases, their words, and whether of the last of them only the beginning must occur.
    pub fn phrases(&self) -> impl Iterator<Item = (&[String], bool)> {
        let last = self.phrases.len().saturating_sub(1);
        let open = self.open;
        self.phrases.iter().enumerate().map(move |(nth, phrase)| (phrase.as_slice(), open && nth == last))
    }

    /// Where the terms occur in `text`, in bytes, in order, and apart from each other. Nowhere where not all of them do.
    #[must_use]
    pub fn matches(&self, text: &str) -> Vec<Range<usize>> {
        if self.is_empty() {
            return Vec::new();
        }
        let words: Vec<Word> = words(text).collect();
        let mut found = Vec::new();
        for (phrase, open) in self.phrases() {
            let before = found.len();
            found.extend(words.windows(phrase.len()).filter_map(|at| occurrence(text, at, phrase, open)));
            if found.len() == before {
                return Vec::new();
            }
        }
        found.sort_by_key(|range| (range.start, range.end));
        let mut apart: Vec<Range<usize>> = Vec::new();
        for range in found {
            match apart.last_mut().filter(|last| range.start < last.end) {
                Some(last) => last.end = last.end.max(range.end),
                None => apart.push(range),
            }
        }
        apart
    }
}

/// The part of the text that these words of it make up, where they are those of the phrase. Never half a cluster.
fn occurrence(text: &str, words: &[Word], phrase: &[String], open: bool) -> Option<Range<usize>> {
    let (last, complete) = phrase.split_last()?;
    let (found, before) = words.split_last()?;
    let same = before.iter().map(|word| &word.folded).eq(complete);
    let prefix = open && found.folded.starts_with(last);
    if !same || !(prefix || found.folded == *last) {
        return None;
    }
    let start = words.first()?.range.start;
    if !found.run {
        return Some(start..found.range.end);
    }
    let mut folded = 0;
    let typed = text[found.range.clone()].graphemes(true).take_while(|grapheme| {
        let goes_on = folded < last.len();
        folded += grapheme.chars().flat_map(fold).map(char::len_utf8).sum::<usize>();
        goes_on
    });
    Some(start..found.range.start + typed.map(str::len).sum::<usize>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::clean_text;

    fn folded(text: &str) -> Vec<String> {
        words(text).map(|word| word.folded).collect()
    }

    /// What is found, in the words of the text.
    fn found<'a>(query: &str, text: &'a str) -> Vec<&'a str> {
        Query::parse(query).matches(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn a_word_is_a_run_of_letters_or_one_character_where_nobody_writes_spaces() {
        for (text, expected) in [
            ("Notes-2.pdf, ÉTÉ!", &["notes", "2", "pdf", "été"][..]),
            ("你好，World世界", &["你", "好", "world", "世", "界"]),
            ("ひらカタ々한국어 말", &["ひ", "ら", "カ", "タ", "々", "한국어", "말"]),
            ("ที่", &["ท", "\u{e35}", "\u{e48}"]),
            ("a👍🏽b 👨\u{200d}👩\u{200d}👧", &["a", "👍🏽", "b", "👨\u{200d}👩\u{200d}👧"]),
            ("c++ → $5 (50%)", &["c", "+", "+", "→", "$", "5", "50", "%"]),
            ("e\u{301}t\u{e9}", &["e\u{301}t\u{e9}"]),
            ("ΟΔΟΣ οδος İ", &["οδοσ", "οδοσ", "i\u{307}"]),
            (" \n。、「」!?-–—…", &[]),
            ("", &[]),
        ] {
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    #[test]
    fn every_term_must_occur_in_any_order_and_a_phrase_as_it_is() {
        assert_eq!(found("world hello", "Hello, world! hello"), ["Hello", "world", "hello"]);
        assert_eq!(found("hello moon", "Hello, world!"), [""; 0]);
        assert_eq!(found("世界", "界世 世界，世，界"), ["世界", "世，界"]);
        assert_eq!(found("b.a", "a b a"), ["b a"]);
    }

    #[test]
    fn of_the_last_word_only_the_beginning_has_to_be_there() {
        assert_eq!(found("wor", "a word, a World, sword"), ["wor", "Wor"]);
        assert_eq!(found("wor a", "a word"), [""; 0]);
        assert_eq!(found("你好wor", "你好world"), ["你好wor"]);
        assert_eq!(found("e", "e\u{301}t\u{e9}"), ["e\u{301}"]);
        assert_eq!(found("i", "İx"), ["İ"]);
    }

    #[test]
    fn one_and_two_characters_of_chinese_are_found() {
        assert_eq!(found("好", "你好，好"), ["好", "好"]);
        assert_eq!(found("你好", "说你好"), ["你好"]);
        assert_eq!(found("ที", "ที่"), ["ที่"]);
    }

    #[test]
    fn nothing_matches_nothing() {
        for query in ["", "  ", "...", "\u{200b}"] {
            assert_eq!(found(query, "a ... b"), [""; 0], "{query:?}");
        }
        assert!(Query::parse(" ,").is_empty());
    }

    #[test]
    fn a_run_without_end_is_cut_and_found_all_the_same() {
        let text = "x".repeat(1000);
        assert_eq!(words(&text).count(), 1000_usize.div_ceil(LONGEST));
        for length in [1, LONGEST, LONGEST + 1, 1000] {
            assert!(
                Query::parse(&text[..length]).matches(&text).first().is_some_and(|found| found.start == 0)
            );
        }
        assert_eq!(found(&"x".repeat(1001), &text), [""; 0]);
    }

    fn text() -> impl Strategy<Value = String> {
        let part = proptest::sample::select(
            [
                "a",
                "B",
                "é",
                "e\u{301}",
                "你",
                "好",
                "ที่",
                " ",
                ", ",
                "👍🏽",
                "+",
                "Σ",
                "が",
                "\n",
                "か\u{3099}",
                "İ",
            ]
            .as_slice(),
        );
        prop_oneof![
            proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat()),
            proptest::collection::vec(any::<char>(), 0..12).prop_map(String::from_iter),
        ]
        .prop_map(|text| clean_text(text.as_bytes()).to_string())
    }

    proptest! {
        #[test]
        fn words_are_whole_clusters_in_order_without_white_space(text in text()) {
            let mut end = 0;
            for word in words(&text) {
                prop_assert!(!word.folded.is_empty() && !word.folded.contains(char::is_whitespace));
                prop_assert!(word.range.start >= end || text[word.range.clone()].graphemes(true).count() == 1);
                prop_assert!(text.grapheme_indices(true).any(|(offset, _)| offset == word.range.start));
                end = word.range.end;
            }
        }

        #[test]
        fn a_text_is_found_by_any_of_its_words(text in text()) {
            for word in words(&text) {
                let found = found(&text[word.range.clone()], &text);
                prop_assert!(!found.is_empty(), "{:?} in {:?}", word, text);
                for part in found {
                    prop_assert!(folded(part).concat().contains(&word.folded), "{part:?}");
                }
            }
        }

        #[test]
        fn highlights_are_apart_in_order_and_whole_clusters(text in text(), query in text()) {
            let found = Query::parse(&query).matches(&text);
            let cuts: Vec<usize> = text.grapheme_indices(true).map(|(offset, _)| offset).chain([text.len()]).collect();
            let edges: Vec<usize> = found.iter().flat_map(|range| [range.start, range.end]).collect();
            prop_assert!(edges.iter().all(|edge| cuts.contains(edge)));
            prop_assert!(edges.is_sorted() && found.iter().all(|range| !range.is_empty()));
        }
    }
}
