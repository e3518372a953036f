//! Where words begin and end, for a caret that moves and cuts by words.
//!
//! Owns what counts as a word. A Chinese or Japanese character is one by itself: where the words of a sentence begin
//! only a dictionary knows, which would double the size of the program to save a few keys, and which is wrong just
//! where names and terms stand. What is cut one character too short is soon cut again; one too long is typed anew.

use unicode_segmentation::UnicodeSegmentation;

/// Where the last word of `text` begins; 0 where there is none. Words are those of UAX #29 that have a letter or a
/// digit in them: `don't` and `3.14` are one each.
#[must_use]
pub fn last_word(text: &str) -> usize {
    text.split_word_bound_indices().rfind(|(_, word)| is_word(word)).map_or(0, |(at, _)| at)
}

/// Where the first word of `text` ends; its end where there is none.
#[must_use]
pub fn first_word_end(text: &str) -> usize {
    let found = text.split_word_bound_indices().find(|(_, word)| is_word(word));
    found.map_or(text.len(), |(at, word)| at + word.len())
}

/// Where what stands last in `text` between blanks begins, as Ctrl+W cuts it in a shell: a whole path, a whole URL.
/// Where no blanks are written between words, one character.
#[must_use]
pub fn last_chunk(text: &str) -> usize {
    let trimmed = text.trim_end();
    let mut clusters = trimmed.grapheme_indices(true).rev().peekable();
    let begins_solid = |(_, cluster): &(usize, &str)| cluster.starts_with(is_written_solid);
    if let Some((at, _)) = clusters.next_if(begins_solid) {
        return at;
    }
    let chunk =
        clusters.take_while(|place| !place.1.starts_with(char::is_whitespace) && !begins_solid(place));
    chunk.last().map_or(0, |(at, _)| at)
}

fn is_word(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// A character of a script that has no blanks between words: Chinese and Japanese, with their punctuation.
fn is_written_solid(c: char) -> bool {
    matches!(
        c,
        '\u{2E80}'..='\u{312F}' | '\u{31A0}'..='\u{A4CF}' | '\u{F900}'..='\u{FAFF}' | '\u{FE30}'..='\u{FE4F}'
            | '\u{FF00}'..='\u{FFEF}' | '\u{20000}'..='\u{3FFFF}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::width::raw_samples;

    /// The text with a bar at each place to which a caret comes from its end, going left.
    fn to_the_left(text: &str, step: fn(&str) -> usize) -> String {
        let mut marked = text.to_owned();
        let mut at = text.len();
        while at > 0 {
            at = step(&text[..at]);
            marked.insert(at, '|');
        }
        marked
    }

    fn to_the_right(text: &str) -> String {
        let (mut marked, mut at) = (String::new(), 0);
        while at < text.len() {
            let end = at + first_word_end(&text[at..]);
            marked += &text[at..end];
            marked.push('|');
            at = end;
        }
        marked
    }

    #[test]
    fn latin_words_are_whole_and_chinese_characters_are_words() {
        assert_eq!(to_the_left("don't use 3.14, ok?", last_word), "|don't |use |3.14, |ok?");
        assert_eq!(to_the_right("don't use 3.14, ok?"), "don't| use| 3.14|, ok|?|");
        assert_eq!(to_the_left("下载notes.pdf，谢谢！", last_word), "|下|载|notes.pdf，|谢|谢！");
        assert_eq!(to_the_right("下载notes.pdf，谢谢！"), "下|载|notes.pdf|，谢|谢|！|");
        assert_eq!(
            to_the_left("안녕 세상 snake_case e\u{301}te\u{301}", last_word),
            "|안녕 |세상 |snake_case |e\u{301}te\u{301}"
        );
        assert_eq!(to_the_left("👨‍👩‍👧 —", last_word), "|👨‍👩‍👧 —");
    }

    #[test]
    fn a_path_is_one_chunk_and_so_is_each_chinese_character() {
        assert_eq!(to_the_left("get http://a.b/c?d  now", last_chunk), "|get |http://a.b/c?d  |now");
        assert_eq!(to_the_left("看http://a/b，好的", last_chunk), "|看|http://a/b|，|好|的");
        assert_eq!(to_the_left("one\n  👨‍👩‍👧é!\n", last_chunk), "|one\n  |👨‍👩‍👧é!\n");
        assert_eq!(to_the_left(" \n ", last_chunk), "| \n ");
    }

    proptest! {
        #[test]
        fn the_last_word_is_that_which_one_finds_from_the_beginning(text in raw_samples()) {
            let words: Vec<_> = text.split_word_bound_indices().filter(|(_, word)| is_word(word)).collect();
            prop_assert_eq!(last_word(&text), words.last().map_or(0, |(at, _)| *at));
        }
    }
}
