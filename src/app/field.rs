//! Text that is being typed, in one line or in several: the caret, the readline keys, undo and redo. Knows nothing of
//! what the text is for, nor of how wide it is shown.

use std::ops::Range;

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

use super::keys::Edit;
use crate::event::Key;
use crate::text::words::{first_word_end, last_chunk, last_word};

mod history;
#[cfg(test)]
mod model;
mod shown;

use history::{Change, History};
pub use shown::Shown;

/// Bytes that a field takes: twice what one message may have, so that one that grew too long is seen to be, and can be
/// cut where its writer wants.
pub const FIELD_LIMIT: usize = 131_072;

/// A text with a caret in it.
#[derive(Debug, Clone, Default)]
pub struct Field {
    text: String,
    /// Byte offset; always between grapheme clusters (UAX #29).
    caret: usize,
    /// What was cut last, for yanking.
    killed: String,
    /// Boxed: fields are parts of small enums.
    history: Box<History>,
    doing: Doing,
}

/// What the last key did, which the next may go on with as one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Doing {
    /// Something by itself; or the caret was moved since.
    #[default]
    Other,
    /// Typing: word by word.
    Typing,
    /// Erasing character by character: word by word.
    Erasing,
    /// Cutting: each cut is a step, but what is cut without a break is yanked together, as readline has it.
    Killing,
}

impl Field {
    /// A field that holds `text`, with the caret behind it.
    #[must_use]
    pub fn with(text: &str) -> Self {
        let text = without_controls(text);
        Self { caret: text.len(), text, ..Self::default() }
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
        let text = self.text.clone();
        self.change(0..text.len(), "", Doing::Other);
        text
    }

    /// Puts another text in its place, however long it is; it can be undone. The same text changes nothing.
    pub fn replace(&mut self, text: &str) {
        let text = without_controls(text);
        if text != self.text {
            self.change(0..self.text.len(), &text, Doing::Other);
        }
    }

    /// Moves the caret to this byte offset, or to the next place at or before it where a caret can be.
    pub fn move_to(&mut self, offset: usize) {
        self.doing = Doing::Other;
        self.caret = self.boundary_at_or_before(offset);
    }

    /// Types one character, where there is room for it.
    pub fn insert(&mut self, character: char) {
        if self.text.len() + character.len_utf8() <= FIELD_LIMIT {
            self.change(self.caret..self.caret, character.encode_utf8(&mut [0; 4]), Doing::Typing);
        }
    }

    /// Puts a text in at the caret, as one step: control characters other than line feeds and tabs are left out, for
    /// nobody means to write them and no terminal shows them. `false` where there is no room for all of it: then none
    /// of it is taken.
    pub fn paste(&mut self, text: &str) -> bool {
        let allowed = without_controls(text);
        let fits = self.text.len() + allowed.len() <= FIELD_LIMIT;
        if fits {
            self.change(self.caret..self.caret, &allowed, Doing::Other);
        }
        fits
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
        let caret = self.caret;
        match action {
            Edit::Left => self.move_to(self.before()),
            Edit::Right => self.move_to(self.after()),
            Edit::WordLeft => self.move_to(self.word_start()),
            Edit::WordRight => self.move_to(self.word_end()),
            Edit::Start => self.move_to(self.line_start()),
            Edit::End => self.move_to(self.line_end()),
            Edit::DeleteLeft => self.change(self.before()..caret, "", Doing::Erasing),
            Edit::DeleteRight => self.change(caret..self.after(), "", Doing::Erasing),
            Edit::KillWordLeft => self.kill(self.word_start()..caret),
            Edit::KillWordRight => self.kill(caret..self.word_end()),
            Edit::KillToBlank => self.kill(last_chunk(&self.text[..caret])..caret),
            Edit::KillToStart => self.kill(self.line_start()..caret),
            Edit::KillToEnd => self.kill(caret..self.line_end()),
            Edit::Yank => {
                let killed = self.killed.clone();
                self.paste(&killed);
            }
            Edit::Undo => {
                let caret = self.history.undo(&mut self.text);
                self.move_to(caret.unwrap_or(self.caret));
            }
            Edit::Redo => {
                let caret = self.history.redo(&mut self.text);
                self.move_to(caret.unwrap_or(self.caret));
            }
            Edit::Accept | Edit::Up | Edit::Down => return false,
        }
        true
    }

    /// Every change of the text: this part of it gives way to another text, behind which the caret is then.
    fn change(&mut self, range: Range<usize>, text: &str, doing: Doing) {
        let again = std::mem::replace(&mut self.doing, doing) == doing;
        if range.is_empty() && text.is_empty() {
            if !again {
                self.doing = Doing::Other;
            }
            return;
        }
        let (at, before) = (range.start, self.caret);
        let removed = self.text[range.clone()].to_owned();
        self.text.replace_range(range, text);
        // What stands on both sides may have become one cluster.
        self.caret = self.boundary_at_or_after(at + text.len());
        let carets = (before, self.caret);
        let goes_on = again && matches!(doing, Doing::Typing | Doing::Erasing);
        self.history.record(Change { at, removed, inserted: text.to_owned(), carets }, goes_on);
    }

    fn kill(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let cut = &self.text[range.clone()];
        if self.doing != Doing::Killing {
            cut.clone_into(&mut self.killed);
        } else if range.start < self.caret {
            self.killed.insert_str(0, cut);
        } else {
            self.killed.push_str(cut);
        }
        self.change(range, "", Doing::Killing);
    }

    fn boundary_at_or_before(&self, offset: usize) -> usize {
        let at = self.text.floor_char_boundary(offset);
        let mut cursor = GraphemeCursor::new(at, self.text.len(), true);
        // With all of the text at hand there is nothing that the cursor could fail for.
        match cursor.is_boundary(&self.text, 0) {
            Ok(false) => cursor.prev_boundary(&self.text, 0).ok().flatten().unwrap_or(0),
            Ok(true) | Err(_) => at,
        }
    }

    fn boundary_at_or_after(&self, offset: usize) -> usize {
        let at = self.text.ceil_char_boundary(offset);
        let mut cursor = GraphemeCursor::new(at, self.text.len(), true);
        match cursor.is_boundary(&self.text, 0) {
            Ok(false) => cursor.next_boundary(&self.text, 0).ok().flatten().unwrap_or(self.text.len()),
            Ok(true) | Err(_) => at,
        }
    }

    fn before(&self) -> usize {
        self.text[..self.caret].grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        let cluster = self.text[self.caret..].graphemes(true).next();
        cluster.map_or(self.caret, |cluster| self.caret + cluster.len())
    }

    // Unicode has words that begin or end inside a cluster.
    fn word_start(&self) -> usize {
        self.boundary_at_or_before(last_word(&self.text[..self.caret]))
    }

    fn word_end(&self) -> usize {
        self.boundary_at_or_after(self.caret + first_word_end(&self.text[self.caret..]))
    }

    fn line_start(&self) -> usize {
        self.text[..self.caret].rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        self.text[self.caret..].find('\n').map_or(self.text.len(), |at| self.caret + at)
    }
}

/// A text as a field takes it: with line feeds, and no other control characters than tabs.
#[must_use]
pub fn without_controls(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
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
    fn a_word_that_begins_inside_a_character_does_not_part_it() {
        // An Arabic number sign is one cluster with whatever comes after it, but a word only with a number.
        assert_eq!(after("a\u{600}你|", &[Edit::KillWordLeft]), "a|");
        assert_eq!(after("|\u{600}你", &[Edit::KillWordRight]), "|");
    }

    #[test]
    fn ctrl_w_cuts_a_whole_path_but_of_chinese_one_character() {
        assert_eq!(after("get /a/b.c|", &[Edit::KillToBlank]), "get |");
        assert_eq!(after("看/a/b你好|", &[Edit::KillToBlank, Edit::KillToBlank, Edit::KillToBlank]), "看|");
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
    fn redo_goes_the_same_way_forward_until_something_is_changed() {
        let mut field = Field::default();
        "one two".chars().for_each(|character| field.insert(character));
        field.edit(Edit::KillWordLeft);
        let mut seen = Vec::new();
        for action in [Edit::Undo, Edit::Undo, Edit::Redo, Edit::Redo, Edit::Redo] {
            field.edit(action);
            seen.push(shown(&field));
        }
        assert_eq!(seen, ["one two|", "one|", "one two|", "one |", "one |"]);
        field.edit(Edit::Undo);
        field.insert('!');
        field.edit(Edit::Redo);
        assert_eq!(shown(&field), "one two!|");
    }

    fn undone(keys: impl FnOnce(&mut Field)) -> Vec<String> {
        let mut field = Field::default();
        keys(&mut field);
        let mut steps = vec![shown(&field)];
        while !field.is_empty() {
            field.edit(Edit::Undo);
            steps.push(shown(&field));
        }
        steps
    }

    #[test]
    fn of_chinese_a_clause_is_undone_at_a_time() {
        let steps = undone(|field| "你好，世界。好！".chars().for_each(|character| field.insert(character)));
        assert_eq!(steps, ["你好，世界。好！|", "你好，世界。|", "你好，|", "|"]);
    }

    #[test]
    fn what_is_erased_comes_back_word_by_word() {
        let steps = undone(|field| {
            field.paste("one two");
            assert!([Edit::DeleteLeft; 5].iter().all(|action| field.edit(*action)));
        });
        assert_eq!(steps, ["on|", "one|", "one two|", "|"]);
    }

    #[test]
    fn a_caret_that_was_moved_begins_a_step() {
        let steps = undone(|field| {
            field.insert('a');
            field.insert('b');
            field.edit(Edit::Left);
            field.edit(Edit::Right);
            field.insert('c');
        });
        assert_eq!(steps, ["abc|", "ab|", "|"]);
    }

    #[test]
    fn what_is_cut_without_a_break_is_put_back_together() {
        let cut = [Edit::KillWordLeft, Edit::KillWordLeft, Edit::KillToEnd, Edit::Yank];
        assert_eq!(after("one two three| four", &cut), "one two three four|");
        let apart = [Edit::KillWordLeft, Edit::Left, Edit::KillWordLeft, Edit::Yank];
        assert_eq!(after("one two|", &apart), "one| ");
    }

    #[test]
    fn what_cannot_be_kept_for_undo_is_forgotten_and_the_last_change_never() {
        let mut field = Field::default();
        (0..100).for_each(|_| drop((field.paste(&"x".repeat(FIELD_LIMIT)), field.take())));
        let steps = std::iter::from_fn(|| {
            let before = field.text().len();
            field.edit(Edit::Undo);
            (field.text().len() != before).then_some(())
        });
        assert_eq!(steps.count(), 8, "a mebibyte");
        (0..2000).for_each(|_| field.insert(' '));
        assert!([Edit::Undo; 2000].iter().all(|action| field.edit(*action)));
        assert_eq!(field.text().len(), 1500);
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
