//! An address that is being typed: what is wrong with it, whether its name is being looked up, and what is known that
//! begins like it.

use super::field::Field;
use super::keys::Edit;
use crate::event::{Fault, Key, RequestId};
use crate::wire::address::{AddressError, Endpoint};

/// An address bar. Owns what was typed until it is accepted.
#[derive(Debug, Clone, Default)]
pub struct AddressBar {
    /// What is being typed.
    pub field: Field,
    /// What is wrong with it, said in place until it is changed.
    pub problem: Option<Problem>,
    /// The question to the resolver that is under way.
    pub pending: Option<(RequestId, Endpoint)>,
    /// Whether all of it is selected, as in browsers: what is typed first takes its place, and an arrow keeps it.
    pub is_selected: bool,
    /// What was typed, where something known stands in its place, and which of those that begin like that.
    pub(super) completed: Option<(String, usize)>,
}

/// Why what was typed cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// It is no address.
    Address(AddressError),
    /// Its name could not be resolved.
    Fault(Fault),
}

impl AddressBar {
    /// Puts another address in, as if it had been typed.
    pub fn show(&mut self, text: &str) {
        self.field.replace(text);
        self.problem = None;
        self.completed = None;
        self.is_selected = false;
    }

    /// Puts an address in that may be kept or replaced: it is selected.
    pub(super) fn offer(&mut self, text: &str) {
        self.show(text);
        self.is_selected = true;
    }

    /// A key changes what is typed.
    pub(super) fn on_key(&mut self, key: Key, edit: Option<Edit>) {
        self.problem = None;
        self.completed = None;
        match (edit, key.types()) {
            (Some(Edit::DeleteLeft | Edit::DeleteRight), _) if self.is_selected => self.field.replace(""),
            (None, Some(character)) if self.is_selected => {
                self.field.replace(character.encode_utf8(&mut [0; 4]));
            }
            (None, None) => return,
            (edit, _) => self.field.on_key(key, edit),
        }
        self.is_selected = false;
    }

    /// A text was pasted. `false` where there is no room for it.
    pub(super) fn paste(&mut self, text: &str) -> bool {
        self.problem = None;
        self.completed = None;
        let replaced = std::mem::take(&mut self.is_selected).then(|| self.field.take());
        let fits = self.field.paste_line(text);
        if let Some(replaced) = replaced.filter(|_| !fits) {
            self.field.replace(&replaced);
        }
        fits
    }

    /// The rest of the first of these that begins like what was typed.
    #[must_use]
    pub fn rest<'a>(&self, mut known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
        let typed = self.field.text();
        let at_end = self.field.caret() == typed.len() && !typed.is_empty() && self.completed.is_none();
        (at_end && !self.is_selected).then(|| known.find_map(|text| rest_of(text, typed)))?
    }

    /// Puts the first of these that begins like what was typed in its place, or the next where one stands there already.
    /// `false` where there is none, or no other.
    pub fn complete(&mut self, known: &[String]) -> bool {
        let (typed, nth) = match &self.completed {
            Some((typed, nth)) => (typed.clone(), nth + 1),
            None if self.field.caret() < self.field.text().len() => return false,
            None => (self.field.text().to_owned(), 0),
        };
        let begin_like_it: Vec<&String> =
            known.iter().filter(|text| !typed.is_empty() && rest_of(text, &typed).is_some()).collect();
        let Some(nth) = nth.checked_rem(begin_like_it.len()) else { return false };
        if begin_like_it[nth] == self.field.text() {
            return false;
        }
        self.show(begin_like_it[nth]);
        self.completed = Some((typed, nth));
        true
    }

    /// What was asked for, if this is the answer to the question that is under way.
    pub fn answered(&mut self, request: RequestId) -> Option<Endpoint> {
        self.pending.take_if(|(pending, _)| *pending == request).map(|(_, endpoint)| endpoint)
    }
}

/// What of a text comes behind its beginning, however that is capitalised; none where it begins otherwise, or is no longer.
fn rest_of<'a>(text: &'a str, beginning: &str) -> Option<&'a str> {
    behind(text, beginning).filter(|rest| !rest.is_empty())
}

/// What of a text comes behind its beginning, however that is capitalised; none where it begins otherwise.
#[must_use]
pub fn behind<'a>(text: &'a str, beginning: &str) -> Option<&'a str> {
    let mut rest = text.chars();
    for wanted in beginning.chars() {
        if !rest.next()?.to_lowercase().eq(wanted.to_lowercase()) {
            return None;
        }
    }
    Some(rest.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<String> {
        ["Lin", "linda", "192.168.1.5:7890", "everyone"].map(str::to_owned).to_vec()
    }

    fn typed(text: &str) -> AddressBar {
        AddressBar { field: Field::with(text), ..AddressBar::default() }
    }

    #[test]
    fn what_is_known_and_begins_like_what_was_typed_takes_its_place_one_after_the_other() {
        let mut bar = typed("LI");
        assert_eq!(bar.rest(known().iter().map(String::as_str)), Some("n"));
        let taken: Vec<String> = (0..3)
            .map(|_| {
                assert!(bar.complete(&known()));
                bar.field.text().to_owned()
            })
            .collect();
        assert_eq!(taken, ["Lin", "linda", "Lin"]);
    }

    #[test]
    fn where_nothing_else_is_known_nothing_is_taken() {
        for text in ["", "x", "everyone", "192.168.1.5:78901"] {
            assert!(!typed(text).complete(&known()), "{text}");
        }
        let mut bar = typed("ev");
        assert!(bar.complete(&known()) && !bar.complete(&known()));
        let mut bar = typed("ev");
        bar.field.move_to(1);
        assert!(!bar.complete(&known()) && bar.rest(known().iter().map(String::as_str)).is_none());
    }
}
