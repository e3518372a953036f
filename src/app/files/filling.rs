//! Asking what a listing does not say of the files in view: their sizes and times. Owns which were asked for; asks about
//! nothing that is not in view, about nothing twice, and never while the view still moves.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::app::Turn;
use crate::app::folder::Folder;
use crate::effect::Effect;
use crate::event::{Facts, RequestId};
use crate::wire::source::Scheme;

/// How long the view has to stand still.
const STILL: Duration = Duration::from_millis(150);

/// What was asked for in one folder.
#[derive(Debug, Clone, Default)]
pub(super) struct Filling {
    /// The files in view of which something is not known, by their places.
    in_view: Vec<usize>,
    /// Since when they are the same, and so long more.
    due: Option<Instant>,
    /// The questions under way: about which files, in the order in which they were asked; none where that is answered.
    questions: Vec<(RequestId, Vec<Option<usize>>)>,
    answered: BTreeSet<usize>,
}

impl Filling {
    /// When the next question is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Puts the folder in order by what was said, once nothing more is under way: until then rows would jump, and a long
    /// list be sorted for each of them.
    pub(super) fn settle(&self, folder: &mut Folder) {
        if !self.questions.iter().any(|(_, places)| places.iter().any(Option::is_some)) {
            folder.settle();
        }
    }

    /// Takes notice of what is in view: so many rows of this folder.
    pub(super) fn follow(&mut self, folder: &Folder, rows: usize, turn: &mut Turn<'_>) {
        if !matches!(folder.source.scheme, Scheme::Http | Scheme::Https) {
            return;
        }
        let in_view: Vec<usize> =
            folder.lacking(rows).filter(|place| !self.answered.contains(place)).collect();
        if in_view != self.in_view {
            self.in_view = in_view;
            self.due = Some(turn.now.instant + STILL);
        }
        if self.due.take_if(|due| *due <= turn.now.instant).is_some() {
            self.ask(folder, turn);
        }
    }

    fn ask(&mut self, folder: &Folder, turn: &mut Turn<'_>) {
        let in_view = &self.in_view;
        self.questions.retain(|(request, places)| {
            let is_seen = places.iter().flatten().any(|place| in_view.contains(place));
            if !is_seen && places.iter().any(Option::is_some) {
                turn.out.push(Effect::Forget(*request));
            }
            is_seen
        });
        let asked: BTreeSet<usize> =
            self.questions.iter().flat_map(|(_, places)| places.iter().flatten().copied()).collect();
        let new: Vec<usize> = in_view.iter().copied().filter(|place| !asked.contains(place)).collect();
        if new.is_empty() {
            return;
        }
        let request = turn.ids.request();
        let files = new.iter().filter_map(|place| folder.source_of(*place)).collect();
        turn.out.push(Effect::Fill { request, files });
        self.questions.push((request, new.into_iter().map(Some).collect()));
    }

    /// What is said of one of the files. Late answers change nothing.
    pub(super) fn learn(&mut self, folder: &mut Folder, request: RequestId, nth: usize, facts: Facts) {
        let asked = self.questions.iter_mut().find(|(known, _)| *known == request);
        let Some(place) = asked.and_then(|(_, places)| places.get_mut(nth)?.take()) else { return };
        self.answered.insert(place);
        self.in_view.retain(|known| *known != place);
        folder.learn(place, facts);
    }

    /// Another folder is open.
    pub(super) fn end(&mut self, turn: &mut Turn<'_>) {
        for (request, places) in std::mem::take(self).questions {
            if places.iter().any(Option::is_some) {
                turn.out.push(Effect::Forget(request));
            }
        }
    }
}
