//! All that is known of one message: line by line, and its bytes.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::paint::{self, Piece};
use super::{Look, overlays, wording};
use crate::app::State;
use crate::app::inspected::{Fact, Inspected};
use crate::app::layout::Area;
use crate::event::Delivery;
use crate::locale::fill;
use crate::text::hex;
use crate::text::size::{bytes_exact, grouped};
use crate::text::width::{pad_to, width};
use crate::text::wrap::{Spaces, wrap};
use crate::wire::chat;

/// Draws it over the body.
pub(super) fn draw(state: &State, inspected: &Inspected, look: &Look, body: Area, buffer: &mut Buffer) {
    let inside = overlays::boxed(&look.words.details.title, body, look, buffer);
    let view = View { state, inspected, look };
    let facts = inspected.facts();
    let labels = facts.iter().map(|fact| width(view.label(*fact))).max().unwrap_or_default() + 2;
    let columns = usize::from(inside.width);
    let mut rows: Vec<Vec<(String, Style)>> = Vec::new();
    for fact in facts.iter().skip(inspected.top) {
        let (value, style) = view.value(*fact);
        for (nth, range) in wrap(&value, columns.saturating_sub(labels), Spaces::Hang).into_iter().enumerate()
        {
            let label = if nth == 0 { view.label(*fact) } else { "" };
            rows.push(vec![(pad_to(label, labels), look.theme.dim), (value[range].to_owned(), style)]);
        }
    }
    let dump = hex::rows(&inspected.bytes.0, hex::bytes_per_row(columns));
    let dump = dump.skip(inspected.top.saturating_sub(facts.len())).take(usize::from(inside.height));
    rows.extend(dump.map(|row| {
        let digits = format!(" {} ", row.digits);
        vec![(row.offset, look.theme.dim), (digits, look.theme.text), (row.characters, look.theme.peer)]
    }));
    for (nth, row) in (0..inside.height).zip(&rows) {
        let pieces: Vec<Piece<'_>> = row.iter().map(|(text, style)| (text.as_str(), *style)).collect();
        paint::left(buffer, paint::row(inside, nth), &pieces);
    }
}

struct View<'a> {
    state: &'a State,
    inspected: &'a Inspected,
    look: &'a Look,
}

impl View<'_> {
    fn label(&self, fact: Fact) -> &str {
        let words = &self.look.words.details;
        match fact {
            Fact::Time => &words.time,
            Fact::Way => &words.way,
            Fact::Peer => &words.peer,
            Fact::Name => &words.name,
            Fact::Size => &words.size,
            Fact::Folded => &words.folded,
            Fact::Encoding => &words.encoding,
            Fact::Broadcast => &words.broadcast,
            Fact::Disk => &words.disk,
            Fact::State(0) => &words.states,
            Fact::State(_) | Fact::Now => "",
        }
    }

    fn value(&self, fact: Fact) -> (String, Style) {
        let (words, theme, message) = (&self.look.words.details, &self.look.theme, &self.inspected.message);
        let plain = |text: &str| (text.to_owned(), theme.text);
        match fact {
            Fact::Time => plain(&self.clock(message.at, "%Y-%m-%d %H:%M:%S%.6f %:z %Q")),
            Fact::Way if message.delivery.is_ours() => (words.went.clone(), theme.me),
            Fact::Way => (words.came.clone(), theme.peer),
            Fact::Peer => plain(&self.inspected.contact.peer.to_string()),
            Fact::Name => (self.inspected.contact.name.as_deref().unwrap_or_default().to_owned(), theme.peer),
            Fact::Size => {
                let bytes = &self.inspected.bytes.0;
                // What came is one datagram, however long.
                let written = std::str::from_utf8(bytes).ok().filter(|_| message.delivery.is_ours());
                let count = written.map_or(1, chat::parts).to_string();
                let bytes = bytes_exact(bytes.len() as u64);
                plain(&fill(&words.datagrams, &[("bytes", &bytes), ("count", &count)]))
            }
            Fact::Folded => match message.delivery {
                Delivery::Folded(count) => (grouped(count), theme.warning),
                Delivery::Received
                | Delivery::Queued
                | Delivery::Sent
                | Delivery::Refused
                | Delivery::Failed(_) => plain(""),
            },
            Fact::Encoding if std::str::from_utf8(&self.inspected.bytes.0).is_ok() => plain(&words.utf8),
            Fact::Encoding => (words.other.clone(), theme.warning),
            Fact::Broadcast if self.is_broadcast() => plain(&words.everyone),
            Fact::Broadcast => plain(&words.nobody_else),
            Fact::Disk => self.disk(),
            Fact::State(nth) => {
                let Some((at, delivery)) = self.inspected.history.get(nth) else { return plain("") };
                let (state, style) = self.state_of(delivery);
                (format!("{} {state}", self.clock(*at, "%Y-%m-%d %H:%M:%S%.3f")), style)
            }
            Fact::Now => {
                let (state, style) = self.state_of(&message.delivery);
                (fill(&words.now, &[("state", &state)]), style)
            }
        }
    }

    fn clock(&self, at: jiff::Timestamp, format: &str) -> String {
        at.to_zoned(self.state.zone.clone()).strftime(format).to_string()
    }

    /// What was received may have come by broadcast; what was sent went to whom the conversation is with.
    fn is_broadcast(&self) -> bool {
        let Inspected { message, contact, .. } = self.inspected;
        message.broadcast || message.delivery.is_ours() && contact.peer.address().is_none()
    }

    fn disk(&self) -> (String, Style) {
        let (words, theme, message) = (&self.look.words, &self.look.theme, &self.inspected.message);
        match (message.row, &message.unsaved) {
            _ if self.state.forgets => (words.chat.nothing_saved.clone(), theme.warning),
            (Some(row), _) => (fill(&words.details.saved, &[("row", &row.0.to_string())]), theme.text),
            (None, Some(fault)) => {
                let reason = wording::fault(words, fault);
                (format!("{}: {reason}", words.chat.unsaved), theme.warning)
            }
            (None, None) => (words.details.saving.clone(), theme.text),
        }
    }

    fn state_of(&self, delivery: &Delivery) -> (String, Style) {
        let (words, theme) = (&self.look.words.chat, &self.look.theme);
        match delivery {
            Delivery::Received | Delivery::Folded(_) => {
                (self.look.words.details.received.clone(), theme.text)
            }
            Delivery::Queued => (words.sending.clone(), theme.text),
            Delivery::Sent => (words.sent.clone(), theme.text),
            Delivery::Refused => (words.refused.clone(), theme.error),
            Delivery::Failed(fault) => {
                let reason = wording::fault(&self.look.words, fault);
                (fill(&words.failed, &[("reason", &reason)]), theme.error)
            }
        }
    }
}
