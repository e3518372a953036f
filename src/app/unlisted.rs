//! A server without a list that we can read, as every plain one is: there is a name to type, and the names that were
//! fetched from it before. Asks nothing of any server.

use super::field::Field;
use super::keys::Edit;
use crate::effect::Recent;
use crate::event::Key;
use crate::text::{Clean, clean_line};
use crate::wire::source::{Path, Source};

/// A server that is open, without a list.
#[derive(Debug, Clone)]
pub struct Unlisted {
    /// Where it is.
    pub source: Source,
    /// The name that is being typed.
    pub name: Field,
    /// What came with the address: says more than the name that is shown of it, such as a query.
    given: Path,
    /// Which of the names that are offered is selected: others may come before it. None: the one that is being typed.
    chosen: Option<Path>,
}

impl Unlisted {
    /// A server. A path that came with its address is the name of the file.
    #[must_use]
    pub fn new(source: &Source) -> Self {
        let given = source.path.clone();
        Self { source: source.at(Path::from_name(b"")), name: shown(&given), given, chosen: None }
    }

    /// By which address it was opened.
    #[must_use]
    pub fn address(&self) -> Source {
        self.source.at(self.given.clone())
    }

    /// Whether nothing else is typed than what came with its address.
    pub(super) fn is_as_opened(&self) -> bool {
        self.name.text() == shown(&self.given).text()
    }

    /// The names that were fetched from it and contain what is typed, the latest first.
    #[must_use]
    pub fn offered<'a>(&self, recent: &'a Recent) -> Vec<(Clean, &'a Path)> {
        let wanted = self.name.text().to_lowercase();
        let names = recent.names(&self.source.endpoint).iter();
        let shown = names.map(|path| (clean_line(&path.name()), path));
        shown.filter(|(name, _)| name.to_lowercase().contains(&wanted)).collect()
    }

    /// Which of the names that are offered is selected; none where it is the one that is being typed.
    #[must_use]
    pub fn selected(&self, offered: &[(Clean, &Path)]) -> Option<usize> {
        offered.iter().position(|(_, path)| Some(*path) == self.chosen.as_ref())
    }

    /// Moves the selection.
    pub(super) fn step(&mut self, up: bool, recent: &Recent) {
        let offered = self.offered(recent);
        // The field stands above them.
        let row = self.selected(&offered).map_or(0, |at| at + 1);
        let to = if up { row.saturating_sub(1) } else { (row + 1).min(offered.len()) };
        self.chosen = to.checked_sub(1).map(|at| offered[at].1.clone());
    }

    /// A key changes the name that is being typed, which is the one that is meant then.
    pub(super) fn on_key(&mut self, key: Key, edit: Option<Edit>) {
        self.chosen = None;
        self.name.on_key(key, edit);
    }

    /// A text was pasted into it. `false` where there is no room for it.
    pub(super) fn paste(&mut self, text: &str) -> bool {
        self.chosen = None;
        self.name.paste_line(text)
    }

    /// Takes the name that is meant out of the field, or from what is offered; none where nothing is typed.
    pub(super) fn take_name(&mut self, recent: &Recent) -> Option<Path> {
        let is_offered = self.selected(&self.offered(recent)).is_some();
        let chosen = self.chosen.take().filter(|_| is_offered);
        let typed = || Path::from_name(self.name.text().as_bytes());
        let is_given = self.is_as_opened();
        let name = chosen.unwrap_or_else(|| if is_given { self.given.clone() } else { typed() });
        self.name.replace("");
        Some(name).filter(|name| !name.name().is_empty())
    }
}

/// The name of a file in the field.
fn shown(path: &Path) -> Field {
    Field::with(&String::from_utf8_lossy(&path.name()))
}
