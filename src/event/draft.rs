//! Three-way merge of a draft that two programs write at once, character by character (Myers' difference algorithm). What
//! each of them inserted or erased since the text that both had is done once, so that merging never makes a text longer
//! than what was typed, but for a line feed between two texts that were typed in the same place.

use std::borrow::Cow;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Above so many pairs of characters the parts that differ are not compared any further: one took the other's place.
const COMPARED: usize = 1 << 26;

/// What leads from one text to another.
struct Edits {
    /// Which characters are erased.
    erased: Vec<bool>,
    /// What is inserted before each character, and at the end.
    inserted: Vec<String>,
}

impl Edits {
    fn between(before: &[char], text: &[char]) -> Self {
        let same = |(one, other): &(&char, &char)| one == other;
        let start = before.iter().zip(text).take_while(same).count();
        let (rest, new) = (&before[start..], &text[start..]);
        let end = rest.iter().rev().zip(new.iter().rev()).take_while(same).count();
        let (rest, new) = (&rest[..rest.len() - end], &new[..new.len() - end]);
        let ops = if rest.len().saturating_mul(new.len()) > COMPARED {
            vec![DiffOp::Replace { old_index: 0, old_len: rest.len(), new_index: 0, new_len: new.len() }]
        } else {
            capture_diff_slices(Algorithm::Myers, rest, new)
        };
        let mut edits =
            Self { erased: vec![false; before.len()], inserted: vec![String::new(); before.len() + 1] };
        for op in ops.iter().filter(|op| !matches!(op, DiffOp::Equal { .. })) {
            let at = start + op.old_range().start;
            edits.inserted[at].extend(&new[op.new_range()]);
            edits.erased[at..start + op.old_range().end].fill(true);
        }
        edits
    }
}

/// The draft `text`, which was made of `before`, where `stored` is what another program may have made of `before`
/// meanwhile. Where one of them erased or sent all of it, the other one's text stays whole.
#[must_use]
pub fn merged_draft(before: &str, text: &str, stored: &str) -> String {
    merged_at(before, text, stored, 0).0
}

/// The same, and where in it the caret is that was at this byte offset of `text`: behind what it was behind.
#[must_use]
pub fn merged_at(before: &str, text: &str, stored: &str, caret: usize) -> (String, usize) {
    if stored == before || stored == text {
        return (text.to_owned(), caret);
    }
    if text == before || text.is_empty() {
        let behind = text.len().saturating_sub(caret);
        return (stored.to_owned(), stored.len().saturating_sub(behind));
    }
    if stored.is_empty() {
        return (text.to_owned(), caret);
    }
    let base: Vec<char> = before.chars().collect();
    let [ours, theirs] =
        [text, stored].map(|version| Edits::between(&base, &version.chars().collect::<Vec<_>>()));
    let (mut merged, mut passed, mut moved) = (String::new(), 0, (caret == 0).then_some(0));
    for (at, (mine, other)) in ours.inserted.iter().zip(&theirs.inserted).enumerate() {
        let [first, own, last] = placed(mine, other);
        merged.push_str(&first);
        if !mine.is_empty() && (passed..=passed + mine.len()).contains(&caret) {
            moved = Some(merged.len() + own.len().min(caret - passed));
        }
        merged.push_str(&own);
        merged.push_str(&last);
        passed += mine.len();
        let Some(character) = base.get(at) else { break };
        if !ours.erased[at] {
            passed += character.len_utf8();
        }
        if !ours.erased[at] && !theirs.erased[at] {
            merged.push(*character);
        }
        if passed >= caret && moved.is_none() {
            moved = Some(merged.len());
        }
    }
    let caret = moved.unwrap_or(merged.len());
    (merged, caret)
}

/// What stands before what was inserted here, that itself, and what stands behind it, where the other one inserts
/// `other` in the same place: on a line of its own, and not at all where one is part of the other.
fn placed<'a>(mine: &'a str, other: &'a str) -> [Cow<'a, str>; 3] {
    if other.contains(mine) {
        [other.into(), "".into(), "".into()]
    } else if mine.contains(other) {
        ["".into(), mine.into(), "".into()]
    } else if other.starts_with('\n') || mine.ends_with('\n') {
        ["".into(), mine.into(), other.into()]
    } else if other.ends_with('\n') || mine.starts_with('\n') {
        [other.into(), mine.into(), "".into()]
    } else {
        [format!("{other}\n").into(), mine.into(), "".into()]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn of_a_draft_that_two_programs_write_nothing_is_lost() {
        for (before, text, stored, merged) in [
            ("", "ours", "", "ours"),
            ("a", "ab", "a", "ab"),
            ("a", "", "a", ""),
            ("", "ours", "theirs", "theirs\nours"),
            ("a", "abc", "ab", "abc"),
            ("a", "ab", "abc", "abc"),
            // The other one sent it, and here it was written on.
            ("a", "ab", "", "ab"),
            // Here it was sent, and there it was written on.
            ("a", "", "ab", "ab"),
            // It was merged before, and is written on: here, and in both.
            ("ours", "ours!", "theirs\nours", "theirs\nours!"),
            ("ours", "ours!", "ours\ntheirs", "ours!\ntheirs"),
            ("one\ntwo", "one!\ntwo", "one\ntwo?", "one!\ntwo?"),
            // What is erased in one is gone, and what the other wrote is not.
            ("one two", "two", "one two three", "two three"),
        ] {
            assert_eq!(merged_draft(before, text, stored), merged, "{before:?} {text:?} {stored:?}");
        }
    }

    #[test]
    fn the_caret_stays_behind_what_was_written_here() {
        assert_eq!(merged_at("a", "aa", "a\nb", 2), ("aa\nb".to_owned(), 2));
        assert_eq!(merged_at("b", "bb", "a\nb", 2), ("a\nbb".to_owned(), 4));
        assert_eq!(merged_at("", "", "new", 0), ("new".to_owned(), 3));
    }

    /// A program as it speaks with the store.
    #[derive(Default)]
    struct Program {
        field: String,
        caret: usize,
        /// What it knows to be stored, or asked for.
        stored: String,
        asked: u32,
        committed: u32,
        requests: VecDeque<(u32, String, String)>,
        /// What its connection saw in the file last, and what it says of it: after which request.
        seen: String,
        reports: VecDeque<(u32, String)>,
    }

    impl Program {
        fn type_at(&mut self, caret: Option<usize>, letter: char) {
            self.caret = caret.map_or(self.caret, |at| at % (self.field.len() + 1));
            self.field.insert(self.caret, letter);
            self.caret += 1;
        }

        fn give(&mut self) {
            if self.field != self.stored {
                self.asked += 1;
                let before = std::mem::replace(&mut self.stored, self.field.clone());
                self.requests.push_back((self.asked, before, self.field.clone()));
            }
        }

        fn look(&mut self, file: &str) {
            if self.seen != file {
                file.clone_into(&mut self.seen);
                self.reports.push_back((self.committed, file.to_owned()));
            }
        }

        fn commit(&mut self, file: &mut String) {
            self.look(file);
            let Some((request, before, text)) = self.requests.pop_front() else { return };
            *file = merged_draft(&before, &text, file);
            self.committed = request;
            file.clone_into(&mut self.seen);
            if *file != text {
                self.reports.push_back((request, file.clone()));
            }
        }

        fn hear(&mut self) {
            let Some((after, text)) = self.reports.pop_front() else { return };
            if after == self.asked {
                (self.field, self.caret) = merged_at(&self.stored, &self.field, &text, self.caret);
                self.stored = text;
            }
        }
    }

    proptest! {
        #[test]
        fn two_programs_that_are_typed_in_at_once_converge_and_each_letter_is_there_once(
            steps in prop::collection::vec((0..2_usize, 0..8_u8, 0..1000_usize), 0..120),
            is_moving in any::<bool>(),
        ) {
            let mut programs = [Program::default(), Program::default()];
            let mut file = String::new();
            let mut typed = [0, 0];
            for (who, step, caret) in steps {
                let program = &mut programs[who];
                match step {
                    0..=3 => {
                        typed[who] += 1;
                        program.type_at(is_moving.then_some(caret), ['a', 'b'][who]);
                    }
                    4 => program.give(),
                    5 => program.look(&file),
                    6 => program.commit(&mut file),
                    _ => program.hear(),
                }
            }
            for _ in 0..20 {
                for program in &mut programs {
                    program.give();
                    while !program.requests.is_empty() {
                        program.commit(&mut file);
                    }
                    program.look(&file);
                    while !program.reports.is_empty() {
                        program.hear();
                    }
                }
            }
            let count = |letter| file.chars().filter(|other| *other == letter).count();
            prop_assert_eq!([count('a'), count('b')], typed);
            prop_assert!(count('\n') <= typed[0].min(typed[1]), "{:?}", file);
            for program in &programs {
                prop_assert_eq!(&program.field, &file);
            }
        }
    }
}
