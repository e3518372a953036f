//! Looking at a file before it is downloaded. Owns which part of it is in view; never asks for more of it than its
//! beginning.

use super::keys::{self, Look, Move};
use super::layout;
use super::overlay::Overlay;
use super::{State, Turn, walked};
use crate::effect::Effect;
use crate::event::{Content, Fault, Key, Preview, RequestId, Size};
use crate::text::hex;
use crate::wire::source::Source;

/// Columns that one step to the side moves the text.
const STEP: usize = 8;

/// A file that is looked at.
#[derive(Debug, Clone)]
pub struct Previewed {
    /// Which.
    pub source: Source,
    /// What is seen of it; none until the server answers.
    pub answer: Option<Result<Box<Preview>, Fault>>,
    /// The first row in view.
    pub top: usize,
    /// The first column in view.
    pub left: usize,
    request: RequestId,
}

impl Previewed {
    /// Asks for the beginning of a file.
    pub(super) fn ask(source: Source, turn: &mut Turn<'_>) -> Self {
        let request = turn.ids.request();
        turn.out.push(Effect::Preview { request, source: source.clone() });
        Self { source, answer: None, top: 0, left: 0, request }
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
            Content::Text(lines, _) => lines.len(),
            Content::Archive(_, entries, _) => entries.len(),
            Content::Picture(_, _, bytes) | Content::Known(_, bytes) | Content::Other(bytes) => {
                bytes.0.len().div_ceil(hex::bytes_per_row(columns))
            }
        }
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
            (Some(Look::Left), _) => previewed.left = previewed.left.saturating_sub(STEP),
            (Some(Look::Right), _) => previewed.left = (previewed.left + STEP).min(usize::from(u16::MAX)),
            (None, Some(action)) => previewed.walk(action, self.size),
            (None, None) => {}
        }
        self.overlay = Some(Overlay::Preview(previewed));
    }

    /// Closes what lies over the screen; whether anything did.
    pub(super) fn close_overlay(&mut self, turn: &mut Turn<'_>) -> bool {
        let closed = self.overlay.take();
        if let Some(Overlay::Preview(previewed)) = &closed {
            previewed.close(turn);
        }
        closed.is_some()
    }
}
