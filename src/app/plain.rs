//! A plain server as it is looked at: it has no list, so there is a name to type, and the names that were fetched from
//! it before. Asks nothing of any server.

use std::collections::BTreeMap;

use super::field::Field;
use crate::text::{Clean, clean_line};
use crate::wire::Raw;
use crate::wire::address::Endpoint;
use crate::wire::source::{Path, Source};

/// Names that are remembered for each server.
const NAME_LIMIT: usize = 100;

/// A plain server that is open.
#[derive(Debug, Clone)]
pub struct Plain {
    /// Where it is.
    pub source: Source,
    /// The name that is being typed.
    pub name: Field,
    /// Which row is selected: 0 is the name that is being typed, the names that are offered stand below it.
    pub selected: usize,
}

/// The names that were fetched from each plain server, the latest first.
#[derive(Debug, Clone, Default)]
pub struct FetchedNames(BTreeMap<Endpoint, Vec<Raw>>);

impl Plain {
    /// A server. A path that came with its address is the name of the file.
    #[must_use]
    pub fn new(source: &Source) -> Self {
        let name = Field::with(&String::from_utf8_lossy(&source.path.name()));
        Self { source: source.at(Path::from_name(b"")), name, selected: 0 }
    }

    /// Moves the selection.
    pub(super) fn step(&mut self, up: bool, offered: usize) {
        self.selected = if up { self.selected.saturating_sub(1) } else { (self.selected + 1).min(offered) };
    }

    /// Takes the name that is meant out of the field, or from what is offered; none where nothing is typed.
    pub(super) fn take_name(&mut self, names: &FetchedNames) -> Option<Raw> {
        let offered = names.offered(self);
        let chosen = self.selected.checked_sub(1).and_then(|at| Some(offered.get(at)?.1.clone()));
        let name = chosen.unwrap_or_else(|| Raw(self.name.text().as_bytes().to_vec().into()));
        self.name.replace("");
        self.selected = 0;
        Some(name).filter(|name| !name.0.is_empty())
    }
}

impl FetchedNames {
    /// Those of this server that contain what is typed.
    #[must_use]
    pub fn offered(&self, plain: &Plain) -> Vec<(Clean, &Raw)> {
        let wanted = plain.name.text().to_lowercase();
        let names = self.0.get(&plain.source.endpoint).into_iter().flatten();
        let shown = names.map(|raw| (clean_line(&raw.0), raw));
        shown.filter(|(name, _)| name.to_lowercase().contains(&wanted)).collect()
    }

    /// One more was fetched.
    pub(super) fn remember(&mut self, server: &Endpoint, name: Raw) {
        let names = self.0.entry(server.clone()).or_default();
        names.retain(|known| *known != name);
        names.insert(0, name);
        names.truncate(NAME_LIMIT);
    }
}
