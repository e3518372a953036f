//! Progress on stderr: a bar for each file that comes, and one line for all. Draws only where somebody can see it.

use std::time::Instant;

use indicatif::{FormattedDuration, MultiProgress, ProgressBar, ProgressStyle};

use crate::app::queue::{Phase, Queue, Running};
use crate::event::TransferEvent;
use crate::locale::Words;
use crate::text::{Clean, size};
use crate::view::wording;

const KNOWN_LENGTH: &str = "{msg:24!} {wide_bar} {percent:>3}%  {decimal_bytes}/{decimal_total_bytes}";
const UNKNOWN_LENGTH: &str = "{msg:24!} {spinner} {decimal_bytes}";
const WORDS: &str = "{wide_msg}";
/// Files that have a bar at the same time; there are more that are small, but nobody could read those.
const BARS: usize = 8;

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// The bars of a queue.
pub(super) struct Bars {
    words: Words,
    all: MultiProgress,
    files: Vec<ProgressBar>,
    total: ProgressBar,
}

impl Bars {
    pub(super) fn new(words: &Words) -> Self {
        let all = MultiProgress::new();
        let total = all.add(ProgressBar::no_length().with_style(style(WORDS)));
        Self { words: words.clone(), all, files: Vec::new(), total }
    }

    /// Writes something that stays, above the bars.
    pub(super) fn above<T>(&self, write: impl FnOnce() -> T) -> T {
        self.all.suspend(write)
    }

    /// Nothing of it is seen until it is drawn again.
    pub(super) fn hide(&self) {
        // Who cannot be shown anything need not be hidden anything.
        let _ = self.all.clear();
    }

    /// Shows how far the downloads are.
    pub(super) fn draw(&mut self, picture: Picture) {
        let Picture { running, summary, now } = picture;
        while self.files.len() < running.len() {
            self.files.push(self.all.insert(self.files.len(), ProgressBar::no_length()));
        }
        for gone in self.files.drain(running.len()..) {
            gone.finish_and_clear();
            self.all.remove(&gone);
        }
        for (bar, running) in self.files.iter().zip(running) {
            show(bar, &running, &self.words, now);
        }
        self.total.set_message(summary);
    }
}

/// How far the downloads are at a moment.
pub(super) struct Picture {
    running: Vec<Running>,
    summary: String,
    now: Instant,
}

impl Picture {
    pub(super) fn of(queue: &Queue, now: Instant) -> Self {
        Self { running: queue.running().take(BARS).cloned().collect(), summary: summary(queue), now }
    }
}

/// How far all of it is.
fn summary(queue: &Queue) -> String {
    let totals = queue.totals();
    let here = size::bytes(totals.bytes());
    let parts = [
        Some(match totals.total() {
            Some(total) => format!("{here}/{}", size::bytes(total)),
            None => here,
        }),
        queue.speed().map(|speed| format!("{}/s", size::bytes(speed))),
        queue.time_left().map(|left| FormattedDuration(left).to_string()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("  ")
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.hide();
    }
}

fn show(bar: &ProgressBar, running: &Running, words: &Words, now: Instant) {
    if running.phase != Phase::Transferring {
        bar.set_style(style(WORDS));
        bar.set_message(format!("{}  {}", running.name, wording::phase(words, &running.phase, now)));
        return;
    }
    if let Some(total) = running.total() {
        bar.set_style(style(KNOWN_LENGTH));
        bar.set_length(total);
    } else {
        bar.set_style(style(UNKNOWN_LENGTH));
    }
    bar.set_message(running.name.to_string());
    bar.set_position(running.bytes());
}

/// The bar of a single file that goes into a stream.
pub(super) struct Single(ProgressBar);

impl Single {
    pub(super) fn new(name: &Clean) -> Self {
        Self(ProgressBar::no_length().with_style(style(UNKNOWN_LENGTH)).with_message(name.to_string()))
    }

    pub(super) fn show(&self, event: &TransferEvent) {
        match event {
            TransferEvent::Started { total: Some(total), .. } => {
                self.0.set_style(style(KNOWN_LENGTH));
                self.0.set_length(*total);
            }
            TransferEvent::Progress { bytes } => self.0.set_position(*bytes),
            TransferEvent::Started { total: None, .. }
            | TransferEvent::Named(_)
            | TransferEvent::Retrying { .. }
            | TransferEvent::Verifying { .. }
            | TransferEvent::Unread { .. }
            | TransferEvent::Finishing
            | TransferEvent::Finished(_)
            | TransferEvent::Kept { .. }
            | TransferEvent::Failed(_)
            | TransferEvent::Paused
            | TransferEvent::Cancelled => {}
        }
    }
}

impl Drop for Single {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
