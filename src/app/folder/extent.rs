//! How much is in the folders of a folder, where the user asked for that. Owns the sums; what is in them is heard of.

use std::collections::BTreeMap;

use crate::app::Turn;
use crate::effect::Effect;
use crate::event::{Fault, RequestId, WalkEvent};
use crate::wire::listing::Kind;
use crate::wire::source::Source;

/// What is in a folder and in all that are in it, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// Bytes.
    pub bytes: u64,
    /// Files.
    pub files: u64,
    /// Whether there may be more: something could not be listed, or was not yet.
    pub or_more: bool,
    /// Whether it still grows.
    pub grows: bool,
}

/// Those of the folders that were asked for, by their places.
#[derive(Debug, Clone, Default)]
pub struct Extents {
    known: BTreeMap<usize, Extent>,
    /// Which folder each is about, and whether anything was listed yet.
    walks: BTreeMap<RequestId, (usize, bool)>,
}

impl Extents {
    /// That of the folder in this place, if it was asked for.
    #[must_use]
    pub(super) fn of(&self, place: usize) -> Option<Extent> {
        self.known.get(&place).copied()
    }

    /// Asks for it anew, unless it is asked for already.
    pub(super) fn ask(&mut self, place: usize, source: Source, turn: &mut Turn<'_>) {
        if self.known.get(&place).is_some_and(|extent| extent.grows) {
            return;
        }
        let request = turn.ids.request();
        self.known.insert(place, Extent { grows: true, ..Extent::default() });
        self.walks.insert(request, (place, false));
        turn.out.push(Effect::Walk { request, source, left: Vec::new() });
    }

    /// Whether a walk is one of these.
    pub(in crate::app) fn expects(&self, request: RequestId) -> bool {
        self.walks.contains_key(&request)
    }

    /// News of a walk; why nothing is known by it, if that is the news.
    pub(in crate::app) fn learn(&mut self, request: RequestId, event: WalkEvent) -> Option<Fault> {
        let (place, listed) = self.walks.get_mut(&request)?;
        let extent = self.known.get_mut(place)?;
        match event {
            WalkEvent::Found(listing) => {
                *listed = true;
                let files = listing.entries.iter().filter(|entry| entry.kind == Kind::File);
                for size in files.map(|entry| entry.size) {
                    extent.files += 1;
                    extent.bytes = extent.bytes.saturating_add(size.unwrap_or_default());
                    extent.or_more |= size.is_none();
                }
                extent.or_more |= listing.is_cut;
                return None;
            }
            WalkEvent::Missed(..) | WalkEvent::Undecided(..) if *listed => {
                extent.or_more = true;
                return None;
            }
            WalkEvent::Ended => extent.grows = false,
            WalkEvent::Missed(_, fault) | WalkEvent::Undecided(_, fault) | WalkEvent::Failed(fault) => {
                self.known.remove(place);
                self.walks.remove(&request);
                return Some(fault);
            }
        }
        self.walks.remove(&request);
        None
    }

    /// Asks for nothing more; whether anything was asked for.
    pub(in crate::app) fn stop(&mut self, turn: &mut Turn<'_>) -> bool {
        let walks = std::mem::take(&mut self.walks);
        for (request, (place, _)) in &walks {
            turn.out.push(Effect::Forget(*request));
            if let Some(extent) = self.known.get_mut(place) {
                (extent.grows, extent.or_more) = (false, true);
            }
        }
        !walks.is_empty()
    }
}
