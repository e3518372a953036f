//! Which folder is to be shared, while it is typed, and the folders to which it can be completed. Owns what was found
//! until something else is typed; must never share anything.

use crate::app::Turn;
use crate::app::bar::behind;
use crate::app::field::Field;
use crate::app::keys::Edit;
use crate::effect::Effect;
use crate::event::{FolderName, Folders, Key, RequestId};

/// The question which folder is to be shared.
#[derive(Debug, Clone, Default)]
pub struct Choosing {
    /// What is typed.
    pub field: Field,
    /// The question for folders that is under way. What is typed meanwhile makes its answer worthless.
    asked: Option<RequestId>,
    found: Option<Found>,
}

/// The folders that were found.
#[derive(Debug, Clone)]
struct Found {
    /// What stood in the field when they were found.
    at: String,
    /// The same with what was typed since, but without what took its place.
    typed: String,
    folders: Folders,
    /// Which of those that fit stands in the field.
    taken: Option<usize>,
}

impl Found {
    /// Those that begin like what is typed.
    fn fitting(&self) -> Vec<&FolderName> {
        fitting(&self.folders.names, split(&self.typed).1)
    }
}

impl Choosing {
    pub(in crate::app) fn with(folder: &str) -> Self {
        Self { field: Field::with(folder), ..Self::default() }
    }

    /// Whether folders are being looked for.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        self.asked.is_some()
    }

    /// The folders that what is typed can become, which of them stands in the field, and how many more there are; none
    /// while nobody wants to know.
    #[must_use]
    pub fn candidates(&self) -> Option<(Vec<&FolderName>, Option<usize>, usize)> {
        self.found.as_ref().map(|found| (found.fitting(), found.taken, found.folders.more))
    }

    /// Completes what is typed as far as it is certain: asks for the folders that begin like it, or puts the next of them
    /// in its place where they are known.
    pub(in crate::app) fn complete(&mut self, turn: &mut Turn<'_>) {
        if self.asked.is_some() || self.field.caret() < self.field.text().len() {
            return;
        }
        if self.found.as_ref().is_some_and(|found| found.taken.is_some() || found.typed == found.at) {
            return self.step(true);
        }
        let typed = self.typed();
        let (folder, beginning) = split(&typed);
        if typed == "~" || beginning == ".." {
            return self.field.replace(&format!("{typed}/"));
        }
        let request = turn.ids.request();
        self.asked = Some(request);
        let folder = if folder.is_empty() { "." } else { folder };
        turn.out.push(Effect::FindFolders {
            request,
            folder: folder.into(),
            beginning: beginning.to_owned(),
        });
    }

    /// Whether this is the question that is under way; it is no more.
    pub(in crate::app) fn is_answered(&mut self, request: RequestId) -> bool {
        self.asked.take_if(|asked| *asked == request).is_some()
    }

    /// These folders begin like what is typed.
    pub(in crate::app) fn found(&mut self, folders: Folders) {
        let mut typed = self.typed();
        let (stem, beginning) = split(&typed);
        let names = fitting(&folders.names, beginning);
        // Where not all are known, nothing is certain.
        let known = if folders.more == 0 { &names[..] } else { &[] };
        if let [only] = known {
            self.field.replace(&format!("{}/", within(stem, &only.name)));
            self.found = None;
            return;
        }
        let common = common(known);
        if behind(common, beginning).is_some() && common != beginning {
            typed = within(stem, common);
            self.field.replace(&typed);
        }
        self.found = Some(Found { at: typed.clone(), typed, folders, taken: None });
    }

    /// A key that neither completes nor accepts.
    pub(in crate::app) fn on_key(&mut self, key: Key, edit: Option<Edit>) {
        match edit {
            Some(Edit::Up) => self.step(false),
            Some(Edit::Down) => self.step(true),
            // It stands there already.
            None if key.types() == Some('/') && self.is_taken() => self.found = None,
            edit => {
                self.field.on_key(key, edit);
                self.narrow();
            }
        }
    }

    /// A text was pasted; `false` where there is no room for it.
    pub(in crate::app) fn paste(&mut self, text: &str) -> bool {
        let pasted = self.field.paste_line(text);
        self.narrow();
        pasted
    }

    /// What was found, or is still looked for, is of no use any more.
    pub(in crate::app) fn settle(&mut self) {
        (self.asked, self.found) = (None, None);
    }

    /// What is typed, without the blanks before it: they are none of a path's.
    fn typed(&self) -> String {
        self.field.text().trim_start().to_owned()
    }

    fn is_taken(&self) -> bool {
        self.found.as_ref().is_some_and(|found| found.taken.is_some())
    }

    /// Puts the next of those that fit in the field, or the one before.
    fn step(&mut self, ahead: bool) {
        let Some(found) = &mut self.found else { return };
        let names = found.fitting();
        let nth = match (found.taken, ahead) {
            (None, true) => 0,
            (Some(nth), true) => nth + 1,
            (None | Some(0), false) => names.len().saturating_sub(1),
            (Some(nth), false) => nth - 1,
        };
        let Some(nth) = nth.checked_rem(names.len()) else { return };
        let text = format!("{}/", within(split(&found.typed).0, &names[nth].name));
        found.taken = Some(nth);
        self.field.replace(&text);
    }

    /// The field may hold something else now: those stay that fit, where what is typed only grew longer.
    fn narrow(&mut self) {
        self.asked = None;
        let typed = self.typed();
        let found = self.found.take().filter(|found| {
            let more = typed.strip_prefix(&found.at);
            found.folders.more == 0 && more.is_some_and(|more| !more.contains('/'))
        });
        let found = found.map(|found| Found { typed, taken: None, ..found });
        self.found = found.filter(|found| !found.fitting().is_empty());
    }
}

/// The folder in which something is looked for, with its slash, and how that begins.
fn split(typed: &str) -> (&str, &str) {
    typed.split_at(typed.rfind('/').map_or(0, |at| at + 1))
}

/// Those of the folders that begin like this, letter for letter; where there are none, however they are capitalised.
fn fitting<'a>(names: &'a [FolderName], beginning: &str) -> Vec<&'a FolderName> {
    let exact: Vec<_> = names.iter().filter(|folder| folder.name.starts_with(beginning)).collect();
    if exact.is_empty() {
        names.iter().filter(|folder| behind(&folder.name, beginning).is_some()).collect()
    } else {
        exact
    }
}

/// What all of them begin with.
fn common<'a>(names: &[&'a FolderName]) -> &'a str {
    let Some((first, others)) = names.split_first() else { return "" };
    others.iter().fold(&*first.name, |common, other| {
        let mut same = common.char_indices().zip(other.name.chars());
        let differs = same.find(|((_, mine), its)| mine != its).map(|((at, _), _)| at);
        &common[..differs.unwrap_or(common.len().min(other.name.len()))]
    })
}

/// A name in this folder, in such a way that it is read as just that.
fn within(folder: &str, name: &str) -> String {
    let is_read_otherwise = name == "~" || name.starts_with(char::is_whitespace);
    if folder.is_empty() && is_read_otherwise { format!("./{name}") } else { format!("{folder}{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::clean_line;

    fn folders(names: &[&str]) -> Vec<FolderName> {
        let folder =
            |name: &&str| FolderName { name: (*name).to_owned(), shown: clean_line(name.as_bytes()) };
        names.iter().map(folder).collect()
    }

    #[test]
    fn what_several_names_begin_with_ends_between_two_characters() {
        for (names, expected) in [
            (&["slides"][..], "slides"),
            (&["slides", "slide"], "slide"),
            (&["讲义", "讲稿", "讲"], "讲"),
            (&["é", "è"], ""),
            (&[], ""),
        ] {
            assert_eq!(common(&folders(names).iter().collect::<Vec<_>>()), expected, "{names:?}");
        }
    }

    #[test]
    fn small_letters_find_large_ones_only_where_nothing_else_fits() {
        let names = folders(&["Docs", "data", "Data"]);
        let found =
            |beginning| fitting(&names, beginning).iter().map(|found| &*found.name).collect::<Vec<_>>();
        assert_eq!(found("d"), ["data"]);
        assert_eq!(found("do"), ["Docs"]);
        assert_eq!(found("DA"), ["data", "Data"]);
        assert_eq!(found("x"), [""; 0]);
    }

    #[test]
    fn a_name_that_would_be_read_otherwise_is_written_so_that_it_is_not() {
        for (folder, name, expected) in
            [("", "a", "a"), ("", "~", "./~"), ("", " a", "./ a"), ("/", "~", "/~"), ("~/", " a", "~/ a")]
        {
            assert_eq!(within(folder, name), expected);
        }
    }
}
