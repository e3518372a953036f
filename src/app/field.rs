//! Text that is being typed, in one line or in several: the caret, the readline keys, undo. Knows nothing of what the
//! text is for, nor of how wide it is shown.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::keys::Edit;
use crate::event::Key;
use crate::text::caret::{offset_at, position_of};
use crate::text::clean_text;
use crate::text::wrap::{Spaces, wrap};

/// Bytes that a field takes: as a message, more than sixty datagrams.
pub const FIELD_LIMIT: usize = 65_536;
/// How many steps back undo can go, and how many bytes it may keep for that.
const UNDO_LIMIT: usize = 500;
const UNDO_BYTES: usize = 16 * FIELD_LIMIT;

/// A text with a caret in it.
#[derive(Debug, Clone, Default)]
pub struct Field {
    text: String,
    /// Byte offset; always between grapheme clusters (UAX #29).
    caret: usize,
    /// What was cut last, for yanking.
    killed: String,
    undo: Vec<Step>,
    /// Whether the last change was typing, which the next typing continues as one step.
    typing: bool,
}

#[derive(Debug, Clone)]
struct Step {
    text: String,
    caret: usize,
}

/// A field as it is shown on so many columns: its own text may hold what no cell can.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The text, fit to be shown.
    pub text: String,
    /// Its display lines.
    pub lines: Vec<Range<usize>>,
    /// Row and column of the caret.
    pub caret: (usize, usize),
    /// Where each cluster begins: in the field, and here.
    places: Vec<(usize, usize)>,
}

impl Shown {
    /// The offset in the field that is nearest to this row and column.
    #[must_use]
    pub fn offset_at(&self, row: usize, column: usize) -> usize {
        let shown = offset_at(&self.text, &self.lines, row, column);
        let at = self.places.partition_point(|(_, begins)| *begins <= shown).saturating_sub(1);
        self.places.get(at).map_or(0, |(field, _)| *field)
    }
}

impl Field {
    /// The text and the caret as they are shown on so many columns.
    #[must_use]
    pub fn shown(&self, columns: usize) -> Shown {
        let mut text = String::with_capacity(self.text.len());
        let mut places = Vec::with_capacity(self.text.len() + 1);
        let mut caret = None;
        for (at, cluster) in self.text.grapheme_indices(true) {
            places.push((at, text.len()));
            if at == self.caret {
                caret = Some(text.len());
            }
            match cluster.as_bytes() {
                [b' '..=b'~' | b'\n'] => text.push_str(cluster),
                bytes => text.push_str(&clean_text(bytes)),
            }
        }
        places.push((self.text.len(), text.len()));
        let lines = wrap(&text, columns, Spaces::Keep);
        let caret = position_of(&text, &lines, caret.unwrap_or(text.len()));
        Shown { text, lines, caret, places }
    }

    /// A field that holds `text`, with the caret behind it.
    #[must_use]
    pub fn with(text: &str) -> Self {
        Self { text: text.to_owned(), caret: text.len(), ..Self::default() }
    }

    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the next character goes: a byte offset into the text.
    #[must_use]
    pub fn caret(&self) -> usize {
        self.caret
    }

    /// Whether nothing was typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Takes the text out; it can be undone.
    pub fn take(&mut self) -> String {
        self.remember();
        self.caret = 0;
        std::mem::take(&mut self.text)
    }

    /// Puts another text in its place; it can be undone.
    pub fn replace(&mut self, text: &str) {
        self.remember();
        text.clone_into(&mut self.text);
        self.caret = self.text.len();
    }

    /// Moves the caret to this byte offset, or to the next place at or before it where a caret can be.
    pub fn move_to(&mut self, offset: usize) {
        self.typing = false;
        self.caret = self.boundary_at_or_before(offset);
    }

    /// Types one character, where there is room for it.
    pub fn insert(&mut self, character: char) {
        if self.text.len() + character.len_utf8() > FIELD_LIMIT {
            return;
        }
        // White space ends a step, so that undo goes back word by word.
        if !self.typing || character.is_whitespace() {
            self.remember();
        }
        self.text.insert(self.caret, character);
        self.caret = self.boundary_at_or_after(self.caret + character.len_utf8());
        self.typing = true;
    }

    /// Puts a text in at the caret, as one step: control characters other than line feeds and tabs are left out, for
    /// nobody means to write them and no terminal shows them. `false` where there is no room for all of it: then none
    /// of it is taken.
    pub fn paste(&mut self, text: &str) -> bool {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let allowed: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        if self.text.len() + allowed.len() > FIELD_LIMIT {
            return false;
        }
        self.remember();
        self.text.insert_str(self.caret, &allowed);
        self.caret = self.boundary_at_or_after(self.caret + allowed.len());
        true
    }

    /// The same for a field of one line: line feeds become blanks, and those around the text are left out.
    pub fn paste_line(&mut self, text: &str) -> bool {
        self.paste(&text.trim().replace(['\r', '\n'], " "))
    }

    /// What a key does in a field: the editing action that it stands for, or else what it types.
    pub fn on_key(&mut self, key: Key, edit: Option<Edit>) {
        match (edit, key.types()) {
            (Some(edit), _) => {
                self.edit(edit);
            }
            (None, Some(character)) => self.insert(character),
            (None, None) => {}
        }
    }

    /// Does what an editing key asks for; `false` where the action is not one of a field's own.
    pub fn edit(&mut self, action: Edit) -> bool {
        match action {
            Edit::Left => self.move_to(self.before()),
            Edit::Right => self.move_to(self.after()),
            Edit::WordLeft => self.move_to(self.word_start()),
            Edit::WordRight => self.move_to(self.word_end()),
            Edit::Start => self.move_to(self.line_start()),
            Edit::End => self.move_to(self.line_end()),
            Edit::DeleteLeft => drop(self.cut(self.before(), self.caret)),
            Edit::DeleteRight => drop(self.cut(self.caret, self.after())),
            Edit::KillWordLeft => self.kill(self.word_start(), self.caret),
            Edit::KillWordRight => self.kill(self.caret, self.word_end()),
            Edit::KillToStart => self.kill(self.line_start(), self.caret),
            Edit::KillToEnd => self.kill(self.caret, self.line_end()),
            Edit::Yank => {
                let killed = self.killed.clone();
                self.paste(&killed);
            }
            Edit::Undo => self.undo(),
            Edit::Accept | Edit::Up | Edit::Down => return false,
        }
        true
    }

    fn undo(&mut self) {
        if let Some(step) = self.undo.pop() {
            self.text = step.text;
            self.caret = step.caret;
        }
        self.typing = false;
    }

    fn remember(&mut self) {
        self.typing = false;
        if self.undo.last().is_some_and(|step| step.text == self.text) {
            return;
        }
        let bytes: usize = self.undo.iter().map(|step| step.text.len()).sum();
        if self.undo.len() == UNDO_LIMIT || bytes + self.text.len() > UNDO_BYTES {
            self.undo.remove(0);
        }
        self.undo.push(Step { text: self.text.clone(), caret: self.caret });
    }

    fn cut(&mut self, from: usize, to: usize) -> String {
        if from == to {
            return String::new();
        }
        self.remember();
        let cut = self.text.drain(from..to).collect();
        // What stood on both sides may have become one cluster.
        self.caret = self.boundary_at_or_after(from);
        cut
    }

    fn kill(&mut self, from: usize, to: usize) {
        let cut = self.cut(from, to);
        if !cut.is_empty() {
            self.killed = cut;
        }
    }

    fn boundary_at_or_before(&self, offset: usize) -> usize {
        let boundaries = self.text.grapheme_indices(true).map(|(at, _)| at).chain([self.text.len()]);
        boundaries.take_while(|at| *at <= offset).last().unwrap_or(0)
    }

    fn boundary_at_or_after(&self, offset: usize) -> usize {
        let mut boundaries = self.text.grapheme_indices(true).map(|(at, _)| at);
        boundaries.find(|at| *at >= offset).unwrap_or(self.text.len())
    }

    fn before(&self) -> usize {
        self.text[..self.caret].grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        self.text[self.caret..]
            .graphemes(true)
            .next()
            .map_or(self.caret, |cluster| self.caret + cluster.len())
    }

    fn word_start(&self) -> usize {
        let mut words = self.text[..self.caret].split_word_bound_indices();
        words.rfind(|(_, word)| is_word(word)).map_or(0, |(at, _)| at)
    }

    fn word_end(&self) -> usize {
        let mut words = self.text[self.caret..].split_word_bound_indices();
        let found = words.find(|(_, word)| is_word(word));
        found.map_or(self.text.len(), |(at, word)| self.caret + at + word.len())
    }

    fn line_start(&self) -> usize {
        self.text[..self.caret].rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        self.text[self.caret..].find('\n').map_or(self.text.len(), |at| self.caret + at)
    }
}

/// A word in the sense of the word motions: a Chinese character is one by itself (UAX #29), punctuation is none.
fn is_word(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field from a text in which `|` stands for the caret, and the same back.
    fn field(text: &str) -> Field {
        let caret = text.find('|').unwrap();
        Field { text: text.replace('|', ""), caret, ..Field::default() }
    }

    fn shown(field: &Field) -> String {
        let (before, after) = field.text.split_at(field.caret);
        format!("{before}|{after}")
    }

    fn after(text: &str, actions: &[Edit]) -> String {
        let mut field = field(text);
        for action in actions {
            assert!(field.edit(*action));
        }
        shown(&field)
    }

    #[test]
    fn the_caret_moves_over_whole_characters() {
        assert_eq!(after("a👨‍👩‍👧|b", &[Edit::Left]), "a|👨‍👩‍👧b");
        assert_eq!(after("|e\u{301}x", &[Edit::Right]), "e\u{301}|x");
        assert_eq!(after("|", &[Edit::Left, Edit::Right]), "|");
    }

    #[test]
    fn words_are_latin_words_and_chinese_characters() {
        assert_eq!(after("one two, |", &[Edit::WordLeft]), "one |two, ");
        assert_eq!(after("|one two", &[Edit::WordRight, Edit::WordRight]), "one two|");
        assert_eq!(after("你好|", &[Edit::WordLeft]), "你|好");
    }

    #[test]
    fn start_and_end_are_those_of_the_line() {
        assert_eq!(after("ab\ncd|e\nf", &[Edit::Start]), "ab\n|cde\nf");
        assert_eq!(after("ab\ncd|e\nf", &[Edit::End]), "ab\ncde|\nf");
    }

    #[test]
    fn what_was_cut_can_be_put_back_elsewhere() {
        assert_eq!(after("one two|", &[Edit::KillWordLeft, Edit::Start, Edit::Yank]), "two|one ");
        assert_eq!(after("one| two", &[Edit::KillToEnd, Edit::Yank, Edit::Yank]), "one two two|");
        assert_eq!(after("one| two", &[Edit::KillToStart]), "| two");
    }

    #[test]
    fn undo_goes_back_word_by_word_and_over_cuts() {
        let mut field = Field::default();
        "one two".chars().for_each(|character| field.insert(character));
        field.edit(Edit::KillToStart);
        field.edit(Edit::Undo);
        assert_eq!(shown(&field), "one two|");
        field.edit(Edit::Undo);
        assert_eq!(shown(&field), "one|");
        field.edit(Edit::Undo);
        assert_eq!(shown(&field), "|");
        field.edit(Edit::Undo);
        assert_eq!(shown(&field), "|");
    }

    #[test]
    fn pasted_text_keeps_its_lines_and_loses_its_control_characters() {
        let mut field = field("<|>");
        field.paste("a\r\nb\rc\u{1b}[31m\td\0");
        assert_eq!(shown(&field), "<a\nb\nc[31m\td|>");
    }

    #[test]
    fn what_no_cell_can_hold_is_shown_as_what_it_is_and_the_caret_knows() {
        let shown = field("a\u{200b}\t❤\u{fe0f}|b").shown(40);
        assert_eq!(shown.text, "a<U+200B>    ❤b");
        assert_eq!(shown.caret, (0, 14));
        assert_eq!(shown.offset_at(0, 14), "a\u{200b}\t❤\u{fe0f}".len());
        assert_eq!(shown.offset_at(0, 4), 1);
    }

    #[test]
    fn what_does_not_fit_is_not_taken_in_part() {
        let mut field = field("ab|");
        assert!(!field.paste(&"x".repeat(FIELD_LIMIT - 1)));
        assert_eq!(shown(&field), "ab|");
        assert!(field.paste(&"x".repeat(FIELD_LIMIT - 2)));
        field.insert('y');
        assert_eq!(field.text().len(), FIELD_LIMIT);
    }

    #[test]
    fn a_mark_typed_behind_a_letter_joins_it() {
        let mut field = field("e|x");
        field.insert('\u{301}');
        assert_eq!(shown(&field), "e\u{301}|x");
        field.edit(Edit::DeleteLeft);
        assert_eq!(shown(&field), "|x");
    }
}
