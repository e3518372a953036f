//! A server without a list that we can read, as every plain one is: there is a name to type, and the names that were
//! fetched from it before. Asks nothing of any server.

use super::field::Field;
use crate::effect::Recent;
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
    /// Which row is selected: 0 is the name that is being typed, the names that are offered stand below it.
    pub selected: usize,
}

impl Unlisted {
    /// A server. A path that came with its address is the name of the file.
    #[must_use]
    pub fn new(source: &Source) -> Self {
        let given = source.path.clone();
        Self { source: source.at(Path::from_name(b"")), name: shown(&given), given, selected: 0 }
    }

    /// The names that were fetched from it and contain what is typed, the latest first.
    #[must_use]
    pub fn offered<'a>(&self, recent: &'a Recent) -> Vec<(Clean, &'a Path)> {
        let wanted = self.name.text().to_lowercase();
        let names = recent.names(&self.source.endpoint).iter();
        let shown = names.map(|path| (clean_line(&path.name()), path));
        shown.filter(|(name, _)| name.to_lowercase().contains(&wanted)).collect()
    }

    /// Moves the selection.
    pub(super) fn step(&mut self, up: bool, offered: usize) {
        self.selected = if up { self.selected.saturating_sub(1) } else { (self.selected + 1).min(offered) };
    }

    /// Takes the name that is meant out of the field, or from what is offered; none where nothing is typed.
    pub(super) fn take_name(&mut self, recent: &Recent) -> Option<Path> {
        let offered = self.offered(recent);
        let chosen = self.selected.checked_sub(1).and_then(|at| Some(offered.get(at)?.1.clone()));
        let typed = || Path::from_name(self.name.text().as_bytes());
        let is_given = self.name.text() == shown(&self.given).text();
        let name = chosen.unwrap_or_else(|| if is_given { self.given.clone() } else { typed() });
        self.name.replace("");
        self.selected = 0;
        Some(name).filter(|name| !name.name().is_empty())
    }
}

/// The name of a file in the field.
fn shown(path: &Path) -> Field {
    Field::with(&String::from_utf8_lossy(&path.name()))
}
