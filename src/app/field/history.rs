//! What was changed in a text, to take it back and to do it again. Keeps what changed, not whole texts, and of that
//! only so much; must be told of every change.

use std::collections::VecDeque;

/// How many steps back one can go, and how many bytes are kept for that.
const STEPS: usize = 500;
const BYTES: usize = 1 << 20;

/// One step: at this place one text gave way to another.
#[derive(Debug, Clone)]
pub(super) struct Change {
    /// Byte offset.
    pub(super) at: usize,
    pub(super) removed: String,
    pub(super) inserted: String,
    /// Where the caret was before, and after.
    pub(super) carets: (usize, usize),
}

impl Change {
    fn bytes(&self) -> usize {
        self.removed.len() + self.inserted.len()
    }

    /// Makes one step of this and the next change, where that goes on at the same place with the same word: `false`
    /// where it does not.
    fn join(&mut self, next: &Self) -> bool {
        let typed = self.removed.is_empty() && next.removed.is_empty();
        let erased = self.inserted.is_empty() && next.inserted.is_empty();
        if typed && next.at == self.at + self.inserted.len() {
            // Where no blanks are written between words, a clause is taken back at a time.
            let new_clause = self.inserted.ends_with(ends_clause) && !next.inserted.starts_with(ends_clause);
            if new_clause || next.inserted.starts_with(char::is_whitespace) {
                return false;
            }
            self.inserted.push_str(&next.inserted);
        } else if erased && next.at + next.removed.len() == self.at {
            if self.removed.starts_with(char::is_whitespace) && !next.removed.ends_with(char::is_whitespace) {
                return false;
            }
            self.removed.insert_str(0, &next.removed);
            self.at = next.at;
        } else if erased && next.at == self.at {
            if self.removed.ends_with(char::is_whitespace) && !next.removed.starts_with(char::is_whitespace) {
                return false;
            }
            self.removed.push_str(&next.removed);
        } else {
            return false;
        }
        self.carets.1 = next.carets.1;
        true
    }
}

/// The steps back, and those forward again.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    /// Oldest first.
    done: VecDeque<Change>,
    /// What was taken back, the last of it at the end.
    undone: Vec<Change>,
    bytes: usize,
}

impl History {
    /// A change was made. `goes_on`: it is to be one step with the one before, where it touches that.
    pub(super) fn record(&mut self, change: Change, goes_on: bool) {
        self.bytes -= self.undone.drain(..).map(|undone| undone.bytes()).sum::<usize>();
        self.bytes += change.bytes();
        let joined = goes_on && self.done.back_mut().is_some_and(|last| last.join(&change));
        if !joined {
            self.done.push_back(change);
        }
        // What was changed last can always be taken back, however much it is.
        while self.done.len() > STEPS || self.bytes > BYTES && self.done.len() > 1 {
            self.bytes -= self.done.pop_front().map_or(0, |oldest| oldest.bytes());
        }
    }

    /// Takes the last step back; where the caret was before it.
    pub(super) fn undo(&mut self, text: &mut String) -> Option<usize> {
        let change = self.done.pop_back()?;
        text.replace_range(change.at..change.at + change.inserted.len(), &change.removed);
        let caret = change.carets.0;
        self.undone.push(change);
        Some(caret)
    }

    /// Does again what was taken back last; where the caret was after it.
    pub(super) fn redo(&mut self, text: &mut String) -> Option<usize> {
        let change = self.undone.pop()?;
        text.replace_range(change.at..change.at + change.removed.len(), &change.inserted);
        let caret = change.carets.1;
        self.done.push_back(change);
        Some(caret)
    }
}

/// Chinese and Japanese punctuation.
fn ends_clause(c: char) -> bool {
    matches!(c, '\u{3001}'..='\u{301F}' | '\u{FF01}'..='\u{FF0F}' | '\u{FF1A}'..='\u{FF20}')
}
