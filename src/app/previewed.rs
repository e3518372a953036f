//! Looking at a file before it is downloaded. Owns which part of it is in view; never asks for more of it than its
//! beginning.

use std::ops::Range;

use super::keys::{self, Look, Move};
use super::layout;
use super::overlay::Overlay;
use super::share::Sharing;
use super::{State, Turn, walked};
use crate::effect::Effect;
use crate::event::{Content, Fault, Key, Preview, RequestId, Size, TextLine};
use crate::text::hex;
use crate::text::wrap::{Spaces, wrap};
use crate::wire::source::Source;

/// A file that is looked at.
#[derive(Debug, Clone)]
pub struct Previewed {
    /// Which.
    pub source: Source,
    /// What is seen of it; none until the server answers.
    pub answer: Option<Result<Box<Preview>, Fault>>,
    /// The first row in view.
    pub top: usize,
    /// The rows of a text: which line, and which part of it.
    lines: Vec<(usize, Range<usize>)>,
    /// For so many columns.
    columns: usize,
    request: RequestId,
}

impl Previewed {
    /// Asks for the beginning of a file.
    pub(super) fn ask(source: Source, turn: &mut Turn<'_>) -> Self {
        let request = turn.ids.request();
        turn.out.push(Effect::Preview { request, source: source.clone() });
        Self { source, answer: None, top: 0, lines: Vec::new(), columns: 0, request }
    }

    /// It is looked at no more. A question without an answer needs none.
    pub(super) fn close(&self, turn: &mut Turn<'_>) {
        if self.answer.is_none() {
            turn.out.push(Effect::Forget(self.request));
        }
    }

    /// Rows of what is seen of it, below what is said of it.
    #[must_use]
    pub fn rows(&self, columns: usize) -> usize {
        let Some(Ok(preview)) = &self.answer else { return 0 };
        match &preview.content {
            Content::Text(..) => self.lines.len(),
            Content::Archive(_, entries, _) => entries.len(),
            Content::Picture(_, _, bytes) | Content::Known(_, bytes) | Content::Other(bytes) => {
                bytes.0.len().div_ceil(hex::bytes_per_row(columns))
            }
        }
    }

    /// The part of a text that stands in a row.
    #[must_use]
    pub fn line(&self, row: usize) -> Option<(&TextLine, Range<usize>)> {
        let Some(Ok(preview)) = &self.answer else { return None };
        let Content::Text(lines, _) = &preview.content else { return None };
        let (nth, part) = self.lines.get(row)?;
        Some((lines.get(*nth)?, part.clone()))
    }

    /// Breaks the lines of a text for a screen of this size. What is at the top stays there.
    fn fit(&mut self, size: Size) {
        let (Some(areas), Some(Ok(preview))) = (layout::preview(size), &self.answer) else { return };
        let columns = usize::from(areas.content.width);
        let Content::Text(lines, _) = &preview.content else { return };
        if columns == self.columns {
            return;
        }
        let top = self.lines.get(self.top).map(|(nth, part)| (*nth, part.start));
        let parts = |line: &TextLine| wrap(&line.text, columns, Spaces::Hang);
        let broken = lines.iter().enumerate();
        let broken = broken.flat_map(|(nth, line)| parts(line).into_iter().map(move |part| (nth, part)));
        (self.lines, self.columns) = (broken.collect(), columns);
        let before = |top| self.lines.partition_point(|(nth, part)| (*nth, part.start) <= top);
        self.top = top.map_or(0, |top| before(top).saturating_sub(1));
    }

    /// Moves the view.
    pub(super) fn walk(&mut self, action: Move, size: Size) {
        let Some(areas) = layout::preview(size) else { return };
        let rows = usize::from(areas.content.height).max(1);
        let tops = (self.rows(usize::from(areas.content.width)) + 1).saturating_sub(rows).max(1);
        self.top = walked(action, self.top.min(tops - 1), tops, rows);
    }
}

impl State {
    /// The server's answer, while it is waited for.
    pub(super) fn on_preview(&mut self, request: RequestId, answer: Result<Box<Preview>, Fault>) {
        if let Some(Overlay::Preview(previewed)) = &mut self.overlay
            && previewed.request == request
        {
            previewed.answer = Some(answer);
        }
    }

    /// Keeps what is looked at fit for the screen.
    pub(super) fn fit_preview(&mut self) {
        if let Some(Overlay::Preview(previewed)) = &mut self.overlay {
            previewed.fit(self.size);
        }
    }

    /// Shows the beginning of the selected file.
    pub(super) fn preview(&mut self, turn: &mut Turn<'_>) {
        if let Some(source) = self.files.selected_file(turn) {
            self.overlay = Some(Overlay::Preview(Box::new(Previewed::ask(source, turn))));
        }
    }

    /// A key while a file is looked at.
    pub(super) fn on_preview_key(&mut self, mut previewed: Box<Previewed>, key: Key, turn: &mut Turn<'_>) {
        match (keys::action(&turn.keymap.preview, key), keys::action(&turn.keymap.list, key)) {
            (Some(Look::Get), _) => {
                previewed.close(turn);
                return self.files.get_file(&previewed.source, turn);
            }
            (None, Some(action)) => previewed.walk(action, self.size),
            (None, None) => {}
        }
        self.overlay = Some(Overlay::Preview(previewed));
    }

    /// Closes what lies over the screen; whether anything did.
    pub(super) fn close_overlay(&mut self, turn: &mut Turn<'_>) -> bool {
        if let Some(Overlay::Share(sharing @ Sharing::Code)) = &mut self.overlay {
            *sharing = Sharing::Shown(0);
            return true;
        }
        if let Some(Overlay::Confirm(what)) = self.overlay.take_if(|over| matches!(over, Overlay::Confirm(_)))
        {
            self.overlay = what.beneath();
            return true;
        }
        let closed = self.overlay.take();
        if let Some(Overlay::Preview(previewed)) = &closed {
            previewed.close(turn);
        }
        closed.is_some()
    }
}
