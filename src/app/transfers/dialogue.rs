//! What lies over the screen about a download: a question, a limit, or all that is known of it.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::facts::facts;
use super::picked::Pick;
use crate::app::field::Field;
use crate::app::files::FilesFocus;
use crate::app::keys::{self, Answer, Edit, Move, Settle};
use crate::app::layout::{self, Area};
use crate::app::overlay::Overlay;
use crate::app::queue::{ItemId, Queue};
use crate::app::{Notice, State, Tab, Turn, walked};
use crate::effect::{Conflict, Effect};
use crate::event::{Key, Size};
use crate::text::{Clean, clean_line, size};

/// What is asked, or shown.
#[derive(Debug, Clone)]
pub enum Dialogue {
    /// What becomes of a file where something is there already.
    Conflict {
        /// Of which download.
        item: ItemId,
        /// Which of the [`CHOICES`] is selected.
        selected: usize,
        /// Whether the answer is meant for all others, too.
        for_all: bool,
        /// The key that led here, and when it was pressed last: while it is held down it overwrites nothing.
        held: Option<(Key, Instant)>,
    },
    /// How fast all together may be.
    Limit {
        /// What is typed.
        field: Field,
        /// Whether that is no speed.
        is_wrong: bool,
    },
    /// Whether a file is really to be opened that may do more than show itself.
    Open {
        /// Which.
        path: PathBuf,
        /// The program, or the command, that it would be opened with.
        program: Clean,
    },
    /// Whether names that begin with a dot are kept.
    DotNames(Vec<Pick>),
    /// All that is known of a download.
    Details {
        /// Of which.
        item: ItemId,
        /// Which of its [`facts`] is at the top, counted from 0.
        top: usize,
    },
}

/// The rows of the question what becomes of a file, the one that does no harm first.
pub const CHOICES: [Settle; 6] =
    [Settle::Rename, Settle::Overwrite, Settle::Skip, Settle::Resume, Settle::Newer, Settle::ForAll];

/// What becomes of the file then; none where more is to be said first.
fn conflict_of(choice: Settle) -> Option<Conflict> {
    match choice {
        Settle::Rename => Some(Conflict::Rename),
        Settle::Overwrite => Some(Conflict::Overwrite),
        Settle::Skip => Some(Conflict::Skip),
        Settle::Resume => Some(Conflict::Resume),
        Settle::Newer => Some(Conflict::Newer),
        Settle::Choose | Settle::ForAll => None,
    }
}

/// A key that comes again so soon is held down: terminals repeat it after half a second, then many times a second.
const HELD_WITHIN: Duration = Duration::from_secs(1);

impl Dialogue {
    pub(super) fn conflict(item: ItemId) -> Self {
        Self::Conflict { item, selected: 0, for_all: false, held: None }
    }

    /// This key led here.
    pub(super) fn note_key(&mut self, key: Key, now: Instant) {
        if let Self::Conflict { held, .. } = self {
            *held = Some((key, now));
        }
    }

    /// With the limit as it is now.
    pub(super) fn limit(rate: Option<NonZeroU64>) -> Self {
        let written = rate.map(|rate| size::written(rate.get())).unwrap_or_default();
        Self::Limit { field: Field::with(&written), is_wrong: false }
    }

    /// Whether the input goes into a text in it.
    pub(in crate::app) fn is_typed_into(&self) -> bool {
        matches!(self, Self::Limit { .. })
    }

    /// A text was pasted; `false` where there is no room for it.
    pub(in crate::app) fn paste(&mut self, text: &str) -> bool {
        match self {
            Self::Limit { field, is_wrong } => {
                *is_wrong = false;
                field.paste_line(text)
            }
            Self::Conflict { .. } | Self::Open { .. } | Self::DotNames(_) | Self::Details { .. } => true,
        }
    }

    /// Moves the view of all that is known of a download.
    pub(in crate::app) fn scroll(&mut self, step: Move, queue: &Queue, size: Size) {
        if let Self::Details { item, top } = self {
            *top = walked(step, *top, facts_of(*item, queue), usize::from(size.height / 2));
        }
    }

    /// The box of the question what becomes of a file, and the rows of the choices in it.
    #[must_use]
    pub fn conflict_areas(size: Size) -> Option<(Area, Area)> {
        /// What is there, what comes, what is known of each, how many more wait, and a blank row.
        const ABOVE: u16 = 6;
        /// What is there, and what comes. Where there is no more room the choices are scrolled.
        const LEAST: u16 = 2;
        let choices = u16::try_from(CHOICES.len()).unwrap_or(u16::MAX);
        let outside = layout::dialogue(size, 70, ABOVE + choices)?;
        let inside = layout::inside(outside);
        let above = inside.height.saturating_sub(choices).clamp(LEAST, ABOVE);
        let height = inside.height.saturating_sub(above);
        Some((outside, Area { y: inside.y + above, height, ..inside }))
    }
}

/// How many things are known of a download; none where it is gone.
fn facts_of(item: ItemId, queue: &Queue) -> usize {
    queue.item_of(item).map_or(0, |item| facts(item, queue).len())
}

impl State {
    /// A key while something about a download is asked or shown.
    pub(in crate::app) fn on_dialogue_key(&mut self, mut dialogue: Dialogue, key: Key, turn: &mut Turn<'_>) {
        match &mut dialogue {
            Dialogue::Conflict { selected, for_all, held, .. } => {
                let (action, now) = (keys::action(&turn.keymap.conflict, key), turn.now.instant);
                let is_held = held.is_some_and(|(by, at)| by == key && now < at + HELD_WITHIN);
                if action == Some(Settle::ForAll) {
                    *for_all = !*for_all;
                } else if action == Some(Settle::Overwrite) && is_held {
                    *held = Some((key, now));
                } else if let Some(action) = action {
                    let row = CHOICES.iter().position(|choice| *choice == action);
                    *selected = row.unwrap_or(*selected);
                    let overwrites = CHOICES[*selected] == Settle::Overwrite;
                    self.settle(dialogue, turn);
                    if let Some(Overlay::Transfer(next)) = self.overlay.as_mut().filter(|_| overwrites) {
                        next.note_key(key, now);
                    }
                    return;
                } else if let Some(step) = keys::action(&turn.keymap.list, key) {
                    *selected = walked(step, *selected, CHOICES.len(), CHOICES.len());
                }
            }
            Dialogue::Limit { field, is_wrong } => match keys::action(&turn.keymap.field, key) {
                Some(Edit::Accept) => {
                    let typed = field.text().trim();
                    let typed = typed.strip_suffix("/s").unwrap_or(typed);
                    let rate = size::parse(typed).and_then(NonZeroU64::new);
                    if rate.is_some() || typed.is_empty() {
                        return self.files.transfers.queue.limit_rate(rate, &mut turn.world());
                    }
                    *is_wrong = true;
                }
                edit => {
                    *is_wrong = false;
                    field.on_key(key, edit);
                }
            },
            Dialogue::Open { path, .. } => match keys::deliberate(&turn.keymap.question, key) {
                Some(Answer::Yes) => {
                    *turn.notice = Some(Notice::Opened(clean_line(path.as_os_str().as_encoded_bytes())));
                    return turn.out.push(Effect::OpenAnyway(std::mem::take(path)));
                }
                Some(Answer::No) => return,
                None => {}
            },
            Dialogue::DotNames(picks) => return self.on_dot_names_key(std::mem::take(picks), key, turn),
            Dialogue::Details { .. } => {
                if let Some(step) = keys::action(&turn.keymap.list, key) {
                    dialogue.scroll(step, &self.files.transfers.queue, self.size);
                }
            }
        }
        self.overlay = Some(Overlay::Transfer(dialogue));
    }

    /// Asks whether a file is to be opened that may do more than show itself, unless the user does something else by now: a
    /// key that is meant for that must not be the answer.
    pub(in crate::app) fn ask_to_open(&mut self, path: PathBuf, program: Clean, turn: &mut Turn<'_>) {
        let waits =
            self.overlay.is_none() && self.tab == Tab::Files && self.files.focus == FilesFocus::Transfers;
        *turn.notice = if waits {
            self.overlay = Some(Overlay::Transfer(Dialogue::Open { path, program }));
            None
        } else {
            let name = path.file_name().unwrap_or_default();
            Some(Notice::MayRun(clean_line(name.as_encoded_bytes())))
        };
    }

    /// Does what the selected row says. Where more is asked, that comes next.
    pub(in crate::app) fn settle(&mut self, mut dialogue: Dialogue, turn: &mut Turn<'_>) {
        if let Dialogue::Conflict { item, selected, for_all, .. } = &mut dialogue {
            match conflict_of(CHOICES[*selected]) {
                None => *for_all = !*for_all,
                Some(conflict) => {
                    let queue = &mut self.files.transfers.queue;
                    queue.answer(*item, conflict, *for_all, &mut turn.world());
                    let next = queue.question_of(*item).or_else(|| queue.question());
                    let next = next.map(|question| question.item);
                    self.overlay = next.map(Dialogue::conflict).map(Overlay::Transfer);
                    return;
                }
            }
        }
        self.overlay = Some(Overlay::Transfer(dialogue));
    }

    /// A click on a row of the question what becomes of a file does what that row says.
    pub(in crate::app) fn click_dialogue(&mut self, column: u16, row: u16, turn: &mut Turn<'_>) {
        let Some((_, rows)) = Dialogue::conflict_areas(self.size) else { return };
        let Some(Overlay::Transfer(Dialogue::Conflict { selected, .. })) = &mut self.overlay else { return };
        if !rows.contains(column, row) {
            return;
        }
        let top = (*selected + 1).saturating_sub(usize::from(rows.height));
        *selected = (top + usize::from(row - rows.y)).min(CHOICES.len() - 1);
        if let Some(Overlay::Transfer(dialogue)) = self.overlay.take() {
            self.settle(dialogue, turn);
        }
    }

    /// What is not asked any more, and a download that is gone, cannot be shown; nor what is not known of one any more.
    pub(in crate::app) fn leave_dialogue(&mut self) {
        let queue = &self.files.transfers.queue;
        let Some(Overlay::Transfer(dialogue)) = &mut self.overlay else { return };
        let is_gone = match dialogue {
            Dialogue::Conflict { item, .. } => queue.question_of(*item).is_none(),
            Dialogue::Details { item, top } => {
                let known = facts_of(*item, queue);
                *top = (*top).min(known.saturating_sub(1));
                known == 0
            }
            Dialogue::Limit { .. } | Dialogue::Open { .. } | Dialogue::DotNames(_) => false,
        };
        if is_gone {
            self.overlay = None;
        }
    }
}
