//! A field as one would write it on a blackboard: clusters in a row, the caret a number of them, and undo a pile of
//! whole texts. The field must do the same, whatever is typed.

use proptest::prelude::*;
use strum::VariantArray;
use unicode_segmentation::UnicodeSegmentation;

use super::{Edit, Field};
use crate::text::width::raw_samples;
use crate::text::words::last_chunk;

#[derive(Debug, Clone)]
enum Happening {
    Typed(String),
    Pasted(String),
    Edited(Edit, usize),
    Moved(usize),
    Replaced(String),
    Taken,
}

type Snapshot = (Vec<String>, usize);

/// What was done last, if the next may go on with it: what was typed or erased, and between which bytes it was.
#[derive(Debug, Clone, Default, PartialEq)]
enum Last {
    #[default]
    Nothing,
    Typed(String, usize),
    Erased(String, usize),
    Killed,
}

#[derive(Debug, Default)]
struct Model {
    clusters: Vec<String>,
    caret: usize,
    killed: String,
    /// Before and after.
    done: Vec<(Snapshot, Snapshot)>,
    undone: Vec<(Snapshot, Snapshot)>,
    last: Last,
}

impl Model {
    fn text(&self) -> String {
        self.clusters.concat()
    }

    fn before_caret(&self) -> String {
        self.clusters[..self.caret].concat()
    }

    fn behind_caret(&self) -> String {
        self.clusters[self.caret..].concat()
    }

    fn happens(&mut self, happening: &Happening) {
        match happening {
            Happening::Typed(text) => text.chars().for_each(|character| self.types(character)),
            Happening::Pasted(text) => self.pastes(text),
            Happening::Edited(action, times) => (0..*times).for_each(|_| self.edits(*action)),
            Happening::Moved(offset) => {
                self.last = Last::Nothing;
                self.caret = self.index_at(*offset, false);
            }
            Happening::Replaced(text) if as_kept(text) == self.text() => {}
            Happening::Replaced(text) => self.replaces(text),
            Happening::Taken => self.replaces(""),
        }
    }

    fn types(&mut self, character: char) {
        let at = self.before_caret().len();
        let clause = |c: char| matches!(u32::from(c), 0x3001..=0x301f | 0xff01..=0xff0f | 0xff1a..=0xff20);
        let (goes_on, typed) = match &self.last {
            Last::Typed(typed, end) => {
                let new_clause = typed.ends_with(clause) && !clause(character);
                (*end == at && !character.is_whitespace() && !new_clause, typed.clone())
            }
            Last::Nothing | Last::Erased(..) | Last::Killed => (false, String::new()),
        };
        self.puts(&format!("{}{character}", self.before_caret()), &self.behind_caret(), goes_on);
        let typed = if goes_on { typed } else { String::new() };
        self.last = Last::Typed(format!("{typed}{character}"), at + character.len_utf8());
    }

    fn pastes(&mut self, text: &str) {
        let text = as_kept(text);
        if !text.is_empty() {
            self.puts(&(self.before_caret() + &text), &self.behind_caret(), false);
        }
        self.last = Last::Nothing;
    }

    fn replaces(&mut self, text: &str) {
        if !(text.is_empty() && self.clusters.is_empty()) {
            self.puts(&as_kept(text), "", false);
        }
        self.last = Last::Nothing;
    }

    fn erases(&mut self, from: usize, to: usize) {
        let at = self.clusters[..from].concat().len();
        let gone = self.clusters[from..to].concat();
        let kept = (self.clusters[..from].concat(), self.clusters[to..].concat());
        if gone.is_empty() {
            if !matches!(self.last, Last::Erased(..)) {
                self.last = Last::Nothing;
            }
            return;
        }
        let blank = |c: Option<char>| c.is_some_and(char::is_whitespace);
        let so_far = match &self.last {
            Last::Erased(erased, place) if at + gone.len() == *place => {
                let word_ends = blank(erased.chars().next()) && !blank(gone.chars().last());
                (!word_ends).then(|| format!("{gone}{erased}"))
            }
            Last::Erased(erased, place) if at == *place => {
                let word_ends = blank(erased.chars().last()) && !blank(gone.chars().next());
                (!word_ends).then(|| format!("{erased}{gone}"))
            }
            Last::Nothing | Last::Typed(..) | Last::Erased(..) | Last::Killed => None,
        };
        self.puts(&kept.0, &kept.1, so_far.is_some());
        self.last = Last::Erased(so_far.unwrap_or(gone), at);
    }

    fn kills(&mut self, from: usize, to: usize) {
        let cut = self.clusters[from..to].concat();
        if cut.is_empty() {
            return;
        }
        self.killed = match self.last {
            Last::Killed if from < self.caret => cut + &self.killed,
            Last::Killed => self.killed.clone() + &cut,
            Last::Nothing | Last::Typed(..) | Last::Erased(..) => cut,
        };
        let kept = (self.clusters[..from].concat(), self.clusters[to..].concat());
        self.puts(&kept.0, &kept.1, false);
        self.last = Last::Killed;
    }

    /// These two texts are the text now, with the caret between them.
    fn puts(&mut self, before: &str, behind: &str, goes_on: bool) {
        let was = (self.clusters.clone(), self.caret);
        self.clusters = format!("{before}{behind}").graphemes(true).map(str::to_owned).collect();
        self.caret = self.index_at(before.len(), true);
        let now = (self.clusters.clone(), self.caret);
        self.undone.clear();
        match self.done.last_mut().filter(|_| goes_on) {
            Some(step) => step.1 = now,
            None => self.done.push((was, now)),
        }
    }

    /// How many clusters end at or before this byte; or, where it is inside one, one more if it is to be `after`.
    fn index_at(&self, offset: usize, after: bool) -> usize {
        let ends: Vec<usize> = (0..=self.clusters.len()).map(|n| self.clusters[..n].concat().len()).collect();
        let at = ends.iter().rposition(|end| *end <= offset).unwrap();
        if after && ends[at] < offset { at + 1 } else { at }
    }

    fn edits(&mut self, action: Edit) {
        let (caret, end) = (self.caret, self.clusters.len());
        match action {
            Edit::Left => self.goes(caret.saturating_sub(1)),
            Edit::Right => self.goes((caret + 1).min(end)),
            Edit::WordLeft => self.goes(self.word_left()),
            Edit::WordRight => self.goes(self.word_right()),
            Edit::Start => self.goes(self.line_start()),
            Edit::End => self.goes(self.line_end()),
            Edit::DeleteLeft => self.erases(caret.saturating_sub(1), caret),
            Edit::DeleteRight => self.erases(caret, (caret + 1).min(end)),
            Edit::KillWordLeft => self.kills(self.word_left(), caret),
            Edit::KillWordRight => self.kills(caret, self.word_right()),
            Edit::KillToBlank => self.kills(self.chunk_left(), caret),
            Edit::KillToStart => self.kills(self.line_start(), caret),
            Edit::KillToEnd => self.kills(caret, self.line_end()),
            Edit::Yank => self.pastes(&self.killed.clone()),
            Edit::Undo => {
                self.last = Last::Nothing;
                let Some(step) = self.done.pop() else { return };
                (self.clusters, self.caret) = step.0.clone();
                self.undone.push(step);
            }
            Edit::Redo => {
                self.last = Last::Nothing;
                let Some(step) = self.undone.pop() else { return };
                (self.clusters, self.caret) = step.1.clone();
                self.done.push(step);
            }
            Edit::Accept | Edit::Up | Edit::Down => {}
        }
    }

    fn goes(&mut self, caret: usize) {
        self.last = Last::Nothing;
        self.caret = caret;
    }

    fn word_left(&self) -> usize {
        let mut start = 0;
        for (at, word) in self.before_caret().split_word_bound_indices() {
            if word.chars().any(char::is_alphanumeric) {
                start = at;
            }
        }
        self.index_at(start, false)
    }

    fn word_right(&self) -> usize {
        let behind = self.behind_caret();
        let words = behind.split_word_bound_indices();
        let end = words
            .filter(|(_, word)| word.chars().any(char::is_alphanumeric))
            .map(|(at, word)| at + word.len());
        self.index_at(self.before_caret().len() + end.min().unwrap_or(behind.len()), true)
    }

    fn chunk_left(&self) -> usize {
        self.index_at(last_chunk(&self.before_caret()), false)
    }

    fn line_start(&self) -> usize {
        let starts = (0..self.caret).rev().find(|at| self.clusters[*at] == "\n");
        starts.map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        let end = self.clusters.len();
        (self.caret..end).find(|at| self.clusters[*at] == "\n").unwrap_or(end)
    }
}

fn as_kept(text: &str) -> String {
    let mut kept = String::new();
    let mut before = None;
    for c in text.chars() {
        match c {
            '\n' if before == Some('\r') => {}
            '\n' | '\r' => kept.push('\n'),
            c if c == '\t' || !c.is_control() => kept.push(c),
            _ => {}
        }
        before = Some(c);
    }
    kept
}

fn happening() -> impl Strategy<Value = Happening> {
    let typed = raw_samples().prop_map(|text| as_kept(&text).chars().take(20).collect());
    let pasted = raw_samples().prop_map(|text| text.chars().take(40).collect());
    let replacing = raw_samples().prop_map(|text| text.chars().take(40).collect());
    // What is no field's own business does nothing in both.
    let edit = proptest::sample::select(Edit::VARIANTS);
    prop_oneof![
        4 => typed.prop_map(Happening::Typed),
        2 => pasted.prop_map(Happening::Pasted),
        12 => (edit, 1..6_usize).prop_map(|(action, times)| Happening::Edited(action, times)),
        2 => (0..60_usize).prop_map(Happening::Moved),
        1 => replacing.prop_map(Happening::Replaced),
        1 => Just(Happening::Taken),
    ]
}

fn happens(field: &mut Field, happening: Happening) {
    match happening {
        Happening::Typed(text) => text.chars().for_each(|character| field.insert(character)),
        Happening::Pasted(text) => assert!(field.paste(&text)),
        Happening::Edited(action, times) => (0..times).for_each(|_| {
            field.edit(action);
        }),
        Happening::Moved(offset) => field.move_to(offset),
        Happening::Replaced(text) => field.replace(&text),
        Happening::Taken => drop(field.take()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_field_does_what_its_model_does(happenings in proptest::collection::vec(happening(), 1..24)) {
        let (mut field, mut model) = (Field::default(), Model::default());
        for happening in happenings {
            model.happens(&happening);
            happens(&mut field, happening);
            prop_assert_eq!(field.text(), model.text());
            prop_assert_eq!(field.caret(), model.before_caret().len());
        }
    }

    #[test]
    fn of_a_long_text_what_is_around_the_caret_is_shown_as_in_the_whole(
        text in raw_samples(),
        caret in 0..200_usize,
        columns in 1..20_usize,
        rows in 1..5_usize,
    ) {
        let mut field = Field::with(&text);
        field.move_to(caret);
        let (whole, part) = (field.shown(columns), field.shown_on(columns, rows));
        prop_assert_eq!(part.caret.1, whole.caret.1);
        let skipped = whole.caret.0 - part.caret.0;
        prop_assert!(skipped == 0 || part.caret.0 > rows, "a line above the rows");
        prop_assert!(skipped + part.lines.len() == whole.lines.len() || part.lines.len() > part.caret.0 + rows);
        for (row, line) in part.lines.iter().enumerate() {
            prop_assert_eq!(&part.text[line.clone()], &whole.text[whole.lines[skipped + row].clone()]);
            for column in 0..columns {
                prop_assert_eq!(part.offset_at(row, column), whole.offset_at(skipped + row, column));
            }
        }
    }

    #[test]
    fn the_lines_of_a_field_are_counted_without_looking_at_all_of_it(
        text in raw_samples(),
        columns in 1..20_usize,
        most in 1..8_usize,
    ) {
        let field = Field::with(&text);
        prop_assert_eq!(field.lines(columns, most), field.shown(columns).lines.len().min(most));
    }
}
